/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_MEMMAP_PREP_H
#define _MM_MEMMAP_PREP_H
/*
 * What a kernel of this version keeps for a compound page in the head and the
 * first tails, for mm/memmap_compound.c.
 */
#include <linux/list.h>
#include <linux/mm.h>

#include "internal.h"

/**
 * memmap_move_head() - let an image of a compound page be that of another one
 * @image: images of the head and of the tails that follow it
 * @nr: number of images
 * @head: struct page of the head in the memmap, where the images are to be
 *
 * The second tail has a list head, which is empty: it points to itself.
 */
static inline void memmap_move_head(struct page *image, unsigned long nr,
				    struct page *head)
{
	struct list_head *list = &((struct folio *)image)->_deferred_list;

	if (nr <= 2)
		return;
	list->next = &((struct folio *)head)->_deferred_list;
	list->prev = list->next;
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
	__SetPageHead(page);
	prep_compound_head(page, order);
	memmap_move_head(page, 1UL << order, head);
}

#endif /* _MM_MEMMAP_PREP_H */
