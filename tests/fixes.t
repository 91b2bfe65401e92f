#!/bin/bash
# The fixes outside of device-dax: VFIO behind an emulated IOMMU, references,
# page tables, poison, and pmem that begins within a section of RAM.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

# programs NAME "ALIGN..." PROGRAM...: what the guest runs at each align
programs() {
	local dir=$tmp/$1
	mkdir "$dir"
	compile_selftests "$dir" "${@:3}"
	echo "$2" >"$dir/aligns"
	echo "${@:3}" >"$dir/programs"
	cp tests/fixes/main "$dir"
}

kernel
programs iommu "2M 1G" vfio refs pagetable hwpoison_unbind
guest iommu "$tmp/iommu" --nvdimm 4G+2M \
	--qemu -device --qemu intel-iommu,intremap=on,caching-mode=on \
	--qemu -device --qemu edu
report iommu
programs mixed-section 2M online
guest mixed-section "$tmp/mixed-section" --memory 7G --append 'memmap=512M!0x144000000'
report mixed-section
echo "1..$n"
