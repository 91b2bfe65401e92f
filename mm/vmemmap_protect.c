// SPDX-License-Identifier: GPL-2.0
/*
 * Tail struct pages that share memory are read-only.
 *
 * A store to one of them would be a store to up to 4094 others, in the same
 * place of each page of struct pages (mm/vmemmap_compound.c). Once they are
 * initialised, nothing has to store there. References, flags, mapping, index
 * and poison are kept in the head. Order and counts are kept in the
 * first two tails. The pagemap is found through the head. Teardown drops
 * references and counts poison on heads; it reads tails only to check them.
 * Code that stores to a tail has mistaken it for a page, and faults.
 *
 * The head and tails 1-63 are in another page of memory and stay writable.
 * Fields of the first two tails do change, and a page table entry protects all
 * that it maps.
 *
 * The direct map of the tail page stays writable. To protect 4K there, a large
 * page would have to be split, and struct pages are not accessed through the
 * direct map. So freeing the tail page needs no care: the allocator and page
 * poisoning use the direct map, and the entries of the virtual memory map are
 * gone by then.
 */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include <asm/tlbflush.h>

#include "vmemmap_compound.h"
#include "vmemmap_protect.h"

/*
 * Protect what @nr entries of one table map, from @addr on. Each compound page
 * takes @per entries in the table, of which the first @own stay writable. (A
 * page of 1G fills several tables; only the first has such an entry.)
 */
static void protect_entries(pte_t *pte, unsigned long addr, unsigned long nr,
			    unsigned long per, unsigned long own)
{
	unsigned long i, next;

	for (i = 0; i < nr; i = next) {
		next = i + per;
		/*
		 * There are many entries, so this avoids atomic operations. The
		 * accessed and dirty bits are set from the start, so the
		 * processor does not write to these entries.
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
 * The struct pages have to be initialised. Others can find the pagemap already,
 * and the pages through it, for instance to report a memory error. But they
 * store to heads only. So nothing depends on a TLB entry that allows stores to
 * tails, and after the flush no TLB has one.
 *
 * Context: May sleep. The hotplug lock is not held: it is taken here, for
 *	reading. The tables with entries of the range cannot go away, but the
 *	walk also goes through the levels above them.
 */
void vmemmap_protect_tails(const struct dev_pagemap *pgmap,
			   unsigned long start_pfn, unsigned long end_pfn)
{
	unsigned long size = pgmap_geometry_nr(pgmap) * sizeof(struct page);
	unsigned long start, end, addr, next, nr;
	pte_t *table, *done = NULL;

	vmemmap_shared_part(pgmap, &start_pfn, &end_pfn);
	if (start_pfn == end_pfn)
		return;
	start = (unsigned long)pfn_to_page(start_pfn);
	end = (unsigned long)pfn_to_page(end_pfn);

	get_online_mems();
	for (addr = start; addr < end; addr = next) {
		next = pmd_addr_end(addr, end);
		table = vmemmap_table(addr);
		if (WARN_ON_ONCE(!table))
			continue;
		/* sections that share a table follow each other */
		if (table == done)
			continue;
		done = table;
		/* a table holds whole compound pages, or a part of one */
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
 * Read-only struct pages are left out. Until they are unmapped, code that uses
 * one of these tails finds the poison only in the head that the tail points to.
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
