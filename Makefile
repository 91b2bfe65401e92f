# The only entry point; `make` alone prints this:
#
#   make run            boot the patched kernel in QEMU and show it on an emulated NVDIMM
#   make test           every check that CI runs: the default base whole, of the others
#                       the core; with BASE= that one whole
#   make test-all       one base whole, and the long ones (mutants, configs, each patch)
#   make bench          measure base and ours (PEERS="6.1 6.12 7.3": those too) into out/bench.*
#   make mutants        show that the tests catch bugs which are put in on purpose
#   make series         the mails in out/series/BASE (of 7.3: a folder for each part)
#   make apply KDIR=... apply the series to your kernel tree, wholly or not at all
#   make deb            kernel packages in out/deb from your .config (or CONFIG=...)
#   make shell          a root shell in a guest of the patched kernel (GDB=1: for gdb as well)
#   make edit           the series as commits in out/edit/BASE (or DIR=...), to work in
#   make clean          remove out/, but not out/edit
#
#   BASE=5.10           the base kernel, one of patches/*
#   KSRC=... KDIR=...   a tarball or git tree of it, in place of the download
#   ACCEL=auto|kvm|tcg  how QEMU runs the guests
#   FROM='You <you@x>'  who signs and sends (series, apply), see SENDING.md
#   SIZE=...            size of the emulated NVDIMM (run, bench, shell)
#   MODE=instructions   what to measure in, or wall (bench; default both)
#   KEEP=1              put the results into bench/results (bench)
#   JOBS=...            parallel jobs, default one for each processor
#   T='NAME[/WORD]...'  only these tests, or cases of them; see the head of tests/run
#   V=1                 show what the quiet steps print
#   XDG_CACHE_HOME=...  where downloads, kernel trees, objects and images stay

export BASE KDIR KSRC ACCEL SIZE JOBS V PEERS MODE FROM GDB KEEP

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

run: deps
	@scripts/alone scripts/run

test: deps
	@scripts/alone tests/run $(T)

test-all: deps
	@scripts/alone tests/run $(or $(T),all)

mutants: deps
	@scripts/alone tests/run $(or $(T),mutants)

bench: deps
	@scripts/alone bench/bench

series:
	@scripts/series

apply:
	@scripts/apply "$(KDIR)"

deb: deps
	@scripts/alone scripts/deb "$(CONFIG)"

shell: deps
	@scripts/shell

edit:
	@scripts/alone scripts/edit "$(DIR)"

deps:
	@scripts/deps

clean:
	@[ ! -d out ] || find out -mindepth 1 -maxdepth 1 ! -name edit -exec rm -rf {} +

.PHONY: help run test test-all mutants bench series apply deb shell edit deps clean
