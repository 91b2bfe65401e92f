/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The tests devdax_pin* talk to lib/test_devdax_pin.c by ioctl()s on
 * <debugfs>/test_devdax_pin.  Closing a file drops the references that it
 * holds.
 */
#ifndef _LIB_TEST_DEVDAX_PIN_UAPI_H
#define _LIB_TEST_DEVDAX_PIN_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* How to take references: one of the first three, with flags. */
#define TEST_DEVDAX_GET		0
#define TEST_DEVDAX_PIN		1
#define TEST_DEVDAX_LONGTERM	2	/* a pin with FOLL_LONGTERM */
#define TEST_DEVDAX_KIND	3	/* mask of the first three */
#define TEST_DEVDAX_FAST	4	/* get_user_pages_fast() and the like */
#define TEST_DEVDAX_ONLY	8	/* no slow path after the fast one */
#define TEST_DEVDAX_WRITE	16	/* FOLL_WRITE */

/* How to drop references. */
#define TEST_DEVDAX_EACH	0	/* page by page */
#define TEST_DEVDAX_ALL		1	/* in one call */
#define TEST_DEVDAX_DIRTY	2	/* unpin_user_pages_dirty_lock() */

/**
 * struct test_devdax_hold - references on the pages of a range of memory
 * @addr: (in) address in the caller's memory
 * @nr: (in) number of 4K pages
 * @how: (in) TEST_DEVDAX_GET and so on
 * @pfns: (in) where to write the page frame numbers, 8 bytes each; or 0
 * @held: (out) the number of references taken, or a negative error
 *
 * A file appends new references to those that it holds.
 */
struct test_devdax_hold {
	__u64 addr;
	__u64 nr;
	__u64 how;
	__u64 pfns;
	__s64 held;
};

/**
 * struct test_devdax_drop - drop a part of the references that a file holds
 * @first: (in) where the part begins, counted from the oldest reference
 * @nr: (in) number of references
 * @how: (in) TEST_DEVDAX_EACH and so on
 *
 * The references behind this part move up.
 */
struct test_devdax_drop {
	__u64 first;
	__u64 nr;
	__u64 how;
};

/**
 * struct test_devdax_refs - the references of a page of device memory
 * @pfn: (in) any page frame number of the page
 * @add: (in) TEST_DEVDAX_CHARGE only: pins to count, or to take back if negative
 * @refs: (out) reference count of the head
 * @pins: (out) pin count of the head, 0 if it has none of its own
 * @maps: (out) mappings of this page, 0 if the kernel does not count them
 * @own: (out) reference count of the struct page for @pfn
 * @nr: (out) number of 4K pages in this page
 */
struct test_devdax_refs {
	__u64 pfn;
	__s64 add;
	__s64 refs;
	__s64 pins;
	__s64 maps;
	__s64 own;
	__u64 nr;
};

#define TEST_DEVDAX_HOLD	_IOWR('D', 0x01, struct test_devdax_hold)
#define TEST_DEVDAX_DROP	_IOW('D', 0x02, struct test_devdax_drop)
#define TEST_DEVDAX_REFS	_IOWR('D', 0x03, struct test_devdax_refs)
#define TEST_DEVDAX_CHARGE	_IOWR('D', 0x04, struct test_devdax_refs)

#endif /* _LIB_TEST_DEVDAX_PIN_UAPI_H */
