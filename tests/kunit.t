#!/bin/bash
# The unit tests that the kernel runs when it boots, from its log: each suite
# that the tree has, named devdax_*, and no complaint of the kernel.

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

kernel
mkdir "$tmp/payload"
printf '#!/bin/sh\nexit 0\n' >"$tmp/payload/main"
chmod +x "$tmp/payload/main"
scripts/guest --kernel "$KERNEL" --payload "$tmp/payload" --memory 2G --timeout 300 \
	--append kunit.enable=1 --append kunit.autorun=1 --out "$logs" >"$tmp/result" 2>"$tmp/err"
status=$?

# KUnit's own results stand at the margin and 4 columns in; "# " lines are its.
# Newer kernels leave the dash out.  With KUNIT_DEFAULT_ENABLED and
# KUNIT_AUTORUN_ENABLED off, as allnoconfig has them, they run no tests unless told.
sed -E 's/\r$//; s/^\[ *[0-9.]+\] //; s/^( *(not )?ok [0-9]+) (- )?/\1 - /' "$logs/console.log" |
	grep -E '^( {4})*((not )?ok [0-9]+ - |# )' >"$tmp/tap"
cat "$tmp/tap"
n=$(grep -cE '^(not )?ok ' "$tmp/tap")

sed -n 's/^\t\.name = "\(devdax_.*\)",$/\1/p' "$TREE"/mm/*_kunit.c "$TREE"/mm/tests/*_kunit.c \
	"$TREE"/drivers/dax/*_kunit.c 2>/dev/null |
	sort >"$tmp/suites"
sed -n 's/^ok [0-9]* - \(devdax_.*\)/\1/p' "$tmp/tap" | sort >"$tmp/passed"
missing=$(comm -23 "$tmp/suites" "$tmp/passed" | xargs)
ok=ok
[ -s "$tmp/suites" ] && [ -z "$missing" ] || ok="not ok"
echo "$ok $((n + 1)) - suites: $(xargs <"$tmp/suites")${missing:+; did not pass: $missing}"
ok=ok
[ $status = 0 ] || ok="not ok"
echo "$ok $((n + 2)) - the kernel complains about nothing"
sed 's/^/# /' "$tmp/err"
echo "1..$((n + 2))"
