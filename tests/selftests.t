#!/bin/bash
# The kselftests of device-dax, on an NVDIMM in one guest, at each align and map.
# The programs come from the patched tree; tests/selftests/main runs them.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

bail_out() {
	echo "Bail out! $*"
	exit 1
}

programs="map vma futex dio poison geometry unbind"
echo "1..$((3 * 2 * (1 + $(wc -w <<<"$programs"))))"

tree=$(scripts/tree ours) || bail_out "no tree to test"
objects=$(scripts/build ours debug configs/guest.config configs/debug.config) ||
	bail_out "no kernel to test"
mkdir "$tmp/payload"
for p in $programs; do
	cc -O2 -Wall -Werror -static -o "$tmp/payload/devdax_$p" \
		"$tree/tools/testing/selftests/vm/devdax_$p.c" 2>"$tmp/err" ||
		bail_out "devdax_$p.c: $(grep -m1 error: "$tmp/err")"
done
cp tests/selftests/main "$tmp/payload"
echo "$programs" >"$tmp/payload/programs"

scripts/guest --kernel "$objects/arch/x86/boot/bzImage" --payload "$tmp/payload" \
	--out out/test/selftests --nvdimm 6G+2M --timeout 900 2>"$tmp/err"
status=$?
[ -s "$tmp/err" ] && bail_out "$(tail -n1 "$tmp/err")"
exit $status
