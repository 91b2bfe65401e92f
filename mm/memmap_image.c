// SPDX-License-Identifier: GPL-2.0
/*
 * Struct pages of ZONE_DEVICE, written from prepared images.
 *
 * With a virtual memmap, nothing in a struct page depends on the pfn. So the
 * struct pages of all base pages of a device are equal, and so are those of all
 * but the first tails of a compound page. One image of each kind is initialised
 * field by field, on the stack. The memmap is written with copies of them.
 */
#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "memmap_image.h"
#include "memmap_store.h"

/* struct pages written between two calls of cond_resched() */
#define MEMMAP_BATCH	1024UL

/*
 * One image serves for all pages only where no field depends on the pfn. This
 * holds for ZONE_DEVICE. It needs a virtual memmap, so page flags hold no
 * section.
 */
#ifdef SECTION_IN_PAGE_FLAGS
#error "struct pages of ZONE_DEVICE depend on their pfn"
#endif

/* ->virtual does depend on it; loongarch has it for KFENCE, x86 never */
#ifdef WANT_PAGE_VIRTUAL
#define PAGE_KEEPS_ADDRESS	true
#else
#define PAGE_KEEPS_ADDRESS	false
#endif

/**
 * memmap_by_field() - whether struct pages have to be written field by field
 *
 * There are three reasons. KASAN and KMSAN do not see the stores of
 * memmap_write(). The page_ref_set tracepoint, if it is active, has to report
 * each page. And an image has no ->virtual that fits all pages.
 *
 * PagePoisoned() is no fourth one. The accessors that check for poison
 * (DEBUG_VM_PGFLAGS) read flags that initialisation has just zeroed, in an
 * image as in the memmap. The poison that page_init_poison() has left in the
 * memmap is overwritten to the last byte.
 *
 * Return: true where memmap_write() must not be used.
 */
bool memmap_by_field(void)
{
	return IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KMSAN) ||
		PAGE_KEEPS_ADDRESS ||
		page_ref_tracepoint_active(page_ref_set);
}

/* 1 or 0: an administrator has chosen; -1, "auto": as the processor is known */
static int nontemporal = -1;

static bool memmap_nontemporal(void)
{
	int chosen = READ_ONCE(nontemporal);

	return chosen < 0 ? nt_store_pays() : chosen;
}

static int nontemporal_set(const char *val, const struct kernel_param *kp)
{
	if (!val || !sysfs_streq(val, "auto"))
		return param_set_bint(val, kp);
	WRITE_ONCE(nontemporal, -1);
	return 0;
}

static int nontemporal_get(char *buf, const struct kernel_param *kp)
{
	return sprintf(buf, "%c\n", memmap_nontemporal() ? 'Y' : 'N');
}

static const struct kernel_param_ops nontemporal_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = nontemporal_set,
	.get = nontemporal_get,
};

module_param_cb(nontemporal, &nontemporal_ops, &nontemporal, 0644);
MODULE_PARM_DESC(nontemporal,
		 "Write struct pages of devices past the caches (default: auto, where the processor is known to be faster so)");

/* two loops, so that neither asks for each word which of them it is */
static __always_inline void memmap_copy(struct page *page,
					const struct page *image,
					unsigned long nr, bool nt)
{
	if (nt)
		memmap_store(page, image, sizeof(*page), nr, true);
	else
		memmap_store(page, image, sizeof(*page), nr, false);
}

/**
 * memmap_write() - write struct pages from images
 * @page: the first of the struct pages to write
 * @image: images to copy: one for each of the first struct pages, and the last
 *	one also for all that follow
 * @nr_images: number of images, 1 to @nr
 * @nr: number of struct pages to write
 *
 * This writes whole cache lines and reads nothing back. Initialising a struct
 * page and changing it afterwards would read it back. A device of 1 TiB has
 * 16 GiB of struct pages that are not read soon. So the stores bypass the
 * caches, on processors that are known to be no slower then.
 *
 * Context: May sleep. The pages are in no page table yet and nobody has a
 *	reference. On return, and whenever another task may run, all stores are
 *	ordered before what follows, such as the caller's percpu_ref_get_many().
 */
void memmap_write(struct page *page, const struct page *image,
		  unsigned long nr_images, unsigned long nr)
{
	const struct page *end = page + nr;
	bool nt = memmap_nontemporal();
	unsigned long batch;

	BUILD_BUG_ON(sizeof(*page) % sizeof(long));
	BUILD_BUG_ON(sizeof(*page) < MEMMAP_WORDS_MIN * sizeof(long));
	BUILD_BUG_ON(sizeof(*page) > MEMMAP_WORDS_MAX * sizeof(long));

	for (; nr_images > 1; nr_images--)
		memmap_copy(page++, image++, 1, nt);

	for (; page < end; page += batch) {
		batch = min_t(unsigned long, end - page, MEMMAP_BATCH);
		memmap_copy(page, image, batch, nt);
		if (nt)
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
 * Afterwards each page has one reference, which is the caller's.
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
