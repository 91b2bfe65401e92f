/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_VMEMMAP_COMPOUND_H
#define _LINUX_VMEMMAP_COMPOUND_H
/*
 * Compound device pages whose tail struct pages share memory, see
 * mm/vmemmap_compound.c. This header declares what drivers and architectures
 * call.
 */
#include <linux/mm_types.h>

struct dev_pagemap;

#ifdef CONFIG_VMEMMAP_COMPOUND

const char *pgmap_share_problem(struct dev_pagemap *pgmap);
int vmemmap_populate_compound(unsigned long start, unsigned long end, int node,
			      const struct dev_pagemap *pgmap);
bool vmemmap_remove_entries(pte_t *table, unsigned long addr,
			    unsigned long end);

/* implemented by the architecture */
int vmemmap_populate_pgmap(unsigned long start, unsigned long end, int node,
			   const struct dev_pagemap *pgmap);

#else

static inline const char *pgmap_share_problem(struct dev_pagemap *pgmap)
{
	return "not enabled for this architecture";
}

static inline bool vmemmap_remove_entries(pte_t *table, unsigned long addr,
					  unsigned long end)
{
	return false;
}

#endif /* CONFIG_VMEMMAP_COMPOUND */

#endif /* _LINUX_VMEMMAP_COMPOUND_H */
