// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables of the virtual memory map that several sections share.
 *
 * With 4K pages and struct pages of 64 bytes, one page table maps the struct
 * pages of one section, and the struct pages of a 1G compound page take eight
 * tables. Where its tails share memory (mm/vmemmap_compound.c), all entries
 * from the second table on are the same, so one table serves seven sections:
 *
 *     PMD entry of               page table             memory
 *   +--------------------+     +---------------+
 *   | section 1 (head)   | --> | head          | -->  page of its own
 *   +--------------------+     | tail ... tail | -->  tail page
 *   | section 2          | -+  +---------------+        ^
 *   +--------------------+  |                           |
 *   | section 3          | -+> +---------------+        |
 *   +--------------------+  |  | tail ... tail | -------+
 *   | ...                | -+  +---------------+
 *   +--------------------+
 *
 * Each entry of a table, shared or not, holds one reference on the page that it
 * maps. A shared table also needs an owner count: the number of PMD entries
 * that point to it. When the last of them is removed, the table is freed and
 * its entries drop their references.
 *
 * The owner count, less one, is kept in ->private of the page that holds the
 * table. The page allocator hands out pages with 0 there, so a table that is
 * not shared has one owner. The reference count of the page cannot serve as the
 * owner count. Soft-offlining, for one, raises it for a moment. The last owner
 * would then leave the entries to an owner that does not exist.
 *
 * No owner is removed in part. All owners of a shared table are whole sections
 * within one compound page, and memory is added and removed by whole sections
 * where it has them. A table at the edge of a range of subsections may also
 * hold entries of a neighbour. A shared table never does.
 *
 * The callers hold mem_hotplug_begin(), which is the lock of the page tables of
 * the virtual memory map. So the owner counts need no atomic operations. PMD
 * entries are cleared under init_mm's page_table_lock, as elsewhere.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>
#include <linux/vmemmap_table.h>

#include <asm/tlbflush.h>

#include "vmemmap_compound.h"

/*
 * Whether [start, end) fills one table and the table before it holds only tails
 * of the same compound page. The first table of a compound page holds the head,
 * so sharing begins with the third. A compound page of 2M has no third table.
 */
static bool __meminit follows_tails_only(unsigned long start, unsigned long end,
					 unsigned long nr)
{
	unsigned long pfn = page_to_pfn((struct page *)start);
	struct page *head = pfn_to_page(ALIGN_DOWN(pfn, nr));

	return IS_ALIGNED(start, PMD_SIZE) && end - start == PMD_SIZE &&
	       start >= (unsigned long)head + 2 * PMD_SIZE &&
	       end <= (unsigned long)(head + nr);
}

/**
 * vmemmap_share_table() - map struct pages with the page table before
 * @start: first address in the virtual memory map
 * @end: address after the last, in the same section
 * @pgmap: pagemap with PGMAP_SHARED_TAILS. Its memory has been added from the
 *	head of the compound page that @start is in, up to @start.
 *
 * Nothing is allocated, and no level above the PMD changes. So no top-level
 * entry has to be made known to all processes: that was done for the section
 * before.
 *
 * Context: The hotplug lock is held.
 * Return: true if [@start, @end) is mapped now; false if no table can be shared
 *	there. Nothing has been changed then.
 */
bool __meminit vmemmap_share_table(unsigned long start, unsigned long end,
				   const struct dev_pagemap *pgmap)
{
	struct page *table;
	pmd_t *pmd, *before;

	if (!follows_tails_only(start, end, pgmap_geometry_nr(pgmap)))
		return false;

	pmd = vmemmap_pmd(start);
	before = vmemmap_pmd(start - PMD_SIZE);
	if (WARN_ON_ONCE(!before || pmd_none(*before) || pmd_leaf(*before)))
		return false;
	/* there is no table of PMD entries yet */
	if (!pmd)
		return false;
	/* a table is there already: vmemmap_pte_table() uses it, unshared */
	if (!pmd_none(*pmd))
		return false;

	table = pmd_page(*before);
	/* a table from boot uses ->private for something else */
	if (PageReserved(table))
		return false;
	set_page_private(table, page_private(table) + 1);
	set_pmd(pmd, *before);
	return true;
}

/**
 * vmemmap_unshare_table() - remove a PMD entry if its table has other owners
 * @pmd: PMD entry of the virtual memory map, which points to a page table
 * @addr: first address to remove
 * @end: address after the last, mapped by the same PMD entry
 *
 * No pagemap is needed, as the owner count is kept with the page table. The
 * owners may be removed in any order.
 *
 * Context: The hotplug lock is held. The caller flushes all TLBs before the
 *	entry of another owner is removed.
 * Return: true if nothing is left for the caller to do. The PMD entry has been
 *	removed and the other owners keep the table; or, with a warning, the
 *	entry stays. False if the table has no other owner: the caller removes
 *	the entries of the table, and then the table.
 */
bool __meminit vmemmap_unshare_table(pmd_t *pmd, unsigned long addr,
				     unsigned long end)
{
	struct page *table = pmd_page(*pmd);

	/* a table from boot is not shared: its ->private is something else */
	if (PageReserved(table) || !page_private(table))
		return false;

	/*
	 * Removing a part of the table would remove it for the other owners,
	 * too. So the entry stays for good, and memory that is added here again
	 * finds it in the way. No caller does this.
	 */
	if (WARN_ON_ONCE(!IS_ALIGNED(addr, PMD_SIZE) || end - addr != PMD_SIZE))
		return true;

	spin_lock(&init_mm.page_table_lock);
	pmd_clear(pmd);
	spin_unlock(&init_mm.page_table_lock);
	/*
	 * There is no flush here. vmemmap_free() is called for one section at a
	 * time, which is one owner, and flushes the TLBs of all CPUs, with what
	 * they cache of page tables, before it returns. So when the last owner
	 * frees the table, no CPU walks it through the entries of the others.
	 */
	set_page_private(table, page_private(table) - 1);
	return true;
}
