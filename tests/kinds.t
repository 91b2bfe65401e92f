#!/bin/bash
# Every kind of device-dax device, in two guests: an NVDIMM, e820 pmem, odd
# starts, neighbours, pmem within a section of RAM, soft-reserved memory, and
# one namespace through all modes.  The scenarios are tests/kinds/*.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

kernel
selftests=$TREE/tools/testing/selftests/vm

# guest NAME "SCENARIO..." OPTION...: boot, and run the scenarios one by one.
guest() {
	local name=$1 dir=$tmp/$1 scenarios
	read -ra scenarios <<<"$2"
	shift 2
	mkdir "$dir"
	cp tests/kinds/* "$tmp"/devdax_* "$tmp/at" "$dir"
	{
		echo "#!/bin/bash"
		echo "set -eu"
		printf '. ./%s\n' lib "${scenarios[@]}"
	} >"$dir/main"
	chmod +x "$dir/main"
	scripts/guest --kernel "$KERNEL" --payload "$dir" --out "out/test/kinds-$name" \
		--timeout 1200 "$@" >"$dir.tap" 2>"$dir.err"
	echo $? >"$dir.status"
}

# report NAME: what the guest said, and how it ended.
report() {
	local status ok="ok"
	status=$(cat "$tmp/$1.status")
	# without what the firmware draws on the serial port
	sed 's/\x1b\[[=0-9;]*[A-Za-z]//g; /^\r*$/d; /^# guest:/d' "$tmp/$1.tap"
	[ "$status" = 0 ] || ok="not ok"
	echo "$ok - guest $1: ends with status $status, no complaint of the kernel"
	sed 's/^/# /' "$tmp/$1.err"
	n=$((n + 1 + $(grep -cE '^(not )?ok ' "$tmp/$1.tap")))
}

for program in map dio; do
	cc -O2 -static -o "$tmp/devdax_$program" "$selftests/devdax_$program.c" ||
		bail_out "cannot build devdax_$program"
done
cc -O2 -static -I "$selftests" -o "$tmp/at" tests/kinds/at.c ||
	bail_out "cannot build at.c"

scripts/rootfs >/dev/null || bail_out "no root image for the guest"
guest pmem "buses misaligned neighbours early" --memory 11G --nvdimm 8G+2M \
	--append "memmap=4G!0x110200000 memmap=512M!0x244000000 memmap=3G!0x280000000" &
guest efi "soft-reserved roundtrip" --ovmf --memory 12G --nvdimm 8G+2M \
	--append "efi_fake_mem=4G@8G:0x40000" &
wait
report pmem
report efi
echo "1..$n"
