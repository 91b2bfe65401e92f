#!/bin/bash
# The core of the tests, in one guest with a kernel that is soon built: mappings, page
# tables, unbinding, poison, VFIO, pins, geometry, and a binding that fails, on an
# NVDIMM.  This is what every run shows of a further base (tests/bases/built).
#
# Cases: iommu, an align, mem or shifted, a size, a program of those below; bind-fails.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib

if [ -z "${KERNEL:-}" ]; then
	objects=$(scripts/build ours core configs/guest.config configs/run.config configs/core.config) ||
		bail_out "no kernel to test"
	KERNEL=$objects/arch/x86/boot/bzImage
	TREE=${objects%/*}
fi
programs iommu 2M mem 256M map vma unbind poison hwpoison_unbind vfio pin
programs iommu 1G mem 4G map vma pagetable unbind poison vfio geometry
programs iommu 1G shifted 5G map vma poison dio
need bindfail map
scenarios
run_guests
