# What a kernel's guests printed in one mode, as an array of records: the median
# of each figure, and the memory for the memmap of 1 TiB as the slope between
# the two largest devices.

def median: sort | if length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def in_unit($metric):
	if .unit == "bytes" then .
	elif $mode == "wall" or ($metric | endswith("_idle")) then .value /= 1000 | .unit = "us"
	else .unit = "instructions" end;

[ inputs
  | capture("^# (?<map>mem|dev|none) (?<align>[124][KMG]) (?<gib>[0-9]+) (?<metric>\\S+) (?<value>-?[0-9]+) (?<unit>ns|bytes)$")
  | select(.metric != "create") ]
| group_by([.metric, .map, .align, .gib])
| map(.[0] as $one | {value: (map(.value | tonumber) | median), unit: $one.unit}
      | in_unit($one.metric) as $v
      | {$kernel, $mode, metric: $one.metric, align: $one.align, map: $one.map,
	 size_gib: ($one.gib | tonumber), value: $v.value, unit: $v.unit})
| . + (map(select(.metric == ("memmap", "scale_memmap"))) | group_by([.metric, .map, .align])
       | map(sort_by(.size_gib) | select(length > 1) | .[-2] as $a | .[-1] as $b
	     | $b + {metric: ($b.metric + "_per_tib"), size_gib: 1024,
		     value: ((.[-1].value - $a.value) / ($b.size_gib - $a.size_gib) * 1024 | round)}))
