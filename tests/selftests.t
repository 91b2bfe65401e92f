#!/bin/bash
# The kselftests of device-dax, on an NVDIMM, at each align and map.
#
# Cases: nvdimm, an align, mem or dev, a size, a program of those below.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

all="map hint thp walk vma futex dio poison poison_procs numa geometry unbind fuse
	advice readonly"
# what only the series of newer kernels have
[ "$BASE" = "$default_base" ] || all+=" fork race"
for map in mem dev; do
	for device in "4K $map 128M" "2M $map 256M" "1G $map 4G"; do
		# shellcheck disable=SC2086
		programs nvdimm $device $all
	done
	# For struct pages of 56 bytes, of which this is a whole number of 2M: when
	# 2M is used in part, Linux 5.10 never gives it back, and warns with an altmap.
	# shellcheck disable=SC2086
	[[ ${SELECT:-} != *2G* ]] || programs nvdimm 2M $map 2G $all
done
# what base pages count in smaps
programs nvdimm 2M:4K mem 256M walk
programs nvdimm 1G:4K mem 4G walk
run_guests
