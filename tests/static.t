#!/bin/bash
# What can be said of the series without booting it: style, sparse, kernel-doc,
# every patch builds what it touches, and the head builds without its options.

. "$(dirname "$0")/tap"
log=$out/test/$BASE/static
mkdir -p "$log"

give_up() {
	result 1 "$1" "$2"
	echo "1..$n"
	exit 1
}

# without OPTION: mm/ and drivers/dax/ of the head build with the option off, and call
# nothing of the series that is not there then; tests/long/options.t links it all.
without() {
	local objects rc=0 file=$log/without-$1.log
	{ cat configs/small.config; echo "# CONFIG_$1 is not set"; } >"$tmp/config"
	objects=$(scripts/build ours "without-$1" "$tmp/config" -- mm/ drivers/dax/ arch/x86/mm/ \
		2>"$file") || rc=1
	[ $rc = 1 ] || ! grep -q "^CONFIG_$1=y" "$objects/.config" || rc=1
	if [ $rc = 0 ]; then
		find "$objects"/{mm,drivers/dax,arch/x86/mm} -name '*.o' -exec nm -gA {} + >"$tmp/nm"
		awk '$2 == "U" { print $3 }' "$tmp/nm" | sort -u >"$tmp/called"
		awk '$2 ~ /^[A-TV-Z]$/ { print $3 }' "$tmp/nm" | sort -u >"$tmp/there"
		comm -12 "$tmp/called" "$tmp/added" | comm -23 - "$tmp/there" >"$file"
		# shellcheck disable=SC2086
		[ -s "$tmp/added" ] || [ -z "$(objects $new)" ] || rc=1
		[ ! -s "$file" ] || rc=1
	fi
	result $rc "the head builds without $1" "$file"
}

# at COMMIT: the tree that is not for guests goes there; a file gets a new time only
# where its content changes
at() {
	git -C "$ours" worktree prune
	[ -e "$tree" ] || git -C "$ours" worktree add -q --detach "$tree" "$1"
	git -C "$tree" checkout -q -f --detach "$1"
}

ours=$(scripts/tree ours 2>"$log/tree.log") || give_up "the series applies" "$log/tree.log"
series=$(scripts/series 2>"$log/series.log") || give_up "the mails are written" "$log/series.log"
base=$(scripts/source 2>"$log/source.log") || give_up "the base is there" "$log/source.log"
result 0 "the series applies"
new=$(git -C "$ours" diff --diff-filter=A --name-only "$base" HEAD)
touched=$(git -C "$ours" diff --diff-filter=M --name-only "$base" HEAD)
tree=${ours%-ours}-static

# --- style
. tests/style

# --- sparse: nothing that the base does not say as well
objects() {
	local f
	for f; do
		case $f in
		drivers/gpu/* | tools/*) ;;	# in no config here
		*.c)	echo "${f%.c}.o" ;;
		esac
	done
}
# warnings: those of sparse on stdin, without line numbers, sorted
warnings() {
	sed -nE "s,^.*/([^ /]+/[^ /]+\.[ch]):[0-9:]+ (warning|error): ,\1: ,p" | sort -u
}
# On the head kbuild runs sparse, and tells how. On the base the same commands run,
# without building it, with the headers that the build of the head has generated: the
# configs differ by the symbols of the series only.
# shellcheck disable=SC2046,SC2086
if objects=$(scripts/build ours debug configs/guest.config configs/debug.config \
	-- V=1 C=2 $(objects $touched $new | grep -v '^net/rds/\|^net/core/skmsg\|^drivers/infiniband/hw/\|^drivers/misc/') 2>"$log/sparse.log"); then
	output=$top/out/log/build-$BASE-ours-debug.log
	warnings <"$output" >"$tmp/sparse.ours"
	at "$base"
	rm -rf "$tree/b-debug"
	mkdir -p "$tree/b-debug/arch/x86/include"
	cp -r "$objects/include" "$tree/b-debug/"
	cp -r "$objects/arch/x86/include/generated" "$tree/b-debug/arch/x86/include/"
	grep -E '^ *sparse .*\.c *;?$' "$output" | sed 's/;$//' | sort -u >"$tmp/commands"
	(
		cd "$tree/b-debug" || exit
		while read -r command; do
			[ ! -e "${command##* }" ] || eval "$command"
		done <"$tmp/commands"
	) 2>&1 | warnings >"$tmp/sparse.base"
	[ -s "$tmp/commands" ] && [ -s "$tmp/sparse.base" ]
	result $? "sparse runs" "$output"
	comm -13 "$tmp/sparse.base" "$tmp/sparse.ours" >"$log/sparse.log"
	empty "sparse: no more warnings than the base" "$log/sparse.log"
	# what only the series has, for those who might call it where it is not
	for f in $(objects $new); do
		nm -g --defined-only "$objects/$f" | awk '{ print $3 }'
	done | sort -u >"$tmp/added"
else
	result 1 "sparse runs" "$log/sparse.log"
fi

# --- each patch builds, in turn: the files that it touches, or where these are headers
# those files of the series that include them. tests/long/bisect.t builds everything.
# The cache remembers what was built: equal files with an equal config and compiler
# need not be built again.
built=$cache/built
mkdir -p "$built"
mapfile -t commits < <(git -C "$ours" rev-list --reverse "$base..HEAD")
# affected COMMIT: the objects to build
affected() {
	local changed headers objects
	changed=$(git -C "$ours" diff --diff-filter=AM --name-only "$1^" "$1")
	# shellcheck disable=SC2086
	objects=$(objects $changed)
	headers=$(sed -n 's,.*/\(.*\.h\)$,\1,p' <<<"$changed" | paste -sd '|')
	# shellcheck disable=SC2046,SC2086
	[ -n "$objects" ] || [ -z "$headers" ] ||
		objects=$(objects $(git -C "$ours" grep -lE "^#include .*[</\"](${headers//./\\.})[>\"]" \
			"$1" -- $touched $new | sed "s/^$1://"))
	xargs <<<"$objects"
}
mapfile -t patches < <(mails "$series")
i=0
for p in "${patches[@]}"; do
	i=$((i + 1))
	name=${p#"$series"/}
	commit=${commits[i - 1]}
	files=$(affected "$commit")
	if [ -z "$files" ]; then
		result 0 "build: $name: touches nothing that is built # SKIP"
		continue
	fi
	key=$({ git -C "$ours" rev-parse "$commit^{tree}"; echo "$files"; gcc --version
		cat configs/small.config configs/steps.config; } | sha256sum | cut -c1-32)
	# shellcheck disable=SC2086
	[ -e "$built/$key" ] || { at "$commit" && scripts/build "$tree" step \
		configs/small.config configs/steps.config -- $files; } >/dev/null 2>"$log/build-$i.log" &&
		touch "$built/$key"
	result $? "build: $name: $files" "$log/build-$i.log"
done

without ZONE_DEVICE
without TRANSPARENT_HUGEPAGE

# --- our own scripts
# shellcheck disable=SC2046
shellcheck $(git ls-files | xargs grep -lE '^#!/bin/(ba)?sh|^# shellcheck shell=') >"$log/shellcheck.log" 2>&1
result $? "shellcheck" "$log/shellcheck.log"

echo "1..$n"
