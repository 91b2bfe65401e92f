/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LIB_TEST_DEVDAX_PIN_BASE_H
#define _LIB_TEST_DEVDAX_PIN_BASE_H
/*
 * What test_devdax_pin.c needs that differs between versions of the kernel: the
 * ways to take references, and where a page has its pins and its mappings.
 */
#include <linux/mm.h>

static inline long get_pages_slowly(unsigned long addr, unsigned long nr,
				    unsigned int flags, struct page **pages)
{
	return get_user_pages(addr, nr, flags, pages, NULL);
}

static inline long pin_pages_slowly(unsigned long addr, unsigned long nr,
				    unsigned int flags, struct page **pages)
{
	return pin_user_pages(addr, nr, flags, pages, NULL);
}

static inline long pin_pages_fast_only(unsigned long addr, unsigned long nr,
				       unsigned int flags, struct page **pages)
{
	return pin_user_pages_fast_only(addr, nr, flags, pages);
}

/* The exact number of pins of a page, NULL if the page has no such count. */
static inline atomic_t *exact_pins(struct page *head)
{
	return hpage_pincount_available(head) ? compound_pincount_ptr(head) : NULL;
}

/* How many entries of page tables map the page, where the kernel counts that. */
static inline int mappings(struct page *head)
{
	return page_mapcount(head);
}

#endif /* _LIB_TEST_DEVDAX_PIN_BASE_H */
