// SPDX-License-Identifier: GPL-2.0
/*
 * References of get_user_pages() and pin_user_pages() to device memory.
 *
 * A compound device page has one reference count for up to 1G. All users of any
 * part of it share this count. So references can be taken for many base pages
 * at once. And the count can run full, which that of a base page hardly can.
 */
#include <linux/kernel.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/vmstat.h>

#include "gup_device.h"

/*
 * Add to the count unless it would exceed the limit. The check and the addition
 * must be one atomic step. Otherwise the count could become negative for a
 * moment, as each of many processors adds up to 1 << 18, and others would warn.
 *
 * A count of zero stays zero: the device has already taken the page back. The
 * exchange is a full barrier, which orders it before the caller's second look
 * at the page table.
 */
static bool device_refs_add(struct page *head, int refs, int max)
{
	int count = page_ref_count(head);

	do {
		if (unlikely(count <= 0 || count > max - refs))
			return false;
	} while (!atomic_try_cmpxchg(&head->_refcount, &count, count + refs));

	if (page_ref_tracepoint_active(page_ref_mod))
		__page_ref_mod(head, refs);
	return true;
}

/**
 * grab_device_pages() - get or pin base pages of one device page
 * @page: the first, a ZONE_DEVICE page: head, tail, or a page of its own
 * @max: number of base pages to get or pin at most, at least 1
 * @flags: either FOLL_GET or FOLL_PIN; device_refs_max() may look at others
 *
 * Takes references for @page and the base pages that follow it in the same
 * compound page, up to @max, with one addition to its counts. Every base page
 * gets the same references as a page of RAM. put_page() or
 * unpin_user_page() gives them back, for single base pages or for several.
 *
 * Unlike for those, this refuses without a warning: any user who may map a
 * device can pin it until its counts are full.
 *
 * Context: Any. The caller holds a reference on the pagemap of @page, or on
 *	@page. A compound device page is never split, so its head does not have
 *	to be looked up again.
 * Return: number of base pages from @page on; 0 if the count is full, or if the
 *	device has given up the page.
 */
unsigned long grab_device_pages(struct page *page, unsigned long max,
				unsigned int flags)
{
	struct page *head = compound_head(page);
	unsigned long nr = 1;
	bool exact = false;
	int refs;

	if (PageHead(head)) {
		nr = min(max, compound_nr(head) - (page - head));
		exact = hpage_pincount_available(head);
	}
	refs = nr;
	if ((flags & FOLL_PIN) && !exact)
		refs *= GUP_PIN_COUNTING_BIAS;

	if (!device_refs_add(head, refs, device_refs_max(flags)))
		return 0;

	if (flags & FOLL_PIN) {
		/* there are never more pins than references: no overflow */
		if (exact)
			atomic_add(refs, compound_pincount_ptr(head));
		mod_node_page_state(page_pgdat(head), NR_FOLL_PIN_ACQUIRED, nr);
	}
	return nr;
}
