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

# missing NAME...: a line for each option that is off
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
	ok=ok
	config=$(scripts/debian-config 2>"$logs/config.log")
	case $? in
	0)	cp "$config" "$objects/.config"
		make -s -C "$TREE" O="$objects" olddefconfig >"$logs/config.log" 2>&1 || ok="not ok"
		# shellcheck disable=SC2046
		lacks=$(missing ZONE_DEVICE DEV_DAX DEV_DAX_PMEM DEV_DAX_KMEM TRANSPARENT_HUGEPAGE \
			MEMORY_FAILURE $(grep -ho '^config VMEMMAP_COMPOUND' "$TREE/mm/Kconfig" | sed 's/config //'))
		[ -z "$lacks" ] || ok="not ok"
		echo "$ok - ${config##*/} has what the series needs"
		[ -z "$lacks" ] || echo "$lacks" ;;
	"$unavailable")
		echo "ok - Debian's config # SKIP $(tail -n1 "$logs/config.log")" ;;
	*)	echo "not ok - Debian's config: $(tail -n1 "$logs/config.log")" ;;
	esac
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
