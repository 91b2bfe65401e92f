// SPDX-License-Identifier: GPL-2.0
/*
 * native - how far from the memory's bandwidth is the writing of struct pages?
 *
 * Writes a buffer of a gibibyte, which has its pages already, with the kernel's
 * own code, mm/memmap_store.h, built for user space, and beside it with
 * struct pages initialised field by field, with plain stores of the same image,
 * and with memset(). Prints records (record.h) of GB/s, each the median of RUNS.
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
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "record.h"

#include "memmap_store.h"

/* once more with plain stores, as where asm-generic/nt_store.h is used */
static inline void plain_store(unsigned long *p, unsigned long value)
{
	*(volatile unsigned long *)p = value;
}

#undef __MM_MEMMAP_STORE_H
#define nt_store		plain_store
#define memmap_load_image	plain_load_image
#define memmap_store_image	plain_store_image
#define memmap_store		memmap_store_plain
#undef MEMMAP_WORDS_MIN
#undef MEMMAP_WORDS_MAX
#include "memmap_store.h"
#undef memmap_store

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

static void base_image(void)
{
	struct page image;

	init_base(&image, &memmap);
	barrier();
	memmap_store(memmap, &image, sizeof(image), nr_pages);
	nt_store_fence();
}

static void tail_fields(void)
{
	unsigned long i;

	for (i = 0; i < nr_pages; i++)
		init_tail(memmap + i, memmap + i / TAILS * TAILS, &memmap);
}

static void tail_image(void)
{
	struct page image;
	unsigned long i;

	for (i = 0; i < nr_pages; i += TAILS) {
		init_tail(&image, memmap + i, &memmap);
		barrier();
		memmap_store(memmap + i, &image, sizeof(image), TAILS);
		nt_store_fence();
	}
}

static void tail_image_plain(void)
{
	struct page image;
	unsigned long i;

	for (i = 0; i < nr_pages; i += TAILS) {
		init_tail(&image, memmap + i, &memmap);
		barrier();
		memmap_store_plain(memmap + i, &image, sizeof(image), TAILS);
	}
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
	{ "memset",	"any",	fill,			fill },
	{ "fields",	"4K",	base_fields,		base_fields },
	{ "image",	"4K",	base_image,		base_fields },
	{ "fields",	"2M",	tail_fields,		tail_fields },
	{ "image",	"2M",	tail_image,		tail_fields },
	{ "plain",	"2M",	tail_image_plain,	tail_fields },
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
	double t[ARRAY_SIZE(ways)][RUNS];
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
		record(ways[i].name, SIZE / t[i][RUNS / 2] / 1e9, "GB/s");
	}
	return 0;
}
