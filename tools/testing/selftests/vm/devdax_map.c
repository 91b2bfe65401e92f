// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of a device-dax device.  The tests show which mappings are refused,
 * that each mapping shows the memory at its own offset to every process, and
 * how smaps counts mappings.
 */
#include "devdax.h"

#define NR_EDGE	8

FIXTURE(devdax_map)
{
	struct devdax dd;
	char *all;
};

FIXTURE_SETUP(devdax_map)
{
	devdax_setup(_metadata, &self->dd, 2);
	self->all = devdax_map(&self->dd, 0, self->dd.size);
	ASSERT_NE(MAP_FAILED, self->all);
}

FIXTURE_TEARDOWN(devdax_map)
{
	munmap(self->all, self->dd.size);
	close(self->dd.fd);
}

/*
 * The offset of the first or the last 4K of one of the first or the last pages
 * of the device.
 */
static unsigned long edge(const struct devdax *dd, unsigned int i)
{
	unsigned long page = i / 4, nr = dd->size / dd->align;

	if (i & 2)
		page = nr - 1 - page;
	return page * dd->align + (i & 1 ? dd->align - SZ_4K : 0);
}

TEST_F(devdax_map, write_one_mapping_read_another)
{
	unsigned long align = self->dd.align, off, i;
	char *p;

	for (i = 0; i < NR_EDGE; i++) {
		off = edge(&self->dd, i);
		devdax_fill(self->all + off, off, SZ_4K, 1);
	}
	for (i = 0; i < NR_EDGE; i++) {
		off = edge(&self->dd, i);
		p = devdax_map(&self->dd, off - off % align, align);
		ASSERT_NE(MAP_FAILED, p);
		EXPECT_TRUE(devdax_check(p + off % align, off, SZ_4K, 1));
		munmap(p, align);
	}
}

/* Write a page through a mapping of the device and one of this page alone. */
TEST_F(devdax_map, write_range_read_other_mapping)
{
	unsigned long off = self->dd.align;
	unsigned long len = off < SZ_2M ? off : SZ_2M;
	char *p = devdax_map(&self->dd, off, off);

	ASSERT_NE(MAP_FAILED, p);
	devdax_fill(self->all + off, off, len, 2);
	EXPECT_TRUE(devdax_check(p, off, len, 2));
	devdax_fill(p + off - len, off + off - len, len, 3);
	EXPECT_TRUE(devdax_check(self->all + off + off - len, off + off - len,
				 len, 3));
}

TEST_F(devdax_map, read_fault_then_write)
{
	unsigned long off = self->dd.align;
	char *p = devdax_map(&self->dd, off, off);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, devdax_touch(p + off / 2, false));
	EXPECT_EQ(0, devdax_touch(p + off / 2, true));
	devdax_fill(p, off, SZ_4K, 4);
	EXPECT_TRUE(devdax_check(self->all + off, off, SZ_4K, 4));
}

TEST_F(devdax_map, write_read_only_mapping)
{
	char *p = mmap(NULL, self->dd.align, PROT_READ, MAP_SHARED,
		       self->dd.fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, devdax_touch(p, false));
	EXPECT_EQ(SIGSEGV, devdax_touch(p, true));
}

TEST_F(devdax_map, map_private_refused)
{
	char *p = mmap(NULL, self->dd.align, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE, self->dd.fd, 0);

	EXPECT_EQ(MAP_FAILED, p);
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(devdax_map, map_misaligned_length_refused)
{
	unsigned long align = self->dd.align, part = self->dd.part;

	if (align == SZ_4K)
		SKIP(return, "any length is aligned at 4K");
	EXPECT_EQ(MAP_FAILED, devdax_map(&self->dd, 0, part));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, devdax_map(&self->dd, 0, align + part));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(devdax_map, map_misaligned_address_refused)
{
	char *p = devdax_reserve(&self->dd, self->dd.align, self->dd.part);

	EXPECT_EQ(MAP_FAILED, mmap(p, self->dd.align, PROT_READ,
				   MAP_SHARED | MAP_FIXED, self->dd.fd, 0));
	EXPECT_EQ(EINVAL, errno);
}

/* An offset inside a huge page would show the memory in front of it. */
TEST_F(devdax_map, map_misaligned_offset_refused)
{
	char *p = devdax_reserve(&self->dd, self->dd.align, 0);

	EXPECT_EQ(MAP_FAILED, mmap(p, self->dd.align, PROT_READ,
				   MAP_SHARED | MAP_FIXED, self->dd.fd,
				   self->dd.part));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED,
		  devdax_map(&self->dd, self->dd.align / 2, self->dd.align));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(devdax_map, touch_past_end)
{
	unsigned long align = self->dd.align;
	char *p = devdax_map(&self->dd, self->dd.size - align, 2 * align);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, devdax_touch(p + align - 1, true));
	EXPECT_EQ(SIGBUS, devdax_touch(p + align, false));
	EXPECT_EQ(0, devdax_touch(p, true));
}

/* Child: sees the parent's data, writes its own, and unmaps everything. */
static void fork_child(char *all, const struct devdax *dd)
{
	unsigned long off = dd->align + dd->align / 2;

	if (!devdax_check(all + off, off, SZ_4K, 5))
		_exit(1);
	devdax_fill(all + off, off, SZ_4K, 6);
	if (munmap(all, dd->size))
		_exit(2);
	_exit(devdax_touch(all, false) == SIGSEGV ? 0 : 3);
}

TEST_F(devdax_map, fork_shares_data)
{
	unsigned long off = self->dd.align + self->dd.align / 2;
	int i, status;
	pid_t pid;

	for (i = 0; i < 3; i++) {
		devdax_fill(self->all + off, off, SZ_4K, 5);
		pid = fork();
		if (!pid)
			fork_child(self->all, &self->dd);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
		EXPECT_TRUE(devdax_check(self->all + off, off, SZ_4K, 6));
	}
	EXPECT_EQ(0, devdax_touch(self->all, true));
}

/*
 * The walk for smaps counts what entries of 2M and 1G map, whatever the geometry
 * is.  Entries of 4K count where the process has the memory.  Some kernels in between
 * do not count device memory at all.
 */
TEST_F(devdax_map, smaps_rss)
{
	unsigned long align = self->dd.align;
	long each = devdax_entry_kb(&self->dd);
	static const char path[] = "/proc/self/smaps";
	char *p = devdax_map(&self->dd, 0, 2 * align);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, devdax_kb(path, p, "Rss"));
	EXPECT_EQ(0, devdax_touch(p + align + align / 2, true));
	if (!self->dd.geometry && !devdax_kb(path, p, "Rss"))
		each = 0;
	EXPECT_EQ(each, devdax_kb(path, p, "Rss"));
	EXPECT_EQ(0, devdax_touch(p, true));
	EXPECT_EQ(2 * each, devdax_kb(path, p, "Rss"));
	devdax_fill(p, 0, SZ_4K, 7);
	EXPECT_TRUE(devdax_check(self->all, 0, SZ_4K, 7));
}

/* Only the processor's caches hold back data, which the kernel does not write. */
TEST_F(devdax_map, msync_writes_nothing_back)
{
	devdax_fill(self->all, 0, SZ_4K, 8);
	EXPECT_EQ(-1, msync(self->all, self->dd.align, MS_SYNC));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, fsync(self->dd.fd));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, msync(self->all, self->dd.align, MS_ASYNC));
	EXPECT_EQ(0, msync(self->all, self->dd.align, MS_INVALIDATE));
	EXPECT_TRUE(devdax_check(self->all, 0, SZ_4K, 8));
}

TEST_HARNESS_MAIN
