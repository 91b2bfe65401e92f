// SPDX-License-Identifier: GPL-2.0
/*
 * References to device memory that users keep for as long as they like.
 *
 * A pipe, or a packet that waits to be sent, has a reference on each of its
 * pages, and nothing limits how many pipes and packets a user has. References
 * that are parked there could fill the count of a compound page. Then nobody
 * else could use any part of the page, even for a moment. So the limit for
 * pinning also holds for parking. The references beyond it are left for
 * O_DIRECT, futexes and faults of KVM.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/uio.h>

#include "gup_device.h"

/**
 * page_refs_scarce() - whether a page has too few references left to park one
 * @page: any page that the caller has a reference on
 *
 * Call this before a reference is parked: where a user decides how long it
 * stays, and nothing else limits the number of such references. The answer may
 * be out of date by as many references as there are processors. That is few of
 * the references that the limit leaves.
 *
 * Context: Any.
 * Return: true for a device page whose reference count is nearly full.
 */
bool page_refs_scarce(struct page *page)
{
	return is_zone_device_page(page) &&
	       page_ref_count(compound_head(page)) > DEVICE_PINS_MAX;
}
EXPORT_SYMBOL_GPL(page_refs_scarce);

/**
 * iov_iter_get_pages_to_park() - pages of an iterator for pipes and packets
 * @i: iterator to take the pages from
 * @pages: where to return the pages
 * @maxsize: number of bytes to get at most
 * @maxpages: number of entries of @pages
 * @start: where to return the offset of the data in the first page, in bytes
 *
 * Context: as for the function of the iterator that gets pages.
 * Return: as from that; -ENOMEM if one of the pages has no reference left to
 *	park. Then no page is held, and @i is where it was.
 */
ssize_t iov_iter_get_pages_to_park(struct iov_iter *i, struct page **pages,
				   size_t maxsize, unsigned int maxpages,
				   size_t *start)
{
	ssize_t bytes = iov_take_pages(i, pages, maxsize, maxpages, start);
	unsigned long n, nr;

	if (bytes <= 0)
		return bytes;

	nr = DIV_ROUND_UP(bytes + *start, PAGE_SIZE);
	for (n = 0; n < nr; n++) {
		if (unlikely(page_refs_scarce(pages[n]))) {
			release_pages(pages, nr);
			iov_untake_pages(i, bytes);
			return -ENOMEM;
		}
	}
	return bytes;
}
EXPORT_SYMBOL_GPL(iov_iter_get_pages_to_park);
