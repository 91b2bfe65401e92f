#!/bin/bash
# The fixes outside of device-dax: VFIO behind an emulated IOMMU, references,
# page tables, poison, and pmem that begins within a section of RAM.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

kernel
n=0

# guest NAME "ALIGN..." "PROGRAM..." OPTION...: boot, run the programs at each align.
guest() {
	local name=$1 aligns=$2 programs=$3 dir=$tmp/$1 p status
	shift 3
	mkdir "$dir"
	for p in $programs; do
		cc -O2 -Wall -Werror -static -pthread -o "$dir/devdax_$p" \
			"$TREE/tools/testing/selftests/vm/devdax_$p.c" 2>"$tmp/err" ||
			bail_out "devdax_$p.c: $(grep -m1 error: "$tmp/err")"
	done
	echo "$aligns" >"$dir/aligns"
	echo "$programs" >"$dir/programs"
	cp tests/fixes/main "$dir"
	scripts/guest --kernel "$KERNEL" --payload "$dir" --out "out/test/fixes-$name" \
		--timeout 900 "$@" >"$tmp/tap" 2>"$tmp/err"
	status=$?
	grep -v '^# guest:' "$tmp/tap"
	n=$((n + 1 + $(grep -cE '^(not )?ok ' "$tmp/tap")))
	[ "$status" = 0 ] && echo "ok - guest $name" && return
	echo "not ok - guest $name: $(tail -n1 "$tmp/err")"
}

guest iommu "2M 1G" "vfio refs pagetable hwpoison_unbind" --nvdimm 4G+2M \
	--qemu -device --qemu intel-iommu,intremap=on,caching-mode=on \
	--qemu -device --qemu edu
guest mixed-section "2M" "online" --memory 7G --append 'memmap=512M!0x144000000'
echo "1..$n"
