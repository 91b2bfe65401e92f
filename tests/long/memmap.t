#!/bin/bash
# The memmap of device-dax: every struct page, and every page table entry that
# maps them, after binding, after unbinding, and after binding that failed; in
# three guests: an NVDIMM, pmem within a section of RAM, and an NVDIMM so high
# that its memmap needs a top-level page table entry of its own.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

kernel
selftests=$TREE/tools/testing/selftests/vm

# guest NAME "SCENARIO..." OPTION...: boot, and run the scenarios one by one.
guest() {
	local name=$1 dir=$tmp/$1 scenarios status ok="ok"
	read -ra scenarios <<<"$2"
	shift 2
	mkdir "$dir"
	cp tests/memmap/* "$tmp"/devdax_* "$tmp/at" "$tmp/bindfail" "$dir"
	cp tests/kinds/lib "$dir/kinds-lib"
	{
		echo "#!/bin/bash"
		echo "set -eu"
		printf '. ./%s\n' kinds-lib lib "${scenarios[@]}"
	} >"$dir/main"
	chmod +x "$dir/main"
	scripts/guest --kernel "$KERNEL" --payload "$dir" --out "out/test/memmap-$name" \
		--timeout 1200 "$@" >"$dir.tap" 2>"$dir.err"
	status=$?
	grep -v '^# guest:' "$dir.tap"
	[ "$status" = 0 ] || ok="not ok"
	echo "$ok - guest $name: ends with status $status, no complaint of the kernel"
	sed 's/^/# /' "$dir.err"
	n=$((n + 1 + $(grep -cE '^(not )?ok ' "$dir.tap")))
}

for program in map dio; do
	cc -O2 -static -o "$tmp/devdax_$program" "$selftests/devdax_$program.c" ||
		bail_out "cannot build devdax_$program"
done
cc -O2 -static -I "$selftests" -o "$tmp/at" tests/kinds/at.c ||
	bail_out "cannot build at.c"
cc -O2 -Wall -Werror -static -o "$tmp/bindfail" tests/memmap/bindfail.c ||
	bail_out "cannot build bindfail.c"
truncate -s 4098M "$tmp/high.nvdimm"

guest nvdimm "nvdimm ${SCENARIOS:-shared section failing cycles}" --nvdimm 6G+2M
guest early early --memory 7G --append 'memmap=512M!0x144000000'
# 32 TiB of memory have 512 GiB of memmap, what one top-level entry maps
guest high "nvdimm high" --qemu -m --qemu 4G,slots=4,maxmem=40T \
	--qemu -cpu --qemu max,phys-bits=46 \
	--qemu -object --qemu "memory-backend-file,id=nv,share=on,mem-path=$tmp/high.nvdimm,size=4098M,align=1G" \
	--qemu -device --qemu nvdimm,memdev=nv,id=nvdimm,label-size=2M,addr=0x220000000000
echo "1..$n"
