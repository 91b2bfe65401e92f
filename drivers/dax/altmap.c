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

/*
 * Leave the altmap of pgmap out, if it has one and its memmap is small without:
 * the range is cut down to the data. A static pgmap is used again for the next
 * binding, maybe with another geometry, so restore_altmap() undoes it when the
 * device is unbound, or binding fails. NULL where pgmap stays as it is.
 */
static struct unused_altmap *leave_altmap(struct dev_dax *dev_dax,
					  struct dev_pagemap *pgmap)
{
	struct unused_altmap *unused;
	const char *problem;
	int rc;

	/* nothing to leave, or a memmap that is too large for RAM */
	if (!pgmap_altmap(pgmap) || pgmap_geometry(pgmap) < PUD_SIZE)
		return NULL;

	unused = devm_kmalloc(&dev_dax->dev, sizeof(*unused), GFP_KERNEL);
	if (!unused)
		return ERR_PTR(-ENOMEM);
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
		return NULL;
	}
	rc = devm_add_action_or_reset(&dev_dax->dev, restore_altmap, unused);
	return rc ? ERR_PTR(rc) : unused;
}

/**
 * dev_dax_memremap_pages() - devm_memremap_pages() of a device-dax instance
 * @dev_dax: the device that is being bound
 * @pgmap: the pagemap for this binding, with its geometry set
 *
 * Takes the memmap from RAM where it is small, although there is an altmap. The
 * page frames that users get have struct pages either way; those which are
 * reserved for the memmap have none then.
 *
 * A device that binds with its altmap does so still: where RAM does not suffice,
 * the memmap is on the device after all. What the altmap can not provide, some
 * page tables, is all the RAM that it takes then.
 *
 * Context: Process context, device lock held, after dev_dax_set_geometry(). May
 *	sleep. Unbinding restores the altmap when memunmap_pages() is done with
 *	the pagemap.
 * Return: as devm_memremap_pages().
 */
void *dev_dax_memremap_pages(struct dev_dax *dev_dax, struct dev_pagemap *pgmap)
{
	struct unused_altmap *unused = leave_altmap(dev_dax, pgmap);
	struct device *dev = &dev_dax->dev;
	void *addr;

	if (IS_ERR(unused))
		return ERR_CAST(unused);

	addr = devm_memremap_pages(dev, pgmap);
	if (!unused)
		return addr;

	if (!IS_ERR(addr)) {
		dev_info(dev, "memmap in RAM: pages of 1G need little, what is reserved on the device stays unused\n");
	} else if (PTR_ERR(addr) == -ENOMEM) {
		dev_info(dev, "memmap stays on the device: out of memory in RAM\n");
		devm_release_action(dev, restore_altmap, unused);
		addr = devm_memremap_pages(dev, pgmap);
	}
	return addr;
}
