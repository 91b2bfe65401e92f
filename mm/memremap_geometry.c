// SPDX-License-Identifier: GPL-2.0
/*
 * Which geometry the memmap of a dev_pagemap can have.
 *
 * One predicate serves two callers. device-dax looks for the largest geometry
 * that fits its device. memremap_pages() checks the geometry of every driver.
 */
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/memremap.h>
#include <linux/mm.h>

/*
 * The heads of compound pages are at multiples of the geometry, in the virtual
 * memory map as in physical memory. Every walk of the memmap steps from head to
 * head. So every range has to start and end on such a multiple. The start that
 * counts is the first page with a struct page, which follows the altmap.
 */
static bool pgmap_ranges_aligned(struct dev_pagemap *pgmap,
				 unsigned long geometry)
{
	u64 start, end;
	int i;

	for (i = 0; i < pgmap->nr_range; i++) {
		start = pgmap->ranges[i].start;
		end = pgmap->ranges[i].end + 1;
		/* memremap_pages() takes an altmap for the first range only */
		if (i == 0)
			start += PFN_PHYS(vmem_altmap_offset(pgmap_altmap(pgmap)));
		if (!IS_ALIGNED(start | end, geometry))
			return false;
	}
	return true;
}

/**
 * pgmap_geometry_problem() - why a memmap cannot have a geometry
 * @pgmap: type, flags, altmap and ranges of the memmap. Its geometry is
 *	ignored, so that the caller can try several.
 * @geometry: size of a compound page in bytes, or 0 for base pages
 *
 * Only MEMORY_DEVICE_GENERIC can have compound pages. FS_DAX counts references
 * and keeps ->mapping per base page. PRIVATE migrates base pages and keeps
 * ->zone_device_data in each. PCI_P2PDMA hands out pieces of any size.
 *
 * No page table entry maps more than a PUD. ->index of a tail page is derived
 * from its head only where there are transparent huge pages (PageTransTail()).
 *
 * Context: Any. The caller owns @pgmap, which is not in use yet.
 * Return: NULL if the geometry is possible, else the reason as a string that
 *	completes "geometry ...: ".
 */
const char *pgmap_geometry_problem(struct dev_pagemap *pgmap,
				   unsigned long geometry)
{
	if (!geometry || geometry == PAGE_SIZE)
		return NULL;
	if (!is_power_of_2(geometry))
		return "not a power of two";
	if (geometry < PAGE_SIZE)
		return "smaller than a page";
	if (geometry > PUD_SIZE)
		return "larger than what a PUD maps";
	if (!IS_ENABLED(CONFIG_ARCH_WANT_COMPOUND_DEVMAP))
		return "not enabled for this architecture";
	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
		return "the kernel has no transparent huge pages";
	if (pgmap->type != MEMORY_DEVICE_GENERIC)
		return "the memory type works on base pages";
	if (!pgmap_ranges_aligned(pgmap, geometry))
		return "a range does not start and end on a multiple of that size";
	return NULL;
}
EXPORT_SYMBOL_GPL(pgmap_geometry_problem);
