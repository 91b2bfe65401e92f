/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_VMEMMAP_TABLE_H
#define _LINUX_VMEMMAP_TABLE_H
/*
 * Page tables of the virtual memory map that several sections share, see
 * mm/vmemmap_table.c.
 */
#include <linux/mm_types.h>
#include <linux/types.h>

struct dev_pagemap;

#ifdef CONFIG_VMEMMAP_COMPOUND

bool vmemmap_share_table(unsigned long start, unsigned long end,
			 const struct dev_pagemap *pgmap);
bool vmemmap_unshare_table(pmd_t *pmd, unsigned long addr, unsigned long end);

#else

static inline bool vmemmap_unshare_table(pmd_t *pmd, unsigned long addr,
					 unsigned long end)
{
	return false;
}

#endif /* CONFIG_VMEMMAP_COMPOUND */

#endif /* _LINUX_VMEMMAP_TABLE_H */
