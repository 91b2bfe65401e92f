#!/bin/bash
# Device-dax with other kernels than that of the other tests: with KASAN, which has
# struct pages written field by field; and where tails can not share memory: with
# struct pages of 56 bytes, as SLAB leaves them, and on an architecture that did
# not opt in, for which x86 stands with its select taken away.  Then the log says
# why, and all else works.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
export BASE=${BASE:-5.10}
. tests/lib

# other_kernel NAME TREE FRAGMENT...: build it for the tests
other_kernel() {
	local objects
	objects=$(scripts/build "$2" "$1" configs/guest.config configs/debug.config "${@:3}") ||
		bail_out "no kernel $1"
	export KERNEL=$objects/arch/x86/boot/bzImage TREE=${objects%/*} LOGS=$logs-$1
	mkdir -p "$LOGS"
}

# part NAME TEST: run it, print its results with the name
part() {
	"tests/$2.t" >"$tmp/part"
	grep -v '^1\.\.' "$tmp/part" | sed -E "s/^((not )?ok) [0-9]*/\1/; s/^((not )?ok) ?(- )?/\1 - $1: /"
	n=$((n + $(grep -cE '^(not )?ok ' "$tmp/part")))
}

# unshared NAME REASON TREE FRAGMENT...
unshared() {
	local ok="not ok"
	other_kernel "$1" "${@:3}"
	SCENARIOS=unshared part "$1" memmap
	# 2G and 4G: struct pages of 56 bytes for whole entries of 2M. Where one is
	# used in part, Linux 5.10 never gives it back, and warns with an altmap.
	PROGRAMS="map vma dio poison unbind" KINDS="2M:2G 1G:4G" part "$1" selftests
	# without sharing, its suite is not there
	[ "$1" = arch ] || part "$1" kunit
	! grep -qF "does not share tails: $2" "$LOGS/memmap-nvdimm/console.log" || ok=ok
	echo "$ok - $1: the log says: $2"
	n=$((n + 1))
}

other_kernel kasan ours configs/kasan.config
SCENARIOS="shared traced" part kasan memmap
part kasan kunit
unshared slab "struct pages straddle pages" ours configs/slab.config
scratch
trap 'git -C "$scratch" checkout -q -f "$commit"; rm -rf "$tmp"' EXIT
sed -i '/select ARCH_WANT_VMEMMAP_COMPOUND/d' "$scratch/arch/x86/Kconfig"
unshared arch "not enabled for this architecture" "$scratch"
echo "1..$n"
