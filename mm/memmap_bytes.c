// SPDX-License-Identifier: GPL-2.0
/*
 * How much memory the struct pages of a device take.
 *
 * This is read from the page tables of the virtual memory map. So it holds for
 * every way in which struct pages are mapped: in large entries or base pages,
 * with or without sharing, in RAM or on the device, or since boot.
 */
#include <linux/export.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include "vmemmap_compound.h"

struct memmap_count {
	const struct vmem_altmap *altmap;
	u64 ram;
	u64 device;
	/* pfns that were counted last: what is mapped again comes next */
	unsigned long page;
	unsigned long table;
	unsigned long pmd_table;
};

static void count_bytes(struct memmap_count *count, unsigned long pfn,
			unsigned long bytes)
{
	const struct vmem_altmap *altmap = count->altmap;

	if (altmap && pfn >= altmap->base_pfn + altmap->reserve &&
	    pfn < altmap->base_pfn + altmap->reserve + altmap->free)
		count->device += bytes;
	else
		count->ram += bytes;
}

/* Count a page table, unless it was the last one: two ranges may be in it. */
static void count_table(struct memmap_count *count, struct page *table,
			unsigned long *last)
{
	if (page_to_pfn(table) == *last)
		return;
	*last = page_to_pfn(table);
	count_bytes(count, *last, PAGE_SIZE);
}

static void count_ptes(struct memmap_count *count, const pte_t *pte,
		       unsigned long addr, unsigned long end)
{
	unsigned long pfn;

	for (; addr < end; addr += PAGE_SIZE, pte++) {
		if (!pte_present(*pte))
			continue;
		pfn = pte_pfn(*pte);
		if (pfn != count->page)
			count_bytes(count, pfn, PAGE_SIZE);
		count->page = pfn;
	}
}

static void count_pmds(struct memmap_count *count, pmd_t *pmd,
		       unsigned long addr, unsigned long end)
{
	pmd_t last = __pmd(0);
	unsigned long next;

	for (; addr < end; addr = next, last = *pmd++) {
		next = pmd_addr_end(addr, end);
		if (pmd_none(*pmd))
			continue;
		if (pmd_leaf(*pmd)) {
			count_bytes(count, pmd_pfn(*pmd), next - addr);
			continue;
		}
		/* sections that share a table follow each other */
		if (pmd_same(*pmd, last))
			continue;
		count_table(count, pmd_page(*pmd), &count->table);
		count_ptes(count, pte_offset_kernel(pmd, addr), addr, next);
		cond_resched();
	}
}

static void count_range(struct memmap_count *count, unsigned long addr,
			unsigned long end)
{
	unsigned long next;
	pmd_t *pmd;

	for (; addr < end; addr = next) {
		next = pud_addr_end(addr, end);
		pmd = vmemmap_pmd(addr);
		if (!pmd)
			continue;
		count_table(count, virt_to_page(pmd), &count->pmd_table);
		count_pmds(count, pmd, addr, next);
	}
}

/**
 * pgmap_memmap_bytes() - memory that the struct pages of a pagemap take
 * @pgmap: pagemap that memremap_pages() has mapped. The caller has a reference.
 * @device: set to the number of bytes on the device itself, from the altmap
 *
 * Page tables of the two lowest levels are counted. A table may map the struct
 * pages of other memory beside. Then it is counted whole, for each of them.
 *
 * Context: May sleep. No lock is needed. Everything in the range is mapped, so
 *	no table above it can go, whatever its neighbours do.
 * Return: number of bytes in RAM.
 */
u64 pgmap_memmap_bytes(struct dev_pagemap *pgmap, u64 *device)
{
	struct memmap_count count = {
		.altmap = pgmap_altmap(pgmap),
		.page = ULONG_MAX,
		.table = ULONG_MAX,
		.pmd_table = ULONG_MAX,
	};
	const struct range *range;
	int i;

	for (i = 0; i < pgmap->nr_range; i++) {
		range = &pgmap->ranges[i];
		count_range(&count,
			    (unsigned long)pfn_to_page(PHYS_PFN(range->start)),
			    (unsigned long)pfn_to_page(PHYS_PFN(range->end + 1)));
	}

	*device = count.device;
	return count.ram;
}
EXPORT_SYMBOL_GPL(pgmap_memmap_bytes);
