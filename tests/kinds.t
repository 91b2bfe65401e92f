#!/bin/bash
# Every kind of device-dax device: an NVDIMM, e820 pmem, odd starts, neighbours,
# pmem within a section of RAM, soft-reserved memory, and one namespace through
# all modes.
#
# Cases: a file of tests/kinds, or the guest that it names (see tests/guests).

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

need map dio at failnth
scenarios
run_guests
