// SPDX-License-Identifier: GPL-2.0
/*
 * walk - what does it cost to find a struct page whose memmap is mapped by 4K
 * entries, as it is where tails share memory, and not by 2M entries?
 *
 * Reads random struct pages, each the pfn of the next, of a memmap that is
 * built in user space as the kernel would: in 2M pages, in 4K pages, and in 4K
 * pages most of which are one and the same, for compound pages of 2M and 1G.
 * Prints records (record.h) of us for a read, each the median of RUNS.
 *
 * A hypervisor that keeps shadow page tables may allow a page of the guest only
 * so many entries, and drop all of them when there are more: KVM does beyond a
 * thousand. So other numbers of entries for a page are measured, too. If reads
 * take much longer from about 1000 on, that is the price of such a hypervisor,
 * not of the processor.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

#define PAGE		4096UL
#define STRUCT_PAGE	64UL
/* the memmap of 8 GiB; each shared page is a VMA, and 65530 can be had */
#define SIZE		(128UL << 20)
#define READS		(4UL << 20)
#define RUNS		5
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static char *map(size_t len, int flags, int fd)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		err(1, "mmap of %zu MiB", len >> 20);
	return p;
}

/* memory of its own for every struct page */
static char *distinct(int advice)
{
	size_t huge = 2UL << 20;
	char *p = map(SIZE + huge, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	p = (char *)(((uintptr_t)p + huge - 1) & ~(huge - 1));
	if (madvise(p, SIZE, advice))
		err(1, "madvise");
	memset(p, 0, SIZE);
	return p;
}

/* compound pages whose struct pages fill so many pages: two exist */
static char *shared(unsigned long pages)
{
	unsigned long i, unit, nr = SIZE / PAGE;
	int fd = memfd_create("memmap", 0);
	char *p;

	if (fd < 0 || ftruncate(fd, (nr / pages + 1) * 2 * PAGE))
		err(1, "memory of %lu pages", nr / pages * 2);
	p = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (i = 0; i < nr; i++) {
		unit = i / pages;
		if (mmap(p + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd,
			 (unit * 2 + !!(i % pages)) * PAGE) == MAP_FAILED)
			err(1, "page %lu of compound page %lu", i, unit);
	}
	close(fd);
	return p;
}

static double walk(const char *memmap)
{
	struct timespec a, b;
	uint64_t pfn = 1;
	unsigned long i;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < READS; i++) {
		const volatile uint64_t *page = (const volatile uint64_t *)
			(memmap + (pfn >> 20) % (SIZE / STRUCT_PAGE) * STRUCT_PAGE);

		/* all read 0; the next read has to wait for this one */
		pfn = pfn * 6364136223846793005UL + 1442695040888963407UL + *page;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	asm volatile("" : : "r" (pfn));
	return ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / READS;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	struct {
		const char *kernel, *metric, *align;
		unsigned long pages;	/* 0: 2M entries, 1: nothing is shared */
		double ns[RUNS];
	} ways[] = {
		{ "base", "random_walk", "any", 0 },
		{ "base", "random_walk_4k_mapped", "any", 1 },
		{ "ours", "random_walk", "2M", 8 },
		{ "ours", "random_walk", "1G", 4096 },
		{ "ours", "random_walk_shared_500", "any", 501 },
		{ "ours", "random_walk_shared_900", "any", 901 },
		{ "ours", "random_walk_shared_1100", "any", 1101 },
		{ "ours", "random_walk_shared_2000", "any", 2001 },
	};
	size_t i, run;
	char *memmap;

	/* one at a time: a process can have two of those with shared pages */
	for (run = 0; run < RUNS; run++) {
		for (i = 0; i < ARRAY_SIZE(ways); i++) {
			memmap = ways[i].pages > 1 ? shared(ways[i].pages) :
				distinct(ways[i].pages ? MADV_NOHUGEPAGE :
							 MADV_HUGEPAGE);
			ways[i].ns[run] = walk(memmap);
			munmap(memmap, SIZE);
		}
	}
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		qsort(ways[i].ns, RUNS, sizeof(ways[i].ns[0]), by_value);
		setenv("KERNEL", ways[i].kernel, 1);
		setenv("ALIGN", ways[i].align, 1);
		record(ways[i].metric, ways[i].ns[RUNS / 2] / 1000, "us");
	}
	return 0;
}
