// SPDX-License-Identifier: GPL-2.0
/*
 * The geometry of a device-dax memmap: how large its compound pages are.
 *
 * A device maps its memory in entries of its align, so compound pages of that
 * size are best. Three things can make them smaller: the administrator's cap, a
 * memory range that does not fit, and a kernel without support for that size.
 * None of them changes what an application sees. They only change what the
 * memmap costs.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include "dax-private.h"

/* 0 means PUD_SIZE, which is not a constant on every architecture */
static unsigned long max_geometry;

static unsigned long get_max_geometry(void)
{
	unsigned long size = READ_ONCE(max_geometry);

	return size ? size : PUD_SIZE;
}

static int max_geometry_set(const char *val, const struct kernel_param *kp)
{
	char *end;
	unsigned long size = memparse(val, &end);

	if (*end == '\n')
		end++;
	if (*end || (size != PAGE_SIZE && size != PMD_SIZE &&
		     size != PUD_SIZE)) {
		pr_err("device_dax: max_geometry can be %lu, %lu or %lu\n",
		       PAGE_SIZE, PMD_SIZE, PUD_SIZE);
		return -EINVAL;
	}
	WRITE_ONCE(max_geometry, size);
	return 0;
}

static int max_geometry_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%lu\n", get_max_geometry());
}

static const struct kernel_param_ops max_geometry_ops = {
	.set = max_geometry_set,
	.get = max_geometry_get,
};

module_param_cb(max_geometry, &max_geometry_ops, NULL, 0644);
MODULE_PARM_DESC(max_geometry,
		 "Largest compound page of devices bound from now on, in bytes (default: what a PUD maps; page size: none)");

/**
 * dax_fit_geometry() - largest geometry that the memmap of a device can have
 * @pgmap: the pagemap of this binding; type, flags, altmap and ranges are set.
 *	Its range is cut down to @data if @want fits only then.
 * @data: the memory that the device maps, or NULL if that is all of @pgmap
 * @want: geometry to try first, in bytes: PAGE_SIZE, PMD_SIZE or PUD_SIZE
 * @problem: set to the reason why @want does not fit, or to NULL if it does
 *
 * If the memmap of a namespace is in RAM (map=mem), its pagemap begins with the
 * info block, at the start of the namespace. The data begins later, and only
 * the data is aligned. The info block needs no struct pages.
 *
 * Context: Any. The caller owns @pgmap, which is not in use yet.
 * Return: the geometry in bytes; PAGE_SIZE always fits.
 */
unsigned long dax_fit_geometry(struct dev_pagemap *pgmap,
			       const struct range *data, unsigned long want,
			       const char **problem)
{
	struct range whole = pgmap->range;

	*problem = pgmap_geometry_problem(pgmap, want);
	if (!*problem)
		return want;

	/* with an altmap, the memory before the data belongs to it */
	if (data && !pgmap_altmap(pgmap)) {
		pgmap->range = *data;
		if (!pgmap_geometry_problem(pgmap, want)) {
			*problem = NULL;
			return want;
		}
		pgmap->range = whole;
	}

	if (want > PMD_SIZE && !pgmap_geometry_problem(pgmap, PMD_SIZE))
		return PMD_SIZE;
	return PAGE_SIZE;
}

/**
 * dev_dax_set_geometry() - choose the geometry of a device that is being bound
 * @dev_dax: the device; its align, ranges and pgmap are looked at
 * @pgmap: the pagemap of this binding
 *
 * Context: Process context, device lock held, before memremap_pages().
 */
void dev_dax_set_geometry(struct dev_dax *dev_dax, struct dev_pagemap *pgmap)
{
	const struct range *data = dev_dax->pgmap ?
		&dev_dax->ranges[0].range : NULL;
	unsigned long want, geometry;
	const char *problem;

	want = min_t(unsigned long, dev_dax->align, get_max_geometry());
	geometry = dax_fit_geometry(pgmap, data, want, &problem);
	if (problem)
		dev_info(&dev_dax->dev,
			 "pages of %lu instead of %lu bytes: %s\n", geometry,
			 want, problem);

	pgmap_set_geometry(pgmap, geometry);
	dev_dax->geometry = geometry;
}

static ssize_t geometry_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%lu\n", to_dev_dax(dev)->geometry);
}
static DEVICE_ATTR_RO(geometry);

static struct attribute *dev_dax_geometry_attrs[] = {
	&dev_attr_geometry.attr,
	NULL,
};

/* Attributes of a bound device: the driver core adds and removes them. */
const struct attribute_group dev_dax_geometry_group = {
	.attrs = dev_dax_geometry_attrs,
};
