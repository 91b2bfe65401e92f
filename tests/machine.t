#!/bin/bash
# The scripts themselves: bad input gives one clear line and changes nothing;
# the mails, the tree and an applied series are the same; the guest tells truth.

. "$(dirname "$0")/tap"

# refused WHAT PATTERN DIR: make apply fails there and changes nothing.
refused() {
	state "$3" >"$tmp/before"
	fails "apply: $1" "$2" scripts/apply "$3"
	state "$3" | cmp -s - "$tmp/before"
	result $? "apply: $1: tree untouched"
}

# A clone of the base that holds the files which the series touches.
clone() {
	local commit
	commit=$(scripts/source)
	git init -q "$tmp/$1"
	echo "$cache/linux.git/objects" >"$tmp/$1/.git/objects/info/alternates"
	git -C "$tmp/$1" sparse-checkout set --no-cone /Makefile /Kconfig /mm /drivers/dax \
		"$(mails "out/series/$BASE" | xargs sed -n 's,^\(---\|+++\) [ab]/,/,p' | sort -u)"
	git -C "$tmp/$1" config user.name tester
	git -C "$tmp/$1" config user.email tester
	git -C "$tmp/$1" checkout -q -b work "$commit"
}

# --- the series
scripts/series >/dev/null 2>"$tmp/err"
result $? "series: mails are written"
ours=$(scripts/tree ours 2>"$tmp/err")
result $? "tree: the series applies to the base"

clone clean
scripts/apply "$tmp/clean" >/dev/null 2>"$tmp/err"
result $? "apply: to a clean clone of the base"
[ "$(git -C "$tmp/clean" rev-parse 'HEAD^{tree}')" = "$(git -C "$ours" rev-parse 'HEAD^{tree}')" ]
result $? "apply: gives exactly the tree that is built"
[ -z "$(git -C "$ours" status --porcelain -uno)" ]
result $? "tree: holds what is committed"

refused "already applied" "has .* already" "$tmp/clean"

clone plain
rm -rf "$tmp/plain/.git"
scripts/apply "$tmp/plain" >/dev/null 2>"$tmp/err"
result $? "apply: to a tree without git"
diff -r -x .git "$tmp/clean" "$tmp/plain" >"$tmp/err"
result $? "apply: to a tree without git: the same files"
refused "already applied, without git" "does not fit" "$tmp/plain"

clone bad
echo >>"$tmp/bad/mm/memremap.c"
refused "uncommitted changes" "uncommitted changes" "$tmp/bad"
sed -i 's/pgmap/pagemap/' "$tmp/bad/mm/memremap.c"
git -C "$tmp/bad" commit -qam edited
refused "a patch that does not fit" "does not fit .* nothing was changed" "$tmp/bad"
mkdir "$tmp/bad/.git/rebase-apply"
refused "git am going on" "going on" "$tmp/bad"
rmdir "$tmp/bad/.git/rebase-apply"
sed -i 's/^PATCHLEVEL = .*/PATCHLEVEL = 99/' "$tmp/bad/Makefile"
refused "another version" "does not fit" "$tmp/bad"
mkdir "$tmp/none"
refused "no kernel tree" "no Linux kernel tree" "$tmp/none"
fails "apply: no KDIR" "make apply KDIR=" scripts/apply ""
fails "apply: KDIR does not exist" "no such folder" scripts/apply "$tmp/nowhere"
fails "source: KDIR is no kernel tree" "no Linux kernel tree" env KDIR="$tmp/none" scripts/source
git -C "$tmp/bad" checkout -q Makefile
echo >>"$tmp/bad/mm/memremap.c"
fails "source: KDIR has changes" "uncommitted changes" env KDIR="$tmp/bad" scripts/source
fails "source: KSRC does not exist" "no such file" env KDIR= KSRC="$tmp/nowhere" scripts/source
echo text >"$tmp/text"
fails "source: KSRC is no tarball" "unpack failed" env KDIR= KSRC="$tmp/text" scripts/source
fails "unknown BASE" "no base '9.9'" env BASE=9.9 scripts/source

# Copies of the repository, broken in one way each.
series=patches/$BASE
first=$(sed -n '/\.patch/{p;q}' "$series/series")
copy
mkdir -p "$tmp/copy/mm"
touch "$tmp/copy/mm/stray.c"
fails "series: a new file that no patch adds" "mm/stray.c belongs to no patch" "$tmp/copy/scripts/series"
copy
cp "$series/$first" "$tmp/copy/$series/9999-stray.patch"
fails "series: a patch that series does not name" "9999-stray.patch is not named" "$tmp/copy/scripts/series"
copy
echo 9999-gone.patch >>"$tmp/copy/$series/series"
fails "series: a named patch that is missing" "9999-gone.patch, which does not exist" "$tmp/copy/scripts/series"
copy
sed -i '0,/^Signed-off-by/s//Adds: mm\/gone.c\n&/' "$tmp/copy/$series/$first"
fails "series: an added file that is missing" "mm/gone.c, which does not exist" "$tmp/copy/scripts/series"

# --- the source of a base
# An apt that offers $OFFERED; a suite whose name has "gone" in it cannot be had.
mkdir "$tmp/apt"
cat >"$tmp/apt/apt-cache" <<'EOF'
#!/bin/sh
for v in $OFFERED; do
	echo " package | $v | suite"
done
EOF
cat >"$tmp/apt/apt-get" <<'EOF'
#!/bin/bash
here=$PWD
. "$TESTS/tap"
package=${!#}
version=${package#*=} package=${package%=*}
case " $* " in
*" indextargets "*)
	echo "Debian Debian mirror:/debian"
	echo "Debian Debian-Security mirror:/debian-security" ;;
*" update "*)
	sources=$(printf '%s\n' "$@" | sed -n 's/^Dir::Etc::SourceList=//p' | tail -n1)
	! grep gone "$sources" || { echo "E: no Release file"; exit 100; } ;;
*" download "*)
	kernel_tree "$tmp/linux" "${version%-*}"
	mkdir -p "$tmp/deb/usr/src" "$tmp/deb/DEBIAN"
	tar -C "$tmp" -cJf "$tmp/deb/usr/src/$package.tar.xz" linux
	printf '%s\n' "Package: $package" "Version: $version" "Architecture: all" \
		"Maintainer: test" "Description: test" >"$tmp/deb/DEBIAN/control"
	dpkg-deb -b "$tmp/deb" "$here/${package}_$version.deb" ;;
*)	exit 1 ;;
esac
EOF
chmod +x "$tmp/apt/"*

# conf SUITES VERSION [BASE [FILE]]: settings in the copy
conf() {
	printf '%s\n' "package=linux-source-${3:-$BASE}" "suites='$1'" "version=$2" \
		"tested='$BASE.3-1 $BASE.2-1'" >"$tmp/copy/${4:-$series/base.conf}"
}
# offer VERSIONS SCRIPT...: the copy's script, where apt offers these versions
offer() {
	env KDIR= KSRC= PATH="$tmp/apt:$PATH" TESTS="$top/tests" OFFERED="$1" \
		XDG_CACHE_HOME="$tmp/cache" "$tmp/copy/$2" "${@:3}"
}
# sublevel WANT WHAT: of the kernel whose commit was printed
sublevel() {
	git -C "$tmp/cache/devdax-compound/linux.git" show "$(cat "$tmp/out"):Makefile" |
		grep -qx "SUBLEVEL = $1"
	result $? "source: $2"
}
copy
conf suite "$BASE.2-1"
quiet "source: a version is pinned" offer "$BASE.3-1 $BASE.2-1" scripts/source
sublevel 2 "it is fetched, not the newest"
conf suite "$BASE.3-1"
quiet "source: another version is pinned" offer "$BASE.3-1 $BASE.2-1" scripts/source
sublevel 3 "it is fetched, though a tested one is in the cache"
conf gone "$BASE.2-1"
quiet "source: the pinned version is in the cache" offer "" scripts/source
sublevel 2 "it is taken from the cache"
conf "suite-gone suite" "$BASE.9-1"
says "source: the pinned version is not on offer" \
	"no longer has linux-source-$BASE $BASE.9-1, .* is taken: $BASE.3-1 .*suite-gone" \
	offer "$BASE.3-1 $BASE.2-1" scripts/source
sublevel 3 "the newest on offer is taken"

ways="give KSRC=TARBALL, a source of Linux $BASE"
conf suite "$BASE.9-1"
fails "source: the package is gone" "has no linux-source-$BASE in suite; $ways" offer "" scripts/source
find "$tmp/copy/patches" -mindepth 1 -maxdepth 1 ! -name "$BASE" -exec rm -r {} +
conf "suite-gone gone-security" "$BASE.9-1"
fails "source: all suites are gone" "none of .*E: no Release file .*log: .*; $ways$" \
	offer "$BASE.3-1" scripts/source
mkdir "$tmp/copy/patches/4.4"
conf suite 4.4.1-1 4.4 patches/4.4/base.conf
fails "source: all suites are gone, there is another base" "$ways, .*: BASE=4.4$" \
	offer "$BASE.3-1" scripts/tree
offer "" scripts/tree >/dev/null 2>&1
[ $? = 69 ]
result $? "source: all suites are gone: exit status"

# A base and a peer of one version share the settings and the tree.
conf suite "$BASE.3-1"
conf gone "$BASE.9-1" "$BASE" "bench/peers/$BASE.conf"
quiet "tree: a peer of the base's version" offer "" scripts/tree "$BASE"
tree=$(cat "$tmp/out")
quiet "tree: the base" offer "" scripts/tree base
[ "$tree" = "$(cat "$tmp/out")" ] && grep -qx "SUBLEVEL = 3" "$tree/Makefile"
result $? "tree: they are one"
conf suite 3.3.5-1 3.3 bench/peers/3.3.conf
says "tree: a peer that is no base" "3.3.5 was not tested" offer 3.3.5-1 scripts/tree 3.3
grep -qx "SUBLEVEL = 5" "$(cat "$tmp/out")/Makefile"
result $? "tree: it is that version"
fails "tree: an unknown peer" "no peer '9.9': there is 3.3 " offer "" scripts/tree 9.9
conf gone 3.3.9-1 3.3 bench/peers/3.3.conf
fails "tree: the suites of a peer are gone" "none of .*leave 3.3 out of PEERS" offer "" scripts/tree 3.3

# tarball NAME OPTION...: one of a kernel, for KSRC
tarball() {
	local name=$1
	shift
	tar --auto-compress -cf "$tmp/$name" "$@"
	quiet "source: KSRC is $name" \
		env KDIR= KSRC="$tmp/$name" XDG_CACHE_HOME="$tmp/cache" "$tmp/copy/scripts/source"
	[ "$(git -C "$tmp/cache/devdax-compound/linux.git" ls-tree -r --name-only "$(cat "$tmp/out")" | xargs)" = \
		"Documentation/index.rst Kconfig Makefile mm/memremap.c" ]
	result $? "source: KSRC is $name: the kernel's files"
}
kernel_tree "$tmp/linux-$BASE.3" "$BASE.3"
for z in xz gz; do
	tarball "folder.tar.$z" -C "$tmp" "linux-$BASE.3"
	tarball "dot.tar.$z" -C "$tmp/linux-$BASE.3" .
	tarball "none.tar.$z" -C "$tmp/linux-$BASE.3" Makefile Documentation Kconfig mm
done
fails "source: KSRC is of another base" "KSRC=.* is Linux $BASE.3, the series for BASE=4.4 does not fit" \
	env BASE=4.4 KDIR= KSRC="$tmp/dot.tar.xz" XDG_CACHE_HOME="$tmp/cache" "$tmp/copy/scripts/source"
tar -cf "$tmp/other.tar" -C "$tmp" text
fails "source: KSRC holds no kernel" "KSRC=.* is no Linux kernel tree" \
	env KDIR= KSRC="$tmp/other.tar" scripts/source
rm -rf "$tmp/cache"

# --- the machine's shortcomings
mkdir "$tmp/bin"
ln -s /usr/bin/* /usr/sbin/* "$tmp/bin/" 2>/dev/null
rm -f "$tmp"/bin/qemu-system-x86_64 "$tmp"/bin/df
fails "guest: no QEMU" "qemu-system-x86_64 is not installed" \
	env PATH="$tmp/bin" scripts/guest --kernel "$0" --payload "$tmp"
printf '#!/bin/sh\necho; echo x 1 1 1000 1 /\n' >"$tmp/bin/df"
chmod +x "$tmp/bin/df"
fails "no disk" "GiB free in .* needed" \
	env PATH="$tmp/bin" XDG_CACHE_HOME="$tmp/cache" scripts/rootfs
rm -rf "$tmp/cache"
rm -f "$tmp/bin/"{id,dpkg-query,sudo}
printf '#!/bin/sh\necho 1000\n' >"$tmp/bin/id"
printf '#!/bin/sh\nexit 1\n' >"$tmp/bin/dpkg-query"
chmod +x "$tmp/bin/"{id,dpkg-query}
fails "deps: neither root nor sudo" "as root: apt-get install .*qemu" env PATH="$tmp/bin" scripts/deps
fails "source: no network" "the mirror gives none of .*: E: .*log: .*KSRC=" \
	env KDIR= KSRC= http_proxy=http://127.0.0.1:9 XDG_CACHE_HOME="$tmp/cache" scripts/source
fails "rootfs: no network" "Guest image: packages failed: .*log: " \
	env http_proxy=http://127.0.0.1:9 XDG_CACHE_HOME="$tmp/cache" scripts/rootfs
fails "cache cannot be written" "set XDG_CACHE_HOME" env XDG_CACHE_HOME=/proc scripts/rootfs
fails "unknown ACCEL" "use auto, kvm or tcg" env ACCEL=hvf scripts/accel "$0"

fails "unknown SIZE" "SIZE=8: give whole GiB" env SIZE=8 scripts/run
fails "deb: CONFIG does not exist" "CONFIG=.*: no such file" scripts/deb "$tmp/no config"
fails "no such tree" "no tree 'all': use base" scripts/tree all

# --- the guest
objects=$(scripts/build ours debug configs/guest.config configs/debug.config 2>"$tmp/err")
result $? "build: a kernel with debug.config"
kernel=$objects/arch/x86/boot/bzImage

# A processor that claims KVM, on whatever /dev/kvm is here.
echo "flags : fpu vmx" >"$tmp/cpuinfo"
accel=$(CPUINFO=$tmp/cpuinfo XDG_CACHE_HOME=$tmp/cache scripts/accel "$kernel" 2>"$tmp/err")
if [ "$accel" = kvm ]; then
	n=$((n + 1))
	echo "ok $n - accel: a /dev/kvm that does not work # SKIP it works here"
else
	[ "$accel" = tcg ]
	result $? "accel: without a working /dev/kvm it is tcg"
	fails "accel: ACCEL=kvm without a working /dev/kvm" "no guest boots with KVM" \
		env ACCEL=kvm CPUINFO="$tmp/cpuinfo" XDG_CACHE_HOME="$tmp/cache" scripts/accel "$kernel"
fi

# guest STATUS WHAT PATTERN MAIN [OPTION...]
guest() {
	local status=$1 what=$2 pattern=$3 rc=0
	mkdir -p "$tmp/payload"
	printf '#!/bin/bash\n%s\n' "$4" >"$tmp/payload/main"
	chmod +x "$tmp/payload/main"
	shift 4
	scripts/guest --kernel "$kernel" --payload "$tmp/payload" --out out/test/machine \
		--timeout 300 "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? = "$status" ] || rc=1
	cat "$tmp/out" "$tmp/err" | grep -qE "$pattern" || rc=1
	result $rc "guest: $what"
}
guest 0 "output and tools" "^fio-.*" "fio --version && ndctl -v && daxctl -v && daxio -V && numactl --show"
guest 7 "status of main" "status 7" "exit 7"
guest 124 "time runs out" "no end within 15 s" "sleep 60" --timeout 15
guest 125 "panic" "kernel says: Kernel panic" "echo c >/proc/sysrq-trigger; sleep 60"
guest 125 "a splat, though main ends well" "kernel says: BUG: made up" "echo 'BUG: made up' >/dev/kmsg"
guest 125 "ends before main does" "ended without a status" "echo b >/proc/sysrq-trigger; sleep 60"
guest 0 "NVDIMM" '"size":2147483648' \
	"ndctl disable-region all && ndctl init-labels all && ndctl enable-region all && ndctl list -R" \
	--nvdimm 2G+2M
guest 0 "icount" "^1$" "nproc" --icount
guest 0 "EFI" "^efi$" "[ -d /sys/firmware/efi ] && echo efi" --ovmf

# --- the runner of the tests
runner() {
	local want=$1 what=$2
	printf '#!/bin/sh\n%s\n' "$3" >"$tmp/sample.t"
	chmod +x "$tmp/sample.t"
	[ "$(tests/run "$tmp/sample.t" | tail -n1)" = "$want" ]
	result $? "run: $what"
}
runner "2 passed, 1 failed, 1 skipped" "counts nested results" \
	'printf "    ok 1 - a\n    not ok 2 - b\nnot ok 1 - group\nok 2 - c\nok 3 - d # SKIP e\n1..3\n"'
runner "1 passed, 1 failed, 0 skipped" "a plan that is not met" 'echo 1..2; echo ok 1'
runner "1 passed, 1 failed, 0 skipped" "a bad status" 'echo 1..1; echo ok 1; exit 3'
runner "0 passed, 1 failed, 0 skipped" "no result" 'echo nothing'
runner "0 passed, 0 failed, 1 skipped" "everything skipped" 'echo "1..0 # SKIP no reason"'

echo "1..$n"
