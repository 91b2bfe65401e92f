#!/bin/bash
# Every prefix of the series is a whole kernel that builds and links.
#
# Cases: the number of a patch in the series (1 is the first), or its file name.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib

mkdir -p "$logs"
i=0
while read -r patch; do
	i=$((i + 1))
	selected $i "$patch" || continue
	n=$((n + 1))
	ok="not ok"
	! scripts/build $i step configs/small.config configs/steps.config -- vmlinux \
		>/dev/null 2>"$logs/$i.log" || ok=ok
	echo "$ok - $patch"
	[ "$ok" = ok ] || sed 's/^/# /' "$logs/$i.log"
done < <(listed "patches/$BASE/series")
[ $n -gt 0 ] || none_selected
echo "1..$n"
