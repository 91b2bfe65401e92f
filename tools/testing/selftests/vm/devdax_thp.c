// SPDX-License-Identifier: GPL-2.0
/*
 * Device-dax is no transparent huge page.  It is mapped in entries of its align
 * or not at all.  A process that wants no transparent huge pages, for all of its
 * memory or for this mapping, can use it as before.
 */
#include "devdax.h"

FIXTURE(devdax_thp)
{
	struct devdax dd;
	char *p;
};

FIXTURE_SETUP(devdax_thp)
{
	devdax_setup(_metadata, &self->dd, 2);
	self->p = devdax_map(&self->dd, 0, 2 * self->dd.align);
	ASSERT_NE(MAP_FAILED, self->p);
}

FIXTURE_TEARDOWN(devdax_thp)
{
	munmap(self->p, 2 * self->dd.align);
	close(self->dd.fd);
}

/* Every way to an entry: read, write after read, write, after it was zapped. */
static void use(struct __test_metadata *_metadata, char *p, unsigned long align)
{
	EXPECT_EQ(0, devdax_touch(p, false));
	EXPECT_EQ(0, devdax_touch(p + align / 2, true));
	EXPECT_EQ(0, devdax_touch(p + 2 * align - 1, true));
	ASSERT_EQ(0, madvise(p, 2 * align, MADV_DONTNEED));
	EXPECT_EQ(0, devdax_touch(p + align, true));
	ASSERT_EQ(0, mprotect(p, align, PROT_READ));
	EXPECT_EQ(0, devdax_touch(p, false));
	EXPECT_EQ(SIGSEGV, devdax_touch(p, true));
	ASSERT_EQ(0, mprotect(p, align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, devdax_touch(p, true));
}

TEST_F(devdax_thp, process_wants_none)
{
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	use(_metadata, self->p, self->dd.align);
}

TEST_F(devdax_thp, mapping_wants_none)
{
	if (madvise(self->p, 2 * self->dd.align, MADV_NOHUGEPAGE))
		SKIP(return, "no transparent huge pages");
	use(_metadata, self->p, self->dd.align);
}

TEST_F(devdax_thp, populate_where_none_is_wanted)
{
	unsigned long align = self->dd.align;
	char *p;

	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	p = mmap(NULL, align, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_POPULATE, self->dd.fd, align);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, devdax_faults(p, true));
	devdax_fill(p, 0, SZ_4K, 1);
	EXPECT_TRUE(devdax_check(self->p + align, 0, SZ_4K, 1));
	munmap(p, align);
}

/* The wish still holds for memory that can do without huge pages. */
TEST_F(devdax_thp, other_memory_has_none)
{
	char *p = mmap(NULL, 2 * SZ_2M, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	/* without the prctl() it has some */
	ASSERT_EQ(0, madvise(p, 2 * SZ_2M, MADV_HUGEPAGE));
	memset(p, 1, 2 * SZ_2M);
	EXPECT_LT(0, devdax_kb("/proc/self/smaps", p, "AnonHugePages"));
	munmap(p, 2 * SZ_2M);

	p = mmap(NULL, 2 * SZ_2M, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, madvise(p, 2 * SZ_2M, MADV_HUGEPAGE));
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	memset(p, 1, 2 * SZ_2M);
	EXPECT_EQ(0, devdax_kb("/proc/self/smaps", p, "AnonHugePages"));
	munmap(p, 2 * SZ_2M);
}

TEST_HARNESS_MAIN
