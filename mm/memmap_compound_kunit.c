// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of compound device pages: which geometry memremap_pages() accepts,
 * and what memmap_init_compound() writes, from the first to the last page.
 */
#include <kunit/test.h>
#include <linux/devdax_test.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "memmap_compound.h"
#include "memmap_image.h"

#define TEST_NID	0

/* page_init_poison() fills struct pages with this; none of it may remain */
#define GARBAGE		0xff

struct two_ranges {
	struct dev_pagemap pgmap;
	struct range second;
};

static struct dev_pagemap *generic_pgmap(struct kunit *test, u64 start, u64 end)
{
	struct two_ranges *two = kunit_kzalloc(test, sizeof(*two), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, two);
	two->pgmap.type = MEMORY_DEVICE_GENERIC;
	two->pgmap.nr_range = 1;
	two->pgmap.range.start = start;
	two->pgmap.range.end = end - 1;
	return &two->pgmap;
}

static void geometry_helpers(struct kunit *test)
{
	struct dev_pagemap *pgmap = generic_pgmap(test, 0, PUD_SIZE);
	int i;
	const struct {
		unsigned long geometry, size, nr;
		unsigned int order;
	} want[] = {
		{ 0, PAGE_SIZE, 1, 0 },
		{ PAGE_SIZE, PAGE_SIZE, 1, 0 },
		{ 2 * PAGE_SIZE, 2 * PAGE_SIZE, 2, 1 },
		{ PMD_SIZE, PMD_SIZE, PTRS_PER_PTE, PMD_SHIFT - PAGE_SHIFT },
		{ PUD_SIZE, PUD_SIZE, PUD_SIZE / PAGE_SIZE,
		  PUD_SHIFT - PAGE_SHIFT },
	};

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		devdax_test_set_geometry(pgmap, want[i].geometry);
		KUNIT_EXPECT_EQ(test, pgmap_geometry(pgmap), want[i].size);
		KUNIT_EXPECT_EQ(test, pgmap_geometry_nr(pgmap), want[i].nr);
		KUNIT_EXPECT_EQ(test, pgmap_geometry_order(pgmap),
				want[i].order);
	}
}

static void geometry_accepted(struct kunit *test)
{
	struct dev_pagemap *pgmap = generic_pgmap(test, PUD_SIZE, 3 * PUD_SIZE);

	KUNIT_EXPECT_PTR_EQ(test, pgmap_geometry_problem(pgmap, 0),
			    (const char *)NULL);
	KUNIT_EXPECT_PTR_EQ(test, pgmap_geometry_problem(pgmap, PAGE_SIZE),
			    (const char *)NULL);
	KUNIT_EXPECT_PTR_EQ(test, pgmap_geometry_problem(pgmap, 2 * PAGE_SIZE),
			    (const char *)NULL);
	KUNIT_EXPECT_PTR_EQ(test, pgmap_geometry_problem(pgmap, PMD_SIZE),
			    (const char *)NULL);
	KUNIT_EXPECT_PTR_EQ(test, pgmap_geometry_problem(pgmap, PUD_SIZE),
			    (const char *)NULL);
}

/* refused by the predicate, and by memremap_pages() before it allocates */
static void expect_refused(struct kunit *test, struct dev_pagemap *pgmap,
			   unsigned long geometry, const char *reason)
{
	const char *problem = pgmap_geometry_problem(pgmap, geometry);
	void *addr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, problem);
	KUNIT_EXPECT_STREQ(test, problem, reason);

	/* a pagemap that keeps the order cannot ask for every size */
	if (!devdax_test_set_geometry(pgmap, geometry))
		return;
	addr = memremap_pages(pgmap, TEST_NID);
	KUNIT_EXPECT_EQ(test, PTR_ERR(addr), (long)-EINVAL);
	KUNIT_EXPECT_TRUE(test, devdax_test_untouched(pgmap));
}

static void geometry_refused(struct kunit *test)
{
	struct dev_pagemap *pgmap = generic_pgmap(test, PUD_SIZE, 3 * PUD_SIZE);

	expect_refused(test, pgmap, 3 * PAGE_SIZE, "not a power of two");
	expect_refused(test, pgmap, PAGE_SIZE / 2, "smaller than a page");
	expect_refused(test, pgmap, 2 * PUD_SIZE,
		       "larger than what a PUD maps");
}

static void geometry_refused_for_type(struct kunit *test)
{
	struct dev_pagemap *pgmap = generic_pgmap(test, PUD_SIZE, 3 * PUD_SIZE);
	const char *reason = "the memory type works on base pages";

	pgmap->type = MEMORY_DEVICE_FS_DAX;
	KUNIT_EXPECT_STREQ(test, pgmap_geometry_problem(pgmap, PMD_SIZE),
			   reason);
	pgmap->type = MEMORY_DEVICE_PRIVATE;
	KUNIT_EXPECT_STREQ(test, pgmap_geometry_problem(pgmap, PMD_SIZE),
			   reason);
	pgmap->type = MEMORY_DEVICE_PCI_P2PDMA;
	KUNIT_EXPECT_PTR_EQ(test, pgmap_geometry_problem(pgmap, 0),
			    (const char *)NULL);
	expect_refused(test, pgmap, PMD_SIZE, reason);
}

static void geometry_refused_for_range(struct kunit *test)
{
	const char *reason = "a range does not start and end on a multiple of that size";
	struct dev_pagemap *pgmap;

	pgmap = generic_pgmap(test, PUD_SIZE + PMD_SIZE, 3 * PUD_SIZE);
	expect_refused(test, pgmap, PUD_SIZE, reason);
	pgmap = generic_pgmap(test, PUD_SIZE, 3 * PUD_SIZE - PMD_SIZE);
	expect_refused(test, pgmap, PUD_SIZE, reason);

	pgmap = generic_pgmap(test, PUD_SIZE, 2 * PUD_SIZE);
	pgmap->nr_range = 2;
	pgmap->ranges[1].start = 4 * PUD_SIZE + PMD_SIZE;
	pgmap->ranges[1].end = 6 * PUD_SIZE - 1;
	expect_refused(test, pgmap, PUD_SIZE, reason);
}

/* the first page with a struct page is the one after the altmap */
static void geometry_looks_behind_altmap(struct kunit *test)
{
	struct dev_pagemap *pgmap;

	pgmap = generic_pgmap(test, PUD_SIZE - PMD_SIZE, 3 * PUD_SIZE);
	pgmap->flags = PGMAP_ALTMAP_VALID;
	pgmap->altmap.free = PHYS_PFN(PMD_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, pgmap_geometry_problem(pgmap, PUD_SIZE),
			    (const char *)NULL);

	pgmap->altmap.free = PHYS_PFN(2 * PMD_SIZE);
	expect_refused(test, pgmap, PUD_SIZE,
		       "a range does not start and end on a multiple of that size");
}

static bool links_ok(struct page *page)
{
	return page_zonenum(page) == ZONE_DEVICE &&
	       page_to_nid(page) == TEST_NID &&
	       test_bit(PG_reserved, &page->flags) &&
	       atomic_read(&page->_mapcount) == -1;
}

static bool tail_ok(struct page *tail, struct page *head)
{
	return links_ok(tail) && PageTail(tail) &&
	       !test_bit(PG_head, &tail->flags) &&
	       compound_head(tail) == head && page_ref_count(tail) == 0 &&
	       (tail <= head + DEVDAX_TEST_OWN_TAILS ||
		tail->mapping == TAIL_MAPPING) &&
	       (tail <= head + DEVDAX_TEST_OWN_INDEX || !tail->index) &&
	       !tail->private;
}

static void expect_head(struct kunit *test, struct page *head,
			struct dev_pagemap *pgmap)
{
	KUNIT_EXPECT_TRUE(test, links_ok(head));
	KUNIT_EXPECT_FALSE(test, PageTail(head));
	KUNIT_EXPECT_EQ(test, page_ref_count(head), 1);
	KUNIT_EXPECT_PTR_EQ(test, head->pgmap, pgmap);
	KUNIT_EXPECT_PTR_EQ(test, head->zone_device_data, (void *)NULL);
	KUNIT_EXPECT_PTR_EQ(test, head->mapping, (struct address_space *)NULL);
	KUNIT_EXPECT_EQ(test, head->index, 0UL);
	KUNIT_EXPECT_EQ(test, head->private, 0UL);
}

static void expect_garbage(struct kunit *test, struct page *page,
			   unsigned long nr)
{
	KUNIT_EXPECT_PTR_EQ(test, (void *)NULL,
			    memchr_inv(page, GARBAGE, nr * sizeof(*page)));
}

/* only the first @own struct pages of a compound page are written */
static void expect_compound(struct kunit *test, struct page *head,
			    unsigned long own, struct dev_pagemap *pgmap)
{
	unsigned int order = pgmap_geometry_order(pgmap);
	unsigned long i, nr = 1UL << order, first_bad = 0;

	expect_head(test, head, pgmap);
	KUNIT_EXPECT_TRUE(test, PageHead(head));
	KUNIT_EXPECT_EQ(test, compound_order(head), order);
	KUNIT_EXPECT_EQ(test, compound_nr(head), nr);
	KUNIT_EXPECT_TRUE(test, devdax_test_unused(head, order));
	for (i = 1; i < own && !first_bad; i++) {
		if (!tail_ok(head + i, head))
			first_bad = i;
	}
	KUNIT_EXPECT_EQ(test, first_bad, 0UL);
	for (i = 1; i < own; i++) {
		if (page_pgmap(head + i) != pgmap)
			break;
	}
	KUNIT_EXPECT_EQ(test, i, own);
	/* where tails share, these are other addresses of the tails before */
	expect_garbage(test, head + own, nr - own);
}

/* struct pages that are written where tails share memory: two pages */
#define SHARED_OWN	(2 * PAGE_SIZE / sizeof(struct page))

/* several compound pages in one call, as in memremap_pages() */
static void expect_init(struct kunit *test, unsigned int order,
			unsigned long pages, unsigned long own)
{
	struct dev_pagemap *pgmap = generic_pgmap(test, 0, pages * PUD_SIZE);
	unsigned long i, nr = pages << order;
	struct page *memmap = vmalloc(array_size(nr + 1, sizeof(*memmap)));

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, memmap);
	memset(memmap, GARBAGE, (nr + 1) * sizeof(*memmap));
	devdax_test_set_geometry(pgmap, PAGE_SIZE << order);

	memmap_init_compound(memmap, nr, own, TEST_NID, pgmap);

	for (i = 0; i < pages; i++)
		expect_compound(test, memmap + (i << order), own, pgmap);
	expect_garbage(test, memmap + nr, 1);
	vfree(memmap);
}

static void init_order_0(struct kunit *test)
{
	struct dev_pagemap *pgmap = generic_pgmap(test, 0, PUD_SIZE);
	struct page *page = kunit_kzalloc(test, sizeof(*page), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	memset(page, GARBAGE, sizeof(*page));
	__init_zone_device_page(page, TEST_NID, pgmap);
	expect_head(test, page, pgmap);
	KUNIT_EXPECT_FALSE(test, PageHead(page));
	KUNIT_EXPECT_PTR_EQ(test, page_pgmap(page), pgmap);
}

/* order 1 has no second tail to keep a pin count */
static void init_order_1(struct kunit *test)
{
	expect_init(test, 1, 5, 1UL << 1);
}

static void init_order_2(struct kunit *test)
{
	expect_init(test, 2, 5, 1UL << 2);
}

static void init_order_9(struct kunit *test)
{
	expect_init(test, 9, 3, 1UL << 9);
}

static void init_order_18(struct kunit *test)
{
	expect_init(test, 18, 2, 1UL << 18);
}

static void init_shared_order_9(struct kunit *test)
{
	expect_init(test, 9, 3, SHARED_OWN);
}

static void init_shared_order_18(struct kunit *test)
{
	expect_init(test, 18, 2, SHARED_OWN);
}

static struct kunit_case memmap_compound_cases[] = {
	KUNIT_CASE(geometry_helpers),
	KUNIT_CASE(geometry_accepted),
	KUNIT_CASE(geometry_refused),
	KUNIT_CASE(geometry_refused_for_type),
	KUNIT_CASE(geometry_refused_for_range),
	KUNIT_CASE(geometry_looks_behind_altmap),
	KUNIT_CASE(init_order_0),
	KUNIT_CASE(init_order_1),
	KUNIT_CASE(init_order_2),
	KUNIT_CASE(init_order_9),
	KUNIT_CASE(init_order_18),
	KUNIT_CASE(init_shared_order_9),
	KUNIT_CASE(init_shared_order_18),
	{}
};

static struct kunit_suite memmap_compound_suite = {
	.name = "devdax_compound",
	.test_cases = memmap_compound_cases,
};

kunit_test_suite(memmap_compound_suite);
