/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_GUP_DEVICE_H
#define _MM_GUP_DEVICE_H
/*
 * References of get_user_pages() and pin_user_pages() to device memory, see
 * mm/gup_device.c.
 */
#include <linux/limits.h>
#include <linux/memremap.h>
#include <linux/mm.h>

#include "internal.h"

/*
 * The references above this limit are left for get_page(), which cannot fail:
 * fragments of network packets and pipes duplicate references with it. There
 * are half as many as a 1G page has base pages, so that the page can still be
 * pinned as a whole INT_MAX >> 18 = 8191 times.
 */
#define DEVICE_REFS_MAX	(INT_MAX - (1 << 17))

/*
 * Pins for as long as a user likes stop earlier: they must not keep others from
 * taking short references, for O_DIRECT, futexes or a fault of KVM. O_DIRECT
 * pins its pages, too, but not with FOLL_LONGTERM.
 */
#define DEVICE_PINS_MAX	(DEVICE_REFS_MAX - (1 << 16))

/* The limit for references that are taken with @flags. */
static inline int device_refs_max(unsigned int flags)
{
	return flags & FOLL_LONGTERM ? DEVICE_PINS_MAX : DEVICE_REFS_MAX;
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

static inline int head_compound_pincount(struct page *head)
{
	return atomic_read(compound_pincount_ptr(head));
}

static inline bool page_maybe_dma_pinned(struct page *page)
{
	return folio_maybe_dma_pinned(page_folio(page));
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

/*
 * Take one reference on a page that an entry for device memory maps, as
 * try_grab_folio() does for other pages. Returns 0 or a negative error.
 */
static inline int grab_device_page(struct page *page, unsigned int flags)
{
	if (unlikely(!(flags & FOLL_PCI_P2PDMA) && is_pci_p2pdma_page(page)))
		return -EREMOTEIO;

	/* as for other pages: the caller only wants it mapped */
	if (!(flags & (FOLL_GET | FOLL_PIN)))
		return 0;

	return grab_device_pages(page, 1, flags) ? 0 : -ENOMEM;
}

#endif /* _MM_GUP_DEVICE_H */
