#!/bin/bash
# Each bug of tests/mutants/BASE, put into the patched tree, has to be caught by
# the tests that its "Caught-by:" line selects; the TAP line says by what.  A bug
# in a file that the series can be without names that in a "Needs:" line.
#
# Cases: the names of these files, without .patch.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib

result() {
	n=$((n + 1))
	echo "$1 $n - $2"
}

# reason TEST: what the guest said, or the first failure in its output.
reason() {
	local tap=$logs/${1%%/*}.tap
	grep -m1 -oE 'kernel says: .*' "$tap" ||
		grep -m1 -E '^ *not ok ' "$tap" | sed -E 's/^ *not ok ([0-9]+ )?(- )?//'
}

mutant() {
	local patch=$1 name=$2 test needs objects why
	test=$(sed -n 's/^Caught-by: //p' "$patch")
	needs=$(sed -n 's/^Needs: //p' "$patch")
	if [ ! -e "$scratch/$needs" ]; then
		result ok "$name # SKIP the tree has no $needs"
	elif ! git -C "$scratch" apply "$top/$patch" 2>"$tmp/err" ||
		! objects=$(scripts/build "$scratch" debug configs/guest.config configs/debug.config 2>"$tmp/err"); then
		result "not ok" "$name: $(tail -n1 "$tmp/err")"
	elif KERNEL=$objects/arch/x86/boot/bzImage TREE=$scratch LOGS=$logs \
		tests/run "$test" >/dev/null 2>&1; then
		result "not ok" "$name: $test did not notice"
	elif why=$(reason "$test") && [ -n "$why" ]; then
		result ok "$name: $test: $why"
	else
		result "not ok" "$name: $test: no case failed: $(grep -m1 '^Bail out' "$logs/${test%%/*}.tap")"
	fi
	git -C "$scratch" checkout -q -f "$commit"
}

scratch
trap 'git -C "$scratch" checkout -q -f "$commit"; rm -rf "$tmp"' EXIT
for patch in "tests/mutants/$BASE"/*.patch; do
	name=$(basename "$patch" .patch)
	! selected "$name" || mutant "$patch" "$name"
done
[ $n -gt 0 ] || none_selected
echo "1..$n"
