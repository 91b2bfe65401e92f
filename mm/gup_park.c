// SPDX-License-Identifier: GPL-2.0
/*
 * References to device memory that stay for as long as a user likes.
 *
 * A pipe, or a packet that waits to be sent, has a reference on each of its pages,
 * and nothing limits how many pipes and packets a user has. Parked like that,
 * references would fill up the count of a compound page, and everybody else who
 * uses a part of it could not even have it for a moment. So parking ends where
 * pinning does, and what is left is for O_DIRECT, futexes and faults of KVM.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/uio.h>

#include "gup_device.h"

/**
 * page_refs_scarce() - whether what is left of a reference count is for others
 * @page: any page that the caller has a reference on
 *
 * To be asked before a reference is parked, where its owner decides how long it
 * stays, and nothing else limits how many there are. The answer may be out of
 * date by as many references as there are processors, which is little of what
 * the limits leave.
 *
 * Context: Any.
 * Return: true for a page of a device whose count is nearly full.
 */
bool page_refs_scarce(struct page *page)
{
	return is_zone_device_page(page) &&
	       page_ref_count(compound_head(page)) > DEVICE_PINS_MAX;
}
EXPORT_SYMBOL_GPL(page_refs_scarce);

/**
 * iov_iter_get_pages_to_park() - iov_iter_get_pages() for pipes and packets
 * @i: where the pages are
 * @pages: for the pages
 * @maxsize: bytes that are wanted
 * @maxpages: number of entries of @pages
 * @start: for the offset of the data in the first page
 *
 * Context: as for iov_iter_get_pages().
 * Return: as from iov_iter_get_pages(); -ENOMEM if one of the pages has no
 *	references to park. No page is held then.
 */
ssize_t iov_iter_get_pages_to_park(struct iov_iter *i, struct page **pages,
				   size_t maxsize, unsigned int maxpages,
				   size_t *start)
{
	ssize_t bytes = iov_iter_get_pages(i, pages, maxsize, maxpages, start);
	unsigned long n, nr;

	if (bytes <= 0)
		return bytes;

	nr = DIV_ROUND_UP(bytes + *start, PAGE_SIZE);
	for (n = 0; n < nr; n++) {
		if (unlikely(page_refs_scarce(pages[n]))) {
			release_pages(pages, nr);
			return -ENOMEM;
		}
	}
	return bytes;
}
EXPORT_SYMBOL_GPL(iov_iter_get_pages_to_park);
