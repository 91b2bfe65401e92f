/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_MEMMAP_IMAGE_H
#define _MM_MEMMAP_IMAGE_H
/*
 * Struct pages of ZONE_DEVICE, written from prepared images, see
 * mm/memmap_image.c.
 */
#include <linux/types.h>

struct dev_pagemap;
struct page;

/* beside memmap_init_zone_device() */
void __init_zone_device_page(struct page *page, int nid,
			     struct dev_pagemap *pgmap);

bool memmap_by_field(void);
void memmap_write(struct page *page, const struct page *image,
		  unsigned long nr_images, unsigned long nr);
void memmap_init_base_pages(struct page *page, unsigned long nr, int nid,
			    struct dev_pagemap *pgmap);

#endif /* _MM_MEMMAP_IMAGE_H */
