// SPDX-License-Identifier: GPL-2.0
/*
 * A memmap in RAM for devices that have it on the device itself.
 *
 * ndctl reserves room for the memmap on the device unless told otherwise
 * (map=dev), as 16 GiB of RAM for each TiB is a lot. A memmap of pages of 1G
 * whose tails share memory takes some MiB of RAM for each TiB; but on the
 * device, where tails can not share, it is 16 GiB to write. So it goes to RAM,
 * and what was reserved is not used. Nothing about that is written down on the
 * device: another kernel, or another binding, uses it again.
 *
 * A memmap of pages of 2M takes 4 GiB for each TiB also where tails share: that
 * stays where the administrator wanted it.
 */
#include <linux/device.h>
#include <linux/memremap.h>
#include <linux/pgtable.h>
#include <linux/range.h>
#include <linux/vmemmap_compound.h>
#include "dax-private.h"

struct unused_altmap {
	struct dev_pagemap *pgmap;
	struct range range;
};

static void restore_altmap(void *data)
{
	struct unused_altmap *unused = data;

	unused->pgmap->range = unused->range;
	unused->pgmap->flags |= PGMAP_ALTMAP_VALID;
}

/**
 * dev_dax_leave_altmap() - take the memmap from RAM where it is small
 * @dev_dax: the device that is being bound
 * @pgmap: the pagemap for this binding, with its geometry set; if the altmap is
 *	left unused, its range is cut down to the data. A static one is used
 *	again for the next binding, maybe with another geometry: it is as before
 *	when the device is unbound, or binding fails.
 *
 * The page frames that get a struct page are the same: the altmap has none.
 *
 * Context: Process context, device lock held, after dev_dax_set_geometry() and
 *	before memremap_pages(), so that unbinding restores the altmap when
 *	memunmap_pages() is done with the pagemap. May sleep.
 * Return: 0 or -ENOMEM.
 */
int dev_dax_leave_altmap(struct dev_dax *dev_dax, struct dev_pagemap *pgmap)
{
	struct unused_altmap *unused;
	const char *problem;

	/* nothing to leave, or a memmap that is too large for RAM */
	if (!pgmap_altmap(pgmap) || pgmap_geometry(pgmap) < PUD_SIZE)
		return 0;

	unused = devm_kmalloc(&dev_dax->dev, sizeof(*unused), GFP_KERNEL);
	if (!unused)
		return -ENOMEM;
	unused->pgmap = pgmap;
	unused->range = pgmap->range;

	/* only a device of one range has an altmap */
	pgmap->range = dev_dax->ranges[0].range;
	pgmap->flags &= ~PGMAP_ALTMAP_VALID;
	/* without sharing, it is 16 GiB for each TiB */
	problem = pgmap_share_problem(pgmap);
	if (problem) {
		dev_info(&dev_dax->dev,
			 "memmap stays on the device: in RAM it would not share tails: %s\n",
			 problem);
		restore_altmap(unused);
		return 0;
	}
	dev_info(&dev_dax->dev,
		 "memmap in RAM: pages of 1G need little, what is reserved on the device stays unused\n");
	return devm_add_action_or_reset(&dev_dax->dev, restore_altmap, unused);
}
