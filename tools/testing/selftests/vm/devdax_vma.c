// SPDX-License-Identifier: GPL-2.0
/*
 * munmap, mprotect and mremap of parts of a device-dax mapping.  Aligned parts
 * work, and other parts are refused.  The mapping never shows memory of another
 * offset, and never keeps a permission that was taken away.
 */
#include "devdax.h"

#define NR	3

FIXTURE(devdax_vma)
{
	struct devdax dd;
	unsigned long align;
	char *area;	/* aligned address space for NR + 1 pages */
	char *p;	/* NR pages of the device, touched */
};

FIXTURE_SETUP(devdax_vma)
{
	unsigned long i;

	devdax_setup(_metadata, &self->dd, NR);
	self->align = self->dd.align;
	self->area = devdax_reserve(&self->dd, (NR + 1) * self->align, 0);
	ASSERT_NE(MAP_FAILED, self->area);
	self->p = devdax_map(&self->dd, 0, NR * self->align);
	ASSERT_NE(MAP_FAILED, self->p);
	for (i = 0; i < NR; i++)
		devdax_fill(self->p + i * self->align, i * self->align, SZ_4K,
			    1);
}

FIXTURE_TEARDOWN(devdax_vma)
{
	close(self->dd.fd);
}

/* Does the page of the mapping show this page of the device? */
static bool shows(char *p, unsigned long page, unsigned long align)
{
	return !devdax_touch(p, false) &&
	       devdax_check(p, page * align, SZ_4K, 1);
}

TEST_F(devdax_vma, munmap_misaligned_refused)
{
	unsigned long align = self->align, part = self->dd.part, i;

	if (align > SZ_4K) {
		EXPECT_EQ(-1, munmap(self->p, part));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-1, munmap(self->p + part, NR * align - part));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, munmap(self->p + align / 2, align));
	EXPECT_EQ(EINVAL, errno);
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(shows(self->p + i * align, i, align));
}

TEST_F(devdax_vma, munmap_middle)
{
	unsigned long align = self->align;

	ASSERT_EQ(0, munmap(self->p + align, align));
	EXPECT_EQ(SIGSEGV, devdax_touch(self->p + align, false));
	EXPECT_EQ(SIGSEGV, devdax_touch(self->p + 2 * align - 1, true));
	EXPECT_TRUE(shows(self->p, 0, align));
	EXPECT_TRUE(shows(self->p + 2 * align, 2, align));
}

TEST_F(devdax_vma, munmap_ends)
{
	unsigned long align = self->align;

	ASSERT_EQ(0, munmap(self->p, align));
	ASSERT_EQ(0, munmap(self->p + 2 * align, align));
	EXPECT_EQ(SIGSEGV, devdax_touch(self->p, false));
	EXPECT_TRUE(shows(self->p + align, 1, align));
	EXPECT_EQ(SIGSEGV, devdax_touch(self->p + 2 * align, false));
}

TEST_F(devdax_vma, mprotect_misaligned_refused)
{
	unsigned long align = self->align, part = self->dd.part;

	EXPECT_EQ(-1, mprotect(self->p + part, part, PROT_READ));
	EXPECT_EQ(EINVAL, errno);
	if (align > SZ_4K) {
		EXPECT_EQ(-1, mprotect(self->p, align / 2, PROT_NONE));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(0, devdax_touch(self->p, true));
	EXPECT_EQ(0, devdax_touch(self->p + part, true));
}

/*
 * If a part becomes like its neighbour, the kernel would merge the two.  To
 * merge a misaligned part would split the mapping inside a page.
 */
TEST_F(devdax_vma, misaligned_part_is_not_merged)
{
	unsigned long align = self->align, i;

	if (align == SZ_4K)
		SKIP(return, "any length is aligned at 4K");
	ASSERT_EQ(0, madvise(self->p, align, MADV_SEQUENTIAL));
	EXPECT_EQ(-1, madvise(self->p + align, SZ_4K, MADV_SEQUENTIAL));
	EXPECT_EQ(EINVAL, errno);
	/* the last 4K of the first page could go to the second */
	EXPECT_EQ(-1, madvise(self->p + align - SZ_4K, SZ_4K, MADV_NORMAL));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, mprotect(self->p, align, PROT_READ));
	EXPECT_EQ(-1, mprotect(self->p + align, SZ_4K, PROT_READ));
	EXPECT_EQ(EINVAL, errno);
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(shows(self->p + i * align, i, align));
}

/* How many VMAs overlap this range? */
static int vmas(char *start, char *end)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char *from, *to, line[512];
	int n = 0;

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%p-%p", (void **)&from, (void **)&to) == 2)
			n += from < end && to > start;
	if (maps)
		fclose(maps);
	return n;
}

/*
 * A program may change the protection of each page and change it back, or map a
 * device piece by piece.  It must not run out of VMAs (vm.max_map_count).
 */
TEST_F(devdax_vma, parts_are_merged_again)
{
	unsigned long align = self->align;
	char *middle = self->p + align, *end = self->p + NR * align;

	EXPECT_EQ(1, vmas(self->p, end));
	ASSERT_EQ(0, mprotect(middle, align, PROT_READ));
	EXPECT_EQ(NR, vmas(self->p, end));
	ASSERT_EQ(0, mprotect(middle, align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(1, vmas(self->p, end));
}

TEST_F(devdax_vma, adjacent_pieces_are_one_mapping)
{
	unsigned long align = self->align, i;
	char *p = self->area;

	for (i = 0; i < NR; i++)
		ASSERT_EQ(p + i * align,
			  mmap(p + i * align, align, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED, self->dd.fd, i * align));
	EXPECT_EQ(1, vmas(p, p + NR * align));
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(shows(p + i * align, i, align));
}

/* The border between two mappings moves by whole entries, either way. */
TEST_F(devdax_vma, aligned_part_is_merged)
{
	unsigned long align = self->align, i;
	char *end = self->p + NR * align;

	ASSERT_EQ(0, madvise(self->p, align, MADV_SEQUENTIAL));
	EXPECT_EQ(2, vmas(self->p, end));
	ASSERT_EQ(0, madvise(self->p + align, align, MADV_SEQUENTIAL));
	EXPECT_EQ(2, vmas(self->p, end));
	ASSERT_EQ(0, madvise(self->p + align, align, MADV_NORMAL));
	EXPECT_EQ(2, vmas(self->p, end));
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(shows(self->p + i * align, i, align));
}

TEST_F(devdax_vma, mprotect_read_only)
{
	unsigned long align = self->align;
	char *middle = self->p + align;

	EXPECT_EQ(0, devdax_touch(middle, true));
	ASSERT_EQ(0, mprotect(middle, align, PROT_READ));
	EXPECT_EQ(SIGSEGV, devdax_touch(middle, true));
	EXPECT_EQ(SIGSEGV, devdax_touch(middle + align - 1, true));
	EXPECT_TRUE(shows(middle, 1, align));
	EXPECT_EQ(0, devdax_touch(self->p, true));
	EXPECT_EQ(0, devdax_touch(self->p + 2 * align, true));
	ASSERT_EQ(0, mprotect(middle, align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, devdax_touch(middle, true));
	EXPECT_TRUE(shows(middle, 1, align));
}

TEST_F(devdax_vma, mprotect_none)
{
	unsigned long align = self->align;

	EXPECT_EQ(0, devdax_touch(self->p + align, false));
	ASSERT_EQ(0, mprotect(self->p + align, align, PROT_NONE));
	EXPECT_EQ(SIGSEGV, devdax_touch(self->p + align, false));
	EXPECT_TRUE(shows(self->p + 2 * align, 2, align));
	ASSERT_EQ(0, mprotect(self->p + align, align, PROT_READ));
	EXPECT_TRUE(shows(self->p + align, 1, align));
}

/* To unmap memory, nobody needs access to it. */
TEST_F(devdax_vma, munmap_without_access)
{
	unsigned long align = self->align;

	ASSERT_EQ(0, mprotect(self->p, NR * align, PROT_NONE));
	EXPECT_EQ(0, munmap(self->p + align, align));
	EXPECT_EQ(0, madvise(self->p, align, MADV_DONTNEED));
	ASSERT_EQ(0, mprotect(self->p, align, PROT_READ));
	ASSERT_EQ(0, mprotect(self->p + 2 * align, align, PROT_READ));
	EXPECT_TRUE(shows(self->p, 0, align));
	EXPECT_EQ(SIGSEGV, devdax_touch(self->p + align, false));
	EXPECT_TRUE(shows(self->p + 2 * align, 2, align));
}

TEST_F(devdax_vma, mremap_move)
{
	unsigned long align = self->align, i;
	char *p;

	p = mremap(self->p, NR * align, NR * align,
		   MREMAP_MAYMOVE | MREMAP_FIXED, self->area);
	ASSERT_EQ(self->area, p);
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(SIGSEGV, devdax_touch(self->p + i * align, false));
		EXPECT_TRUE(shows(p + i * align, i, align));
	}
	EXPECT_EQ(0, devdax_touch(p + align / 2, true));
}

TEST_F(devdax_vma, mremap_shrink)
{
	unsigned long align = self->align;
	char *p = mremap(self->p, NR * align, align, 0);

	ASSERT_EQ(self->p, p);
	EXPECT_TRUE(shows(p, 0, align));
	EXPECT_EQ(SIGSEGV, devdax_touch(p + align, false));
	EXPECT_EQ(SIGSEGV, devdax_touch(p + 2 * align, false));
}

TEST_F(devdax_vma, mremap_shrink_misaligned_refused)
{
	unsigned long align = self->align;

	if (align == SZ_4K)
		SKIP(return, "any length is aligned at 4K");
	EXPECT_EQ(MAP_FAILED, mremap(self->p, NR * align, self->dd.part, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(shows(self->p + align, 1, align));
}

TEST_F(devdax_vma, mremap_grow)
{
	unsigned long align = self->align, i;
	char *p;

	ASSERT_EQ(0, munmap(self->p + align, (NR - 1) * align));
	p = mremap(self->p, align, NR * align, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, p);
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(shows(p + i * align, i, align));
}

/*
 * Either mremap or the access has to fail.  Which of them fails is the choice
 * of the kernel.
 */
TEST_F(devdax_vma, mremap_to_misaligned_address)
{
	unsigned long align = self->align;
	char *p;

	p = mremap(self->p, align, align, MREMAP_MAYMOVE | MREMAP_FIXED,
		   self->area + self->dd.part);
	if (p != MAP_FAILED) {
		EXPECT_EQ(SIGBUS, devdax_touch(p, true));
		EXPECT_EQ(SIGBUS, devdax_touch(p + align - 1, false));
	}
	EXPECT_TRUE(shows(self->p + align, 1, align));
}

/*
 * The address of the mapping is aligned, but its offset in the device is not.
 */
TEST_F(devdax_vma, mremap_from_misaligned_address)
{
	unsigned long align = self->align;
	char *p;

	p = mremap(self->p + self->dd.part, align, align,
		   MREMAP_MAYMOVE | MREMAP_FIXED, self->area);
	if (p != MAP_FAILED) {
		EXPECT_EQ(SIGBUS, devdax_touch(p, true));
		EXPECT_EQ(SIGBUS, devdax_touch(p + align - 1, false));
	}
}

/*
 * A mapping that was moved to a misaligned address can be cut at aligned ones.
 * Then both ends are aligned, but the offset in the device is not.
 */
TEST_F(devdax_vma, piece_of_a_moved_mapping)
{
	unsigned long align = self->align, part = self->dd.part;
	char *piece = self->area + align, *p;

	p = mremap(self->p, NR * align, NR * align,
		   MREMAP_MAYMOVE | MREMAP_FIXED, piece - part);
	if (p == MAP_FAILED)
		return;
	ASSERT_EQ(0, munmap(p, part));
	ASSERT_EQ(0, munmap(piece + (NR - 1) * align, align - part));
	EXPECT_EQ(SIGBUS, devdax_touch(piece, false));
	EXPECT_EQ(SIGBUS, devdax_touch(piece + align, true));

	/* the same by a second mapping, which mremap() makes of size 0 */
	p = mremap(piece, 0, align, MREMAP_MAYMOVE | MREMAP_FIXED, self->p);
	if (p != MAP_FAILED)
		EXPECT_EQ(SIGBUS, devdax_touch(p, true));
}

TEST_F(devdax_vma, madvise_dontneed_keeps_data)
{
	unsigned long align = self->align, i;

	EXPECT_EQ(0, madvise(self->p + align, align, MADV_DONTNEED));
	EXPECT_EQ(0, madvise(self->p, SZ_4K, MADV_DONTNEED));
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(shows(self->p + i * align, i, align));
	EXPECT_EQ(0, devdax_touch(self->p, true));
}

TEST_HARNESS_MAIN
