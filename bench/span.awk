# The output of a guest, with the figure of bench/span.c put in where it belongs:
# the last span before a bind's result is that bind's.
{ sub(/\r$/, "") }
$1 == "span" { span = $2; next }
{ print }
$1 == "#" && $5 == "bind" && span { print $1, $2, $3, $4, "struct_pages", span, "ns"; span = 0 }
$1 == "#" && $5 == "fsdax_bind" && span { print $1, $2, $3, $4, "fsdax_struct_pages", span, "ns"; span = 0 }
