// SPDX-License-Identifier: GPL-2.0
/*
 * Do something at given offsets of a device-dax device, DEVDAX=/dev/dax0.0,
 * where the kselftests choose theirs:
 *
 *	at fill SEED OFFSET...		write 4K that tell seed and offset
 *	at check SEED OFFSET...		they are there
 *	at poison OFFSET...		touch the page, then a memory error: SIGBUS
 *					tells the exact address, its size, and the
 *					4K in front of and behind the page work
 *	at dio FILE OFFSET...		O_DIRECT from there to the file and back
 *	at hammer SEED OFFSET...	fill and check until SIGTERM
 *	at splice OFFSET...		4K go into the pipe that is stdout: they are in
 *					use until somebody reads or closes it
 *
 * An offset is in bytes, a negative one counts from the end.
 */
#include "devdax.h"

static struct devdax dd;
static char *all;
static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	stop = 1;
}

static int fail(const char *what, unsigned long off)
{
	printf("%s at %#lx of %s: failed (%m)\n", what, off, dd.path);
	return 1;
}

static int poison(unsigned long off)
{
	unsigned long page = off - off % dd.align, next = page + dd.align;

	if (devdax_touch(all + off, true))
		return fail("touch", off);
	if (page && devdax_touch(all + page - SZ_4K, true))
		return fail("touch in front of the page", page - SZ_4K);
	if (next < dd.size && devdax_touch(all + next, true))
		return fail("touch behind the page", next);
	if (devdax_poison(all + off) != SIGBUS)
		return fail("poison: no SIGBUS", off);
	if (devdax_sig.si_addr != all + off) {
		printf("si_addr is offset %#lx, not %#lx\n",
		       (char *)devdax_sig.si_addr - all, off);
		return 1;
	}
	if (devdax_sig.si_addr_lsb != __builtin_ctzl(dd.align)) {
		printf("si_addr_lsb is %d\n", devdax_sig.si_addr_lsb);
		return 1;
	}
	if (page && devdax_touch(all + page - SZ_4K, true))
		return fail("poison hit what is in front of the page",
			    page - SZ_4K);
	if (next < dd.size && devdax_touch(all + next, true))
		return fail("poison hit what is behind the page", next);
	return 0;
}

static int dio(const char *file, unsigned long off)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0600);
	int bad;

	devdax_fill(all + off, off, SZ_4K, 1);
	bad = fd < 0 || pwrite(fd, all + off, SZ_4K, 0) != SZ_4K;
	devdax_fill(all + off, off, SZ_4K, 2);
	bad = bad || pread(fd, all + off, SZ_4K, 0) != SZ_4K ||
	      !devdax_check(all + off, off, SZ_4K, 1);
	close(fd);
	return bad ? fail("O_DIRECT", off) : 0;
}

static int act(const char *what, const char *arg, unsigned long off)
{
	unsigned long seed = strtoul(arg, NULL, 0);

	if (!strcmp(what, "poison"))
		return poison(off);
	if (!strcmp(what, "splice"))
		return devdax_splice(all + off, STDOUT_FILENO) ? 0 :
			fail("vmsplice", off);
	if (!strcmp(what, "dio"))
		return dio(arg, off);
	if (strcmp(what, "check"))
		devdax_fill(all + off, off, SZ_4K, seed);
	if (strcmp(what, "fill") &&
	    !devdax_check(all + off, off, SZ_4K, seed))
		return fail("data", off);
	return 0;
}

int main(int argc, char **argv)
{
	int i, first = 3, rounds = 0;
	const char *why;

	if (argc > 1 && (!strcmp(argv[1], "poison") || !strcmp(argv[1], "splice")))
		first = 2;
	if (argc <= first)
		return 2;
	why = devdax_open(&dd);
	if (why) {
		printf("%s\n", why);
		return 1;
	}
	all = devdax_map(&dd, 0, dd.size);
	if (all == MAP_FAILED)
		return fail("mmap", 0);
	signal(SIGTERM, on_term);
	do {
		for (i = first; i < argc; i++) {
			long off = strtol(argv[i], NULL, 0);

			if (off < 0)
				off += dd.size;
			if (act(argv[1], argv[2], off))
				return 1;
		}
		rounds++;
	} while (!strcmp(argv[1], "hammer") && !stop);
	printf("%s: %d rounds\n", argv[1], rounds);
	return 0;
}
