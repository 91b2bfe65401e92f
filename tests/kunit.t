#!/bin/bash
# The unit tests that the kernel runs when it boots, from its log.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

kernel
mkdir "$tmp/payload"
printf '#!/bin/sh\nexit 0\n' >"$tmp/payload/main"
chmod +x "$tmp/payload/main"
scripts/guest --kernel "$KERNEL" --payload "$tmp/payload" --memory 2G --timeout 300 \
	--out "$logs" >"$tmp/result" 2>"$tmp/err"
status=$?

# KUnit's own results stand at the margin and 4 columns in; "# " lines are its.
sed -E 's/\r$//; s/^\[ *[0-9.]+\] //' "$logs/console.log" |
	grep -E '^( {4})*((not )?ok [0-9]+ - |# )' >"$tmp/tap"
cat "$tmp/tap"
n=$(grep -cE '^(not )?ok ' "$tmp/tap")
ok="not ok"
if [ $status = 0 ] && [ "$n" = 5 ]; then
	ok=ok
fi
echo "$ok $((n + 1)) - all five suites ran, and the kernel complains about nothing"
sed 's/^/# /' "$tmp/err"
echo "1..$((n + 1))"
