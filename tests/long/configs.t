#!/bin/bash
# Device-dax where tails can not share memory: with struct pages of 56 bytes, as
# SLAB leaves them, and on an architecture that did not opt in, for which x86
# stands with its select taken away.  The log says why, and all else works.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
export BASE=${BASE:-5.10}
. tests/lib

# unshared NAME REASON TREE FRAGMENT...
unshared() {
	local name=$1 reason=$2 tree=$3 objects ok="not ok"
	objects=$(scripts/build "$tree" "$name" configs/guest.config configs/debug.config "${@:4}") ||
		bail_out "no kernel $name"
	export KERNEL=$objects/arch/x86/boot/bzImage TREE=${objects%/*} LOGS=$logs-$name
	mkdir -p "$LOGS"
	SCENARIOS=unshared tests/memmap.t >"$tmp/$name"
	# 2G and 4G: struct pages of 56 bytes for whole entries of 2M. Where one is
	# used in part, Linux 5.10 never gives it back, and warns with an altmap.
	PROGRAMS="map vma dio poison unbind" KINDS="2M:2G 1G:4G" tests/selftests.t >>"$tmp/$name"
	# without sharing, its suite is not there
	[ "$name" = arch ] || tests/kunit.t >>"$tmp/$name"
	grep -v '^1\.\.' "$tmp/$name" | sed -E "s/^((not )?ok) [0-9]*/\1/; s/^((not )?ok) ?(- )?/\1 - $name: /"
	! grep -qF "does not share tails: $reason" "$LOGS/memmap-nvdimm/console.log" || ok=ok
	echo "$ok - $name: the log says: $reason"
	n=$((n + 1 + $(grep -cE '^(not )?ok ' "$tmp/$name")))
}

unshared slab "struct pages straddle pages" ours configs/slab.config
scratch
trap 'git -C "$scratch" checkout -q -f "$commit"; rm -rf "$tmp"' EXIT
sed -i '/select ARCH_WANT_VMEMMAP_COMPOUND/d' "$scratch/arch/x86/Kconfig"
unshared arch "not enabled for this architecture" "$scratch"
echo "1..$n"
