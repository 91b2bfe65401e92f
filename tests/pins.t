#!/bin/bash
# Who pins device memory: every way of get_user_pages() and of giving up, AIO,
# VFIO with DMA, RDMA, KVM, races and failures, in two guests: on an NVDIMM, and
# on a soft-reserved device of two ranges, where KVM has no nested paging.
#
# PLAN=2M,256M,1G,devdax_pin,rdma GUEST=nvdimm tests a part: see tests/pins/main.
# MODULE= names a lib/test_devdax_pin.ko for a kernel that has it as a module.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

# pins GUEST PLAN OPTION...: boot and do what the plan says
pins() {
	local plan=${PLAN:-$2}
	wanted "$1" || return
	printf 'kind=%q plan=%q\n' "$1" "${plan//,/ }" >"$tmp/payload/parts"
	guest "$1" "$tmp/payload" "${@:3}"
	report "$1"
}

kernel
mkdir "$tmp/payload"
compile_selftests "$tmp/payload" pin pin_race pin_limit pin_fsdax aio vfio_map kvm
compile "$tmp/payload/rdma" tests/pins/rdma.c -libverbs
cp tests/pins/main "$tmp/payload"
[ -z "${MODULE:-}" ] || cp "$MODULE" "$tmp/payload"

pins nvdimm "4K 128M 1G devdax_pin devdax_pin_race devdax_aio devdax_vfio_map rdma devdax_kvm
2M 256M 1G devdax_pin devdax_pin_limit devdax_pin_race devdax_aio devdax_vfio_map rdma devdax_kvm
2M 256M 4K devdax_pin
1G 4G 1G devdax_pin devdax_pin_limit devdax_pin_race devdax_aio devdax_vfio_map rdma devdax_kvm
1G 4G 2M devdax_pin devdax_pin_limit
fsdax 512M 1G devdax_pin_fsdax" --nvdimm 6G+2M \
	--qemu -device --qemu intel-iommu,intremap=on,caching-mode=on \
	--qemu -device --qemu edu
pins soft-reserved "2M 3G 1G devdax_pin devdax_pin_race rdma devdax_kvm
1G 3G 1G devdax_pin devdax_pin_race rdma devdax_kvm" --ovmf --memory 12G \
	--append "efi_fake_mem=4G@8G:0x40000 kvm_amd.npt=0"
echo "1..$n"
