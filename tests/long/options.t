#!/bin/bash
# The patched kernel builds and links without what it depends on.
#
# Cases: ZONE_DEVICE, TRANSPARENT_HUGEPAGE.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib

mkdir -p "$logs"
for option in ZONE_DEVICE TRANSPARENT_HUGEPAGE; do
	selected $option || continue
	n=$((n + 1))
	ok="not ok"
	{ cat configs/small.config; echo "# CONFIG_$option is not set"; } >"$tmp/config"
	objects=$(scripts/build ours "without-$option" "$tmp/config" -- vmlinux 2>"$logs/$option.log") &&
		! grep -q "^CONFIG_$option=y" "$objects/.config" && ok=ok
	echo "$ok $n - without $option"
	[ "$ok" = ok ] || sed 's/^/# /' "$logs/$option.log"
done
[ $n -gt 0 ] || none_selected
echo "1..$n"
