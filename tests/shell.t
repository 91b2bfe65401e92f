#!/bin/bash
# make shell, driven as somebody at a terminal drives it: a device is there, the
# programs run, the host sees what the guest writes, gdb can attach.
# shellcheck disable=SC2016

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/lib

result() {
	n=$((n + 1))
	[ "$1" = 0 ] && echo "ok $n - $2" && return
	echo "not ok $n - $2"
	tail -n 5 "$tmp/screen" | sed 's/^/# /'
}

# shown PATTERN: it appears on the terminal before long
shown() {
	local i
	for ((i = 0; i < 600; i++)); do
		! grep -qE "$1" "$tmp/screen" || return 0
		kill -0 $pid 2>/dev/null || return 1
		sleep .5
	done
	return 1
}

# Two messages of gdb's protocol: why has the guest stopped?, and go on without me.
attach() {
	local answer
	exec 4<>/dev/tcp/127.0.0.1/1234 || return
	printf '$?#3f' >&4
	read -r -t 5 -n 20 -u 4 answer
	printf '+$D#44' >&4
	exec 4>&-
	[[ $answer == *'$T0'* ]]
}

kernel
export KERNEL TREE
mkdir -p "$logs/shared"
echo "the host wrote this" >"$logs/shared/host"
rm -f "$logs/shared/guest"
mkfifo "$tmp/keys"
# unless somebody else has the port
export GDB=1
! (exec 4<>/dev/tcp/127.0.0.1/1234) 2>/dev/null || GDB=
script -qfec "scripts/shell '$logs'" /dev/null <"$tmp/keys" >"$tmp/screen" 2>&1 &
pid=$!
# a shell that ends too soon is a failure of what comes after
trap '' PIPE
exec 3>"$tmp/keys"

shown '^.*guest:.*# '
result $? "a prompt"
if [ -n "$GDB" ]; then
	grep -qE "^From another terminal: gdb .*vmlinux" "$tmp/screen"
	result $? "it says how to attach gdb"
	attach 2>/dev/null
	result $? "gdb's protocol is spoken"
else
	result 0 "gdb can attach # SKIP something else has port 1234"
fi
echo 'cat /shared/host; echo "pages of $(cat /sys/bus/dax/devices/${DEVDAX#/dev/}/geometry)" >/shared/guest' >&3
shown '^the host wrote this'
result $? "the guest sees the shared folder"
echo 'devdax_map; daxop unbind ${DEVDAX#/dev/} >/dev/null && echo un"bound"' >&3
shown '^unbound'
grep -q '^# Totals: pass:[1-9].* fail:0 ' "$tmp/screen"
result $? "the programs run on the device"
echo poweroff >&3
wait $pid
result $? "poweroff ends it"
exec 3>&-
[ "$(cat "$logs/shared/guest")" = "pages of 2097152" ]
result $? "the host sees what the guest wrote, and the geometry"
echo "1..$n"
