#!/bin/bash
# What takes long of tests/kinds.t: devices that cannot be created, often.
#
# Cases: those of tests/kinds.t.
SELECT=${SELECT:-default}
export SELECT=${SELECT//default/long} LOGS=${LOGS:-out/test}/long LIMIT=${LIMIT:-5400}
exec "$(dirname "$0")/../kinds.t"
