#!/bin/bash
# make deb: Debian's own config has what the series needs, and the packages of the
# small config of make run boot, and install into a Debian system.
#
# Cases: config, package.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib

planned=
mkdir -p "$logs"
TREE=$(scripts/tree ours) || bail_out "no tree"

# what Debian has switched on of NAME...: no line says that all of it is
missing() {
	local symbol
	for symbol; do
		grep -qE "^CONFIG_$symbol=[ym]" "$objects/.config" || echo "# CONFIG_$symbol is off"
	done
}

if selected config; then
	objects=$TREE/b-debian
	mkdir -p "$objects"
	n=$((n + 1))
	if ! config=$(scripts/debian-config 2>"$logs/config.log"); then
		echo "ok - Debian's config # SKIP $(tail -n1 "$logs/config.log")"
	else
		cp "$config" "$objects/.config"
		make -s -C "$TREE" O="$objects" olddefconfig >"$logs/config.log" 2>&1
		# shellcheck disable=SC2046
		lacks=$(missing ZONE_DEVICE DEV_DAX DEV_DAX_PMEM DEV_DAX_KMEM TRANSPARENT_HUGEPAGE \
			MEMORY_FAILURE $(grep -ho '^config VMEMMAP_COMPOUND' "$TREE/mm/Kconfig" | sed 's/config //'))
		if [ -z "$lacks" ]; then echo ok; else echo "not ok"; fi |
			sed "s/\$/ - ${config##*/} has what the series needs/"
		[ -z "$lacks" ] || echo "$lacks"
	fi
fi
if selected package; then
	objects=$(scripts/build ours run configs/guest.config configs/run.config -- kernelrelease) ||
		bail_out "no config"
	rm -rf "$out/deb"
	scripts/deb "$objects/.config" >"$logs/packages" 2>"$logs/deb.log" || {
		tail -n 5 "$logs/deb.log" | sed 's/^/# /'
		bail_out "make deb fails: $logs/deb.log"
	}
	package=$(grep '/linux-image-[^/]*\.deb$' "$logs/packages" | grep -vm1 -- -dbg_)
	dpkg-deb -x "$package" "$tmp/installed"
	KERNEL=$(echo "$tmp/installed"/boot/vmlinuz-*)
	need map
	todo nvdimm 0 'scenario install'
	mkdir -p "$payload"
	cp "$package" "$payload/package.deb"
fi
run_guests
