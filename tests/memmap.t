#!/bin/bash
# The memmap of device-dax: every struct page, and every page table entry that
# maps them, after binding and after unbinding.
#
# GUEST="nvdimm early high" are: an NVDIMM; pmem within a section of RAM; an
# NVDIMM so high that its memmap needs a top-level page table entry of its own.
# SCENARIOS="shared failing ..." (tests/memmap/*) are for the first of these.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

# memmap NAME "SCENARIO..." OPTION...: boot, do them, report
memmap() {
	local name=$1 dir=$tmp/$1 list
	wanted "$name" || return
	read -ra list <<<"$2"
	cp -r "$tmp/all" "$dir"
	scenarios "$dir" kinds-lib lib "${list[@]}"
	guest "$name" "$dir" "${@:3}"
	report "$name"
}

GUEST=${GUEST:-nvdimm}
kernel
mkdir "$tmp/all"
cp tests/memmap/* "$tmp/all"
cp tests/kinds/lib "$tmp/all/kinds-lib"
compile_selftests "$tmp/all" map dio
compile "$tmp/all/at" tests/kinds/at.c -static -Wno-unused-function
compile "$tmp/all/bindfail" tests/memmap/bindfail.c -static

truncate -s 4098M "$tmp/high.nvdimm"
memmap nvdimm "nvdimm ${SCENARIOS:-shared traced}" --nvdimm 6G+2M --timeout 5400
memmap early early --memory 7G --append 'memmap=512M!0x144000000'
# 32 TiB of memory have 512 GiB of memmap, what one top-level entry maps
memmap high "nvdimm high" --qemu -m --qemu 4G,slots=4,maxmem=40T \
	--qemu -cpu --qemu max,phys-bits=46 \
	--qemu -object --qemu "memory-backend-file,id=nv,share=on,mem-path=$tmp/high.nvdimm,size=4098M,align=1G" \
	--qemu -device --qemu nvdimm,memdev=nv,id=nvdimm,label-size=2M,addr=0x220000000000
echo "1..$n"
