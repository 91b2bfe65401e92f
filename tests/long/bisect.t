#!/bin/bash
# Every prefix of the series is a whole kernel that builds and links.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
export BASE=${BASE:-5.10}
n=0
while read -r patch; do
	n=$((n + 1))
	ok="not ok"
	! scripts/build "$n" step configs/small.config configs/steps.config -- vmlinux \
		>/dev/null 2>"out/test/bisect-$n.log" || ok=ok
	echo "$ok $n - $patch"
done <"patches/$BASE/series"
echo "1..$n"
