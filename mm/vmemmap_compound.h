/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_VMEMMAP_COMPOUND_H
#define _MM_VMEMMAP_COMPOUND_H
/*
 * Compound device pages whose tail struct pages share memory, see
 * mm/vmemmap_compound.c. A function that only mm/ calls is declared in a header
 * beside its file, like this one. A function that drivers or architectures call
 * is declared in include/linux/.
 */
#include <linux/errno.h>
#include <linux/memremap.h>
#include <linux/vmemmap_compound.h>

#ifdef CONFIG_VMEMMAP_COMPOUND

/* struct pages of a compound page that have memory of their own: two pages */
#define VMEMMAP_COMPOUND_NR	(2 * PAGE_SIZE / sizeof(struct page))

static inline bool pgmap_tails_shared(const struct dev_pagemap *pgmap)
{
	return pgmap && pgmap->flags & PGMAP_SHARED_TAILS;
}

const char *pgmap_share_tails(struct dev_pagemap *pgmap);
void vmemmap_shared_part(const struct dev_pagemap *pgmap,
			 unsigned long *start_pfn, unsigned long *end_pfn);
void vmemmap_verify_tails(const struct dev_pagemap *pgmap,
			  unsigned long start_pfn, unsigned long end_pfn,
			  int nid);
pmd_t *vmemmap_pmd(unsigned long addr);
pte_t *vmemmap_table(unsigned long addr);

#else

#define VMEMMAP_COMPOUND_NR	0UL

static inline bool pgmap_tails_shared(const struct dev_pagemap *pgmap)
{
	return false;
}

static inline const char *pgmap_share_tails(struct dev_pagemap *pgmap)
{
	if (pgmap_geometry(pgmap) == PAGE_SIZE)
		return NULL;
	return pgmap_share_problem(pgmap);
}

static inline void vmemmap_shared_part(const struct dev_pagemap *pgmap,
				       unsigned long *start_pfn,
				       unsigned long *end_pfn)
{
	*end_pfn = *start_pfn;
}

static inline void vmemmap_verify_tails(const struct dev_pagemap *pgmap,
					unsigned long start_pfn,
					unsigned long end_pfn, int nid)
{
}

static inline int vmemmap_populate_pgmap(unsigned long start, unsigned long end,
					 int node,
					 const struct dev_pagemap *pgmap)
{
	return -EOPNOTSUPP;
}

#endif /* CONFIG_VMEMMAP_COMPOUND */

#endif /* _MM_VMEMMAP_COMPOUND_H */
