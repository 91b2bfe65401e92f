#!/bin/bash
# What can be said of the series without booting it: style, sparse, kernel-doc,
# every patch builds what it touches, and the head builds without its options.

top=$(cd "$(dirname "$0")/.." && pwd)
export BASE=${BASE:-5.10}
cd "$top" || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
log=$top/out/test/static
mkdir -p "$log"
n=0

# The types that do not fit: the base's tree has no history to look commits up
# in, files are added on purpose, and page flags have names like SetPageHead.
ignore=UNKNOWN_COMMIT_ID,FILE_PATH_CHANGES,CAMELCASE

# result STATUS WHAT [FILE]: one TAP line, with the start of FILE if it failed.
result() {
	n=$((n + 1))
	[ "$1" = 0 ] && echo "ok $n - $2" && return
	echo "not ok $n - $2"
	[ -z "${3:-}" ] || head -n 15 "$3" | sed 's/^/# /'
}

# empty WHAT FILE: passes if the file is.
empty() {
	[ ! -s "$2" ]
	result $? "$1" "$2"
}

give_up() {
	result 1 "$1" "$2"
	echo "1..$n"
	exit 1
}

# without WHAT NAME OPTION: the head builds, links and has the option off.
without() {
	local objects rc=0
	{ cat configs/small.config; echo "# CONFIG_$3 is not set"; } >"$tmp/$2.config"
	objects=$(scripts/build ours "$2" "$tmp/$2.config" -- vmlinux 2>"$log/$2.log") || rc=1
	[ $rc = 1 ] || ! grep -q "^CONFIG_$3=y" "$objects/.config" || rc=1
	result $rc "$1" "$log/$2.log"
}

ours=$(scripts/tree ours 2>"$log/tree.log") || give_up "the series applies" "$log/tree.log"
series=$(scripts/series 2>"$log/series.log") || give_up "the mails are written" "$log/series.log"
base=$(scripts/source 2>"$log/source.log") || give_up "the base is there" "$log/source.log"
result 0 "the series applies"
new=$(git -C "$ours" diff --diff-filter=A --name-only "$base" HEAD)
touched=$(git -C "$ours" diff --diff-filter=M --name-only "$base" HEAD)

# --- style
# A link in an Upstream: line can not be wrapped.
for p in "$series"/*.patch; do
	sed '/^Upstream: /d' "$p" |
		(cd "$ours" && scripts/checkpatch.pl --strict --no-summary -q --ignore $ignore -) \
		>"$log/checkpatch.log" 2>/dev/null
	result $? "checkpatch: ${p##*/}" "$log/checkpatch.log"
done
for f in $new; do
	case $f in
	*.[ch])	(cd "$ours" && scripts/checkpatch.pl --strict --no-summary -q --ignore $ignore -f "$f") \
			>"$log/checkpatch.log" 2>/dev/null
		result $? "checkpatch: $f" "$log/checkpatch.log"
		"$ours/scripts/kernel-doc" -none "$ours/$f" >"$log/kernel-doc.log" 2>&1
		empty "kernel-doc: $f" "$log/kernel-doc.log" ;;
	esac
done
# kernel-doc of changed files: nothing that the base does not say as well
doc() {
	local f
	mkdir -p "$tmp/$1"
	# shellcheck disable=SC2086
	git -C "$ours" archive "$1" -- $touched | tar -x -C "$tmp/$1"
	for f in $touched; do
		case $f in
		*.[ch])	(cd "$tmp/$1" && "$ours/scripts/kernel-doc" -none "$f" 2>&1) ;;
		esac
	done | sed 's/:[0-9]*: /: /' | sort -u
}
comm -13 <(doc "$base") <(doc HEAD) >"$log/kernel-doc.log"
empty "kernel-doc: changed files say no more than the base" "$log/kernel-doc.log"

# --- sparse: nothing that the base does not say as well
objects() {
	local f
	for f; do
		case $f in
		drivers/gpu/* | tools/*) ;;	# not in the guest's config
		*.c)	echo "${f%.c}.o" ;;
		esac
	done
}
# sparse TREE OBJECT...: warnings without line numbers, sorted.
sparse() {
	local tree=$1
	shift
	scripts/build "$tree" debug configs/guest.config configs/debug.config \
		-- C=2 "$@" >/dev/null 2>"$log/sparse-$tree.log" || return
	sed -nE "s,^.*/([^ /]+/[^ /]+\.[ch]):[0-9:]+ (warning|error): ,\1: ,p" \
		"$top/out/log/build-$BASE-$tree-debug.log" | sort -u
}
# shellcheck disable=SC2046,SC2086
if sparse base $(objects $touched) >"$tmp/sparse.base" &&
	sparse ours $(objects $touched $new) >"$tmp/sparse.ours"; then
	comm -13 "$tmp/sparse.base" "$tmp/sparse.ours" >"$log/sparse.log"
	empty "sparse: no more warnings than the base" "$log/sparse.log"
else
	result 1 "sparse runs" "$log/sparse-ours.log"
fi

# --- each patch builds, in turn, in the folders that it touches
# Of these, the files that the series changes somewhere: a patch of mm.h would have
# all of mm/ built; tests/long/bisect.t builds everything. The cache remembers what
# was built: equal files with an equal config and compiler need not be built again.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/devdax-compound/built
mkdir -p "$cache"
mapfile -t commits < <(git -C "$ours" rev-list --reverse "$base..HEAD")
i=0
for p in "$series"/*.patch; do
	i=$((i + 1))
	dirs=$(sed -n 's,^+++ b/,,p' "$p" | while read -r f; do
		case $f in
		include/* | arch/*/include/*)
					echo mm/ drivers/dax/ ;;
		tools/* | Documentation/* | drivers/gpu/* | arch/*/Kconfig)	;;
		*)			echo "${f%/*}/" ;;
		esac
	done | tr ' ' '\n' | sort -u)
	commit=${commits[i - 1]} files=
	# shellcheck disable=SC2046,SC2086
	[ -z "$dirs" ] ||
		files=$(objects $(git -C "$ours" ls-tree -r --name-only "$commit" -- $touched $new |
			grep -E "^(${dirs//$'\n'/|})[^/]+$"))
	if [ -z "$files" ]; then
		result 0 "build: ${p##*/}: touches nothing that is built # SKIP"
		continue
	fi
	key=$({ git -C "$ours" rev-parse "$commit^{tree}"; echo "$files"; gcc --version
		cat configs/small.config configs/steps.config; } | sha256sum | cut -c1-32)
	# shellcheck disable=SC2086
	[ -e "$cache/$key" ] ||
		scripts/build $i step configs/small.config configs/steps.config -- $files \
			>/dev/null 2>"$log/build-$i.log" && touch "$cache/$key"
	result $? "build: ${p##*/}: ${dirs//$'\n'/ }" "$log/build-$i.log"
done

without "the head builds without ZONE_DEVICE" nozone ZONE_DEVICE
without "the head builds without TRANSPARENT_HUGEPAGE" nothp TRANSPARENT_HUGEPAGE

# --- where each patch stands, and README's table of patches
scripts/check-trailers "$BASE" >"$log/trailers.log" 2>&1
empty "trailers of the patches" "$log/trailers.log"

# --- our own scripts
# shellcheck disable=SC2046
shellcheck $(git ls-files | xargs grep -lE '^#!/bin/(ba)?sh|^# shellcheck shell=') >"$log/shellcheck.log" 2>&1
result $? "shellcheck" "$log/shellcheck.log"

echo "1..$n"
