# What bench/report prints of the records on stdin; $metrics is the catalogue's text.

def catalogue: reduce ($metrics / "\n" | .[] | select(test("^[a-z]")) / "|" | map(sub("^ +"; "") | sub(" +$"; "")))
	as $line ({}; .[$line[0]] = {order: length, unit: $line[1], where: ($line[2] / " "), title: $line[3]});

catalogue as $catalogue |

def about: $catalogue[.metric] // error("bench/metrics has no line for the metric \(.metric)");
def listed($part): about.where | index($part);

# The value and unit to show.
def shown: about.unit as $unit
	| if .unit == "instructions" then {value: (.value / 1000), unit: "k instructions"}
	  elif .unit == "us" and $unit == "ms" then {value: (.value / 1000), $unit}
	  elif .unit == "bytes" then {value: (.value / if $unit == "MiB" then 1048576
		elif $unit == "KiB, same" then 1024 else 1 end), $unit}
	  else {value, $unit} end;

def round($digits): . * pow(10; $digits) | round / pow(10; $digits);
def pad($width): . + " " * ($width - length);
def pad_left($width): " " * ($width - length) + .;

# markdown(LEFT): rows of texts, the first of them the head, as a table; so many columns
# are flush left.
def markdown($left):
	(transpose | map(map(length) | max)) as $width
	| def line(f): to_entries | map(f) | "|" + join("|") + "|";
	  def cells: line(" " + (.key as $i | .value | if $i < $left then pad($width[$i]) else pad_left($width[$i]) end) + " ");
	  (.[0] | cells), (.[0] | line("-" * (1 + $width[.key]) + if .key < $left then "-" else ":" end)), (.[1:][] | cells);

def aligns: {"4K": 1, "2M": 2, "1G": 3}[.align];

# base, ours, variants of ours, and peers by version
def kernels: map(.kernel) | unique
	| sort_by([if . == "base" then 1 elif . == "ours" then 2 elif startswith("ours-") then 3 else 4 end,
		(split(".") | map(tonumber? // .))]);

# --- make run: a column for each size of pages
def run_cell: if . == null then "failed" else shown
	| if .unit != "size" then "\(.value | round(if . < 10 then 2 else 0 end)) \(.unit)"
	  elif .value == 0 then "-"
	  else .value as $v | first([30, "G"], [20, "M"], [10, "K"] | select($v >= pow(2; .[0])) | "\($v / pow(2; .[0]))\(.[1])") end
	end;

def run: INDEX("\(.metric) \(.align)") as $of
	| ["--align", "4K", "2M", "1G"] as $head
	| [$head, ($catalogue | to_entries | sort_by(.value.order)[] | select(.value.where | index("run"))
		| .key as $metric | [.value.title, ($head[1:][] | $of["\($metric) \(.)"] | run_cell)])]
	| markdown(1);

# --- make bench: a column for each kernel, and for the ratio of ours to each other
def cell: if . then shown.value | round(if . < 100 then 3 else 1 end) else "-" end;
def ratio($a; $b): if $a and $b and $b.value > 0 then $a.value / $b.value | round(4) else "-" end;

def table: kernels as $kernels
	| (if $kernels | index("ours") then $kernels - ["ours"] else [] end) as $others
	| group_by([.metric, .map, .align])
	| map(if .[0] | listed("largest") then (map(.size_gib) | max) as $max | map(select(.size_gib == $max)) else . end)
	| flatten
	| [["", "unit", "map", "align", "GiB", $kernels[], "ours/" + $others[]],
	   (group_by([.metric, .map, .align, .size_gib])
	    | sort_by(.[0] | [about.order, (.map | {"mem": 1, "dev": 2}[.] // 3), .map, aligns, .size_gib])
	    | .[] | INDEX(.kernel) as $of
	    | .[0] as $one
	    | [($one | about.title, shown.unit), $one.map, $one.align, $one.size_gib,
	       ($of[$kernels[]] | cell), ratio($of.ours; $of[$others[]])]
	    | map(tostring))]
	| markdown(4);

def section($heading; $mode; $part): map(select(.mode == $mode and listed($part)))
	| if length > 0 then "\n\($heading)\n", table else empty end;

def tables: "# Device-dax on Linux \(map(.base) | unique | join(", ")), by make bench",
	"\nMade by `bench/report`. Ratios below 1: ours takes less. A kernel without a figure has \"-\".",
	section("## Guest instructions"; "instructions"; "table"),
	section("### Large devices in guests with little memory"; "instructions"; "scale"),
	section("### Beside these: what other tasks did meanwhile, and time that nobody used (it passes in RCU grace periods)"; "instructions"; "apart"),
	section("## Time on the wall, 2 emulated processors"; "wall"; "table"),
	section("## Native, in user space\(map(.processor // empty) | unique | map(", on " + .) | add)"; "native"; "native");

def short: map(select(.mode == "instructions" and listed("short") and .map == "mem" and .align != "4K")) | table;

# --- gnuplot's commands: bring-up and memory against the size of the device
# A colour for each kernel, a kind of line and point for each size of pages.
def style($kernels): .kernel as $kernel
	| ["#888888", "#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b"] as $colours
	| "title \"\(.kernel) \(.align)\" with linespoints lw 2"
	+ " lc rgb \"\($colours[($kernels | index($kernel)) % 6])\""
	+ " pt \({"4K": 4, "2M": 6, "1G": 8}[.align]) dt \({"4K": 3, "2M": 2, "1G": 1}[.align])";

def plot($metric; $scale): (["base", "ours"] + (kernels - ["base", "ours"])) as $kernels
	| map(select(.metric == $metric or .metric == "scale_" + $metric))
	| group_by([.kernel, .align])
	| sort_by(.[0] | .kernel as $kernel | [($kernels | index($kernel)), aligns])
	| (range(length) as $i | "$\($metric)\($i) << END", (.[$i] | sort_by(.size_gib)[] | "\(.size_gib) \(.value / $scale)"), "END"),
	  "plot " + ([range(length) as $i | "$\($metric)\($i) using 1:2 \(.[$i][0] | style($kernels))"] | join(", "));

def picture: map(select(.mode == "instructions" and .map == "mem"))
	| select(any(.metric == "bind"))
	| "set multiplot layout 1,2",
	  "set logscale xy 2", "set logscale y 10",
	  "set xlabel \"size of the device, GiB (map=mem)\"",
	  "set key at screen 0.5, screen 0.14 center top maxrows 3 width 1",
	  "set bmargin 9", "set grid",
	  "set title \"\($catalogue.bind.title), million guest instructions\"", plot("bind"; 1e6),
	  "unset key",
	  "set title \"\($catalogue.memmap.title), MiB\"", plot("memmap"; 1048576),
	  "unset multiplot";

if $what == "run" then run
elif $what == "tables" then tables
elif $what == "short" then short
elif $what == "picture" then picture
else error("nothing is called '\($what)'") end
