// SPDX-License-Identifier: GPL-2.0
/* Unit tests of how device-dax chooses the geometry of its memmap. */
#include <kunit/test.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include "dax-private.h"

struct two_ranges {
	struct dev_pagemap pgmap;
	struct range second;
};

static struct dev_pagemap *pgmap_of(struct kunit *test, u64 start, u64 end)
{
	struct two_ranges *two = kunit_kzalloc(test, sizeof(*two), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, two);
	two->pgmap.type = MEMORY_DEVICE_GENERIC;
	two->pgmap.nr_range = 1;
	two->pgmap.range.start = start;
	two->pgmap.range.end = end - 1;
	return &two->pgmap;
}

static void expect_fit(struct kunit *test, struct dev_pagemap *pgmap,
		       const struct range *data, unsigned long want,
		       unsigned long fit)
{
	const char *problem;

	KUNIT_EXPECT_EQ(test, dax_fit_geometry(pgmap, data, want, &problem),
			fit);
	/* a reason is given exactly if the geometry is not the requested one */
	KUNIT_EXPECT_EQ(test, !problem, want == fit);
	KUNIT_EXPECT_PTR_EQ(test, pgmap_geometry_problem(pgmap, fit),
			    (const char *)NULL);
}

static void fit_aligned_range(struct kunit *test)
{
	struct dev_pagemap *pgmap = pgmap_of(test, PUD_SIZE, 4 * PUD_SIZE);

	expect_fit(test, pgmap, NULL, PUD_SIZE, PUD_SIZE);
	expect_fit(test, pgmap, NULL, PMD_SIZE, PMD_SIZE);
	expect_fit(test, pgmap, NULL, PAGE_SIZE, PAGE_SIZE);
}

/* map=mem: the namespace may start anywhere, but the data is aligned */
static void fit_data_of_misaligned_namespace(struct kunit *test)
{
	struct dev_pagemap *pgmap;
	struct range data = { .start = 2 * PUD_SIZE, .end = 4 * PUD_SIZE - 1 };

	pgmap = pgmap_of(test, PUD_SIZE + PMD_SIZE, 4 * PUD_SIZE);
	expect_fit(test, pgmap, &data, PUD_SIZE, PUD_SIZE);
	KUNIT_EXPECT_EQ(test, (u64)pgmap->range.start, (u64)data.start);
	KUNIT_EXPECT_EQ(test, (u64)pgmap->range.end, (u64)data.end);

	/* the next binding uses the same pagemap, with another cap */
	expect_fit(test, pgmap, &data, PMD_SIZE, PMD_SIZE);
	expect_fit(test, pgmap, &data, PUD_SIZE, PUD_SIZE);
}

/* if the whole namespace fits, all of it is mapped, data or not */
static void fit_keeps_whole_namespace(struct kunit *test)
{
	struct dev_pagemap *pgmap = pgmap_of(test, PUD_SIZE, 4 * PUD_SIZE);
	struct range data = { .start = 2 * PUD_SIZE, .end = 4 * PUD_SIZE - 1 };

	expect_fit(test, pgmap, &data, PUD_SIZE, PUD_SIZE);
	KUNIT_EXPECT_EQ(test, (u64)pgmap->range.start, (u64)PUD_SIZE);

	pgmap = pgmap_of(test, PUD_SIZE + PMD_SIZE, 4 * PUD_SIZE);
	expect_fit(test, pgmap, &data, PMD_SIZE, PMD_SIZE);
	KUNIT_EXPECT_EQ(test, (u64)pgmap->range.start,
			(u64)PUD_SIZE + PMD_SIZE);
}

static void fit_falls_back_to_pmd(struct kunit *test)
{
	struct dev_pagemap *pgmap;

	pgmap = pgmap_of(test, PUD_SIZE, 4 * PUD_SIZE + PMD_SIZE);
	expect_fit(test, pgmap, NULL, PUD_SIZE, PMD_SIZE);

	/* one range that does not fit is enough */
	pgmap = pgmap_of(test, PUD_SIZE, 2 * PUD_SIZE);
	pgmap->nr_range = 2;
	pgmap->ranges[1].start = 4 * PUD_SIZE + PMD_SIZE;
	pgmap->ranges[1].end = 6 * PUD_SIZE - 1;
	expect_fit(test, pgmap, NULL, PUD_SIZE, PMD_SIZE);
}

/* the altmap owns the memory before the data, so the range cannot be cut */
static void fit_keeps_altmap(struct kunit *test)
{
	struct range data = { .start = 2 * PUD_SIZE, .end = 4 * PUD_SIZE - 1 };
	u64 start = PUD_SIZE + PMD_SIZE;
	struct dev_pagemap *pgmap;

	pgmap = pgmap_of(test, start, 4 * PUD_SIZE);
	pgmap->flags = PGMAP_ALTMAP_VALID;
	pgmap->altmap.free = PHYS_PFN(PMD_SIZE);
	expect_fit(test, pgmap, &data, PUD_SIZE, PMD_SIZE);
	KUNIT_EXPECT_EQ(test, (u64)pgmap->range.start, start);

	pgmap->altmap.free = PHYS_PFN(data.start - start);
	expect_fit(test, pgmap, &data, PUD_SIZE, PUD_SIZE);
	KUNIT_EXPECT_EQ(test, (u64)pgmap->range.start, start);
}

static void fit_falls_back_to_base_pages(struct kunit *test)
{
	struct dev_pagemap *pgmap;

	pgmap = pgmap_of(test, PUD_SIZE + PAGE_SIZE, 4 * PUD_SIZE);
	expect_fit(test, pgmap, NULL, PUD_SIZE, PAGE_SIZE);
	expect_fit(test, pgmap, NULL, PMD_SIZE, PAGE_SIZE);

	pgmap = pgmap_of(test, PUD_SIZE, 4 * PUD_SIZE);
	pgmap->type = MEMORY_DEVICE_FS_DAX;
	expect_fit(test, pgmap, NULL, PUD_SIZE, PAGE_SIZE);
}

static struct kunit_case dax_geometry_cases[] = {
	KUNIT_CASE(fit_aligned_range),
	KUNIT_CASE(fit_data_of_misaligned_namespace),
	KUNIT_CASE(fit_keeps_whole_namespace),
	KUNIT_CASE(fit_falls_back_to_pmd),
	KUNIT_CASE(fit_keeps_altmap),
	KUNIT_CASE(fit_falls_back_to_base_pages),
	{}
};

static struct kunit_suite dax_geometry_suite = {
	.name = "devdax_geometry",
	.test_cases = dax_geometry_cases,
};

kunit_test_suite(dax_geometry_suite);
