#!/bin/bash
# Who pins device memory: every way of get_user_pages() and of giving up, AIO,
# VFIO with DMA, RDMA, KVM, races and failures, in two guests: on an NVDIMM, and
# on a soft-reserved device of two ranges, where KVM has no nested paging.
#
# PLAN="2M 256M 1G devdax_pin rdma" KIND=nvdimm tests a part: see tests/pins/main.
# MODULE= names a lib/test_devdax_pin.ko for a kernel that has it as a module.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

kernel
selftests=$TREE/tools/testing/selftests/vm

# compile PROGRAM SOURCE OPTION...
compile() {
	cc -O2 -Wall -Werror -pthread -I "$selftests" -o "$tmp/payload/$1" "${@:2}" \
		2>"$tmp/err" || bail_out "$1: $(grep -m1 error "$tmp/err")"
}

# guest KIND PLAN OPTION...: boot and do what the plan says.
guest() {
	local kind=$1 plan=$2 status
	shift 2
	[ "${KIND:-$kind}" = "$kind" ] || return
	plan=${PLAN:-$plan}
	printf 'kind=%q plan=%q\n' "$kind" "$plan" >"$tmp/payload/parts"
	scripts/guest --kernel "$KERNEL" --payload "$tmp/payload" --out "out/test/pins-$kind" \
		--timeout 900 "$@" >"$tmp/tap" 2>"$tmp/err"
	status=$?
	# without what the firmware draws on the serial port
	sed 's/\x1b\[[=0-9;]*[A-Za-z]//g; /^\r*$/d; /^# guest:/d' "$tmp/tap"
	n=$((n + 1 + $(grep -cE '^(not )?ok ' "$tmp/tap")))
	[ "$status" = 0 ] && echo "ok - guest $kind" && return
	echo "not ok - guest $kind: $(tail -n1 "$tmp/err")"
}

mkdir "$tmp/payload"
for p in pin pin_race pin_limit pin_fsdax aio vfio_map kvm; do
	compile "devdax_$p" "$selftests/devdax_$p.c" -static
done
compile rdma tests/pins/rdma.c -libverbs
cp tests/pins/main "$tmp/payload"
[ -z "${MODULE:-}" ] || cp "$MODULE" "$tmp/payload"

guest nvdimm "4K 128M 1G devdax_pin devdax_pin_race devdax_aio devdax_vfio_map rdma devdax_kvm
2M 256M 1G devdax_pin devdax_pin_limit devdax_pin_race devdax_aio devdax_vfio_map rdma devdax_kvm
2M 256M 4K devdax_pin
1G 4G 1G devdax_pin devdax_pin_limit devdax_pin_race devdax_aio devdax_vfio_map rdma devdax_kvm
1G 4G 2M devdax_pin devdax_pin_limit
fsdax 512M 1G devdax_pin_fsdax" --nvdimm 6G+2M \
	--qemu -device --qemu intel-iommu,intremap=on,caching-mode=on \
	--qemu -device --qemu edu
guest soft-reserved "2M 3G 1G devdax_pin devdax_pin_race rdma devdax_kvm
1G 3G 1G devdax_pin devdax_pin_race rdma devdax_kvm" --ovmf --memory 12G \
	--append "efi_fake_mem=4G@8G:0x40000 kvm_amd.npt=0"
echo "1..$n"
