// SPDX-License-Identifier: GPL-2.0-only
/*
 * This test looks at every struct page of a device, and at the page tables that
 * map the struct pages.
 *
 * Each write to <debugfs>/test_devdax_memmap/command is one command. START and
 * SIZE are bytes of physical memory:
 *
 *   bound START SIZE GEOMETRY
 *	checks an unused device with pages of GEOMETRY bytes. It succeeds if
 *	- every struct page has the content that it must have,
 *	- every page of memory that holds struct pages has one reference for
 *	  each page table entry that maps it,
 *	- every page table has in ->private the number of PMD entries that point
 *	  to it, less one: 0 unless several sections share the table,
 *	- section_mem_map has no flags but those that makedumpfile knows.
 *   unbound START SIZE
 *	succeeds if no struct page of the range is mapped.
 *
 * If a command fails, the write fails, and the log says what is wrong first.
 *
 * Reading the file gives what the last command found: the number of page table
 * entries of 4K that map struct pages, how many of these are read-only, the
 * number of entries of 2M, of page tables, and of pages of 4K that hold struct
 * pages. A page table that several PMD entries point to counts once, and so do
 * its entries.
 */
#define pr_fmt(fmt) "test_devdax_memmap: " fmt

#include <linux/debugfs.h>
#include <linux/devdax_test.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

/* One page of memory with struct pages, and the run of entries that map it. */
struct memmap_run {
	struct page *page;
	unsigned long addr;
	int nr;
	bool uncounted;		/* on the device itself */
};

/* One page table, and the run of PMD entries that point to it. */
struct table_run {
	pte_t *table;
	unsigned long addr;
	int nr;
};

static struct {
	unsigned long ptes, readonly, pmds, tables, pages, holes;
} found;
static DEFINE_MUTEX(test_lock);

static bool wrong(unsigned long pfn, const char *what, unsigned long is,
		  unsigned long wanted)
{
	if (is == wanted)
		return false;
	pr_err("pfn %#lx: %s is %#lx, not %#lx\n", pfn, what, is, wanted);
	return true;
}

/* Check what head, tail and base pages have in common. */
static int check_any(struct page *page, unsigned long pfn, struct page *first,
		     unsigned long flags)
{
	if (wrong(pfn, "zone", page_zonenum(page), ZONE_DEVICE) ||
	    wrong(pfn, "node", page_to_nid(page), page_to_nid(first)) ||
	    wrong(pfn, "flags",
		  devdax_test_flags(page) & ((1UL << NR_PAGEFLAGS) - 1), flags) ||
	    wrong(pfn, "mapcount", atomic_read(&page->_mapcount), -1UL) ||
	    wrong(pfn, "pgmap", (unsigned long)page_pgmap(page),
		  (unsigned long)page_pgmap(first)))
		return -EUCLEAN;
	return 0;
}

static int check_head(struct page *page, unsigned long pfn, struct page *first,
		      unsigned long nr)
{
	bool compound = nr > 1;

	if (wrong(pfn, "compound head", (unsigned long)compound_head(page),
		  (unsigned long)page) ||
	    wrong(pfn, "references", page_ref_count(page),
		  DEVDAX_TEST_IDLE_REFS) ||
	    wrong(pfn, "number of pages", compound_nr(page), nr) ||
	    wrong(pfn, "geometry", pgmap_geometry_nr(page_pgmap(page)), nr))
		return -EUCLEAN;
	if (compound &&
	    wrong(pfn, "unused compound page",
		  devdax_test_unused(page, ilog2(nr)), true))
		return -EUCLEAN;
	return check_any(page, pfn, first,
			 BIT(PG_reserved) | (compound ? BIT(PG_head) : 0));
}

static int check_tail(struct page *page, unsigned long pfn, struct page *first,
		      struct page *head, unsigned int order)
{
	if (wrong(pfn, "compound head", (unsigned long)compound_head(page),
		  (unsigned long)head) ||
	    wrong(pfn, "tail", PageTail(page), 1) ||
	    wrong(pfn, "references", page_ref_count(page), 0))
		return -EUCLEAN;
	if (page > head + DEVDAX_TEST_OWN_TAILS &&
	    wrong(pfn, "mapping", (unsigned long)page->mapping,
		  (unsigned long)TAIL_MAPPING))
		return -EUCLEAN;
	return check_any(page, pfn, first, BIT(PG_reserved) |
			 devdax_test_tail_flags(page - head, order));
}

static int check_pages(unsigned long start, unsigned long end, unsigned long nr)
{
	struct page *page, *head = NULL, *first = pfn_to_page(start);
	unsigned long pfn;
	int ret;

	for (pfn = start; pfn < end; pfn++) {
		page = pfn_to_page(pfn);
		if (pfn % nr == 0) {
			head = page;
			ret = check_head(page, pfn, first, nr);
		} else {
			ret = check_tail(page, pfn, first, head, ilog2(nr));
		}
		if (ret)
			return ret;
		if (pfn % 1024 == 0)
			cond_resched();
	}
	return 0;
}

static int end_run(struct memmap_run *run)
{
	if (run->page && !run->uncounted &&
	    wrong(page_to_pfn((struct page *)run->addr),
		  "references to the page of struct pages",
		  page_ref_count(run->page), run->nr))
		return -EUCLEAN;
	run->page = NULL;
	run->nr = 0;
	return 0;
}

static int next_pte(struct memmap_run *run, unsigned long addr, pte_t pte)
{
	int ret = 0;

	found.ptes++;
	found.readonly += !pte_write(pte);
	if (run->page != pte_page(pte)) {
		ret = end_run(run);
		run->page = pte_page(pte);
		run->addr = addr;
		found.pages++;
	}
	run->nr++;
	return ret;
}

/* Look at the entries of one table for [addr, end). */
static int check_entries(struct memmap_run *run, pte_t *table,
			 unsigned long addr, unsigned long end)
{
	pte_t *pte = table + pte_index(addr);
	int ret = 0;

	for (; addr < end && !ret; addr += PAGE_SIZE, pte++) {
		if (pte_none(*pte))
			found.holes++;
		else
			ret = next_pte(run, addr, *pte);
	}
	return ret;
}

static int end_table(struct table_run *run)
{
	struct page *page;

	if (!run->table)
		return 0;
	page = virt_to_page(run->table);
	run->table = NULL;
	/* Page tables from boot have something else in ->private. */
	if (!PageReserved(page) &&
	    wrong(page_to_pfn((struct page *)run->addr),
		  "PMD entries for the page table", page_private(page) + 1,
		  run->nr))
		return -EUCLEAN;
	return 0;
}

/* Does this PMD entry point to the same table as the entry before it? */
static bool same_table(struct table_run *run, pte_t *table)
{
	if (run->table != table)
		return false;
	run->nr++;
	return true;
}

static int next_table(struct table_run *run, pte_t *table, unsigned long addr)
{
	int ret = end_table(run);

	found.tables++;
	run->table = table;
	run->addr = addr;
	run->nr = 1;
	return ret;
}

static pmd_t *lookup_pmd(unsigned long addr)
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
	if (pud_none(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

/*
 * Find everything in the page tables that maps struct pages of [start, end).
 * If a page is mapped in two places that are not neighbours, each run of
 * entries is shorter than its reference count, and the check fails.  The altmap
 * has no struct pages with a count.
 */
static int check_tables(unsigned long start, unsigned long end, bool altmap)
{
	unsigned long addr = PAGE_MASK & (unsigned long)pfn_to_page(start);
	unsigned long last = PAGE_ALIGN((unsigned long)pfn_to_page(end));
	unsigned long next;
	struct table_run tables = {};
	struct memmap_run run = { .uncounted = altmap };
	pmd_t *pmd;
	pte_t *table;
	int ret = 0;

	memset(&found, 0, sizeof(found));
	for (; addr < last && !ret; addr = next) {
		next = pmd_addr_end(addr, last);
		pmd = lookup_pmd(addr);
		if (!pmd || pmd_none(*pmd)) {
			found.holes++;
			continue;
		}
		if (pmd_leaf(*pmd)) {
			found.pmds++;
			found.pages += (next - addr) >> PAGE_SHIFT;
			continue;
		}
		table = pte_offset_kernel(pmd, 0);
		if (same_table(&tables, table))
			continue;
		ret = next_table(&tables, table, addr) ?:
			check_entries(&run, table, addr, next);
		cond_resched();
	}
	return ret ?: end_table(&tables) ?: end_run(&run);
}

/* A tool that reads a dump takes all other bits for a part of the address. */
#define SECTION_FLAGS	(SECTION_MARKED_PRESENT | SECTION_HAS_MEM_MAP | \
			 SECTION_IS_ONLINE | SECTION_IS_EARLY | \
			 DEVDAX_TEST_SECTION_FLAGS)

static int check_sections(unsigned long start, unsigned long end)
{
	unsigned long pfn, bits;

	for (pfn = start; pfn < end; pfn = SECTION_ALIGN_UP(pfn + 1)) {
		bits = __pfn_to_section(pfn)->section_mem_map & ~PAGE_MASK;
		if (wrong(pfn, "other bits of section_mem_map",
			  bits & ~SECTION_FLAGS, 0))
			return -EUCLEAN;
	}
	return 0;
}

static int check_bound(unsigned long start, unsigned long end,
		       unsigned long geometry)
{
	struct dev_pagemap *pgmap;
	int ret;

	if (geometry < PAGE_SIZE || !is_power_of_2(geometry) || start >= end ||
	    !IS_ALIGNED(start | end, geometry >> PAGE_SHIFT))
		return -EINVAL;

	/* The reference keeps the memmap in place during the check. */
	pgmap = devdax_test_pagemap(start);
	if (!pgmap)
		return -ENXIO;
	ret = check_tables(start, end, pgmap->flags & PGMAP_ALTMAP_VALID);
	/*
	 * The range is larger than the device, or the device has less memmap
	 * than the range needs.  Some struct pages do not exist.
	 */
	if (!ret && found.holes)
		ret = -ENXIO;
	if (!ret)
		ret = check_sections(start, end);
	if (!ret)
		ret = check_pages(start, end, geometry >> PAGE_SHIFT);
	put_dev_pagemap(pgmap);
	return ret;
}

static int check_unbound(unsigned long start, unsigned long end)
{
	int ret;

	get_online_mems();
	ret = check_tables(start, end, false);
	put_online_mems();
	if (!ret && (found.ptes || found.pmds)) {
		pr_err("pfn %#lx-%#lx: struct pages still mapped: %lu of 4K, %lu of 2M\n",
		       start, end, found.ptes, found.pmds);
		ret = -EUCLEAN;
	}
	return ret;
}

static int run_command(char *buf)
{
	unsigned long start, size, geometry;
	int ret = -EINVAL;

	mutex_lock(&test_lock);
	if (sscanf(buf, "bound %li %li %li", &start, &size, &geometry) == 3)
		ret = check_bound(PHYS_PFN(start), PHYS_PFN(start + size),
				  geometry);
	else if (sscanf(buf, "unbound %li %li", &start, &size) == 2)
		ret = check_unbound(PHYS_PFN(start), PHYS_PFN(start + size));
	mutex_unlock(&test_lock);
	return ret;
}

static ssize_t test_write(struct file *file, const char __user *ubuf,
			  size_t len, loff_t *pos)
{
	char buf[80];
	int ret;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	buf[len] = 0;
	ret = run_command(buf);
	return ret ?: len;
}

static ssize_t test_read(struct file *file, char __user *ubuf, size_t len,
			 loff_t *pos)
{
	char buf[128];
	int n;

	mutex_lock(&test_lock);
	n = scnprintf(buf, sizeof(buf),
		      "ptes %lu readonly %lu pmds %lu tables %lu pages %lu\n",
		      found.ptes, found.readonly, found.pmds, found.tables,
		      found.pages);
	mutex_unlock(&test_lock);
	return simple_read_from_buffer(ubuf, len, pos, buf, n);
}

static const struct file_operations test_fops = {
	.owner	= THIS_MODULE,
	.read	= test_read,
	.write	= test_write,
	.llseek	= default_llseek,
};

static int __init test_devdax_memmap_init(void)
{
	struct dentry *dir = debugfs_create_dir("test_devdax_memmap", NULL);

	debugfs_create_file("command", 0600, dir, NULL, &test_fops);
	return 0;
}
device_initcall(test_devdax_memmap_init);
