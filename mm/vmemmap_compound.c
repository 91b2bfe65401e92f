// SPDX-License-Identifier: GPL-2.0
/*
 * Shared tail struct pages of compound device pages.
 *
 * All but the first tails of a compound page have the same content: zone, node
 * and the address of the head. With 4K pages and struct pages of 64 bytes, the
 * struct pages of 2M fill eight pages of the virtual memory map, and those of
 * 1G fill 4096. From the second on, these pages are equal. So only two of them
 * have memory, and all others map the second:
 *
 *     virtual memory map                 memory
 *   +--------------------+
 *   | head, tails 1-63   | ---------->  page of its own
 *   +--------------------+
 *   | tails 64-127       | ---------->  tail page
 *   +--------------------+                ^
 *   | tails 128-191      | ---------------+
 *   +--------------------+                |
 *   | ...                | ---------------+
 *   +--------------------+
 *
 * What differs between tails (order and counts of the compound page) is
 * in the first two of them, next to the head. A tail page is never shared
 * between compound pages.
 *
 * Every page table entry that maps a page of the virtual memory map holds one
 * reference on it. So removal, which knows no pagemap, does not have to know
 * whether a page is shared. Each entry drops its reference when it is removed,
 * and the last one frees the page.
 *
 * The callers hold mem_hotplug_begin(), which is the lock of the page tables of
 * the virtual memory map.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>

#include <asm/tlbflush.h>

#include "vmemmap_compound.h"

/*
 * A section that is partly RAM has had its whole memmap, of base pages, since
 * boot. Device memory that is added to it uses that memmap, see
 * section_activate(). Only the first and the last section of a range can be
 * partly RAM. The others are added whole, which fails where RAM has a part.
 *
 * There is no lock here. After boot a section can cease to be an early one, but
 * none becomes one. One that is partly device memory stays what it is, so from
 * the add to the removal of a range the answer is the same.
 */
static bool in_early_section(unsigned long pfn)
{
	return early_section(__pfn_to_section(pfn));
}

/**
 * vmemmap_shared_part() - where in a range the tails share memory
 * @pgmap: pagemap of the range, after memremap_pages() has decided on sharing
 * @start_pfn: first pfn, a multiple of the geometry; set to that of the part
 * @end_pfn: pfn after the last, a multiple of the geometry; set to that of the
 *	part, which is *@start_pfn if there is no such part
 *
 * In the first and the last section of the range, the memmap may exist since
 * boot. Tails do not share there. Each of the parts is a multiple of the
 * geometry, as a pagemap whose compound pages are larger than a section does
 * not share if such a section belongs to it.
 *
 * Context: The range has been added.
 */
void vmemmap_shared_part(const struct dev_pagemap *pgmap,
			 unsigned long *start_pfn, unsigned long *end_pfn)
{
	unsigned long start = *start_pfn, end = *end_pfn;

	if (!pgmap_tails_shared(pgmap)) {
		*end_pfn = start;
		return;
	}
	if (in_early_section(start))
		start = min(SECTION_ALIGN_UP(start + 1), end);
	if (start < end && in_early_section(end - 1))
		end = SECTION_ALIGN_DOWN(end - 1);
	*start_pfn = start;
	*end_pfn = end;
}

/*
 * Whether no tails can share, because of sections whose memmap has been there
 * since boot: it is all sections, or it is a part of a compound page. That part
 * might lack the tail page that the others are to map.
 */
static bool early_sections_forbid(const struct dev_pagemap *pgmap)
{
	unsigned long first, last;
	bool small = pgmap_geometry_nr(pgmap) <= PAGES_PER_SECTION;
	bool early, all = true;
	int i;

	for (i = 0; i < pgmap->nr_range; i++) {
		first = PHYS_PFN(pgmap->ranges[i].start);
		last = PHYS_PFN(pgmap->ranges[i].end);
		early = in_early_section(first) || in_early_section(last);
		if (early && !small)
			return true;
		/* between the two, sections are added whole */
		if (!in_early_section(first) || !in_early_section(last) ||
		    pfn_to_section_nr(last) - pfn_to_section_nr(first) > 1)
			all = false;
	}
	return all;
}

/**
 * pgmap_share_problem() - why the tails of a pagemap cannot share memory
 * @pgmap: pagemap with a geometry that passes pgmap_geometry_problem(); its
 *	flags, altmap and ranges are looked at
 *
 * memremap_pages() asks this. A driver may ask before, where the answer changes
 * what it passes to memremap_pages().
 *
 * Context: Any. The caller owns @pgmap, which is not in use yet.
 * Return: NULL if they can, else the reason as a string that completes
 *	"does not share tails: ".
 */
const char *pgmap_share_problem(struct dev_pagemap *pgmap)
{
	if (pgmap_altmap(pgmap))
		return "it is on the device itself";
	if (!is_power_of_2(sizeof(struct page)))
		return "struct pages straddle pages";
	if (pgmap_geometry_nr(pgmap) <= VMEMMAP_COMPOUND_NR)
		return "the compound pages are too small";
	if (early_sections_forbid(pgmap))
		return "it exists since boot, or a part of a compound page does";
	return NULL;
}
EXPORT_SYMBOL_GPL(pgmap_share_problem);

/**
 * pgmap_share_tails() - decide whether the tails of a pagemap share memory
 * @pgmap: pagemap with a geometry that passes pgmap_geometry_problem()
 *
 * The answer is kept in PGMAP_SHARED_TAILS. The code that populates the memmap
 * and the code that writes it must agree on it. Writing shared struct pages as
 * if they were unshared only costs time, but the reverse leaves struct pages
 * unwritten. The flag is set or cleared whatever it was before, because drivers
 * use a pagemap again.
 *
 * A pagemap of several ranges shares in all of them or in none, but for what
 * vmemmap_shared_part() leaves out.
 *
 * Context: The caller owns @pgmap, which is not in use yet.
 * Return: NULL if they share, and for base pages, which have no tails; else the
 *	reason as from pgmap_share_problem().
 */
const char *pgmap_share_tails(struct dev_pagemap *pgmap)
{
	const char *problem;

	pgmap->flags &= ~PGMAP_SHARED_TAILS;
	if (pgmap_geometry(pgmap) == PAGE_SIZE)
		return NULL;

	problem = pgmap_share_problem(pgmap);
	if (!problem)
		pgmap->flags |= PGMAP_SHARED_TAILS;
	return problem;
}

/* The page table for addr, allocated if there is none; ERR_PTR on failure. */
static pte_t * __meminit vmemmap_pte_table(unsigned long addr, int node)
{
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	pgd = vmemmap_pgd_populate(addr, node);
	if (!pgd)
		return ERR_PTR(-ENOMEM);
	p4d = vmemmap_p4d_populate(pgd, addr, node);
	if (!p4d)
		return ERR_PTR(-ENOMEM);
	pud = vmemmap_pud_populate(p4d, addr, node);
	if (!pud)
		return ERR_PTR(-ENOMEM);
	pmd = vmemmap_pmd_populate(pud, addr, node);
	if (!pmd)
		return ERR_PTR(-ENOMEM);
	/*
	 * A PMD entry maps a section that was added whole and without sharing.
	 * Nothing can be added to such a section.
	 */
	if (WARN_ON_ONCE(pmd_leaf(*pmd)))
		return ERR_PTR(-EEXIST);
	return pte_offset_kernel(pmd, 0);
}

/**
 * vmemmap_pmd() - look up a PMD entry of the virtual memory map
 * @addr: address in the virtual memory map
 *
 * Context: The hotplug lock is held, at least for reading, or what is mapped at
 *	@addr stays: that protects the tables of the levels above.
 * Return: the entry, which may be none or a leaf; NULL if there is no table of
 *	PMD entries for @addr.
 */
pmd_t *vmemmap_pmd(unsigned long addr)
{
	pgd_t *pgd = pgd_offset_k(addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud) || pud_leaf(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

/**
 * vmemmap_table() - look up a page table of the virtual memory map
 * @addr: address in the virtual memory map
 *
 * Context: as for vmemmap_pmd().
 * Return: the first entry of the page table; NULL if nothing or a larger entry
 *	maps @addr.
 */
pte_t *vmemmap_table(unsigned long addr)
{
	pmd_t *pmd = vmemmap_pmd(addr);

	if (!pmd || pmd_none(*pmd) || pmd_leaf(*pmd))
		return NULL;
	return pte_offset_kernel(pmd, 0);
}

/* The page that is mapped at addr, which has been populated. */
static struct page * __meminit vmemmap_mapped_page(unsigned long addr)
{
	pte_t *pte = vmemmap_table(addr);

	if (!pte)
		return NULL;
	pte += pte_index(addr);
	return pte_present(*pte) ? pte_page(*pte) : NULL;
}

/*
 * An entry that is to be written should be empty. If it is not, the owner of
 * the page that it maps is unknown. So the entry is cleared and that page is
 * leaked. Otherwise a failed populate would free it with the new entries.
 */
static void __meminit vmemmap_clear_stale(pte_t *pte, unsigned long addr)
{
	if (likely(pte_none(*pte)))
		return;

	WARN_ON_ONCE(1);
	pte_clear(&init_mm, addr, pte);
	flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
}

static struct page * __meminit vmemmap_map_new(pte_t *pte, unsigned long addr,
					       int node)
{
	void *block;

	vmemmap_clear_stale(pte, addr);
	block = vmemmap_alloc_block(PAGE_SIZE, node);
	if (!block)
		return NULL;
	/* the entry takes over the reference of the allocation */
	set_pte_at(&init_mm, addr, pte,
		   mk_pte(virt_to_page(block), PAGE_KERNEL));
	return virt_to_page(block);
}

/* Map page at [addr, end), which is in one table. */
static void __meminit vmemmap_map_shared(pte_t *pte, unsigned long addr,
					 unsigned long end, struct page *page)
{
	pte_t entry = mk_pte(page, PAGE_KERNEL);

	/* one for each entry; the hotplug lock keeps them from being removed */
	page_ref_add(page, (end - addr) >> PAGE_SHIFT);
	for (; addr < end; addr += PAGE_SIZE, pte++) {
		vmemmap_clear_stale(pte, addr);
		set_pte_at(&init_mm, addr, pte, entry);
	}
}

/* The address of the head's struct page, for the struct page at addr. */
static unsigned long vmemmap_head(unsigned long addr, unsigned long nr)
{
	unsigned long pfn = page_to_pfn((struct page *)addr);

	return (unsigned long)pfn_to_page(ALIGN_DOWN(pfn, nr));
}

/*
 * Fill the part [addr, end) of one table; compound pages have nr base pages.
 * The part may begin within a compound page, as every section of a 1G page but
 * the first does. Then the page to share has been mapped for the section with
 * the head: sections are added in order, and a compound page lies within the
 * range that is added.
 */
static int __meminit vmemmap_fill_table(pte_t *table, unsigned long addr,
					unsigned long end, int node,
					unsigned long nr)
{
	unsigned long head, own, next;
	struct page *tail;

	for (; addr < end; addr = next) {
		head = vmemmap_head(addr, nr);
		next = min(end, head + nr * sizeof(struct page));
		own = min(end, head + VMEMMAP_COMPOUND_NR * sizeof(struct page));

		tail = NULL;
		for (; addr < own; addr += PAGE_SIZE) {
			tail = vmemmap_map_new(table + pte_index(addr), addr,
					       node);
			if (!tail)
				return -ENOMEM;
		}
		if (addr == next)
			continue;

		if (!tail)
			tail = vmemmap_mapped_page(head + PAGE_SIZE);
		if (WARN_ON_ONCE(!tail))
			return -EINVAL;
		vmemmap_map_shared(table + pte_index(addr), addr, next, tail);
	}
	return 0;
}

/**
 * vmemmap_populate_compound() - map struct pages and let their tails share
 * @start: first address in the virtual memory map, of the first struct page of
 *	a subsection
 * @end: address after the last, in the same section
 * @node: preferred node of the struct pages
 * @pgmap: pagemap with PGMAP_SHARED_TAILS. Its memory has been added from the
 *	head of the compound page that @start is in, up to @start.
 *
 * The architecture's vmemmap_populate_pgmap() calls this. Before that returns,
 * new top-level page table entries have to be known to all processes, as its
 * caller writes to [@start, @end) at once.
 *
 * On failure a part may be populated. vmemmap_free() of [@start, @end) removes
 * it and drops every reference that was taken.
 *
 * Context: May sleep. The hotplug lock is held.
 * Return: 0; -ENOMEM; or, with a warning, -EEXIST if a PMD entry maps a part of
 *	the range already, -EINVAL if the tail page to share is not mapped.
 */
int __meminit vmemmap_populate_compound(unsigned long start, unsigned long end,
					int node,
					const struct dev_pagemap *pgmap)
{
	unsigned long nr = pgmap_geometry_nr(pgmap);
	unsigned long addr, next;
	pte_t *table;
	int err;

	for (addr = start; addr < end; addr = next) {
		next = pmd_addr_end(addr, end);
		table = vmemmap_pte_table(addr, node);
		if (IS_ERR(table))
			return PTR_ERR(table);
		err = vmemmap_fill_table(table, addr, next, node, nr);
		if (err)
			return err;
	}
	return 0;
}

/**
 * vmemmap_verify_tails() - warn of struct pages on a distant node
 * @pgmap: pagemap of the range; nothing is done if its tails do not share
 * @start_pfn: first pfn, a multiple of the geometry
 * @end_pfn: pfn after the last, a multiple of the geometry
 * @nid: node that the struct pages should be on
 *
 * Prints one line for a range. If the node has no memory or runs out of it, the
 * tail page that was allocated last is on another node, so only that page is
 * checked. vmemmap_verify() does not fit here: it is for boot memory.
 *
 * Context: The hotplug lock is held, and the range has been added.
 */
void __ref vmemmap_verify_tails(const struct dev_pagemap *pgmap,
				unsigned long start_pfn, unsigned long end_pfn,
				int nid)
{
	struct page *page;

	vmemmap_shared_part(pgmap, &start_pfn, &end_pfn);
	if (start_pfn == end_pfn)
		return;
	page = vmemmap_mapped_page((unsigned long)pfn_to_page(end_pfn - 1));
	if (page && node_distance(page_to_nid(page), nid) > LOCAL_DISTANCE)
		pr_warn("memmap of pfns %#lx-%#lx: node %d has no room, struct pages are on node %d\n",
			start_pfn, end_pfn - 1, nid, page_to_nid(page));
}

/**
 * vmemmap_remove_entries() - remove the entries of a page table
 * @table: page table of the virtual memory map
 * @addr: first address, mapped by @table
 * @end: address after the last
 *
 * Where tails share memory, most entries are equal to the one before. Such a row
 * drops its references with one subtraction, and takes the lock once, under which
 * x86 clears the entries of the kernel's page tables.
 *
 * As in vmemmap_free(), pages are freed before the TLB is flushed. Nobody uses a
 * memmap that is being removed.
 *
 * Context: The hotplug lock is held. The caller flushes the TLB as for entries that
 *	it removes itself.
 * Return: true if no entry is left. False if there are entries of pages from boot,
 *	which the caller removes: they are freed in another way.
 */
bool __meminit vmemmap_remove_entries(pte_t *table, unsigned long addr,
				      unsigned long end)
{
	pte_t *pte = table + pte_index(addr);
	bool all = true;

	while (addr < end) {
		pte_t entry = *pte;
		struct page *page = pte_page(entry);
		unsigned long nr = 0;

		if (!pte_present(entry) || PageReserved(page)) {
			all &= pte_none(entry);
			addr += PAGE_SIZE;
			pte++;
			continue;
		}

		spin_lock(&init_mm.page_table_lock);
		do {
			pte_clear(&init_mm, addr, pte++);
			addr += PAGE_SIZE;
			nr++;
		} while (addr < end && pte_same(*pte, entry));
		spin_unlock(&init_mm.page_table_lock);

		if (nr > 1)
			page_ref_sub(page, nr - 1);
		__free_page(page);
	}
	return all;
}
