// SPDX-License-Identifier: GPL-2.0
/*
 * A memmap in RAM for devices that have it on the device itself.
 *
 * ndctl reserves room for the memmap on the device unless told otherwise
 * (map=dev), as 16 GiB of RAM for each TiB is a lot. A memmap of pages of 1G
 * whose tails share memory takes some MiB of RAM for each TiB; but on the
 * device, where tails can not share, it is 16 GiB to write. So it goes to RAM,
 * and what was reserved is not used. Nothing about that is written down on the
 * device: another kernel, or another binding, uses it again. An administrator who
 * has no RAM to spare sets device_dax.memmap_in_ram=0.
 *
 * A memmap of pages of 2M takes 4 GiB for each TiB also where tails share: that
 * stays where the administrator wanted it.
 */
#include <linux/device.h>
#include <linux/memremap.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pgtable.h>
#include <linux/range.h>
#include <linux/vmemmap_compound.h>
#include "dax-private.h"

static bool memmap_in_ram = true;
module_param(memmap_in_ram, bool, 0644);
MODULE_PARM_DESC(memmap_in_ram,
		 "Take a small memmap from RAM where room for it is reserved on the device (default: Y)");

/**
 * dev_dax_memmap_in_ram() - bind a device with its memmap in RAM, if it has an
 *			     altmap and a small memmap
 * @dev_dax: the device that is being bound
 * @pgmap: the pagemap of this binding, with its geometry set
 *
 * Leaves the altmap out and cuts the range down to the data. The page frames
 * that users get have struct pages either way; those which are reserved for the
 * memmap have none then.
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
	struct range whole = pgmap->range;
	const char *problem;
	void *addr;

	/* no altmap to leave out, or a memmap that is too large for RAM */
	if (!pgmap_altmap(pgmap) || pgmap_geometry(pgmap) < PUD_SIZE ||
	    !READ_ONCE(memmap_in_ram))
		return NULL;

	/* only a device of one range has an altmap */
	pgmap->range = dev_dax->ranges[0].range;
	pgmap->flags &= ~PGMAP_ALTMAP_VALID;

	/* without sharing, it is 16 GiB for each TiB */
	problem = pgmap_share_problem(pgmap);
	if (problem) {
		dev_info(dev, "memmap stays on the device: in RAM it would not share tails: %s\n",
			 problem);
	} else {
		addr = devm_memremap_pages(dev, pgmap);
		if (!IS_ERR(addr))
			dev_info(dev, "memmap in RAM: pages of 1G need little, what is reserved on the device stays unused\n");
		if (addr != ERR_PTR(-ENOMEM))
			return addr;
		dev_info(dev, "memmap stays on the device: out of memory in RAM\n");
	}

	pgmap->range = whole;
	pgmap->flags |= PGMAP_ALTMAP_VALID;
	return NULL;
}
