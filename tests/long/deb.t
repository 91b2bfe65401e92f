#!/bin/bash
# make deb, from the small config of make run: the package of the kernel boots, a
# Debian system installs it, and a device works.
#
# Cases: deb.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib

config=$(scripts/build ours run configs/guest.config configs/run.config -- kernelrelease)/.config ||
	bail_out "no config"
mkdir -p "$logs"
rm -rf "$out/deb"
scripts/deb "$config" >"$logs/packages" 2>"$logs/deb.log" || {
	tail -n 5 "$logs/deb.log" | sed 's/^/# /'
	bail_out "make deb fails: $logs/deb.log"
}
package=$(grep -m1 '/linux-image-[^/]*\.deb$' "$logs/packages" | grep -v -- -dbg_)
dpkg-deb -x "$package" "$tmp/installed"
KERNEL=$(echo "$tmp/installed"/boot/vmlinuz-*)
TREE=$(scripts/tree ours)
need map
scenarios
mkdir -p "$payload"
cp "$package" "$payload/package.deb"
run_guests
