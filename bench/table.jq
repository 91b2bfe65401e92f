# bench.json as rows "metric|unit|map|align|value of each kernel|ratio of ours
# to each other". The names of the kernels are the positional arguments.

def round(digits): . * pow(10; digits) | round / pow(10; digits);

def shown:
	if .unit == "bytes" then .value / 1048576 | round(2)
	elif .unit == "instructions" then .value / 1000 | round(2)
	else .value | round(1) end;

def unit:
	{"bytes": "MiB", "instructions": "k instructions"}[.unit] // .unit;

def ratio($a; $b):
	if $a and $b and $b.value > 0 then $a.value / $b.value | round(4) else "-" end;

$ARGS.positional as $kernels
| ($kernels - ["ours"]) as $others
| ["metric", "unit", "map", "align", $kernels[], "ours/" + $others[]],
  (group_by([.metric, .map, .align])
   | sort_by([.[0].metric, .[0].map == "dev", {"4K": 1, "2M": 2, "1G": 3}[.[0].align]])
   | .[]
   | INDEX(.kernel) as $of
   | [.[0].metric, (.[0] | unit), .[0].map, .[0].align,
      ($kernels[] | $of[.] | if . then shown else "-" end),
      ($others[] | ratio($of.ours; $of[.]))])
| map(tostring) | join("|")
