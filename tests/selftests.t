#!/bin/bash
# The kselftests of device-dax, on an NVDIMM in one guest, at each align and map.
# The programs come from the patched tree; tests/selftests/main runs them.
#
# PROGRAMS="map vma" KINDS="2M:256M" MAPS="mem" tests a part of it all.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

programs=${PROGRAMS:-map vma futex dio poison geometry unbind fuse}
kinds=${KINDS:-4K:128M 2M:256M 1G:4G}
maps=${MAPS:-mem dev}
echo "1..$(($(wc -w <<<"$kinds") * $(wc -w <<<"$maps") * (1 + $(wc -w <<<"$programs"))))"

kernel
mkdir "$tmp/payload"
# shellcheck disable=SC2086 # a list
compile_selftests "$tmp/payload" $programs
cp tests/selftests/main "$tmp/payload"
printf 'programs="%s" kinds="%s" maps="%s"\n' "$programs" "$kinds" "$maps" \
	>"$tmp/payload/parts"

scripts/guest --kernel "$KERNEL" --payload "$tmp/payload" \
	--out "$logs" --nvdimm 6G+2M --timeout 1800 2>"$tmp/err"
status=$?
[ $status -lt 124 ] || bail_out "$(tail -n1 "$tmp/err")"
exit $status
