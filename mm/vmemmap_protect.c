// SPDX-License-Identifier: GPL-2.0
/*
 * Tail struct pages that share memory are read-only.
 *
 * A store to one of them would be a store to up to 4094 others, in the same
 * place of each page of struct pages (mm/vmemmap_compound.c). Nothing has to
 * store there once they are initialised: references, flags, mapping, index and
 * poison are the head's; order, destructor and counts are in the first two
 * tails; the pagemap is found through the head; and teardown puts heads, counts
 * poison on heads, and only reads tails, to check them. Whoever does it all the
 * same has mistaken a tail for a page, and faults.
 *
 * The head and tails 1-63 are in another page of memory, and stay writable.
 * Fields of the first two tails do change, and the unit of protection is what
 * an entry maps.
 *
 * The direct map of the tail page is left alone. It takes a split large page
 * in it to protect 4K there, and it is not how anybody gets at a struct page.
 * So freeing the tail page needs no care: the allocator and page poisoning use
 * the direct map, and the entries of the virtual memory map are gone by then.
 */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include <asm/tlbflush.h>

#include "vmemmap_compound.h"
#include "vmemmap_protect.h"

/*
 * Protect what nr entries of one table map, from addr on. They are per entries
 * for each compound page, of which the first own are not to be protected. (A
 * page of 1G fills several tables; only the first of them has such an entry.)
 */
static void protect_entries(pte_t *pte, unsigned long addr, unsigned long nr,
			    unsigned long per, unsigned long own)
{
	unsigned long i, next;

	for (i = 0; i < nr; i = next) {
		next = i + per;
		/*
		 * There are many: no atomic operation. These entries have the
		 * accessed and the dirty bit since they exist, so the processor
		 * does not write to them.
		 */
		for (i += own; i < next; i++)
			set_pte_at(&init_mm, addr + i * PAGE_SIZE, pte + i,
				   pte_wrprotect(pte[i]));
	}
}

/**
 * vmemmap_protect_tails() - make tail struct pages that share memory read-only
 * @pgmap: pagemap of the range; nothing is done if its tails do not share
 * @start_pfn: first pfn, a multiple of the geometry
 * @end_pfn: pfn after the last, a multiple of the geometry
 *
 * They have to be initialised. Others can find the pagemap already, and by it
 * the pages, for instance to tell of a memory error; but they store to heads. So
 * a translation that allows stores to tails is in nobody's TLB for a purpose, and
 * after the flush here in none.
 *
 * Context: May sleep; the hotplug lock is not held. It is taken for reading:
 *	tables that entries of the range are in stay as long as they have such,
 *	but the levels above are walked, too.
 */
void vmemmap_protect_tails(const struct dev_pagemap *pgmap,
			   unsigned long start_pfn, unsigned long end_pfn)
{
	unsigned long start = (unsigned long)pfn_to_page(start_pfn);
	unsigned long end = (unsigned long)pfn_to_page(end_pfn);
	unsigned long size = pgmap_geometry_nr(pgmap) * sizeof(struct page);
	unsigned long addr, next, nr;
	pte_t *table, *done = NULL;

	if (!pgmap_tails_shared(pgmap))
		return;

	get_online_mems();
	for (addr = start; addr < end; addr = next) {
		next = pmd_addr_end(addr, end);
		table = vmemmap_table(addr);
		if (WARN_ON_ONCE(!table))
			continue;
		/* where sections share a table, they follow each other */
		if (table == done)
			continue;
		done = table;
		/* a table has whole compound pages, or a part of one */
		nr = (next - addr) >> PAGE_SHIFT;
		protect_entries(table + pte_index(addr), addr, nr,
				min(nr, size >> PAGE_SHIFT),
				IS_ALIGNED(addr - start, size));
		cond_resched();
	}
	put_online_mems();

	flush_tlb_kernel_range(start, end);
}

#ifdef CONFIG_DEBUG_VM
/**
 * vmemmap_poison() - page_init_poison() for struct pages that are given up
 * @page: the first one, at the start of a subsection
 * @size: bytes
 *
 * Leaves out what is read-only. So until it is unmapped, who comes from one of
 * these tails meets the poison only in the head that it leads to.
 *
 * Context: The hotplug lock is held.
 */
void vmemmap_poison(struct page *page, size_t size)
{
	unsigned long addr = (unsigned long)page;
	unsigned long next, end = addr + size;
	pte_t *table;

	for (; addr < end; addr = next) {
		next = pmd_addr_end(addr, end);
		table = vmemmap_table(addr);
		if (!table) {
			page_init_poison((struct page *)addr, next - addr);
			continue;
		}
		/* subsections have whole pages of struct pages */
		for (; addr < next; addr += PAGE_SIZE)
			if (pte_write(table[pte_index(addr)]))
				page_init_poison((struct page *)addr, PAGE_SIZE);
	}
}
#endif /* CONFIG_DEBUG_VM */
