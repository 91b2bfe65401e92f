# Rows "a|b|c", the first of them the head, as an aligned Markdown table.
{
	for (i = 1; i <= NF; i++) {
		cell[NR, i] = $i
		if (length($i) > width[i])
			width[i] = length($i)
	}
	fields = NF
}

BEGIN { FS = "|" }

END {
	for (r = 1; r <= NR; r++) {
		line = "|"
		for (i = 1; i <= fields; i++)
			line = line sprintf(i <= 4 ? " %-" width[i] "s |" : " %" width[i] "s |", cell[r, i])
		print line
		if (r > 1)
			continue
		line = "|"
		for (i = 1; i <= fields; i++) {
			dash = sprintf("%" width[i] "s", "")
			gsub(/ /, "-", dash)
			line = line "-" dash (i <= 4 ? "-|" : ":|")
		}
		print line
	}
}
