// SPDX-License-Identifier: GPL-2.0
/*
 * Tell what the memmap of a bound device takes, of RAM and of the device.
 *
 * Geometry, sharing, the altmap and sections with RAM at the edges all have a
 * part in it. An administrator can look here in place of computing it.
 */
#include <linux/device.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/sysfs.h>
#include "dax-private.h"

static ssize_t bytes_show(struct device *dev, char *buf, bool on_device)
{
	struct dev_dax *dev_dax = to_dev_dax(dev);
	struct dev_pagemap *pgmap;
	u64 ram, device;

	/*
	 * The attributes go before the memmap does, and the ranges of a bound
	 * device do not change. The device lock, which unbinding holds while it
	 * waits for readers, must not be taken here.
	 */
	pgmap = get_dev_pagemap(PHYS_PFN(dev_dax->ranges[0].range.start), NULL);
	if (!pgmap)
		return -ENXIO;
	ram = pgmap_memmap_bytes(pgmap, &device);
	put_dev_pagemap(pgmap);

	return sysfs_emit(buf, "%llu\n", on_device ? device : ram);
}

static ssize_t memmap_bytes_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return bytes_show(dev, buf, false);
}
static DEVICE_ATTR_RO(memmap_bytes);

static ssize_t memmap_device_bytes_show(struct device *dev,
					struct device_attribute *attr,
					char *buf)
{
	return bytes_show(dev, buf, true);
}
static DEVICE_ATTR_RO(memmap_device_bytes);

static struct attribute *dev_dax_memmap_attrs[] = {
	&dev_attr_memmap_bytes.attr,
	&dev_attr_memmap_device_bytes.attr,
	NULL,
};

/*
 * An architecture that has not opted in to shared tails may map its memmap in a
 * way of its own, without page tables.
 */
static umode_t dev_dax_memmap_visible(struct kobject *kobj,
				      struct attribute *attr, int n)
{
	return IS_ENABLED(CONFIG_VMEMMAP_COMPOUND) ? attr->mode : 0;
}

/* Attributes of a bound device: the driver core adds and removes them. */
const struct attribute_group dev_dax_memmap_group = {
	.attrs = dev_dax_memmap_attrs,
	.is_visible = dev_dax_memmap_visible,
};
