/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_GUP_BASE_H
#define _MM_GUP_BASE_H
/*
 * What mm/gup_device.c and mm/gup_park.c need that differs between versions of the
 * kernel: which pins last, how the pages of an iterator are taken, and where a
 * page has its pins.
 */
#include <linux/mm.h>
#include <linux/uio.h>

/* FOLL_PIN is internal to mm here. */
#include "internal.h"

/* Pins that last as long as a user likes. O_DIRECT pins its pages without this. */
#define DEVICE_LASTING_PINS	FOLL_LONGTERM

static inline ssize_t iov_take_pages(struct iov_iter *i, struct page **pages,
				     size_t maxsize, unsigned int maxpages,
				     size_t *start)
{
	return iov_iter_get_pages2(i, pages, maxsize, maxpages, start);
}

/* An iterator advances when its pages are taken. */
static inline void iov_untake_pages(struct iov_iter *i, size_t bytes)
{
	iov_iter_revert(i, bytes);
}

/* Where a compound page has its pins. */
static inline bool hpage_pincount_available(struct page *head)
{
	return folio_has_pincount(page_folio(head));
}

static inline atomic_t *compound_pincount_ptr(struct page *head)
{
	return &page_folio(head)->_pincount;
}

#endif /* _MM_GUP_BASE_H */
