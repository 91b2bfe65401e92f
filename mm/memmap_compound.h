/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_MEMMAP_COMPOUND_H
#define _MM_MEMMAP_COMPOUND_H
/*
 * Compound pages in the memory map of ZONE_DEVICE, see mm/memmap_compound.c.
 */
struct dev_pagemap;
struct page;

void memmap_init_compound_fields(struct page *page, unsigned long nr,
				 struct page *head, int nid,
				 struct dev_pagemap *pgmap);
void memmap_init_compound(struct page *memmap, unsigned long nr,
			  unsigned long own, int nid,
			  struct dev_pagemap *pgmap);
void memmap_init_compound_range(unsigned long start_pfn, unsigned long end_pfn,
				int nid, struct dev_pagemap *pgmap);

#ifdef CONFIG_DEBUG_VM
void memmap_check_tails(struct dev_pagemap *pgmap, unsigned long start_pfn,
			unsigned long end_pfn);
#else
static inline void memmap_check_tails(struct dev_pagemap *pgmap,
				      unsigned long start_pfn,
				      unsigned long end_pfn)
{
}
#endif /* CONFIG_DEBUG_VM */

#endif /* _MM_MEMMAP_COMPOUND_H */
