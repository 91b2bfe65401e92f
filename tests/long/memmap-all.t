#!/bin/bash
# All of tests/memmap.t: binding that fails, neighbours, a thousand cycles.
export GUEST="nvdimm early high" SCENARIOS="shared traced section failing cycles often"
export LOGS=${LOGS:-out/test}/all
exec "$(dirname "$0")/../memmap.t"
