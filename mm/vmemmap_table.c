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
 * Each entry of a table, shared or not, has one reference on the page that it
 * maps. What is new is the number of PMD entries that point to a table: the
 * table goes, and its entries drop their references, with the last of them.
 * ->private of the page that a table is in has that number, less one: 0, as the
 * page allocator hands pages out, is a table with one owner, which is every
 * other table. (The reference count of the page does not do for it. Anyone may
 * raise that for a moment, soft-offlining for one, and the last owner would
 * leave the entries to an owner that does not exist.)
 *
 * A shared table is never met in part. All of its owners are whole sections
 * that lie within one compound page, and memory is added and removed by whole
 * sections where it has them. No neighbour has an entry in such a table, as may
 * be in tables at the edges of ranges of subsections; those have one owner.
 *
 * All of this happens under mem_hotplug_begin(), which is the lock of the page
 * tables of the virtual memory map: the counts are plain numbers. init_mm's
 * page_table_lock is taken as everywhere where such entries are cleared.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>
#include <linux/vmemmap_table.h>

#include <asm/tlbflush.h>

#include "vmemmap_compound.h"

/*
 * Whether [start, end) is all that one table maps, and so is what comes before
 * it in the same compound page, tails only as well: not the table that has the
 * head. No compound page of 2M is that large.
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
 * vmemmap_share_table() - map struct pages with the page table of those before
 * @start: first address in the virtual memory map
 * @end: address after the last, in the same section
 * @pgmap: pagemap with PGMAP_SHARED_TAILS. Its memory has been added from the
 *	head of the compound page that @start is in, up to @start.
 *
 * Nothing is allocated, and no level above the PMD changes: what all processes
 * have to know was made known for the section before.
 *
 * Context: The hotplug lock is held.
 * Return: true if it is mapped; false where that is not possible, for one page
 *	table serves no other section. Nothing has been changed then.
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
	/* the first section that needs this table of PMD entries */
	if (!pmd)
		return false;
	/* nobody shares it then: vmemmap_pte_table() takes what is there */
	if (!pmd_none(*pmd))
		return false;

	table = pmd_page(*before);
	/* from boot: there is something else where the owners are counted */
	if (PageReserved(table))
		return false;
	set_page_private(table, page_private(table) + 1);
	set_pmd(pmd, *before);
	return true;
}

/**
 * vmemmap_unshare_table() - remove a PMD entry whose page table others need
 * @pmd: PMD entry of the virtual memory map, which points to a page table
 * @addr: first address to remove
 * @end: address after the last, mapped by the same PMD entry
 *
 * No pagemap is needed: the page table knows. The owners may go in any order.
 *
 * Context: The hotplug lock is held. Not in atomic context: other CPUs are made
 *	to flush.
 * Return: true if nothing is left for the caller to do: the entry is gone and
 *	others have the table, or, with a warning, the entry stays. False if the
 *	table has no other owner: the caller removes its entries, and then it.
 */
bool __meminit vmemmap_unshare_table(pmd_t *pmd, unsigned long addr,
				     unsigned long end)
{
	struct page *table = pmd_page(*pmd);

	/* tables from boot have something else in there and are not shared */
	if (PageReserved(table) || !page_private(table))
		return false;

	/*
	 * The others would lose theirs: rather leave it, for good. Nobody does
	 * this; adding memory here once more would find the entries in the way.
	 */
	if (WARN_ON_ONCE(!IS_ALIGNED(addr, PMD_SIZE) || end - addr != PMD_SIZE))
		return true;

	spin_lock(&init_mm.page_table_lock);
	pmd_clear(pmd);
	spin_unlock(&init_mm.page_table_lock);
	/*
	 * Before there is one owner less: the last one frees the table and the
	 * tail page. By then no CPU may translate through this entry, nor have
	 * a cached copy of it to walk the table from. Flushing by address would
	 * not do, it leaves such copies of other address spaces alone.
	 *
	 * No test shows that it is needed: vmemmap_free() flushes everything
	 * before it returns, and is called for one section, thus one owner, at
	 * a time. But that is the callers' habit and not their promise. What
	 * the last owner does with its own entry is remove_pmd_table()'s.
	 */
	flush_tlb_all();
	set_page_private(table, page_private(table) - 1);
	return true;
}
