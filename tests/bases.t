#!/bin/bash
# Several bases: a second one, made up here of some files of the first, with its own
# versions of a few and with folders of its own; what becomes of the first base's files
# meanwhile; and the further bases that there are.

. "$(dirname "$0")/tap"
export GIT_{AUTHOR,COMMITTER}_NAME=tester GIT_{AUTHOR,COMMITTER}_EMAIL=tester
export XDG_CACHE_HOME=$tmp/cache KDIR='' KSRC=''
first=$BASE second=9.9
dir=patches/$second own=patches/$second/overlay
moved="tools/testing/selftests/vm=tools/testing/selftests/mm Documentation/vm=Documentation/mm"
copy=$tmp/copy kdir=$tmp/kernel

copy
git -C "$copy" init -q
# The files of the first base: those to share, one that differs, two selftests, a document.
mapfile -t half < <(cd "$copy" && find mm drivers -type f | sort | awk 'NR % 2')
differs=${half[0]} half=("${half[@]:1}")
mapfile -t selftests < <(cd "$copy" && find tools/testing/selftests/vm -type f | sort | head -n 2)
document=$(cd "$copy" && find Documentation/vm -type f | head -n 1)

# settle: the copy's changes are its commit then.
settle() {
	git -C "$copy" add -A
	git -C "$copy" commit -qm "$*"
}
# changed: what differs from that commit
changed() {
	git -C "$copy" status --porcelain | sed 's/^...//' | sort
}
# is WHAT EXPECTED GOT
is() {
	[ "$2" = "$3" ]
	local rc=$?
	diff <(echo "$2") <(echo "$3") >"$tmp/err"
	result $rc "$1"
}
run() {
	BASE=$second "$copy/scripts/$1" "${@:2}"
}
refresh() {
	run refresh "$kdir" base
}
# add FROM TO: a file of the copy goes into the kernel tree.
add() {
	mkdir -p "$kdir/$(dirname "$2")"
	cp -p "$copy/$1" "$kdir/$2"
}
# made SUBJECT: all that was changed there becomes a commit.
made() {
	git -C "$kdir" add -A
	git -C "$kdir" commit -q -m "$1" -m "The reason." -m "Upstream: no
Fixes: 0123456789ab (\"mm: something\")
Test: tests/bases, a name that is so long
 that it goes on in another line
Needs: mm-first-part
Signed-off-by: tester <tester>"
}
append() {
	echo "$1" >>"$2"
}
# redo N COMMAND...: the Nth commit of the series, with what the command changes.
redo() {
	git -C "$kdir" checkout -q --detach base
	for c in $(git -C "$kdir" rev-list --reverse base..work); do
		git -C "$kdir" cherry-pick "$c" >/dev/null 2>&1
		[ "$(git -C "$kdir" rev-list --count base..HEAD)" != "$1" ] || {
			(cd "$kdir" && "${@:2}")
			git -C "$kdir" commit -q -a --amend --no-edit
		}
	done
	git -C "$kdir" checkout -q -B work
}
# times: when each file of the copy was written
times() {
	(cd "$copy" && find . -path ./.git -prune -o -path ./out -prune -o -type f -printf '%p %T@ %m\n' | sort)
}

# --- a second base comes from a kernel tree
settle start
"$copy/scripts/series" >/dev/null 2>"$tmp/err"
state "$copy/out/series/$first" >"$tmp/first"
mkdir -p "$copy/$dir" "$copy/$own/mm" "$copy/$own/$(dirname "$differs")"
printf '%s\n' package=none "suites=gone" "version=$second.1-1" "tested=$second.1-1" \
	"moved=\"$moved\"" >"$copy/$dir/base.conf"
{ cat "$copy/$differs"; echo "/* $second */"; } >"$copy/$own/$differs"
echo "/* only $second */" >"$copy/$own/mm/only.h"
settle conf

kernel_tree "$kdir" $second.1
git -C "$kdir" init -q
git -C "$kdir" checkout -q -b work
made base
git -C "$kdir" tag base
for f in "${half[@]}"; do
	add "$f" "$f"
done
sed -i '5s/.*/int first;/' "$kdir/mm/memremap.c"
made "mm: first part"
add "$own/$differs" "$differs"
add "$own/mm/only.h" mm/only.h
made "mm: own files"
for f in "${selftests[@]}"; do
	add "$f" "${f/vm/mm}"
done
add "$document" "${document/vm/mm}"
made "selftests/mm: tests"
echo "/* new */" >"$kdir/mm/new.h"
made "mm: new file"

quiet "refresh: writes a new base" refresh
is "refresh: into its own folder, and what is new to the root" \
	"$(printf '%s\n' mm/new.h $dir/000{1-mm-first-part,2-mm-own-files,3-selftests-mm-tests,4-mm-new-file}.patch $dir/series)" \
	"$(changed)"
is "refresh: trailers: Adds in order, then what was there" \
	"$(printf '\nThe reason.\n\n'; printf 'Adds: %s\n' "$differs" mm/only.h | sort
		git -C "$kdir" show -s --format='%(trailers)' work | sed '/^$/d'; echo ---)" \
	"$(sed -n '/^$/,/^---$/p' "$copy/$dir/0002-mm-own-files.patch")"
settle new

quiet "series: folds the second base" run series
is "series: no Adds in the mails" "" "$(grep -rl '^Adds:' "$copy/out/series/$second")"
is "series: the other trailers stay" "$(git -C "$kdir" show -s --format='%(trailers)' work | sed '/^$/d')" \
	"$(sed -n '/^Upstream/,/^Signed-off/p' "$copy/out/series/$second/0002-mm-own-files.patch")"
git clone -q "$kdir" "$tmp/clone"
git -C "$tmp/clone" checkout -q --detach base
quiet "apply: the second base" run apply "$tmp/clone"
is "apply: gives the tree it came from" "$(git -C "$kdir" rev-parse 'HEAD^{tree}')" \
	"$(git -C "$tmp/clone" rev-parse 'HEAD^{tree}')"
quiet "series: the first base still folds" "$copy/scripts/series"
state "$copy/out/series/$first" | cmp -s - "$tmp/first"
result $? "series: the first base's mails are the same"
times >"$tmp/before"
quiet "refresh: a second time" refresh
times | diff "$tmp/before" - >"$tmp/err"
result $? "refresh: a second time: writes nothing"

# --- changes come back
sed -i '20s/.*/int third;/' "$kdir/mm/memremap.c"
made "mm: one more"
redo 2 append "/* changed */" "$differs"
quiet "refresh: a file of its own and one patch more" refresh
is "refresh: it is all that changes" \
	"$(printf '%s\n' $dir/0005-mm-one-more.patch "$own/$differs" $dir/series)" "$(changed)"
settle changed
test=${selftests[0]}
redo 3 append "/* changed */" "${test/vm/mm}"
says "refresh: a file that both use: says so" "$test changes for .*$first.* too; .* mv $test $own/.*mm && git checkout $test" refresh
is "refresh: a file that both use: it is all that changes" "$test" "$(changed)"
(cd "$copy" && eval "$(sed 's/.*version of its own: //' "$tmp/lines")") 2>/dev/null
is "refresh: a version of its own" "$own/${test/vm/mm}" "$(git -C "$copy" ls-files -mo --exclude-standard)"
settle changed
quiet "refresh: a file that is in the overlay now" refresh
is "refresh: a file that is in the overlay now: nothing changes" "" "$(changed)"
redo 3 sed -i '/changed/d' "${test/vm/mm}"
quiet "refresh: a version of its own that is like the root's again" refresh
is "refresh: a version of its own that is like the root's again: goes" "$own/${test/vm/mm}" "$(changed)"
[ ! -e "$copy/$own/${test/vm/mm}" ]
result $? "refresh: a version of its own that is like the root's again: is gone"
settle changed

# --- headings, and files that a series no longer has
sed -i '1i # parts' "$copy/$dir/series"
sed -i 's/^0002/# own\n# files\n&/; s/^0004/# new\n&/; s/^0005/# end\n&/' "$copy/$dir/series"
settle headings
quiet "refresh: headings" refresh
is "refresh: headings stay" "" "$(changed)"

# --- parts, which are series of their own
sed -i 's/^# parts/# series: first/; s/^# new/# series: 2nd/' "$copy/$dir/series"
fails "series: a part without a cover letter" "$dir/cover-letter.first does not exist: the part first" run series
for part in first 2nd; do
	printf 'mm: the %s part\n\nIts text.\n' $part >"$copy/$dir/cover-letter.$part"
done
settle parts
quiet "series: folds parts" run series
parted=$copy/out/series/$second
is "series: the file parts names them in order" "first 2nd" "$(xargs <"$parted/parts")"
is "series: each has a folder, a cover letter and numbers of its own" \
	"first/0000-cover-letter [PATCH $second 0/3] mm: the first part
first/0001-mm-first-part.patch [PATCH $second 1/3] mm: first part
first/0002-mm-own-files.patch [PATCH $second 2/3] mm: own files
first/0003-selftests-mm-tests.patch [PATCH $second 3/3] selftests/mm: tests
2nd/0000-cover-letter [PATCH $second 0/2] mm: the 2nd part
2nd/0001-mm-new-file.patch [PATCH $second 1/2] mm: new file
2nd/0002-mm-one-more.patch [PATCH $second 2/2] mm: one more" \
	"$(cd "$parted" && grep -m1 '^Subject: ' first/* 2nd/* | sed 's/:Subject://')"
is "series: a cover letter counts its own part" " 2 files changed, 2 insertions(+), 1 deletions(-)" \
	"$(grep 'files changed' "$parted/2nd/0000-cover-letter")"
is "series: the first part stands alone" "This is series 1 of 2. It begins with Linux $second." \
	"$(sed -n '/^This is/,/^$/{/./p}' "$parted/first/0000-cover-letter")"
is "series: the next one says on what it builds" "This is series 2 of 2. It begins with Linux $second and these:
  first: mm: the first part" "$(sed -n '/^This is/,/^$/{/./p}' "$parted/2nd/0000-cover-letter")"
git -C "$tmp/clone" checkout -q --detach base
for part in first 2nd; do
	quiet "series: git am takes the part $part" git -C "$tmp/clone" am -q "$parted/$part"/*.patch
done
is "series: the parts give the tree they came from" "$(git -C "$kdir" rev-parse 'HEAD^{tree}')" \
	"$(git -C "$tmp/clone" rev-parse 'HEAD^{tree}')"
git -C "$tmp/clone" checkout -q --detach base
quiet "apply: a series of parts" run apply "$tmp/clone"
is "apply: a series of parts: gives the tree it came from" "$(git -C "$kdir" rev-parse 'HEAD^{tree}')" \
	"$(git -C "$tmp/clone" rev-parse 'HEAD^{tree}')"
git -C "$kdir" checkout -q --detach base
quiet "tree: a series of parts" env KDIR="$kdir" BASE=$second "$copy/scripts/tree" 4
git -C "$kdir" checkout -q work
is "tree: N counts through the parts" "$(git -C "$kdir" rev-parse 'HEAD~1^{tree}')" \
	"$(git -C "$(cat "$tmp/out")" rev-parse 'HEAD^{tree}')"
quiet "refresh: parts" refresh
is "refresh: parts stay" "" "$(changed)"
sed -i '/^0004\|^0005/s/^/#/' "$copy/$dir/series"
quiet "series: a part of which everything is left out" run series
is "series: a part of which everything is left out: has no folder" "first parts" "$(cd "$parted" && echo *)"
git -C "$copy" checkout -q .
sed -i 's/2nd/first/' "$copy/$dir/series"
fails "series: two parts of one name" "the part first begins twice" run series
sed -i '/^# series: first/s/first/A b/' "$copy/$dir/series"
fails "series: a name that cannot be a folder" "'A b' is no name of a part" run series
git -C "$copy" checkout -q .
sed -i '/^# series: first/d' "$copy/$dir/series"
fails "series: a patch that belongs to no part" "0001-mm-first-part.patch is in front of the first part" run series
git -C "$copy" reset -q --hard HEAD~1

# --- patches that go
# leave N...: only these commits, in this order
leave() {
	local c
	mapfile -t c < <(git -C "$kdir" rev-list --reverse base..work)
	git -C "$kdir" checkout -q --detach base
	for n_th; do
		git -C "$kdir" cherry-pick "${c[n_th - 1]}" >/dev/null 2>&1
	done
	git -C "$kdir" checkout -q -B work
}
leave 3 1 5
quiet "refresh: two patches go, one moves" refresh
is "refresh: headings go with their patch, or to the next that is there" \
	"$(printf '%s\n' "# own" "# files" 0001-selftests-mm-tests.patch "# parts" 0002-mm-first-part.patch \
		"# new" "# end" 0003-mm-one-more.patch)" "$(cat "$copy/$dir/series")"
is "refresh: files that nobody has go, those of the first base stay" \
	"$(printf '%s\n' "$own/$differs" "$own/mm/only.h" mm/new.h | sort)" \
	"$(git -C "$copy" ls-files -d | grep -v '\.patch$')"
quiet "series: the second base folds again" run series
settle fewer
leave 2
refresh >"$tmp/out" 2>"$tmp/err"
grep -q "warning: no patch is left after these lines" "$tmp/err"
result $? "refresh: a heading with no patch after it: a warning"
is "refresh: a heading with no patch after it: is kept" \
	"$(printf '%s\n' "# own" "# files" "# parts" 0001-mm-first-part.patch "# new" "# end")" \
	"$(cat "$copy/$dir/series")"
is "refresh: the first base's files are there" "$(cd "$top" && git ls-files mm drivers include lib arch tools Documentation)" \
	"$(cd "$copy" && git ls-files mm drivers include lib arch tools Documentation)"
settle last

# --- what does not belong
stray() {
	mkdir -p "$copy/$(dirname "$1")"
	echo "/* stray */" >"$copy/$1"
}
stray "$own/mm/stray.c"
fails "series: a file of the overlay that no patch adds" "$own/mm/stray.c belongs to no patch" run series
quiet "series: it does not matter for the first base" "$copy/scripts/series"
rm "$copy/$own/mm/stray.c"
stray mm/stray.c
fails "series: a file at the root that no base adds" "mm/stray.c belongs to no patch" run series
sed -i '0,/^Adds/s//Adds: mm\/stray.c\n&/' "$copy/$dir/0001-mm-first-part.patch"
quiet "series: a file that only the second base adds" "$copy/scripts/series"
sed -i '0,/^Adds/s//Adds: mm\/stray.c\n&/' "$copy/$dir/0001-mm-first-part.patch"
fails "series: a file added twice" "both add mm/stray.c" run series
git -C "$copy" checkout -q .
rm "$copy/mm/stray.c"
sed -i '/\.patch$/s/^/#/' "$copy/$dir/series"
quiet "series: the files of a patch that is left out may stay" run series
settle left out
fails "refresh: a patch is left out" "leaves out 0001-mm-first-part.patch: take" refresh
git -C "$copy" reset -q --hard HEAD~1
stray mm/stray.c
fails "refresh: uncommitted changes here" "uncommitted changes that would be lost" refresh
git -C "$copy" clean -fdq
fails "refresh: no such commit" "no commit 'nowhere'" run refresh "$kdir" nowhere
fails "refresh: no commit on top" "nothing on top of" run refresh "$kdir" work
mkdir "$kdir/scripts"
echo x >"$kdir/scripts/x"
made "scripts: new file"
fails "refresh: a new file that has no place here" "scripts/x: new files can be kept in" refresh

# --- the further bases
BASE=$second "$copy/tests/bases/further" >"$tmp/out" 2>"$tmp/err"
grep -q "^ok 1 - base $second # SKIP source: .*none of the suites gone" "$tmp/out"
result $? "a further base that cannot be fetched is skipped"
git -C "$kdir" checkout -q --detach base
KDIR=$kdir BASE=$second "$copy/tests/bases/further" >"$tmp/out" 2>"$tmp/err"
is "a further base folds and applies" "ok 1 - base $second: folds
ok 2 - base $second: applies" "$(cat "$tmp/out")"

unset XDG_CACHE_HOME
[ "$first" != "$default_base" ] || for b in $(bases | grep -vxF "$first"); do
	BASE=$b tests/bases/further | tee "$tmp/out"
	n=$((n + $(grep -cE '^(not )?ok ' "$tmp/out")))
	! grep -qE '^not ok|# SKIP' "$tmp/out" || continue
	BASE=$b tests/bases/built | tee "$tmp/out"
	n=$((n + $(grep -cE '^(not )?ok ' "$tmp/out")))
done

echo "1..$n"
