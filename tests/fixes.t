#!/bin/bash
# The fixes outside of device-dax: VFIO behind an emulated IOMMU, references,
# page tables, poison, and pmem that begins within a section of RAM.
#
# Cases: the words of a line below: iommu or section, an align, what the device
# is, a program.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

programs iommu 2M mem 4G vfio refs pagetable hwpoison_unbind
programs iommu 1G mem 4G vfio refs pagetable hwpoison_unbind
programs section 2M e820 512M online
# what only the series of newer kernels have
[ "$BASE" = "$default_base" ] || programs section 2M e820 512M hugetlb
run_guests
