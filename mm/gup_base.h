/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_GUP_BASE_H
#define _MM_GUP_BASE_H
/*
 * What mm/gup_device.c and mm/gup_park.c need that differs between versions of the
 * kernel: which pins last, and how the pages of an iterator are taken.
 */
#include <linux/mm.h>
#include <linux/uio.h>

/* Pins that last as long as a user likes are all pins: O_DIRECT only gets pages. */
#define DEVICE_LASTING_PINS	FOLL_PIN

static inline ssize_t iov_take_pages(struct iov_iter *i, struct page **pages,
				     size_t maxsize, unsigned int maxpages,
				     size_t *start)
{
	return iov_iter_get_pages(i, pages, maxsize, maxpages, start);
}

/* Nothing to undo: an iterator does not advance when its pages are taken. */
static inline void iov_untake_pages(struct iov_iter *i, size_t bytes)
{
}

#endif /* _MM_GUP_BASE_H */
