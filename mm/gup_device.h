/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_GUP_DEVICE_H
#define _MM_GUP_DEVICE_H
/*
 * References of get_user_pages() and pin_user_pages() to device memory, see
 * mm/gup_device.c.
 */
#include <linux/limits.h>
#include <linux/mm.h>

#include "gup_base.h"

/*
 * The references above this limit are left for get_page(), which cannot fail:
 * fragments of network packets and pipes duplicate references with it. There
 * are half as many as a 1G page has base pages, so that the page can still be
 * pinned as a whole INT_MAX >> 18 = 8191 times.
 */
#define DEVICE_REFS_MAX	(INT_MAX - (1 << 17))

/*
 * Pins for as long as a user likes stop earlier: they must not keep others from
 * taking short references, for O_DIRECT, futexes or a fault of KVM.
 */
#define DEVICE_PINS_MAX	(DEVICE_REFS_MAX - (1 << 16))

/* The limit for references that are taken with @flags. */
static inline int device_refs_max(unsigned int flags)
{
	return flags & DEVICE_LASTING_PINS ? DEVICE_PINS_MAX : DEVICE_REFS_MAX;
}

#ifdef CONFIG_ZONE_DEVICE
unsigned long grab_device_pages(struct page *page, unsigned long max,
				unsigned int flags);
#else
static inline unsigned long grab_device_pages(struct page *page,
					      unsigned long max,
					      unsigned int flags)
{
	return 0;
}
#endif /* CONFIG_ZONE_DEVICE */

#endif /* _MM_GUP_DEVICE_H */
