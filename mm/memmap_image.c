// SPDX-License-Identifier: GPL-2.0
/*
 * Struct pages of ZONE_DEVICE, written from prepared images.
 *
 * With a virtual memmap nothing in a struct page depends on the pfn, so all
 * base pages of a device look the same, and all but the first tails of a
 * compound page do. One of each is initialised field by field, on the stack;
 * the memmap is written with copies of it.
 */
#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "memmap_image.h"
#include "memmap_store.h"

/* struct pages written between two chances for others to run */
#define MEMMAP_BATCH	1024UL

/*
 * One image serves for all pages only where no field depends on the pfn. That
 * is so wherever there is ZONE_DEVICE: it needs a virtual memmap, for which the
 * flags hold no section, and no architecture that has it keeps ->virtual.
 */
#if defined(SECTION_IN_PAGE_FLAGS) || defined(WANT_PAGE_VIRTUAL)
#error "struct pages of ZONE_DEVICE depend on their pfn"
#endif

/**
 * memmap_by_field() - whether struct pages have to be written field by field
 *
 * KASAN does not see the stores of memmap_write(), and whoever listens to the
 * page_ref_set tracepoint is to be told of each page.
 *
 * PagePoisoned() is no reason. The accessors that check for it
 * (DEBUG_VM_PGFLAGS) look at flags which initialisation has just zeroed, in an
 * image as in the memmap; what page_init_poison() has left in the memmap is
 * overwritten to the last byte.
 *
 * Return: true where memmap_write() must not be used.
 */
bool memmap_by_field(void)
{
	return IS_ENABLED(CONFIG_KASAN) ||
		page_ref_tracepoint_active(page_ref_set);
}

/**
 * memmap_write() - write struct pages from images
 * @page: the first of the struct pages to write
 * @image: what they shall be: one image for each of the first pages, the last
 *	for all that follow
 * @nr_images: number of images, 1 to @nr
 * @nr: number of struct pages to write
 *
 * Whole cache lines are written and nothing is read back, as it would be if a
 * page were initialised and then changed. For a device of a terabyte this is
 * 16 GiB that nobody will look at soon: they go past the caches.
 *
 * Context: May sleep. The pages are in no page table yet and nobody has a
 *	reference. On return, and whenever another task may run, all stores are
 *	ordered before what follows, such as the caller's percpu_ref_get_many().
 */
void memmap_write(struct page *page, const struct page *image,
		  unsigned long nr_images, unsigned long nr)
{
	const struct page *end = page + nr;
	unsigned long batch;

	BUILD_BUG_ON(sizeof(*page) % sizeof(long));
	BUILD_BUG_ON(sizeof(*page) < MEMMAP_WORDS_MIN * sizeof(long));
	BUILD_BUG_ON(sizeof(*page) > MEMMAP_WORDS_MAX * sizeof(long));

	for (; nr_images > 1; nr_images--)
		memmap_store(page++, image++, sizeof(*page), 1);

	for (; page < end; page += batch) {
		batch = min_t(unsigned long, end - page, MEMMAP_BATCH);
		memmap_store(page, image, sizeof(*page), batch);
		nt_store_fence();
		cond_resched();
	}
}

/**
 * memmap_init_base_pages() - write the struct pages of base pages of a device
 * @page: the first of the struct pages
 * @nr: number of base pages
 * @nid: node of the memory
 * @pgmap: pagemap that the pages belong to
 *
 * Afterwards each page holds one reference, the caller's.
 *
 * Context: May sleep. The pages are in no page table yet and nobody has a
 *	reference.
 */
void memmap_init_base_pages(struct page *page, unsigned long nr, int nid,
			    struct dev_pagemap *pgmap)
{
	struct page image;
	unsigned long i;

	if (!memmap_by_field()) {
		__init_zone_device_page(&image, nid, pgmap);
		memmap_write(page, &image, 1, nr);
		return;
	}

	for (i = 0; i < nr; i++) {
		__init_zone_device_page(page + i, nid, pgmap);
		if (i % MEMMAP_BATCH == MEMMAP_BATCH - 1)
			cond_resched();
	}
}
