#!/bin/bash
# Who pins device memory: every way of get_user_pages() and of giving up, AIO,
# VFIO with DMA, RDMA, KVM, races and failures, in two guests: on an NVDIMM, and
# on a soft-reserved device of two ranges, where KVM has no nested paging.
#
# Cases: the words of a line below: iommu or soft-reserved, an align (1G:2M is
# align=1G with max_geometry=2M), what the device is, a program.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

programs iommu 4K mem 128M pin pin_race aio vfio_map vfio_unmap rdma kvm
programs iommu 2M mem 256M pin pin_limit pin_race aio vfio_map vfio_unmap rdma kvm
programs iommu 2M:4K mem 256M pin
programs iommu 1G mem 4G pin pin_limit pin_race aio vfio_map vfio_unmap rdma kvm
programs iommu 1G:2M mem 4G pin pin_limit
programs iommu 2M fsdax 512M pin_fsdax
programs soft-reserved 2M two-ranges 3G pin pin_race rdma kvm
programs soft-reserved 1G two-ranges 3G pin pin_race rdma kvm
run_guests
