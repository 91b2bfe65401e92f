/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_VMEMMAP_PROTECT_H
#define _MM_VMEMMAP_PROTECT_H
/*
 * Tail struct pages that share memory are read-only, see mm/vmemmap_protect.c.
 */
#include <linux/memremap.h>
#include <linux/page-flags.h>

#ifdef CONFIG_VMEMMAP_COMPOUND
void vmemmap_protect_tails(const struct dev_pagemap *pgmap,
			   unsigned long start_pfn, unsigned long end_pfn);
#else
static inline void vmemmap_protect_tails(const struct dev_pagemap *pgmap,
					 unsigned long start_pfn,
					 unsigned long end_pfn)
{
}
#endif

#if defined(CONFIG_VMEMMAP_COMPOUND) && defined(CONFIG_DEBUG_VM)
void vmemmap_poison(struct page *page, size_t size);
#else
/* no struct page is read-only, or page_init_poison() does nothing */
static inline void vmemmap_poison(struct page *page, size_t size)
{
	page_init_poison(page, size);
}
#endif

#endif /* _MM_VMEMMAP_PROTECT_H */
