/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_MEMMAP_PREP_H
#define _MM_MEMMAP_PREP_H
/*
 * What a kernel of this version keeps for a compound page in the head and the
 * first tails, for mm/memmap_compound.c.
 */
#include <linux/mm.h>

/**
 * memmap_move_head() - let an image of a compound page be that of another one
 * @image: images of the head and of the tails that follow it
 * @nr: number of images
 * @head: struct page of the head in the memmap, where the images are to be
 *
 * Nothing to do: only the tails' pointers to the head are addresses.
 */
static inline void memmap_move_head(struct page *image, unsigned long nr,
				    struct page *head)
{
}

/**
 * memmap_prep_head() - make a head of a page, and write what its tails keep
 * @page: where to write, the memmap or images; the tails have been written
 * @head: struct page of the head in the memmap
 * @order: order of the compound page, not 0
 */
static inline void memmap_prep_head(struct page *page, struct page *head,
				    unsigned int order)
{
	/* in the first tail; the destructor tells this from a hugetlb page */
	set_compound_page_dtor(page, COMPOUND_PAGE_DTOR);
	set_compound_order(page, order);
	atomic_set(compound_mapcount_ptr(page), -1);
	/* in the second tail, which order 1 does not have */
	if (order > 1)
		atomic_set(compound_pincount_ptr(page), 0);

	__SetPageHead(page);
}

#endif /* _MM_MEMMAP_PREP_H */
