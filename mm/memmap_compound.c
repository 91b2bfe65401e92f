// SPDX-License-Identifier: GPL-2.0
/*
 * Compound pages in the memory map of ZONE_DEVICE.
 *
 * Device memory never comes from the page allocator, so its struct pages have
 * not been prepared. They are written here, once per binding of a device, and
 * are gone with the memmap. See compound.rst of devdax in Documentation.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "memmap_compound.h"
#include "memmap_image.h"
#include "memmap_prep.h"
#include "vmemmap_compound.h"

/*
 * A tail is first written like any other device page, with zone, node and
 * PG_reserved: ioremap, KVM and VFIO test PG_reserved for each pfn. The
 * compound fields come last, for two reasons. The accessors cannot set
 * PG_reserved on a tail, and ->pgmap shares its word with ->compound_head.
 */
static void memmap_init_tail(struct page *tail, struct page *head, int nid,
			     struct dev_pagemap *pgmap)
{
	__init_zone_device_page(tail, nid, pgmap);

	/*
	 * Initialising a struct page sets its count to 1, so the count of a
	 * tail is cleared here. All references to a compound page are on its
	 * head, and a speculative get_page_unless_zero() on a tail must fail.
	 * No helper does this: from 5.15 on, prep_compound_page() relies on the
	 * page allocator for it (commit 7118fc2906e2 ("hugetlb: address ref
	 * count racing in prep_compound_gigantic_page")), and device pages
	 * never come from the page allocator.
	 */
	set_page_count(tail, 0);
	tail->mapping = TAIL_MAPPING;
	set_compound_head(tail, head);
}

/**
 * memmap_init_compound_fields() - write a compound page field by field
 * @page: where to write its struct pages: the memmap or images of them
 * @nr: number of struct pages to write, from the head on: 2 to
 *	pgmap_geometry_nr(), and no less than 3 where there is a second tail
 * @head: struct page of the head in the memmap, which the tails point to
 * @nid: node of the memory
 * @pgmap: pagemap that the page belongs to, with a geometry above PAGE_SIZE
 *
 * This is one pass over the struct pages, and it calls cond_resched().
 * prep_compound_page() would be a second pass, over 262143 tails without a
 * break.
 *
 * Context: May sleep. The page is in no page table yet and nobody else has a
 *	reference, so plain stores do.
 */
void memmap_init_compound_fields(struct page *page, unsigned long nr,
				 struct page *head, int nid,
				 struct dev_pagemap *pgmap)
{
	unsigned long i;

	__init_zone_device_page(page, nid, pgmap);

	for (i = 1; i < nr; i++) {
		memmap_init_tail(page + i, head, nid, pgmap);
		/* 262143 tails of a 1G page take milliseconds */
		if (i % 1024 == 0)
			cond_resched();
	}

	/* in the first two tails, and in the head */
	memmap_prep_head(page, head, pgmap_geometry_order(pgmap));
}

/*
 * Four images are enough: the head and the first two tails have fields of their
 * own, and all tails from the third on are equal.
 */
#define COMPOUND_IMAGES	4UL

/* Images are reused for each compound page: only addresses in them differ. */
static void memmap_write_compound(struct page *head, unsigned long nr,
				  struct page *image, unsigned long nr_images)
{
	unsigned long i;

	for (i = 1; i < nr_images; i++)
		set_compound_head(image + i, head);
	memmap_move_head(image, nr_images, head);
	memmap_write(head, image, nr_images, nr);
}

/**
 * memmap_init_compound() - write the struct pages of compound device pages
 * @memmap: struct page of the first head; the others follow it in the virtual
 *	memmap
 * @nr: number of base pages, a multiple of pgmap_geometry_nr(), or 0
 * @own: number of struct pages to write for each compound page, from the head
 *	on: pgmap_geometry_nr(), or VMEMMAP_COMPOUND_NR where tails share
 *	memory. Those that follow are other addresses of the second page of
 *	struct pages then.
 * @nid: node of the memory
 * @pgmap: pagemap that the pages belong to, with a geometry above PAGE_SIZE
 *	that passes pgmap_geometry_problem()
 *
 * Afterwards each head has one reference, which is the caller's, and the tails
 * have none.
 *
 * The images are prepared once for all compound pages. Where tails share
 * memory, a page of 2M has so few struct pages to write that preparing four
 * images for each would show in the time.
 *
 * Context: May sleep. The pages are in no page table yet and nobody else has a
 *	reference.
 */
void memmap_init_compound(struct page *memmap, unsigned long nr,
			  unsigned long own, int nid,
			  struct dev_pagemap *pgmap)
{
	unsigned long nr_images = min(own, COMPOUND_IMAGES);
	struct page image[COMPOUND_IMAGES];
	bool by_field = memmap_by_field();
	struct page *head;

	/* there may be no images to prepare: see memmap_init_compound_range() */
	if (!nr)
		return;

	if (!by_field)
		memmap_init_compound_fields(image, nr_images, memmap, nid,
					    pgmap);

	for (head = memmap; head < memmap + nr;
	     head += pgmap_geometry_nr(pgmap)) {
		if (by_field)
			memmap_init_compound_fields(head, own, head, nid,
						    pgmap);
		else
			memmap_write_compound(head, own, image, nr_images);
		cond_resched();
	}
}

/**
 * memmap_init_compound_range() - write the struct pages of a range of a device
 * @start_pfn: first pfn, a multiple of the geometry
 * @end_pfn: pfn after the last, a multiple of the geometry
 * @nid: node of the memory
 * @pgmap: pagemap of the range, with a geometry above PAGE_SIZE
 *
 * Context: May sleep. The range has been added, see memmap_init_compound().
 */
void memmap_init_compound_range(unsigned long start_pfn, unsigned long end_pfn,
				int nid, struct dev_pagemap *pgmap)
{
	unsigned long all = pgmap_geometry_nr(pgmap);
	unsigned long start = start_pfn, end = end_pfn;

	vmemmap_shared_part(pgmap, &start, &end);
	memmap_init_compound(pfn_to_page(start_pfn), start - start_pfn, all,
			     nid, pgmap);
	memmap_init_compound(pfn_to_page(start), end - start,
			     VMEMMAP_COMPOUND_NR, nid, pgmap);
	memmap_init_compound(pfn_to_page(end), end_pfn - end, all, nid, pgmap);
}

#ifdef CONFIG_DEBUG_VM
/**
 * memmap_check_tails() - check that no tail page holds a reference
 * @pgmap: pagemap whose pages nobody uses any more
 * @start_pfn: first pfn, a multiple of the geometry
 * @end_pfn: pfn after the last, a multiple of the geometry
 *
 * Unbinding waits for the references on the heads only. If one was taken on a
 * tail by mistake, its holder is left with memory and a struct page that are
 * gone.
 *
 * Context: May sleep. The memmap is still there.
 */
void memmap_check_tails(struct dev_pagemap *pgmap, unsigned long start_pfn,
			unsigned long end_pfn)
{
	unsigned long pfn, nr = pgmap_geometry_nr(pgmap);
	struct page *page;

	/* base pages have no tails */
	if (nr == 1)
		return;

	for (pfn = start_pfn; pfn < end_pfn; pfn++) {
		page = pfn_to_page(pfn);
		/* page_count() would read the head */
		VM_WARN_ONCE(pfn % nr && page_ref_count(page),
			     "pfn %#lx: tail page with %d references\n", pfn,
			     page_ref_count(page));
		if (pfn % 1024 == 0)
			cond_resched();
	}
}
#endif /* CONFIG_DEBUG_VM */
