// SPDX-License-Identifier: GPL-2.0
/*
 * Shared tail struct pages of compound device pages.
 *
 * The tails of a compound page say the same: their zone and node, and where
 * the head is. With 4K pages and struct pages of 64 bytes, the struct pages of
 * 2M fill eight pages of the virtual memory map, those of 1G 4096, and from the
 * second on they are the same. So two exist, and all others map the second:
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
 * What differs between tails (order, destructor, counts of the compound page)
 * is in the first two of them, next to the head. A tail page is never shared
 * between compound pages.
 *
 * Every page table entry that maps a page of the virtual memory map holds one
 * reference on it. So removal, which knows no pagemap, needs nothing to know it
 * by: an entry goes and drops its reference, the last one frees the page.
 *
 * All of this happens under mem_hotplug_begin(), which is the lock of the page
 * tables of the virtual memory map.
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
 * A section that RAM has part of has had its whole memmap, of base pages, since
 * boot; device memory that is added to it uses that, see section_activate().
 * Only the first and the last section of a range can be such: the others are
 * added whole, which fails where RAM has a part.
 *
 * There is no lock here. After boot a section can cease to be an early one but
 * not become one, so the answer can only err to the safe side.
 */
static bool touches_early_section(const struct dev_pagemap *pgmap)
{
	const struct range *range;
	int i;

	for (i = 0; i < pgmap->nr_range; i++) {
		range = &pgmap->ranges[i];
		if (early_section(__pfn_to_section(PHYS_PFN(range->start))) ||
		    early_section(__pfn_to_section(PHYS_PFN(range->end))))
			return true;
	}
	return false;
}

/**
 * pgmap_share_problem() - why the tails of a pagemap can not share memory
 * @pgmap: pagemap with a geometry that pgmap_geometry_problem() has nothing
 *	against; its flags, altmap and ranges are looked at
 *
 * Drivers may ask before memremap_pages() does, where the answer makes a
 * difference to what they ask it for.
 *
 * Context: Any. The caller owns @pgmap, which is not in use yet.
 * Return: NULL where they can, else the reason as a string that completes
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
	if (touches_early_section(pgmap))
		return "a part of it exists since boot";
	return NULL;
}
EXPORT_SYMBOL_GPL(pgmap_share_problem);

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
 * Return: NULL where they do, and for base pages, which have no tails; else the
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

/* The page table for addr, allocated where there is none; an ERR_PTR if not. */
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
	 * Sections that are added whole and without sharing are mapped by PMD
	 * entries. Nothing is left to add to those.
	 */
	if (WARN_ON_ONCE(pmd_leaf(*pmd)))
		return ERR_PTR(-EEXIST);
	return pte_offset_kernel(pmd, 0);
}

/**
 * vmemmap_pmd() - look up a PMD entry of the virtual memory map
 * @addr: address in the virtual memory map
 *
 * Context: The hotplug lock is held, for reading at least: the tables above
 *	come and go under it.
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
 * Return: the page table, from its first entry on; NULL where nothing or a
 *	larger entry maps @addr.
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
 * There is nothing in an entry that is to be written. If there were, nobody
 * would know whose page it maps: leak that, rather than give it back with the
 * entries of our own, should the populate fail.
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
	/* the reference of the allocation is the entry's */
	set_pte_at(&init_mm, addr, pte,
		   mk_pte(virt_to_page(block), PAGE_KERNEL));
	return virt_to_page(block);
}

/* Map page at [addr, end), which is in one table. */
static void __meminit vmemmap_map_shared(pte_t *pte, unsigned long addr,
					 unsigned long end, struct page *page)
{
	pte_t entry = mk_pte(page, PAGE_KERNEL);

	/* one for each entry; nobody can remove them under the hotplug lock */
	page_ref_add(page, (end - addr) >> PAGE_SHIFT);
	for (; addr < end; addr += PAGE_SIZE, pte++) {
		vmemmap_clear_stale(pte, addr);
		set_pte_at(&init_mm, addr, pte, entry);
	}
}

/* Where the struct page of the head is, for the struct page at addr. */
static unsigned long vmemmap_head(unsigned long addr, unsigned long nr)
{
	unsigned long pfn = page_to_pfn((struct page *)addr);

	return (unsigned long)pfn_to_page(ALIGN_DOWN(pfn, nr));
}

/*
 * Fill the part [addr, end) of one table; compound pages have nr base pages.
 * Where it begins amid one, as every section of 1G but the first does, the
 * page to share is found where the section before has mapped it: sections are
 * added in order, and compound pages lie within the range that is added.
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
 * vmemmap_populate_compound() - map struct pages of compound pages, tails shared
 * @start: first address in the virtual memory map, of the first struct page of
 *	a subsection
 * @end: address after the last, in the same section
 * @node: preferred node of the struct pages
 * @pgmap: pagemap with PGMAP_SHARED_TAILS. Its memory has been added from the
 *	head of the compound page that @start is in, up to @start.
 *
 * For the architecture's vmemmap_populate_pgmap(), which has to make new
 * top-level page table entries known to all processes before it returns: the
 * caller writes to [@start, @end) at once.
 *
 * On failure a part may be populated. vmemmap_free() of [@start, @end) removes
 * it, with every reference that was taken.
 *
 * Context: May sleep. The hotplug lock is held.
 * Return: 0; -ENOMEM; or, with a warning, -EEXIST if a PMD entry maps the range
 *	already, -EINVAL if nothing maps what comes before @start.
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
 * vmemmap_verify_tails() - tell where struct pages are not on the node wanted
 * @pgmap: pagemap of the range; nothing is done if its tails do not share
 * @start_pfn: first pfn, a multiple of the geometry
 * @end_pfn: pfn after the last, a multiple of the geometry
 * @nid: node that the struct pages should be on
 *
 * One line for a range: a node has no memory, or has none left, and then the
 * page of tails that was allocated last is on another. Not vmemmap_verify(),
 * which is for boot memory.
 *
 * Context: The hotplug lock is held, and the range has been added.
 */
void __ref vmemmap_verify_tails(const struct dev_pagemap *pgmap,
				unsigned long start_pfn, unsigned long end_pfn,
				int nid)
{
	struct page *page;

	if (!pgmap_tails_shared(pgmap))
		return;
	page = vmemmap_mapped_page((unsigned long)pfn_to_page(end_pfn - 1));
	if (page && node_distance(page_to_nid(page), nid) > LOCAL_DISTANCE)
		pr_warn("memmap of pfns %#lx-%#lx: node %d has no room, struct pages are on node %d\n",
			start_pfn, end_pfn - 1, nid, page_to_nid(page));
}

/**
 * vmemmap_drop_aliases() - leave one entry where several in a row map one page
 * @table: page table of the virtual memory map
 * @addr: first address, mapped by @table
 * @end: address after the last
 *
 * What vmemmap_free() does with an entry costs hundreds of instructions, what
 * has to be done here a few: the entries of a row are alike, and the one that
 * is left keeps the page, so none of the references dropped is the last.
 *
 * Context: The hotplug lock is held. The caller removes what is left and
 *	flushes the TLB, as it does for the entries it removes itself.
 */
void __meminit vmemmap_drop_aliases(pte_t *table, unsigned long addr,
				    unsigned long end)
{
	pte_t *first = table + pte_index(addr), *pte = first, *run, entry;
	pte_t *last = first + ((end - addr) >> PAGE_SHIFT);

	spin_lock(&init_mm.page_table_lock);
	while (pte < last) {
		run = pte;
		entry = *run;
		while (++pte < last && pte_same(*pte, entry))
			pte_clear(&init_mm, addr + (pte - first) * PAGE_SIZE,
				  pte);
		if (pte - run > 1 && pte_present(entry))
			page_ref_sub(pte_page(entry), pte - run - 1);
	}
	spin_unlock(&init_mm.page_table_lock);
}
