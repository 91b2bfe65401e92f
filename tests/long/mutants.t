#!/bin/bash
# Each bug of tests/mutants, put into the patched tree, has to be caught by the
# tests that its "Caught-by:" line names; the TAP line says by what.
#
#   MUTANTS="NAME..." tests/long/mutants.t	only these

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
export BASE=${BASE:-5.10} LOGS=${LOGS:-out/test}/mutants
. tests/lib

result() {
	n=$((n + 1))
	echo "$1 $n - $2"
}

# reason TEST: what the guest said, or the first failure in its output.
reason() {
	local tap=$LOGS/${1##*/}.tap
	grep -m1 -oE 'kernel says: .*' "$tap" ||
		grep -m1 -E '^ *not ok ' "$tap" | sed -E 's/^ *not ok ([0-9]+ )?(- )?//'
}

scratch
trap 'git -C "$scratch" checkout -q -f "$commit"; rm -rf "$tmp"' EXIT

for name in ${MUTANTS:-$(basename -s .patch tests/mutants/*.patch)}; do
	mutant=tests/mutants/$name.patch
	if ! git -C "$scratch" apply "$top/$mutant" 2>"$tmp/err" ||
		! objects=$(scripts/build "$scratch" debug configs/guest.config configs/debug.config 2>"$tmp/err"); then
		result "not ok" "$name: $(tail -n1 "$tmp/err")"
		git -C "$scratch" checkout -q -f "$commit"
		continue
	fi
	read -r test env < <(sed -n 's/^Caught-by: //p' "$mutant")
	# shellcheck disable=SC2086
	if env KERNEL="$objects/arch/x86/boot/bzImage" TREE="$scratch" $env \
		tests/run "tests/$test.t" >/dev/null 2>&1; then
		result "not ok" "$name: $test did not notice"
	else
		result ok "$name: $test: $(reason "$test")"
	fi
	git -C "$scratch" checkout -q -f "$commit"
done
echo "1..$n"
