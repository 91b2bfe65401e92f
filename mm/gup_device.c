// SPDX-License-Identifier: GPL-2.0
/*
 * References of get_user_pages() and pin_user_pages() to device memory.
 *
 * A compound device page has one reference count for up to 1G, which everybody
 * who uses a part of it adds to. So references are taken for many base pages at
 * once, and the count can run full, which that of a base page hardly can.
 */
#include <linux/kernel.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/vmstat.h>

#include "gup_device.h"

/*
 * Add to the count unless it would exceed the limit. Checking first and adding
 * afterwards would not do: each of many processors adds as much as 1 << 18, and
 * a count that is negative for a moment makes others warn.
 *
 * A count of zero is a page that its device has taken back already, and stays.
 * That the exchange is a full barrier orders it before the caller's second look
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
 * @max: number of base pages that are wanted, at least 1
 * @flags: FOLL_GET or FOLL_PIN, one of them; other flags do not matter
 *
 * Takes references for @page and those that follow, as far as they are wanted
 * and belong to the same compound page, by one addition to its counts. Every
 * base page gets the same as from try_grab_page(), and is given back on its own
 * or with others, by put_page() or unpin_user_page().
 *
 * Unlike try_grab_page(), this refuses without a warning: anybody who may map a
 * device can pin it until its counts are full.
 *
 * Context: Any. The caller holds a reference on the pagemap of @page, or on
 *	@page. A compound device page is never split, so it needs no second look.
 * Return: number of base pages, @page the first of them; 0 if the count is full,
 *	or if the device has given up the page.
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

	if (!device_refs_add(head, refs, flags & FOLL_PIN ? DEVICE_PINS_MAX :
							    DEVICE_REFS_MAX))
		return 0;

	if (flags & FOLL_PIN) {
		/* never more than references, so it can not run full */
		if (exact)
			atomic_add(refs, compound_pincount_ptr(head));
		mod_node_page_state(page_pgdat(head), NR_FOLL_PIN_ACQUIRED, nr);
	}
	return nr;
}
