/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LIB_TEST_DEVDAX_PIN_BASE_H
#define _LIB_TEST_DEVDAX_PIN_BASE_H
/*
 * What test_devdax_pin.c needs that differs between versions of the kernel: the
 * ways to take references, and where a page has its pins and its mappings.
 */
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/workqueue.h>

/* The fast way needs microseconds. */
#define TEST_DEVDAX_PATIENCE	(5 * HZ)

static inline long get_pages_slowly(unsigned long addr, unsigned long nr,
				    unsigned int flags, struct page **pages)
{
	return get_user_pages(addr, nr, flags, pages);
}

static inline long pin_pages_slowly(unsigned long addr, unsigned long nr,
				    unsigned int flags, struct page **pages)
{
	return pin_user_pages(addr, nr, flags, pages);
}

/* Somebody who holds the mmap lock until told otherwise, or out of patience. */
struct mmap_locker {
	struct work_struct work;
	struct mm_struct *mm;
	struct completion locked;
	struct completion done;
	bool impatient;
};

static inline void mmap_locker_work(struct work_struct *work)
{
	struct mmap_locker *locker = container_of(work, struct mmap_locker,
						  work);

	mmap_write_lock(locker->mm);
	complete(&locker->locked);
	locker->impatient = !wait_for_completion_timeout(&locker->done,
							 TEST_DEVDAX_PATIENCE);
	mmap_write_unlock(locker->mm);
}

/*
 * There is no such function any more.  While somebody else holds the mmap lock,
 * the slow way has to wait, and the fast way does not.  Returns 0 if it took the
 * slow way for any of the pages, which are then unpinned.
 */
static inline long pin_pages_fast_only(unsigned long addr, unsigned long nr,
				       unsigned int flags, struct page **pages)
{
	struct mmap_locker locker = { .mm = current->mm };
	long ret;

	init_completion(&locker.locked);
	init_completion(&locker.done);
	INIT_WORK_ONSTACK(&locker.work, mmap_locker_work);
	schedule_work(&locker.work);
	wait_for_completion(&locker.locked);

	ret = pin_user_pages_fast(addr, nr, flags, pages);

	complete(&locker.done);
	flush_work(&locker.work);
	destroy_work_on_stack(&locker.work);
	if (!locker.impatient)
		return ret;
	if (ret > 0)
		unpin_user_pages(pages, ret);
	return 0;
}

/* The exact number of pins of a page, NULL if the page has no such count. */
static inline atomic_t *exact_pins(struct page *head)
{
	struct folio *folio = page_folio(head);

	return folio_has_pincount(folio) ? &folio->_pincount : NULL;
}

/* How many entries of page tables map the page, where the kernel counts that. */
static inline int mappings(struct page *head)
{
	return folio_mapcount(page_folio(head));
}

#endif /* _LIB_TEST_DEVDAX_PIN_BASE_H */
