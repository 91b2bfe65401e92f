/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_DEVDAX_TEST_H
#define _LINUX_DEVDAX_TEST_H
/*
 * What the tests of device-dax pages have to know of this kernel version. The
 * tests are the same for all versions.
 */
#include <linux/memremap.h>
#include <linux/mm.h>

/* A device page that nobody uses has the device's own reference. */
#define DEVDAX_TEST_IDLE_REFS	1

static inline unsigned long devdax_test_flags(struct page *page)
{
	return page->flags;
}

/* A reference on the pagemap that has this page, or NULL. */
static inline struct dev_pagemap *devdax_test_pagemap(unsigned long pfn)
{
	return get_dev_pagemap(pfn, NULL);
}

/* The first tail keeps compound_nr in half of ->mapping. */
#define DEVDAX_TEST_OWN_TAILS	1

/* No tail keeps anything in ->index. */
#define DEVDAX_TEST_OWN_INDEX	0

/* No tail keeps anything in the place of flags. */
static inline unsigned long devdax_test_tail_flags(unsigned long nr,
						   unsigned int order)
{
	return 0;
}

/* No flag of a section is known beside those that tools know. */
#define DEVDAX_TEST_SECTION_FLAGS	0

/* Whether what head and first tails keep is that of an unused page. */
static inline bool devdax_test_unused(struct page *head, unsigned int order)
{
	return head[1].compound_dtor == COMPOUND_PAGE_DTOR &&
	       !compound_mapcount(head) &&
	       (order < 2 || !compound_pincount(head));
}

/* Every size can be asked for. */
static inline bool devdax_test_set_geometry(struct dev_pagemap *pgmap,
					    unsigned long geometry)
{
	pgmap->geometry = geometry;
	return true;
}

/* memremap_pages() has not taken anything yet. */
static inline bool devdax_test_untouched(struct dev_pagemap *pgmap)
{
	return !pgmap->ref;
}

#endif /* _LINUX_DEVDAX_TEST_H */
