#!/bin/bash
# Device-dax with other kernels than that of the other tests: with KASAN, which has
# struct pages written field by field; and where tails can not share memory: with
# struct pages of 56 bytes, as SLAB leaves them, and on an architecture that did
# not opt in, for which x86 stands with its select taken away.  Then the log says
# why, and all else works.
#
# Cases: kasan, slab, arch.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib

# other_kernel NAME TREE FRAGMENT...: build it for the tests
other_kernel() {
	local objects
	objects=$(scripts/build "$2" "$1" configs/guest.config configs/debug.config "${@:3}") ||
		bail_out "no kernel $1"
	export KERNEL=$objects/arch/x86/boot/bzImage TREE=${objects%/*} LOGS=$logs-$1
	mkdir -p "$LOGS"
}

# with NAME TEST [SELECTOR]: run it, print its results with the name
with() {
	SELECT=${3:-default} "tests/$2.t" >"$LOGS/$2.tap"
	grep -v '^1\.\.' "$LOGS/$2.tap" | sed -E "s/^((not )?ok) [0-9]*/\1/; s/^((not )?ok) ?(- )?/\1 - $1: /"
	n=$((n + $(grep -cE '^(not )?ok ' "$LOGS/$2.tap")))
}

# unshared NAME REASON TREE FRAGMENT...
unshared() {
	local ok="not ok"
	other_kernel "$1" "${@:3}"
	with "$1" memmap unshared
	with "$1" selftests 2G,4G/map,vma,dio,poison,unbind
	with "$1" kunit
	! grep -qF "does not share tails: $2" "$LOGS/memmap-nvdimm/console.log" || ok=ok
	echo "$ok - $1: the log says: $2"
	n=$((n + 1))
}

if selected kasan; then
	other_kernel kasan ours configs/kasan.config
	with kasan memmap
	with kasan kunit
fi
if selected slab; then
	unshared slab "struct pages straddle pages" ours configs/slab.config
fi
if selected arch; then
	scratch
	trap 'git -C "$scratch" checkout -q -f "$commit"; rm -rf "$tmp"' EXIT
	sed -i '/select ARCH_WANT_VMEMMAP_COMPOUND/d' "$scratch/arch/x86/Kconfig"
	unshared arch "not enabled for this architecture" "$scratch"
fi
[ $n -gt 0 ] || none_selected
echo "1..$n"
