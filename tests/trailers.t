#!/bin/bash
# What scripts/check-trailers and scripts/patch-table say of a small base that is
# made up here, right at first and then with one mistake at a time.  What they say
# of the real one is in tests/static.t.  Then whose name the mails carry.

. "$(dirname "$0")/tap"
unset FROM

# patch NAME TRAILER...
patch() {
	local name=$1
	shift
	{ echo "Subject: [PATCH] mm: an idea"; echo; printf '%s\n' "$@"; printf '%s\n' --- 'diff --git a/f b/f'; } \
		>"$dir/$name"
}

base() {
	rm -rf "${tmp:?}/patches"
	mkdir -p "$dir/overlay/mm"
	printf '%s\n' '# fixes of the base' 0001-a.patch '# series: two' 0002-b.patch '# the idea' '0003-c.patch # why' >"$dir/series"
	printf '\t.name = "idea_kunit",\n' >"$dir/overlay/mm/idea_kunit.c"
	patch 0001-a.patch 'Upstream: 0123456789ab (v6.12), differently' \
		'Fixes: 0123456789ab ("mm: a defect")' 'Test: idea_unbind'
	patch 0002-b.patch 'Upstream: no' 'Fixes: unknown, present in v9.9' 'Test: none, found by reading'
	patch 0003-c.patch 'Upstream: posted https://lore.kernel.org/r/1@b' 'Test: idea_kunit' \
		'Test: tests/mutants/9.9/idea' 'Test: tests/idea.t' \
		'Adds: mm/idea_kunit.c' 'Adds: tools/testing/selftests/vm/idea_unbind.c'
	{ echo '<!-- patches 9.9 -->'; "$tmp/scripts/patch-table" 9.9; echo '<!-- end -->'; } >"$tmp/README.md"
}

# wrong WHAT PATTERN: that is the one line which check-trailers prints.
wrong() {
	local rc=0
	"$tmp/scripts/check-trailers" 9.9 >"$tmp/err" 2>&1 && rc=1
	[ "$(wc -l <"$tmp/err")" = 1 ] || rc=1
	grep -qE "$2" "$tmp/err" || rc=1
	result $rc "$1"
	base
}

# change PATCH SED: one mistake
change() {
	sed -i "$2" "$dir/$1"
}

dir=$tmp/patches/9.9
mkdir -p "$tmp/tests/mutants/9.9" "$tmp/scripts"
cp "$top/scripts/check-trailers" "$top/scripts/patch-table" "$tmp/scripts"
touch "$tmp/tests/mutants/9.9/idea.patch" "$tmp/tests/idea.t"
base

"$tmp/scripts/check-trailers" 9.9 >"$tmp/err" 2>&1
result $? "right trailers of every form pass"
! "$tmp/scripts/check-trailers" 9.8 >"$tmp/err" 2>&1 && grep -q "no base '9.8'" "$tmp/err"
result $? "a base that does not exist fails"

change 0001-a.patch '/^Upstream/d'
wrong "a missing Upstream fails" '^0001-a.patch: Upstream: 0 lines'
change 0002-b.patch '/^Upstream/p'
wrong "a second Upstream fails" '^0002-b.patch: Upstream: 2 lines'
for value in 'yes' '0123456 (v6.12)' '0123456789ab' '0123456789ab (v6.12) differently' 'posted'; do
	change 0001-a.patch "s/^Upstream: .*/Upstream: $value/"
	wrong "Upstream '$value' fails" "^0001-a.patch: Upstream: '"
done
change 0001-a.patch '/^Fixes/d'
wrong "a fix without Fixes fails" '^0001-a.patch: Fixes: missing'
change 0002-b.patch '/^Fixes/d'
wrong "a fix without Fixes fails in the next part, too" '^0002-b.patch: Fixes: missing'
change 0001-a.patch 's/^Fixes: .*/Fixes: 0123456789ab/'
wrong "Fixes without a subject fails" "^0001-a.patch: Fixes: '0123456789ab'"
change 0002-b.patch '/^Test/d'
wrong "a missing Test fails" '^0002-b.patch: Test: missing'
for value in none idea idea_unbin README.md tests/mutants/9.9 tests/mutants/9.9/other; do
	change 0001-a.patch "s,^Test: .*,Test: $value,"
	wrong "Test '$value', which names no test, fails" "^0001-a.patch: Test: '$value' names no"
done
change 0003-c.patch '/^Adds: tools/d'
wrong "a kselftest that no patch adds fails" "^0001-a.patch: Test: 'idea_unbind' names no"
rm "$dir/0002-b.patch"
wrong "a patch that does not exist fails" '^0002-b.patch: is named in'

sed -i 's/0001-0002/0001-0003/' "$tmp/README.md"
wrong "a wrong range in README.md fails" '^README.md: its table of patches is not'
sed -i '/^<!-- patches/d' "$tmp/README.md"
wrong "a README.md without the table fails" '^README.md: its table of patches is not'

change series 1d
wrong "a patch below no heading fails" 'series: 0001-a.patch is below no heading'

# --- the table itself
table() {
	"$tmp/scripts/patch-table" 9.9 >"$tmp/err" 2>&1
}

table && grep -qxF '| 0001-0002 | fixes of the base |' "$tmp/err" &&
	grep -qxF '| 0003 | the idea |' "$tmp/err" && [ "$(wc -l <"$tmp/err")" = 4 ]
result $? "the table has a row for each heading"
change series '/^# the idea/d; s/^0002/# the idea\n&/'
table && grep -qxF '| 0002-0003 | the idea |' "$tmp/err"
result $? "the table moves with a heading"
change series '1d'
! table && grep -q '0001-a.patch is below no heading' "$tmp/err"
result $? "a patch below no heading fails"
base
change series 's/0001-a/0004-a/'
! table && grep -q '0002-b.patch is not in the order' "$tmp/err"
result $? "numbers that are not in order fail"

# --- the sender of the mails, in a copy: others may be reading out/series
copy
copy=$tmp/copy
# headers NAME STRING: how many lines of the mails are such a header with STRING
headers() {
	grep -rhE "^$1: " "$copy/out/series" | grep -cF "$2"
}

mails=$("$copy/scripts/series" 2>"$tmp/err") && all=$(find "$mails" -name '0*' | wc -l) &&
	patches=$(find "$mails" -name '0*.patch' | wc -l)
FROM="J. O'Doe & Co. <jo@doe.org>" "$copy/scripts/series" >/dev/null 2>"$tmp/err" &&
	[ "$(headers From "J. O'Doe & Co. <jo@doe.org>")" = "$all" ] &&
	[ "$(headers Signed-off-by "J. O'Doe & Co. <jo@doe.org>")" = "$patches" ] &&
	! grep -rqE '^(From|Signed-off-by|  *<).*\.example>' "$mails"
result $? "FROM is who the mails are from and who signs them"
p=$(find "$copy/patches/$BASE" -name '0001-*')
sed -i '/^From: /,/>$/d; s/^Date: /From: A Friend <friend@doe.org>\n&/; s/^Signed-off-by: .*/Signed-off-by: A Friend <friend@doe.org>/' "$p"
FROM="Jo <jo@doe.org>" "$copy/scripts/series" >/dev/null 2>"$tmp/err" &&
	[ "$(headers From friend@doe.org)" = 1 ] && [ "$(headers Signed-off-by friend@doe.org)" = 1 ]
result $? "a patch of somebody else stays theirs"
for value in jo '<jo@doe.org>' 'Jo <jo>' 'Jo jo@doe.org'; do
	! FROM=$value "$copy/scripts/series" >"$tmp/err" 2>&1 && [ "$(wc -l <"$tmp/err")" = 1 ] &&
		grep -q '^series: FROM=' "$tmp/err"
	result $? "FROM='$value' is refused"
done
echo "1..$n"
