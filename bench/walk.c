// SPDX-License-Identifier: GPL-2.0
/*
 * walk - what does it cost to find a struct page whose memmap is mapped by 4K
 * entries, as it is where tails share memory, and not by 2M entries?
 *
 * Reads random struct pages, each the pfn of the next, of a memmap that is
 * built in user space as the kernel would: in 2M pages, in 4K pages, and in 4K
 * pages most of which are one and the same, for compound pages of 2M and 1G.
 * Prints records (record.h) of us for a read, each the median of RUNS.
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
	unsigned long unit, i, nr = SIZE / PAGE / pages;
	int fd = memfd_create("memmap", 0);
	char *p;

	if (fd < 0 || ftruncate(fd, nr * 2 * PAGE))
		err(1, "memory of %lu pages", nr * 2);
	p = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (unit = 0; unit < nr; unit++) {
		char *head = p + unit * pages * PAGE;

		for (i = 0; i < pages; i++)
			if (mmap(head + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd,
				 (unit * 2 + !!i) * PAGE) == MAP_FAILED)
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
		char *memmap;
		double ns[RUNS];
	} ways[] = {
		{ "base", "random_walk", "any", distinct(MADV_HUGEPAGE) },
		{ "base", "random_walk_4k_mapped", "any", distinct(MADV_NOHUGEPAGE) },
		{ "ours", "random_walk", "2M", shared(8) },
		{ "ours", "random_walk", "1G", shared(4096) },
	};
	size_t i, run;

	for (run = 0; run < RUNS; run++)
		for (i = 0; i < ARRAY_SIZE(ways); i++)
			ways[i].ns[run] = walk(ways[i].memmap);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		qsort(ways[i].ns, RUNS, sizeof(ways[i].ns[0]), by_value);
		setenv("KERNEL", ways[i].kernel, 1);
		setenv("ALIGN", ways[i].align, 1);
		record(ways[i].metric, ways[i].ns[RUNS / 2] / 1000, "us");
	}
	return 0;
}
