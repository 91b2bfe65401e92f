# Records from lines that guests and programs print, the rest of which is dropped; of
# those that differ in nothing but the value, the median. Added are
#
#   struct_pages     the last count of bench/span.c before a bind: that bind's
#   memmap_per_tib   the slope of memmap between the two largest devices
#
#   jq -nR -f bench/records.jq LOG...

def median: sort | if length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def printed: inputs | rtrimstr("\r")
	| if startswith("span ") then {span: (.[5:] | tonumber)}
	  else ltrimstr("# ") | select(startswith("{\"base\":")) | fromjson? end;

def with_spans: foreach printed as $it ({};
	if $it.span then {span: $it.span, new: []}
	elif .span and ($it.metric | test("^(fsdax_)?bind$"))
	then {new: [$it, $it + {metric: ($it.metric | sub("bind"; "struct_pages")), value: .span}]}
	else .new = [$it] end;
	.new[]);

def slopes: map(select(.metric | endswith("memmap")))
	| group_by(del(.value, .size_gib))
	| map(sort_by(.size_gib) | select(length > 1) | .[-2] as $a | .[-1] as $b
		| $b + {metric: ($b.metric + "_per_tib"), size_gib: 1024,
			value: (($b.value - $a.value) / ($b.size_gib - $a.size_gib) * 1024 | round)})
	| .[];

[with_spans]
| group_by(del(.value))
| map(.[0] + {value: (map(.value) | median)})
| [.[], slopes]
