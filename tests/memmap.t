#!/bin/bash
# The memmap of device-dax: every struct page, and every page table entry that
# maps them, after binding and after unbinding.
#
# Cases: a file of tests/memmap, or the guest that it names (see tests/guests).
# "long" are those that take long, such as bindings that fail, one by one;
# "named" is for kernels in which tails do not share memory.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib
needs lib/test_devdax_memmap.c

need map dio numa at bindfail
scenarios
run_guests
