/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_DEVDAX_TEST_H
#define _LINUX_DEVDAX_TEST_H
/*
 * What the tests of device-dax pages have to know of this kernel version. The
 * tests are the same for all versions.
 */
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mm.h>

/* A device page that nobody uses has no reference. */
#define DEVDAX_TEST_IDLE_REFS	0

static inline unsigned long devdax_test_flags(struct page *page)
{
	return page->flags.f;
}

/* A reference on the pagemap that has this page, or NULL. */
static inline struct dev_pagemap *devdax_test_pagemap(unsigned long pfn)
{
	return get_dev_pagemap(pfn);
}

/* Pages in a compound page of this pagemap. */
static inline unsigned long pgmap_geometry_nr(struct dev_pagemap *pgmap)
{
	return pgmap_vmemmap_nr(pgmap);
}

/* The first two tails keep something else in ->mapping. */
#define DEVDAX_TEST_OWN_TAILS	2

/* The first tail keeps the order in the place of eight flags. */
static inline unsigned long devdax_test_tail_flags(unsigned long nr,
						   unsigned int order)
{
	return nr == 1 ? order : 0;
}

/* A section of which device memory has only a part is marked. */
#define DEVDAX_TEST_SECTION_FLAGS	SECTION_TAINT_ZONE_DEVICE

/* Whether what head and first tails keep is that of an unused page. */
static inline bool devdax_test_unused(struct page *head, unsigned int order)
{
	struct folio *folio = (struct folio *)head;

	return atomic_read(&folio->_large_mapcount) == -1 &&
	       atomic_read(&folio->_entire_mapcount) == -1 &&
	       !atomic_read(&folio->_nr_pages_mapped) &&
	       !atomic_read(&folio->_pincount) &&
	       (order < 2 || list_empty_careful(&folio->_deferred_list));
}

#endif /* _LINUX_DEVDAX_TEST_H */
