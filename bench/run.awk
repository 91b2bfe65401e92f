# The table of bench/run: from lines "# mem ALIGN key value unit". A kernel
# without the series has no geometry; any other gap is a step that failed.

function scaled(x, unit, digits_below)
{
	return sprintf(x < digits_below ? "%.2f %s" : "%.0f %s", x, unit)
}

function cell(how, x)
{
	if (how == "ms")
		return scaled(x / 1e6, "ms", 10)
	if (how == "us")
		return scaled(x / 1e3, "us", 100)
	if (how == "MiB")
		return scaled(x / 1048576, "MiB", 10)
	if (how == "KiB")
		return x / 1024 " KiB, same"
	if (how == "pages")
		return x " pages, same"
	return x >= 2 ^ 30 ? x / 2 ^ 30 "G" : x >= 2 ^ 20 ? x / 2 ^ 20 "M" : x / 2 ^ 10 "K"
}

function row(title, key, how, missing,    i)
{
	printf "| %-32s |", title
	for (i = 1; i <= 3; i++)
		printf " %15s |", (align[i], key) in v ? cell(how, v[align[i], key]) : missing
	print ""
}

BEGIN { split("4K 2M 1G", align) }
$1 == "#" && $2 == "kernel" { kernel = $3 }
$1 == "#" && $2 == "mem" { v[$3, $4] = $5 }

END {
	printf "Linux %s, %s of NVDIMM emulated by QEMU (%s), ndctl create-namespace -m devdax -M mem\n\n", kernel, size, accel
	printf "| %-32s | %15s | %15s | %15s |\n", "--align", align[1], align[2], align[3]
	line = sprintf("|-%32s-|-%15s:|-%15s:|-%15s:|", "", "", "", "")
	gsub(/ /, "-", line)
	print line
	row("geometry in force", "geometry", "size", "-")
	row("bring-up: bind", "bind_elapsed", "ms", "failed")
	row("bring-up: memory taken", "memmap", "MiB", "failed")
	row("first-touch fault", "fault_elapsed", "us", "failed")
	row("data through mmap", "data", "pages", "failed")
	row("O_DIRECT into a file and back", "direct", "KiB", "failed")
	row("fork and access", "fork", "pages", "failed")
	row("pin 1 GiB, fast", "pin_fast_get", "us", "failed")
	row("pin 1 GiB, long-term", "pin_longterm_get", "us", "failed")
	row("unpin 1 GiB", "unpin", "us", "failed")
	row("teardown: unbind", "unbind_elapsed", "ms", "failed")
}
