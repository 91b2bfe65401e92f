// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of struct pages written from images: they must be equal, bit for
 * bit, to struct pages written field by field.
 */
#include <kunit/test.h>
#include <linux/devdax_test.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "memmap_compound.h"
#include "memmap_image.h"

#define TEST_NID	0

/* the memmaps are filled with different bytes, so an unwritten byte shows */
#define GARBAGE_FIELDS	0xff
#define GARBAGE_IMAGES	0x5a

struct memmaps {
	struct dev_pagemap pgmap;
	unsigned long nr;	/* of base pages */
	struct page *fields;
	struct page *images;
};

/* both memmaps have one more struct page, which must not be written */
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

/* nr struct pages from the first on are equal in both memmaps */
static void expect_same(struct kunit *test, struct memmaps *m,
			unsigned long first, unsigned long nr)
{
	unsigned long i;

	for (i = first; i < first + nr; i++) {
		if (memcmp(m->fields + i, m->images + i, sizeof(struct page)))
			break;
	}
	KUNIT_EXPECT_EQ(test, i, first + nr);
}

/* nr struct pages from the first on have not been written from images */
static void expect_untouched(struct kunit *test, struct memmaps *m,
			     unsigned long first, unsigned long nr)
{
	KUNIT_EXPECT_PTR_EQ(test, (void *)NULL,
			    memchr_inv(m->images + first, GARBAGE_IMAGES,
				       nr * sizeof(struct page)));
}

static void expect_same_base(struct kunit *test, unsigned long nr)
{
	struct memmaps *m = alloc_memmaps(test, nr);
	unsigned long i;

	if (m->fields && m->images) {
		for (i = 0; i < nr; i++)
			__init_zone_device_page(m->fields + i, TEST_NID,
						&m->pgmap);
		memmap_init_base_pages(m->images, nr, TEST_NID, &m->pgmap);
		expect_same(test, m, 0, nr);
		expect_untouched(test, m, nr, 1);
	} else {
		KUNIT_FAIL(test, "out of memory");
	}
	free_memmaps(m);
}

/* struct pages that are written where tails share memory: two pages */
#define SHARED_OWN	(2 * PAGE_SIZE / sizeof(struct page))

/*
 * The images are prepared for the first compound page and reused for those that
 * follow. In both memmaps, tails point to the heads in m->images.
 */
static void expect_same_compound(struct kunit *test, unsigned int order,
				 unsigned long pages, unsigned long own)
{
	struct memmaps *m = alloc_memmaps(test, pages << order);
	unsigned long i, nr = 1UL << order;

	if (m->fields && m->images) {
		devdax_test_set_geometry(&m->pgmap, PAGE_SIZE << order);
		for (i = 0; i < m->nr; i += nr)
			memmap_init_compound_fields(m->fields + i, own,
						    m->images + i, TEST_NID,
						    &m->pgmap);
		memmap_init_compound(m->images, m->nr, own, TEST_NID,
				     &m->pgmap);
		for (i = 0; i < m->nr; i += nr) {
			expect_same(test, m, i, own);
			expect_untouched(test, m, i + own, nr - own);
		}
		expect_untouched(test, m, m->nr, 1);
	} else {
		KUNIT_FAIL(test, "out of memory");
	}
	free_memmaps(m);
}

static void same_order_0(struct kunit *test)
{
	expect_same_base(test, 1);
}

/* three whole batches, and a rest that is not a multiple of four */
static void same_order_0_many(struct kunit *test)
{
	expect_same_base(test, 3 * 1024 + 7);
}

static void same_order_1(struct kunit *test)
{
	expect_same_compound(test, 1, 5, 1UL << 1);
}

static void same_order_2(struct kunit *test)
{
	expect_same_compound(test, 2, 5, 1UL << 2);
}

static void same_order_9(struct kunit *test)
{
	expect_same_compound(test, 9, 3, 1UL << 9);
}

static void same_order_18(struct kunit *test)
{
	expect_same_compound(test, 18, 1, 1UL << 18);
}

/* where tails share memory, only the first struct pages are written */
static void same_shared_order_9(struct kunit *test)
{
	expect_same_compound(test, 9, 3, SHARED_OWN);
}

static void same_shared_order_18(struct kunit *test)
{
	expect_same_compound(test, 18, 2, SHARED_OWN);
}

static struct kunit_case memmap_image_cases[] = {
	KUNIT_CASE(same_order_0),
	KUNIT_CASE(same_order_0_many),
	KUNIT_CASE(same_order_1),
	KUNIT_CASE(same_order_2),
	KUNIT_CASE(same_order_9),
	KUNIT_CASE(same_order_18),
	KUNIT_CASE(same_shared_order_9),
	KUNIT_CASE(same_shared_order_18),
	{}
};

static struct kunit_suite memmap_image_suite = {
	.name = "devdax_image",
	.test_cases = memmap_image_cases,
};

kunit_test_suite(memmap_image_suite);
