// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of device-dax folios: a folio in use holds its pagemap, an idle one
 * does not, and a list of pages gives back what was taken, in whatever order.
 */
#include <kunit/test.h>
#include <linux/log2.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/percpu-refcount.h>
#include <linux/vmalloc.h>

#include "../internal.h"

/* References that keep a folio from being freed where a test fails. */
#define SPARE	64

/* Two folios next to each other that nobody uses, and their pagemap. */
struct test_dev {
	struct dev_pagemap pgmap;
	void *memmap;
	struct folio *folio[2];
	bool released;
};

static void pagemap_released(struct percpu_ref *ref)
{
	struct test_dev *device = container_of(ref, struct test_dev, pgmap.ref);

	device->released = true;
}

static struct folio *idle_folio(struct page *head, unsigned int order,
				struct dev_pagemap *pgmap)
{
	struct folio *folio = (struct folio *)head;

	set_page_links(head, ZONE_DEVICE, first_online_node, 0);
	if (order)
		prep_compound_page(head, order);
	folio->pgmap = pgmap;
	folio_set_count(folio, 0);
	return folio;
}

static struct test_dev *two_folios(struct kunit *test, unsigned int order)
{
	/* A tail finds its head by the address, where folios are aligned. */
	size_t align = roundup_pow_of_two(sizeof(struct page)) << order;
	struct test_dev *device;
	struct page *pages;

	if (order > MAX_FOLIO_ORDER)
		kunit_skip(test, "no folio is that large here");
	device = kunit_kzalloc(test, sizeof(*device), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, device);
	device->memmap = vzalloc(array_size(3, align));
	KUNIT_ASSERT_NOT_NULL(test, device->memmap);
	pages = PTR_ALIGN(device->memmap, align);
	device->pgmap.type = MEMORY_DEVICE_GENERIC;
	device->folio[0] = idle_folio(pages, order, &device->pgmap);
	device->folio[1] = idle_folio(pages + (1UL << order), order,
				      &device->pgmap);
	KUNIT_ASSERT_EQ(test, 0, percpu_ref_init(&device->pgmap.ref,
						 pagemap_released,
						 PERCPU_REF_INIT_ATOMIC,
						 GFP_KERNEL));
	return device;
}

static void end(struct test_dev *device)
{
	percpu_ref_exit(&device->pgmap.ref);
	vfree(device->memmap);
}

/* Unbinding waits for every user, and for nobody else. */
static void used_until_the_last_is_gone(struct kunit *test, unsigned int order)
{
	struct test_dev *device = two_folios(test, order);
	struct folio *folio = device->folio[1];
	int i;

	for (i = 1; i <= 3; i++) {
		KUNIT_EXPECT_TRUE(test, pgmap_folio_get(&device->pgmap, folio));
		KUNIT_EXPECT_EQ(test, folio_ref_count(folio), i);
	}
	percpu_ref_kill(&device->pgmap.ref);
	/* Who has one of them takes more, also while the device is unbound. */
	KUNIT_EXPECT_TRUE(test, folio_try_get(folio));
	for (i = 4; i > 0; i--) {
		KUNIT_EXPECT_FALSE(test, device->released);
		folio_put(folio);
		KUNIT_EXPECT_EQ(test, folio_ref_count(folio), i - 1);
	}
	KUNIT_EXPECT_TRUE(test, device->released);
	KUNIT_EXPECT_FALSE(test, folio_try_get(folio));
	end(device);
}

static void used_order_0(struct kunit *test)
{
	used_until_the_last_is_gone(test, 0);
}

static void used_order_1(struct kunit *test)
{
	used_until_the_last_is_gone(test, 1);
}

static void used_order_9(struct kunit *test)
{
	used_until_the_last_is_gone(test, 9);
}

static void used_order_18(struct kunit *test)
{
	used_until_the_last_is_gone(test, 18);
}

/* Each folio for itself, and as often as it is used. */
static void used_again(struct kunit *test)
{
	struct test_dev *device = two_folios(test, 9);
	int i;

	for (i = 0; i < 5; i++) {
		pgmap_folio_get(&device->pgmap, device->folio[0]);
		pgmap_folio_get(&device->pgmap, device->folio[1]);
		folio_put(device->folio[0]);
		pgmap_folio_get(&device->pgmap, device->folio[0]);
		folio_put(device->folio[1]);
		folio_put(device->folio[0]);
	}
	KUNIT_EXPECT_FALSE(test, device->released);
	percpu_ref_kill(&device->pgmap.ref);
	KUNIT_EXPECT_TRUE(test, device->released);
	end(device);
}

/* Nobody is left, so unbinding does not wait. */
static void never_used(struct kunit *test)
{
	struct test_dev *device = two_folios(test, 9);

	percpu_ref_kill(&device->pgmap.ref);
	KUNIT_EXPECT_TRUE(test, device->released);
	end(device);
}

static void expect_pins(struct kunit *test, struct folio *folio, int pins)
{
	int bias = folio_has_pincount(folio) ? 1 : GUP_PIN_COUNTING_BIAS;

	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), SPARE + bias * pins);
	if (folio_has_pincount(folio))
		KUNIT_EXPECT_EQ(test, atomic_read(&folio->_pincount), pins);
}

static void take_spare(struct test_dev *device)
{
	int i;

	for (i = 0; i < 2; i++) {
		pgmap_folio_get(&device->pgmap, device->folio[i]);
		folio_ref_add(device->folio[i], SPARE - 1);
	}
}

static void give_spare(struct test_dev *device)
{
	folio_put_refs(device->folio[0], SPARE);
	folio_put_refs(device->folio[1], SPARE);
}

/* Pin the pages with these numbers, of both folios, and unpin them at once. */
static void pin_and_unpin(struct kunit *test, struct test_dev *device,
			  const u8 *list, unsigned int nr)
{
	unsigned int order = folio_order(device->folio[0]);
	struct page *pages[16];
	int i, pins[2] = {};

	for (i = 0; i < nr; i++) {
		pages[i] = &device->folio[0]->page + list[i];
		pins[list[i] >> order]++;
		KUNIT_EXPECT_EQ(test, 0, try_grab_folio(page_folio(pages[i]),
							1, FOLL_PIN));
	}
	expect_pins(test, device->folio[0], pins[0]);
	expect_pins(test, device->folio[1], pins[1]);
	unpin_user_pages(pages, nr);
	expect_pins(test, device->folio[0], 0);
	expect_pins(test, device->folio[1], 0);
}

static const struct list {
	const char *name;
	u8 nr, page[16];
} lists[] = {
	{ "one page", 1, { 3 } },
	{ "one folio", 8, { 0, 1, 2, 3, 4, 5, 6, 7 } },
	{ "to the end", 3, { 5, 6, 7 } },
	{ "into the next folio", 4, { 6, 7, 8, 9 } },
	{ "two folios", 16,
	  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } },
	{ "backwards", 4, { 3, 2, 1, 0 } },
	{ "backwards into the other folio", 4, { 9, 8, 7, 6 } },
	{ "every second page", 4, { 0, 2, 4, 6 } },
	{ "the same page", 3, { 2, 2, 2 } },
	{ "more often than there are pages", 12,
	  { 0, 1, 2, 3, 4, 5, 6, 7, 7, 0, 1, 2 } },
	{ "a gap", 6, { 0, 1, 2, 5, 6, 7 } },
	{ "a gap and the other folio", 5, { 4, 6, 7, 8, 15 } },
	{ "back and forth", 6, { 7, 8, 7, 8, 0, 15 } },
};

static void list_name(const struct list *list, char *name)
{
	strscpy(name, list->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(list, lists, list_name);

static void unpin_list(struct kunit *test)
{
	struct test_dev *device = two_folios(test, 3);
	const struct list *list = test->param_value;

	take_spare(device);
	pin_and_unpin(test, device, list->page, list->nr);
	give_spare(device);
	percpu_ref_kill(&device->pgmap.ref);
	KUNIT_EXPECT_TRUE(test, device->released);
	end(device);
}

/* A folio of one page has no count of its pins alone. */
static void unpin_base_pages(struct kunit *test)
{
	static const u8 list[] = { 0, 1, 1, 0, 0 };
	struct test_dev *device = two_folios(test, 0);

	take_spare(device);
	pin_and_unpin(test, device, list, ARRAY_SIZE(list));
	give_spare(device);
	percpu_ref_kill(&device->pgmap.ref);
	KUNIT_EXPECT_TRUE(test, device->released);
	end(device);
}

static struct kunit_case devdax_folio_cases[] = {
	KUNIT_CASE(used_order_0),
	KUNIT_CASE(used_order_1),
	KUNIT_CASE(used_order_9),
	KUNIT_CASE(used_order_18),
	KUNIT_CASE(used_again),
	KUNIT_CASE(never_used),
	KUNIT_CASE_PARAM(unpin_list, list_gen_params),
	KUNIT_CASE(unpin_base_pages),
	{}
};

static struct kunit_suite devdax_folio_suite = {
	.name = "devdax_folio",
	.test_cases = devdax_folio_cases,
};

kunit_test_suite(devdax_folio_suite);
