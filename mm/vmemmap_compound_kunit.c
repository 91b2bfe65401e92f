// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the decision whether tail struct pages share memory. That they
 * do share it is tested by binding a device, see lib/test_devdax_memmap.c.
 */
#include <kunit/test.h>
#include <linux/devdax_test.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>

#include "vmemmap_compound.h"

/* sharing needs an architecture that opted in, and struct pages of 64 bytes */
#define CAN_SHARE	(IS_ENABLED(CONFIG_VMEMMAP_COMPOUND) && \
			 is_power_of_2(sizeof(struct page)))

/* there is no memory at this address, so no section either */
#define TEST_START	((1ULL << MAX_PHYSMEM_BITS) - 2 * SZ_4G)

static struct dev_pagemap *share_pgmap(struct kunit *test, u64 start, u64 end)
{
	struct dev_pagemap *pgmap = kunit_kzalloc(test, sizeof(*pgmap),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pgmap);
	pgmap->type = MEMORY_DEVICE_GENERIC;
	pgmap->nr_range = 1;
	pgmap->range.start = start;
	pgmap->range.end = end - 1;
	return pgmap;
}

static void expect_share(struct kunit *test, struct dev_pagemap *pgmap,
			 unsigned long geometry, bool wanted)
{
	const char *problem;

	devdax_test_set_geometry(pgmap, geometry);
	problem = pgmap_share_tails(pgmap);
	KUNIT_EXPECT_EQ(test, pgmap_tails_shared(pgmap), wanted);
	/* a reason is given exactly if there are tails that do not share */
	KUNIT_EXPECT_EQ(test, !!problem,
			!wanted && pgmap_geometry(pgmap) > PAGE_SIZE);
}

/* all but the first and the last so many bytes of the range share */
static void expect_part(struct kunit *test, struct dev_pagemap *pgmap,
			u64 first, u64 last)
{
	u64 start = pgmap->range.start, end = pgmap->range.end + 1;
	unsigned long start_pfn = PHYS_PFN(start), end_pfn = PHYS_PFN(end);

	expect_share(test, pgmap, SZ_2M, CAN_SHARE);
	vmemmap_shared_part(pgmap, &start_pfn, &end_pfn);
	if (CAN_SHARE) {
		KUNIT_EXPECT_EQ(test, PFN_PHYS(start_pfn), start + first);
		KUNIT_EXPECT_EQ(test, PFN_PHYS(end_pfn), end - last);
	} else {
		KUNIT_EXPECT_EQ(test, start_pfn, end_pfn);
	}
}

static void share_depends_on_size(struct kunit *test)
{
	struct dev_pagemap *pgmap = share_pgmap(test, TEST_START,
						TEST_START + SZ_4G);
	unsigned long own = 2 * PAGE_SIZE / sizeof(struct page) * PAGE_SIZE;

	expect_share(test, pgmap, SZ_1G, CAN_SHARE);
	/* the pagemap is used again: the earlier decision does not count */
	expect_share(test, pgmap, 0, false);
	expect_share(test, pgmap, SZ_2M, CAN_SHARE);
	expect_share(test, pgmap, PAGE_SIZE, false);
	if (!CAN_SHARE)
		return;
	expect_share(test, pgmap, 2 * own, true);
	expect_share(test, pgmap, own, false);
}

static void share_not_with_altmap(struct kunit *test)
{
	struct dev_pagemap *pgmap = share_pgmap(test, TEST_START,
						TEST_START + SZ_4G);

	pgmap->flags = PGMAP_ALTMAP_VALID;
	pgmap->altmap.free = SZ_1G / PAGE_SIZE;
	expect_share(test, pgmap, SZ_1G, false);
	KUNIT_EXPECT_EQ(test, pgmap->flags, (unsigned int)PGMAP_ALTMAP_VALID);
}

static void share_not_in_early_section(struct kunit *test)
{
	/* the kernel itself is in RAM that has been there since boot */
	u64 ram = ALIGN_DOWN(__pa_symbol(&init_task), SZ_2M);
	u64 section = PFN_PHYS(PAGES_PER_SECTION);
	u64 before = ram - ALIGN_DOWN(ram, section);
	struct dev_pagemap *pgmap;

	pgmap = share_pgmap(test, TEST_START, TEST_START + SZ_4G);
	expect_part(test, pgmap, 0, 0);
	/* from the next section on */
	pgmap = share_pgmap(test, ram, TEST_START);
	expect_part(test, pgmap, section - before, 0);
	/* nothing is left */
	pgmap = share_pgmap(test, ram, ram + SZ_2M);
	expect_share(test, pgmap, SZ_2M, false);
	/* the head and its tails would be in different sections */
	pgmap = share_pgmap(test, ram, TEST_START);
	expect_share(test, pgmap, SZ_1G, false);
}

static struct kunit_case vmemmap_compound_cases[] = {
	KUNIT_CASE(share_depends_on_size),
	KUNIT_CASE(share_not_with_altmap),
	KUNIT_CASE(share_not_in_early_section),
	{}
};

static struct kunit_suite vmemmap_compound_suite = {
	.name = "devdax_vmemmap",
	.test_cases = vmemmap_compound_cases,
};

kunit_test_suite(vmemmap_compound_suite);
