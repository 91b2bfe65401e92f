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
 * dev_dax_memmap_in_ram() - bind a device with its memmap in RAM, if it has an
 *			     altmap and a small memmap
 * @dev_dax: the device that is being bound
 * @pgmap: the pagemap for this binding, with its geometry set
 *
 * Leaves the altmap out and cuts the range down to the data. The page frames
 * that users get have struct pages either way; those which are reserved for the
 * memmap have none then. A static @pgmap is used again for the next binding,
 * maybe with another geometry, so that is undone when the device is unbound.
 *
 * Where RAM does not suffice, the memmap is on the device after all. What the
 * altmap can not provide, some page tables, is all the RAM that it takes then.
 * So nothing keeps a device from being bound that would be bound without this.
 *
 * Context: Process context, device lock held, after dev_dax_set_geometry(). May
 *	sleep.
 * Return: as devm_memremap_pages(); NULL where @pgmap is what it was and nothing
 *	is bound: the caller binds it as it is.
 */
void *dev_dax_memmap_in_ram(struct dev_dax *dev_dax, struct dev_pagemap *pgmap)
{
	struct device *dev = &dev_dax->dev;
	struct unused_altmap *unused;
	const char *problem;
	void *addr;

	/* no altmap to leave out, or a memmap that is too large for RAM */
	if (!pgmap_altmap(pgmap) || pgmap_geometry(pgmap) < PUD_SIZE)
		return NULL;

	unused = devm_kmalloc(dev, sizeof(*unused), GFP_KERNEL);
	if (!unused)
		goto no_memory;
	unused->pgmap = pgmap;
	unused->range = pgmap->range;
	/* only a device of one range has an altmap */
	pgmap->range = dev_dax->ranges[0].range;
	pgmap->flags &= ~PGMAP_ALTMAP_VALID;
	if (devm_add_action_or_reset(dev, restore_altmap, unused))
		goto no_memory;

	/* without sharing, it is 16 GiB for each TiB */
	problem = pgmap_share_problem(pgmap);
	if (problem) {
		dev_info(dev, "memmap stays on the device: in RAM it would not share tails: %s\n",
			 problem);
		devm_release_action(dev, restore_altmap, unused);
		return NULL;
	}

	addr = devm_memremap_pages(dev, pgmap);
	if (addr == ERR_PTR(-ENOMEM)) {
		devm_release_action(dev, restore_altmap, unused);
		goto no_memory;
	}
	if (!IS_ERR(addr))
		dev_info(dev, "memmap in RAM: pages of 1G need little, what is reserved on the device stays unused\n");
	return addr;

no_memory:
	dev_info(dev, "memmap stays on the device: out of memory in RAM\n");
	return NULL;
}
