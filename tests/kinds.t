#!/bin/bash
# Every kind of device-dax device, in two guests: an NVDIMM, e820 pmem, odd
# starts, neighbours, pmem within a section of RAM, soft-reserved memory, and
# one namespace through all modes.  The scenarios are tests/kinds/*.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

# kinds NAME SCENARIO...: what that guest does
kinds() {
	local dir=$tmp/$1
	cp -r "$tmp/all" "$dir"
	scenarios "$dir" lib "${@:2}"
}

kernel
mkdir "$tmp/all"
cp tests/kinds/* "$tmp/all"
compile_selftests "$tmp/all" map dio
compile "$tmp/all/at" tests/kinds/at.c -static -Wno-unused-function
scripts/rootfs >/dev/null || bail_out "no root image for the guest"

kinds pmem buses misaligned neighbours early
kinds efi soft-reserved roundtrip
guest pmem "$tmp/pmem" --memory 11G --nvdimm 8G+2M \
	--append "memmap=4G!0x110200000 memmap=512M!0x244000000 memmap=3G!0x280000000" &
guest efi "$tmp/efi" --ovmf --memory 12G --nvdimm 8G+2M \
	--append "efi_fake_mem=4G@8G:0x40000" &
wait
report pmem
report efi
echo "1..$n"
