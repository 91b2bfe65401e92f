/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_GUP_DEVICE_H
#define _MM_GUP_DEVICE_H
/*
 * References of get_user_pages() and pin_user_pages() to device memory, see
 * mm/gup_device.c.
 */
#include <linux/limits.h>

struct page;

/*
 * The room above is for those who already have a reference and duplicate it with
 * get_page(), which can not fail: fragments of network packets, pipes. Half of a
 * 1G page's worth, so that the page can still be pinned as a whole
 * INT_MAX >> 18 = 8191 times.
 */
#define DEVICE_REFS_MAX	(INT_MAX - (1 << 17))

/*
 * Pins stop earlier: who pins for as long as he likes must not keep others from
 * the short references of O_DIRECT, futexes or a fault of KVM.
 */
#define DEVICE_PINS_MAX	(DEVICE_REFS_MAX - (1 << 16))

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
