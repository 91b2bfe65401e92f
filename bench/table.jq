# bench.json as rows "metric|unit|map|align|GiB|value of each kernel|ratio of ours
# to each other", for one mode. Of devices of several sizes the largest shows; the
# records of idle time and of other tasks stand apart.

def round(digits): . * pow(10; digits) | round / pow(10; digits);

def shown:
	if .unit == "bytes" then .value / 1048576 | round(2)
	elif .unit == "instructions" then .value / 1000 | round(3)
	elif .value < 100 then .value | round(3)
	else .value | round(1) end;

def unit:
	{"bytes": "MiB", "instructions": "k instructions"}[.unit] // .unit;

def ratio($a; $b):
	if $a and $b and $b.value > 0 then $a.value / $b.value | round(4) else "-" end;

# The order to read in: first what the device costs, last ordinary memory.
def rank: .metric as $m
	| [(["bind", "unbind", "memmap_per_tib", "memmap", "fault", "fsdax_bind", "fsdax_unbind",
	     "fsdax_memmap", "struct_pages", "fsdax_struct_pages", "pin_fast_get", "pin_longterm_get", "unpin"] | index($m) // 99),
	   .map == "none", $m, .map == "dev", {"4K": 1, "2M": 2, "1G": 3}[.align], .size_gib];

map(select(.mode == $mode and (.metric | test("_(idle|others)$")) == $apart))
| ([.[].kernel] | unique | sort_by({"base": 1, "ours": 2}[.] // 3, (split(".") | map(tonumber? // 0)))) as $kernels
| ($kernels - ["ours"]) as $others
| group_by([.metric, .map, .align])
| map(if .[0].metric | test("^(?!scale_).*(bind|memmap|struct_pages)")
	then (map(.size_gib) | max) as $max | map(select(.size_gib == $max)) else . end)
| flatten
| ["metric", "unit", "map", "align", "GiB", $kernels[], "ours/" + $others[]],
  (group_by([.metric, .map, .align, .size_gib])
   | sort_by(.[0] | rank)
   | .[]
   | INDEX(.kernel) as $of
   | [.[0].metric, (.[0] | unit), .[0].map, .[0].align, .[0].size_gib,
      ($kernels[] | $of[.] | if . then shown else "-" end),
      ($others[] | ratio($of.ours; $of[.]))])
| map(tostring) | join("|")
