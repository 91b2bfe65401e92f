#!/bin/bash
# The kselftests of device-dax, on an NVDIMM, at each align and map.
#
# Cases: nvdimm, an align, mem or dev, a program of those below.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

# 2G and 4G: whole pages of struct pages also if these have 56 bytes.
for map in mem dev; do
	for device in "4K $map 128M" "2M $map 2G" "1G $map 4G"; do
		# shellcheck disable=SC2086
		programs nvdimm $device map vma futex dio poison geometry unbind fuse
	done
done
run_guests
