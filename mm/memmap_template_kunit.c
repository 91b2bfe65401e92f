// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of struct pages written from images: bit for bit they are what
 * writing them field by field makes of them.
 */
#include <kunit/test.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "internal.h"

/* any pfn that is a multiple of all orders will do: nothing is mapped there */
#define TEST_PFN	0x40000UL
#define TEST_NID	0

/* what is left of them shows, as the two memmaps begin with different bytes */
#define GARBAGE_FIELDS	0xff
#define GARBAGE_IMAGES	0x5a

struct memmaps {
	struct dev_pagemap pgmap;
	unsigned long nr;	/* struct pages that are written in both */
	struct page *fields;
	struct page *images;
};

/* both have one struct page more, which is not to be written */
static struct memmaps *alloc_memmaps(struct kunit *test, unsigned long nr)
{
	struct memmaps *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	size_t size = array_size(nr + 1, sizeof(struct page));

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
	if (memmap_by_field())
		kunit_info(test, "this kernel writes all by field\n");
	m->pgmap.type = MEMORY_DEVICE_GENERIC;
	m->nr = nr;
	m->fields = vmalloc(size);
	m->images = vmalloc(size);
	if (m->fields && m->images) {
		memset(m->fields, GARBAGE_FIELDS, size);
		memset(m->images, GARBAGE_IMAGES, size);
	}
	return m;
}

static void free_memmaps(struct memmaps *m)
{
	vfree(m->fields);
	vfree(m->images);
}

static void expect_same(struct kunit *test, struct memmaps *m)
{
	unsigned long i;

	for (i = 0; i < m->nr; i++) {
		if (memcmp(m->fields + i, m->images + i, sizeof(struct page)))
			break;
	}
	KUNIT_EXPECT_EQ(test, i, m->nr);
	KUNIT_EXPECT_PTR_EQ(test, (void *)NULL,
			    memchr_inv(m->images + m->nr, GARBAGE_IMAGES,
				       sizeof(struct page)));
}

static void expect_same_base(struct kunit *test, unsigned long nr)
{
	struct memmaps *m = alloc_memmaps(test, nr);
	unsigned long i;

	if (m->fields && m->images) {
		for (i = 0; i < nr; i++)
			__init_zone_device_page(m->fields + i, TEST_PFN + i,
						ZONE_DEVICE, TEST_NID,
						&m->pgmap);
		memmap_init_base_pages(m->images, TEST_PFN, nr, ZONE_DEVICE,
				       TEST_NID, &m->pgmap);
		expect_same(test, m);
	} else {
		KUNIT_FAIL(test, "out of memory");
	}
	free_memmaps(m);
}

/* the tails point to the head among the images, whichever memmap they are in */
static void expect_same_compound(struct kunit *test, unsigned int order,
				 unsigned long nr)
{
	struct memmaps *m = alloc_memmaps(test, nr);

	if (m->fields && m->images) {
		memmap_init_compound_fields(m->fields, nr, m->images, TEST_PFN,
					    order, ZONE_DEVICE, TEST_NID,
					    &m->pgmap);
		memmap_init_compound(m->images, nr, TEST_PFN, order,
				     ZONE_DEVICE, TEST_NID, &m->pgmap);
		expect_same(test, m);
	} else {
		KUNIT_FAIL(test, "out of memory");
	}
	free_memmaps(m);
}

static void same_order_0(struct kunit *test)
{
	expect_same_base(test, 1);
}

/* three whole batches, and what neither fills one nor is a multiple of four */
static void same_order_0_many(struct kunit *test)
{
	expect_same_base(test, 3 * 1024 + 7);
}

static void same_order_1(struct kunit *test)
{
	expect_same_compound(test, 1, 1UL << 1);
}

static void same_order_2(struct kunit *test)
{
	expect_same_compound(test, 2, 1UL << 2);
}

static void same_order_9(struct kunit *test)
{
	expect_same_compound(test, 9, 1UL << 9);
}

static void same_order_18(struct kunit *test)
{
	expect_same_compound(test, 18, 1UL << 18);
}

/* no more than asked for: the head's page of the memmap and one of tails */
static void same_order_18_in_part(struct kunit *test)
{
	expect_same_compound(test, 18, 2 * PAGE_SIZE / sizeof(struct page));
}

static struct kunit_case memmap_template_cases[] = {
	KUNIT_CASE(same_order_0),
	KUNIT_CASE(same_order_0_many),
	KUNIT_CASE(same_order_1),
	KUNIT_CASE(same_order_2),
	KUNIT_CASE(same_order_9),
	KUNIT_CASE(same_order_18),
	KUNIT_CASE(same_order_18_in_part),
	{}
};

static struct kunit_suite memmap_template_suite = {
	.name = "mm_memmap_template",
	.test_cases = memmap_template_cases,
};

kunit_test_suite(memmap_template_suite);
