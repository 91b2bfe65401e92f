// SPDX-License-Identifier: GPL-2.0
/*
 * Put the memmap into RAM although room for it is reserved on the device.
 *
 * ndctl reserves that room by default (map=dev), because 16 GiB of RAM for each
 * TiB is a lot. But a memmap of 1G pages whose tails share memory takes only
 * some MiB of RAM for each TiB. On the device, where tails cannot share, 16 GiB
 * would have to be written. So such a memmap is put into RAM, and the reserved
 * room is not used. This is not recorded on the device: another kernel, or
 * another binding, may use the room again. An administrator who has no RAM to
 * spare sets device_dax.memmap_in_ram=0.
 *
 * A memmap of 2M pages takes 4 GiB for each TiB even where tails share. It
 * stays on the device, as the administrator chose.
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
 * Removes the altmap from @pgmap and cuts its range down to the data. The page
 * frames that users can map have struct pages either way. The page frames that
 * are reserved for the memmap have none then.
 *
 * If there is not enough RAM, the memmap is put on the device after all. Then
 * it takes RAM only for the page tables that the altmap cannot provide. So
 * every device that can be bound without this function can be bound with it.
 *
 * Context: Process context, device lock held, after dev_dax_set_geometry(). May
 *	sleep.
 * Return: as devm_memremap_pages(); NULL if nothing was bound and @pgmap is
 *	unchanged: the caller has to bind it.
 */
void *dev_dax_memmap_in_ram(struct dev_dax *dev_dax, struct dev_pagemap *pgmap)
{
	struct device *dev = &dev_dax->dev;
	struct range whole = pgmap->range;
	const char *problem;
	void *addr;

	/* no altmap to remove, or a memmap that is too large for RAM */
	if (!pgmap_altmap(pgmap) || pgmap_geometry(pgmap) < PUD_SIZE ||
	    !READ_ONCE(memmap_in_ram))
		return NULL;

	/* only a device of one range has an altmap */
	pgmap->range = dev_dax->ranges[0].range;
	pgmap->flags &= ~PGMAP_ALTMAP_VALID;

	/* without sharing, the memmap takes 16 GiB of RAM for each TiB */
	problem = pgmap_share_problem(pgmap);
	if (problem) {
		dev_info(dev, "memmap stays on the device: in RAM it would not share tails: %s\n",
			 problem);
	} else {
		addr = devm_memremap_pages(dev, pgmap);
		if (!IS_ERR(addr))
			dev_info(dev, "memmap is in RAM: it is small with pages of 1G; the room reserved on the device stays unused\n");
		if (addr != ERR_PTR(-ENOMEM))
			return addr;
		dev_info(dev, "memmap stays on the device: out of memory\n");
	}

	pgmap->range = whole;
	pgmap->flags |= PGMAP_ALTMAP_VALID;
	return NULL;
}
