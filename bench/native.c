// SPDX-License-Identifier: GPL-2.0
/*
 * native - how far from the memory's bandwidth is the writing of struct pages?
 *
 * Writes a buffer of a gibibyte, which has its pages already, with the kernel's
 * own code, mm/memmap_store.h, built for user space, once with non-temporal and
 * once with plain stores, and beside it with struct pages initialised field by
 * field, and with memset(). Prints records (record.h) of GB/s, each the median of
 * RUNS; "image" is again the one of the two that the kernel chooses for this
 * processor, and "image_of_best" says how much that is of the faster one.
 * Compare figures of one run only: another program on the machine has its share
 * of the bandwidth.
 *
 * Non-temporal stores take half of what plain ones do from the memory, which
 * read a cache line before they write it, and leave the caches alone. One
 * thread need not be faster for that: it is on some processors and is not on
 * others.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "record.h"

#include "memmap_store.h"

#define SIZE		(1UL << 30)
#define RUNS		5
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
/* what atomic_set() and the bit operations on page flags come down to */
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

/* as struct page on x86_64, by what is initialised */
struct page {
	unsigned long flags;
	unsigned long compound_head;	/* pgmap in a head */
	void *zone_device_data;
	void *mapping;
	unsigned long index;
	unsigned long private;
	int mapcount;
	int refcount;
	unsigned long pad;
};

#define ZONE_AND_NODE	(3UL << 61 | 1UL << 55)
#define RESERVED	(1UL << 12)
#define TAIL_MAPPING	((void *)0xdead000000000400UL)
#define TAILS		512	/* 2M pages */

/* the compiler forgets what it knows of memory */
static inline void barrier(void)
{
	asm volatile("" : : : "memory");
}

/* as in the kernel's <asm/nt_store.h>, which asks the kernel's own structure */
static bool nt_store_pays(void)
{
	return __builtin_cpu_is("intel");
}

static struct page *memmap;
static const unsigned long nr_pages = SIZE / sizeof(struct page);

/*
 * Each step is a function of its own in the kernel: set_page_links(),
 * init_page_count(), __SetPageReserved() and so on. They are inlined there as
 * here, and read flags back.
 */
static void init_base(struct page *page, void *pgmap)
{
	memset(page, 0, sizeof(*page));
	page->flags &= ~(7UL << 61);
	page->flags |= ZONE_AND_NODE;
	WRITE_ONCE(page->refcount, 1);
	WRITE_ONCE(page->mapcount, -1);
	WRITE_ONCE(page->flags, page->flags | RESERVED);
	page->compound_head = (unsigned long)pgmap;
	page->zone_device_data = NULL;
}

static void init_tail(struct page *page, struct page *head, void *pgmap)
{
	init_base(page, pgmap);
	WRITE_ONCE(page->refcount, 0);
	page->mapping = TAIL_MAPPING;
	WRITE_ONCE(page->compound_head, (unsigned long)head + 1);
}

static void base_fields(void)
{
	unsigned long i;

	for (i = 0; i < nr_pages; i++)
		init_base(memmap + i, &memmap);
}

static __always_inline void base_image(bool nt)
{
	struct page image;

	init_base(&image, &memmap);
	barrier();
	memmap_store(memmap, &image, sizeof(image), nr_pages, nt);
	nt_store_fence();
}

static void base_nontemporal(void)
{
	base_image(true);
}

static void base_plain(void)
{
	base_image(false);
}

static void tail_fields(void)
{
	unsigned long i;

	for (i = 0; i < nr_pages; i++)
		init_tail(memmap + i, memmap + i / TAILS * TAILS, &memmap);
}

static __always_inline void tail_image(bool nt)
{
	struct page image;
	unsigned long i;

	for (i = 0; i < nr_pages; i += TAILS) {
		init_tail(&image, memmap + i, &memmap);
		barrier();
		memmap_store(memmap + i, &image, sizeof(image), TAILS, nt);
		nt_store_fence();
	}
}

static void tail_nontemporal(void)
{
	tail_image(true);
}

static void tail_plain(void)
{
	tail_image(false);
}

static void fill(void)
{
	memset(memmap, 0x5a, SIZE);
}

static const struct way {
	const char *name;
	const char *align;
	void (*write)(void);
	void (*same_as)(void);	/* writes what this writes */
} ways[] = {
	{ "memset",	"any",	fill,		fill },
	{ "fields",	"4K",	base_fields,	base_fields },
	{ "plain",	"4K",	base_plain,	base_fields },
	{ "nontemporal", "4K",	base_nontemporal, base_fields },
	{ "fields",	"2M",	tail_fields,	tail_fields },
	{ "plain",	"2M",	tail_plain,	tail_fields },
	{ "nontemporal", "2M",	tail_nontemporal, tail_fields },
};

static double seconds(void (*write)(void))
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	write();
	barrier();
	clock_gettime(CLOCK_MONOTONIC, &b);
	return b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* FNV-1a by words: enough to tell whether two ways wrote the same */
static uint64_t sum(void)
{
	const uint64_t *p = (const uint64_t *)memmap;
	uint64_t hash = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < SIZE / sizeof(*p); i++)
		hash = (hash ^ p[i]) * 0x100000001b3ULL;
	return hash;
}

static void check(const struct way *w)
{
	uint64_t want;

	w->same_as();
	barrier();
	want = sum();
	fill();
	w->write();
	barrier();
	if (sum() != want)
		errx(1, "%s (%s) does not write what it should", w->name,
		     w->align);
}

int main(void)
{
	double t[ARRAY_SIZE(ways)][RUNS], speed[ARRAY_SIZE(ways)], chosen, best;
	size_t i, run;

	memmap = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memmap == MAP_FAILED)
		err(1, "mmap of %lu MiB", SIZE >> 20);

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		check(ways + i);
	/* in turns: what slows the machine down for a while slows down all */
	for (run = 0; run < RUNS; run++)
		for (i = 0; i < ARRAY_SIZE(ways); i++)
			t[i][run] = seconds(ways[i].write);

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		qsort(t[i], RUNS, sizeof(t[i][0]), by_value);
		setenv("ALIGN", ways[i].align, 1);
		speed[i] = SIZE / t[i][RUNS / 2] / 1e9;
		record(ways[i].name, speed[i], "GB/s");
		if (strcmp(ways[i].name, "nontemporal"))
			continue;
		chosen = nt_store_pays() ? speed[i] : speed[i - 1];
		best = speed[i] > speed[i - 1] ? speed[i] : speed[i - 1];
		record("image", chosen, "GB/s");
		record("image_of_best", chosen / best, "of 1");
	}
	return 0;
}
