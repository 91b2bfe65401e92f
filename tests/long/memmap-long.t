#!/bin/bash
# What takes long of tests/memmap.t: binding that fails, neighbours, a thousand cycles.
#
# Cases: those of tests/memmap.t.
SELECT=${SELECT:-default}
export SELECT=${SELECT//default/long} LOGS=${LOGS:-out/test}/long LIMIT=${LIMIT:-5400}
exec "$(dirname "$0")/../memmap.t"
