/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_VMEMMAP_COMPOUND_H
#define _LINUX_VMEMMAP_COMPOUND_H
/*
 * Compound device pages whose tail struct pages share memory, see
 * mm/vmemmap_compound.c.
 */
#include <linux/errno.h>
#include <linux/memremap.h>
#include <linux/mm_types.h>
#include <linux/printk.h>

#ifdef CONFIG_VMEMMAP_COMPOUND

/* struct pages of a compound page that have memory of their own: two pages */
#define VMEMMAP_COMPOUND_NR	(2 * PAGE_SIZE / sizeof(struct page))

static inline bool pgmap_tails_shared(const struct dev_pagemap *pgmap)
{
	return pgmap && pgmap->flags & PGMAP_SHARED_TAILS;
}

const char *pgmap_share_problem(struct dev_pagemap *pgmap);
int vmemmap_populate_compound(unsigned long start, unsigned long end, int node,
			      const struct dev_pagemap *pgmap);
void vmemmap_drop_aliases(pte_t *table, unsigned long addr, unsigned long end);
pmd_t *vmemmap_pmd(unsigned long addr);
pte_t *vmemmap_table(unsigned long addr);

/* of the architecture */
int vmemmap_populate_pgmap(unsigned long start, unsigned long end, int node,
			   const struct dev_pagemap *pgmap);

#else

#define VMEMMAP_COMPOUND_NR	0UL

static inline bool pgmap_tails_shared(const struct dev_pagemap *pgmap)
{
	return false;
}

static inline const char *pgmap_share_problem(struct dev_pagemap *pgmap)
{
	return "not enabled for this architecture";
}

static inline int vmemmap_populate_pgmap(unsigned long start, unsigned long end,
					 int node,
					 const struct dev_pagemap *pgmap)
{
	return -EOPNOTSUPP;
}

static inline void vmemmap_drop_aliases(pte_t *table, unsigned long addr,
					unsigned long end)
{
}

#endif /* CONFIG_VMEMMAP_COMPOUND */

/**
 * pgmap_share_tails() - decide whether the tails of a pagemap share memory
 * @pgmap: pagemap with a geometry that pgmap_geometry_problem() has nothing
 *	against
 *
 * The answer is kept in PGMAP_SHARED_TAILS for those who populate the memmap
 * and those who write it: they must agree, as whoever takes shared struct pages
 * for unshared ones only loses time, but the reverse leaves them unwritten. It
 * is set or cleared, whatever it was, because drivers use a pagemap again.
 *
 * A pagemap of several ranges shares in all of them or in none.
 *
 * Context: The caller owns @pgmap, which is not in use yet.
 */
static inline void pgmap_share_tails(struct dev_pagemap *pgmap)
{
	const char *problem;

	pgmap->flags &= ~PGMAP_SHARED_TAILS;
	if (pgmap_geometry(pgmap) == PAGE_SIZE)
		return;

	problem = pgmap_share_problem(pgmap);
	if (!problem)
		pgmap->flags |= PGMAP_SHARED_TAILS;
	else
		pr_info("memmap of %#llx-%#llx does not share tails: %s\n",
			pgmap->ranges[0].start,
			pgmap->ranges[pgmap->nr_range - 1].end, problem);
}

/**
 * pgmap_compound_own_nr() - struct pages to write for one compound page
 * @pgmap: the pagemap, after memremap_pages() has decided on sharing
 * @order: log2 of the number of base pages of the compound page
 *
 * The struct pages of a compound page that follow these are other addresses of
 * the last PAGE_SIZE / sizeof(struct page) of them: they read the same, and
 * must not be written.
 *
 * Return: number of struct pages, from the head on.
 */
static inline unsigned long
pgmap_compound_own_nr(const struct dev_pagemap *pgmap, unsigned int order)
{
	return pgmap_tails_shared(pgmap) ? VMEMMAP_COMPOUND_NR : 1UL << order;
}

#endif /* _LINUX_VMEMMAP_COMPOUND_H */
