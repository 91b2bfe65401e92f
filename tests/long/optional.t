#!/bin/bash
# What the series can be without: without each patch behind the heading "# can be
# left out" in patches/BASE/series, and without all of them, it applies, builds,
# and passes the tests.
#
# Cases: the number of such a patch, like 0065, or all.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib

optional=$(sed -n '/^# can be left out/,$s/^\(.*\.patch\)$/\1/p' "patches/$BASE/series")
[ -n "$optional" ] || bail_out "patches/$BASE/series names no patch behind '# can be left out'"
commit=$(scripts/source) || bail_out "no base"
tree=$cache/trees/$BASE-optional
[ -e "$tree" ] || git -C "$cache/linux.git" worktree add -q --detach "$tree" "$commit" ||
	bail_out "no worktree $tree"

result() {
	n=$((n + 1))
	echo "$1 - $2"
}

# test_without NAME TEST: run it on what is left, print its results with the name
test_without() {
	local tap=$logs-$1/$2.tap
	SELECT=default KERNEL=$objects/arch/x86/boot/bzImage TREE=$tree LOGS=$logs-$1 \
		"tests/$2.t" >"$tap"
	grep -v '^1\.\.' "$tap" | sed -E "s/^((not )?ok) [0-9]*/\1/; s/^((not )?ok) ?(- )?/\1 - without $1: /"
	n=$((n + $(grep -cE '^(not )?ok ' "$tap")))
}

# leave_out DIR PATCH...: the series without them, made in DIR, goes to the tree.
leave_out() {
	local dir=$1 patch series
	mkdir "$dir" && git ls-files -z | xargs -0 cp --parents -t "$dir" || return
	for patch in "${@:2}"; do
		sed -i "s/^$patch\$/#&/" "$dir/patches/$BASE/series"
	done
	series=$("$dir/scripts/series") || return
	scripts/try-am "$cache/linux.git" "$commit" "$series" "$dir/am" &&
		git -C "$tree" fetch -q "$dir/am" HEAD &&
		git -C "$tree" checkout -q -f --detach FETCH_HEAD
}

# without NAME PATCH...
without() {
	local test objects
	selected "$1" || return
	mkdir -p "$logs-$1"
	if ! leave_out "$tmp/$1" "${@:2}" >"$logs-$1/apply.log" 2>&1; then
		result "not ok" "without $1: applies: $(tail -n1 "$logs-$1/apply.log")"
		return
	fi
	result ok "without $1: applies"
	if ! objects=$(scripts/build "$tree" debug configs/guest.config configs/debug.config 2>"$tmp/err"); then
		result "not ok" "without $1: builds: $(tail -n1 "$tmp/err")"
		return
	fi
	result ok "without $1: builds"
	for test in memmap kunit selftests; do
		test_without "$1" $test
	done
}

for patch in $optional; do
	without "${patch%%-*}" "$patch"
done
# shellcheck disable=SC2086
without all $optional
[ $n -gt 0 ] || none_selected
echo "1..$n"
