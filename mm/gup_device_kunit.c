// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the references to device pages: where a batch ends, which
 * counts it changes, and that a count never overflows.
 */
#include <kunit/test.h>
#include <linux/devdax_test.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/vmalloc.h>

#include "gup_device.h"
#include "internal.h"

/* struct pages of one device page, with the device's reference only */
static struct page *device_page(struct kunit *test, unsigned int order)
{
	struct page *head = vzalloc(array_size(1UL << order, sizeof(*head)));
	struct dev_pagemap *pgmap = kunit_kzalloc(test, sizeof(*pgmap),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, head);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pgmap);
	pgmap->type = MEMORY_DEVICE_GENERIC;
	set_page_links(head, ZONE_DEVICE, 0, 0);
	head->pgmap = pgmap;
	if (order)
		prep_compound_page(head, order);
	init_page_count(head);
	return head;
}

static void expect_counts(struct kunit *test, struct page *head, int refs,
			  int pins)
{
	KUNIT_EXPECT_EQ(test, page_ref_count(head), refs);
	if (hpage_pincount_available(head))
		KUNIT_EXPECT_EQ(test, atomic_read(compound_pincount_ptr(head)), pins);
}

static void ends_with_compound_page(struct kunit *test)
{
	const unsigned long nr = 512;
	struct page *head = device_page(test, 9);

	KUNIT_EXPECT_EQ(test, grab_device_pages(head, 1, FOLL_GET), 1UL);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head, nr, FOLL_GET), nr);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head, nr + 1, FOLL_GET), nr);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head + 1, nr, FOLL_GET),
			nr - 1);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head + 1, nr - 2, FOLL_GET),
			nr - 2);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head + nr - 1, 1UL << 30,
						FOLL_GET), 1UL);
	expect_counts(test, head, 1 + 1 + nr + nr + nr - 1 + nr - 2 + 1, 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(head + 1), 0);
	vfree(head);
}

/* pins that were taken at once are given back one by one */
static void pin_and_unpin(struct kunit *test, unsigned int order, int bias)
{
	const unsigned long nr = 1UL << order;
	struct page *head = device_page(test, order);
	unsigned long i;

	KUNIT_EXPECT_EQ(test, grab_device_pages(head, nr, FOLL_PIN), nr);
	expect_counts(test, head, 1 + nr * bias, nr);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head + nr - 1, nr, FOLL_PIN),
			1UL);
	expect_counts(test, head, 1 + (nr + 1) * bias, nr + 1);
	KUNIT_EXPECT_TRUE(test, page_maybe_dma_pinned(head));

	for (i = 0; i < nr; i++)
		unpin_user_page(head + i);
	unpin_user_page(head + nr - 1);
	expect_counts(test, head, 1, 0);
	KUNIT_EXPECT_FALSE(test, page_maybe_dma_pinned(head));
	vfree(head);
}

static void pin_order_0(struct kunit *test)
{
	pin_and_unpin(test, 0, GUP_PIN_COUNTING_BIAS);
}

/* order 1 has no second tail, where some kernels keep the pin count */
static void pin_order_1(struct kunit *test)
{
	struct page *head = device_page(test, 1);
	bool exact = hpage_pincount_available(head);

	vfree(head);
	pin_and_unpin(test, 1, exact ? 1 : GUP_PIN_COUNTING_BIAS);
}

static void pin_order_9(struct kunit *test)
{
	pin_and_unpin(test, 9, 1);
}

/* pin a whole 1G page 8191 times; then one more only after one was unpinned */
static void full_order_18(struct kunit *test)
{
	const unsigned long nr = 1UL << 18;
	struct page *head = device_page(test, 18);
	int refs, i;

	for (i = 0; i < 8191; i++) {
		if (grab_device_pages(head, nr, FOLL_PIN) != nr)
			break;
	}
	KUNIT_EXPECT_EQ(test, i, 8191);
	refs = page_ref_count(head);
	expect_counts(test, head, 1 + 8191 * (int)nr, 8191 * (int)nr);

	KUNIT_EXPECT_EQ(test, grab_device_pages(head, nr, FOLL_PIN), 0UL);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head + 5, nr, FOLL_GET), 0UL);
	expect_counts(test, head, refs, 8191 * (int)nr);

	/* single pages stop at the limit: get_page() needs the rest */
	for (i = 0; grab_device_pages(head + nr - 1, 1, FOLL_GET); i++)
		;
	KUNIT_EXPECT_EQ(test, page_ref_count(head), refs + i);
	KUNIT_EXPECT_EQ(test, page_ref_count(head), DEVICE_REFS_MAX);
	/* this leaves 131072 references */
	KUNIT_EXPECT_EQ(test, INT_MAX - page_ref_count(head), (int)nr / 2);
	while (i--)
		put_page(head + 1);

	for (i = 0; i < nr; i++)
		unpin_user_page(head + i);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head, nr, FOLL_PIN), nr);
	expect_counts(test, head, refs, 8191 * (int)nr);

	/* give all pins back: the counters of the system must add up */
	for (i = 0; i < 8191; i++) {
		page_ref_sub(head, nr);
		atomic_sub(nr, compound_pincount_ptr(head));
		mod_node_page_state(page_pgdat(head), NR_FOLL_PIN_RELEASED, nr);
	}
	expect_counts(test, head, 1, 0);
	vfree(head);
}

static void full_order_0(struct kunit *test)
{
	struct page *page = device_page(test, 0);
	const unsigned int pin = FOLL_PIN | FOLL_LONGTERM;

	set_page_count(page, DEVICE_PINS_MAX - GUP_PIN_COUNTING_BIAS);
	KUNIT_EXPECT_EQ(test, grab_device_pages(page, 1, pin), 1UL);
	KUNIT_EXPECT_EQ(test, grab_device_pages(page, 1, pin), 0UL);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), DEVICE_PINS_MAX);
	/* a reference that is no pin is still possible */
	KUNIT_EXPECT_EQ(test, grab_device_pages(page, 1, FOLL_GET), 1UL);
	put_page(page);
	unpin_user_page(page);

	set_page_count(page, DEVICE_REFS_MAX);
	KUNIT_EXPECT_EQ(test, grab_device_pages(page, 1, FOLL_GET), 0UL);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), DEVICE_REFS_MAX);
	vfree(page);
}

/* the device has taken the page back: neither a reference nor a warning */
static void no_page_that_is_gone(struct kunit *test)
{
	struct page *head = device_page(test, 9);

	set_page_count(head, 0);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head, 1, FOLL_GET), 0UL);
	KUNIT_EXPECT_EQ(test, grab_device_pages(head + 3, 9, FOLL_PIN), 0UL);
	expect_counts(test, head, 0, 0);
	vfree(head);
}

static struct kunit_case gup_device_cases[] = {
	KUNIT_CASE(ends_with_compound_page),
	KUNIT_CASE(pin_order_0),
	KUNIT_CASE(pin_order_1),
	KUNIT_CASE(pin_order_9),
	KUNIT_CASE(full_order_18),
	KUNIT_CASE(full_order_0),
	KUNIT_CASE(no_page_that_is_gone),
	{}
};

static struct kunit_suite gup_device_suite = {
	.name = "devdax_gup",
	.test_cases = gup_device_cases,
};

kunit_test_suite(gup_device_suite);
