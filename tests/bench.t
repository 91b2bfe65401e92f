#!/bin/bash
# The benchmark, without a guest: the way of a figure from a program into the tables
# and the picture; and what bench/results holds is what bench/report makes.

. "$(dirname "$0")/tap"
. bench/lib

# same WHAT FILE: it is what comes on stdin.
same() {
	diff "$2" - >"$tmp/diff" 2>&1
	result $? "$1" "$tmp/diff"
}

# figure KERNEL MODE METRIC MAP ALIGN GIB VALUE UNIT: as a guest prints it
figure() {
	printf '# {"base":"5.10","kernel":"%s","mode":"%s","metric":"%s","map":"%s","align":"%s","size_gib":%s,"value":%s,"unit":"%s"}\r\n' "$@"
}

# --- what is committed
jq -rn --rawfile metrics bench/metrics '$metrics / "\n" | .[] | select(test("^[^#]"))
	| select(test("^[a-z0-9_]+ *\\|[^|]+\\|[^|]+\\|[^|]+$") | not)' >"$tmp/bad" &&
	sed -n 's/^\([a-z0-9_]*\) .*/\1/p' bench/metrics | sort | uniq -d >>"$tmp/bad" &&
	[ ! -s "$tmp/bad" ]
result $? "bench/metrics has four fields a line, and one line a metric" "$tmp/bad"
for json in bench/results/*.json; do
	[ -e "$json" ] || continue
	name=${json##*/}
	bench/report tables "$json" >"$tmp/tables" 2>&1
	same "bench/results: ${name%.json}.md is made of $name" "${json%.json}.md" <"$tmp/tables"
	jq -e --arg base "${name%.json}" 'all(.base == $base)' "$json" >"$tmp/log"
	result $? "bench/results: the base in $name"
	[ "$name" != 5.10.json ] || {
		bench/report short "$json" | grep -vxFf README.md >"$tmp/log"
		[ ! -s "$tmp/log" ]
		result $? "README.md has the short table of $name" "$tmp/log"
	}
done

# --- a program's figures
gcc -O2 -Wall -Werror -static -pthread -o "$tmp/daxop" bench/daxop.c 2>"$tmp/log"
result $? "daxop compiles" "$tmp/log"
BASE=5.10 KERNEL=ours MODE=wall MAP=anon ALIGN=4K GIB=1 PREFIX='' "$tmp/daxop" anon 1 |
	records >"$tmp/anon.json"
jq -c '.[] | .value > 0, del(.value)' "$tmp/anon.json" >"$tmp/got"
same "daxop prints records" "$tmp/got" <<END
true
{"base":"5.10","kernel":"ours","mode":"wall","metric":"fault","map":"anon","align":"4K","size_gib":1,"unit":"us"}
true
{"base":"5.10","kernel":"ours","mode":"wall","metric":"fork","map":"anon","align":"4K","size_gib":1,"unit":"us"}
END

# --- a guest's lines into records
{
	echo "ok - something else"
	printf 'span 700\r\n'
	for kernel in base ours; do
		[ $kernel = base ] || echo "span 70"
		figure $kernel instructions bind mem 2M 16 100000 instructions
		figure $kernel instructions memmap mem 2M 16 268435456 bytes
		figure $kernel instructions bind mem 2M 32 200000 instructions
		figure $kernel instructions memmap mem 2M 32 536870912 bytes
	done
	figure 7.3 instructions bind mem 2M 32 400000 instructions
	figure 7.3 instructions bind_idle mem 2M 32 12345.6 us
	figure ours instructions scale_bind mem 1G 1024 1000000 instructions
	figure ours wall unbind dev 1G 128 1234 us
	figure ours wall unbind dev 1G 128 9999999 us
	figure ours wall unbind dev 1G 128 1240 us
	echo '# {"base":"5.10","kernel":"ours","mode":"wa'
} | records >"$tmp/sample.json"
jq -r '.[] | select(.metric | test("per_tib|struct_pages|unbind"))
	| "\(.kernel) \(.metric) \(.size_gib) \(.value) \(.unit)"' "$tmp/sample.json" >"$tmp/got"
same "the median, the slope, and the span of a bind" "$tmp/got" <<END
ours unbind 128 1240 us
base struct_pages 16 700 instructions
ours struct_pages 16 70 instructions
base memmap_per_tib 1024 17179869184 bytes
ours memmap_per_tib 1024 17179869184 bytes
END
gaps "$tmp/sample.json" | grep '^7.3.*memmap ' >"$tmp/got"
same "what was not measured is told" "$tmp/got" <<END
7.3, instructions: no memmap at map=mem align=2M size=16G
7.3, instructions: no memmap at map=mem align=2M size=32G
END

# --- records of a second run
figure ours wall bind mem 1G 128 5 us | records >"$tmp/new.json"
cp "$tmp/sample.json" "$tmp/all.json"
keep "$tmp/new.json" "$tmp/all.json"
jq -c 'group_by(.kernel, .mode)[] | [.[0].kernel, .[0].mode, length]' "$tmp/all.json" >"$tmp/got"
same "new records take the place of those of the same kernel and mode" "$tmp/got" <<END
["7.3","instructions",2]
["base","instructions",6]
["ours","instructions",7]
["ours","wall",1]
END

# --- the tables, with gaps
bench/report tables "$tmp/sample.json" >"$tmp/got" 2>&1
same "tables of make bench" "$tmp/got" <<END
# Device-dax on Linux 5.10, by make bench

Made by \`bench/report\`. Ratios below 1: ours takes less. A kernel without a figure has "-".

## Guest instructions

|                                  | unit           | map | align |  GiB |  base |  ours | 7.3 | ours/base | ours/7.3 |
|----------------------------------|----------------|-----|-------|-----:|------:|------:|----:|----------:|---------:|
| bring-up: bind                   | k instructions | mem | 2M    |   32 |   200 |   200 | 400 |         1 |      0.5 |
| bring-up: memory taken           | MiB            | mem | 2M    |   32 |   512 |   512 |   - |         1 |        - |
| bring-up: memory taken for 1 TiB | MiB            | mem | 2M    | 1024 | 16384 | 16384 |   - |         1 |        - |
| of bind: writing struct pages    | k instructions | mem | 2M    |   16 |   0.7 |  0.07 |   - |       0.1 |        - |

### Large devices in guests with little memory

|                | unit           | map | align |  GiB | ours |
|----------------|----------------|-----|-------|-----:|-----:|
| bring-up: bind | k instructions | mem | 1G    | 1024 | 1000 |

### Beside these: what other tasks did meanwhile, and time that nobody used (it passes in RCU grace periods)

|            | unit | map | align | GiB |     7.3 |
|------------|------|-----|-------|----:|--------:|
| bind: idle | us   | mem | 2M    |  32 | 12345.6 |

## Time on the wall, 2 emulated processors

|                  | unit | map | align | GiB | ours |
|------------------|------|-----|-------|----:|-----:|
| teardown: unbind | ms   | dev | 1G    | 128 | 1.24 |
END
bench/report short "$tmp/sample.json" >"$tmp/got" 2>&1
same "the short table" "$tmp/got" <<END
|                                  | unit           | map | align |  GiB |  base |  ours | 7.3 | ours/base | ours/7.3 |
|----------------------------------|----------------|-----|-------|-----:|------:|------:|----:|----------:|---------:|
| bring-up: bind                   | k instructions | mem | 2M    |   32 |   200 |   200 | 400 |         1 |      0.5 |
| bring-up: memory taken for 1 TiB | MiB            | mem | 2M    | 1024 | 16384 | 16384 |   - |         1 |        - |
END
{
	figure ours wall geometry mem 4K 16 0 bytes
	figure ours wall geometry mem 2M 16 2097152 bytes
	figure ours wall bind mem 2M 16 35123.4 us
	figure ours wall memmap mem 2M 16 262144 bytes
	figure ours wall direct mem 2M 16 262144 bytes
	figure ours wall data mem 2M 16 48 pages
} | records >"$tmp/run.json"
bench/report run "$tmp/run.json" 2>&1 | grep -E 'align|geom|bring|same' >"$tmp/got"
same "the table of make run" "$tmp/got" <<END
| --align                       |     4K |             2M |     1G |
| geometry in force             |      - |             2M | failed |
| bring-up: bind                | failed |          35 ms | failed |
| bring-up: memory taken        | failed |       0.25 MiB | failed |
| data through mmap             | failed | 48 pages, same | failed |
| O_DIRECT into a file and back | failed |  256 KiB, same | failed |
END
figure ours wall invented mem 2M 16 48 pages | records >"$tmp/invented.json"
! bench/report tables "$tmp/invented.json" >"$tmp/got" 2>&1 &&
	grep -q "bench/metrics has no line for the metric invented" "$tmp/got"
result $? "a metric that is not in bench/metrics is an error" "$tmp/got"

# --- the files
bench/report "$tmp/sample.json" 2>"$tmp/log" && cmp -s "$tmp/sample.md" <(bench/report tables "$tmp/sample.json") &&
	grep -q '<text.*base 2M' "$tmp/sample.svg" && grep -q '<text.*7.3 2M' "$tmp/sample.svg" &&
	grep -q '<text.*ours 1G' "$tmp/sample.svg"
result $? "a picture has a line for each kernel and align" "$tmp/log"
bench/report "$tmp/run.json" 2>"$tmp/log" && [ ! -e "$tmp/run.svg" ]
result $? "no picture of time on the wall" "$tmp/log"

echo "1..$n"
