// SPDX-License-Identifier: GPL-2.0
/*
 * Log why a device cannot be bound.
 *
 * User space learns no more than that it was not bound: sysfs returns an error
 * code at best, and ndctl says "failed to enable".
 */
#include <linux/device.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/range.h>
#include <linux/vmemmap_compound.h>
#include "dax-private.h"

/* MiB of RAM that the struct pages of a binding take, without page tables */
static unsigned long struct_pages_mib(struct dev_pagemap *pgmap)
{
	unsigned long nr = 0, own = pgmap_geometry_nr(pgmap);
	int i;

	if (!pgmap_share_problem(pgmap))
		own = min(own, 2 * PAGE_SIZE / sizeof(struct page));
	for (i = 0; i < pgmap->nr_range; i++)
		nr += range_len(&pgmap->ranges[i]) / pgmap_geometry(pgmap) * own;
	return nr * sizeof(struct page) >> 20;
}

/**
 * dev_dax_tell_failure() - log why a device has no memmap
 * @dev_dax: the device that cannot be bound
 * @pgmap: the pagemap that it should have been bound with
 * @error: negative errno that memremap_pages() returned
 *
 * Context: Process context, device lock held.
 */
void dev_dax_tell_failure(struct dev_dax *dev_dax, struct dev_pagemap *pgmap,
			  int error)
{
	struct device *dev = &dev_dax->dev;
	const struct range *range = &pgmap->ranges[0];
	unsigned long available = si_mem_available() >> (20 - PAGE_SHIFT);

	switch (error) {
	case -ENOMEM:
		if (pgmap_altmap(pgmap)) {
			dev_err(dev, "memmap of %#llx-%#llx: not enough RAM for page tables, %lu MiB available: free some RAM\n",
				range->start, range->end, available);
			break;
		}
		dev_err(dev, "memmap of %#llx-%#llx: needs %lu MiB of RAM, %lu MiB available: free some RAM, or reserve room on the device (ndctl create-namespace --map=dev)\n",
			range->start, range->end, struct_pages_mib(pgmap),
			available);
		break;
	case -EBUSY:
	case -EEXIST:
		dev_err(dev, "memmap of %#llx-%#llx: a part of this range has the memmap of another device: disable that device first (see /proc/iomem)\n",
			range->start, range->end);
		break;
	case -E2BIG:
		dev_err(dev, "memmap of %#llx-%#llx: beyond what this kernel can address: error %d\n",
			range->start, range->end, error);
		break;
	default:
		dev_err(dev, "memmap of %#llx-%#llx: error %d\n",
			range->start, range->end, error);
	}
}
