// SPDX-License-Identifier: GPL-2.0
/*
 * A region that is read-only: nobody gets to write to its device-dax memory who
 * could not before.
 *
 * Needs a device on an NVDIMM or on e820 pmem, whose region has the attribute
 * read_only.
 */
#include "devdax.h"

FIXTURE(devdax_readonly)
{
	struct devdax dd;
	unsigned long align;
	char attr[128];	/* read_only of the region */
	char *p;	/* mapped for writing before the region was read-only */
};

static bool set_read_only(const char *attr, const char *val)
{
	return !devdax_write(attr, val);
}

/* Its parent is what has the memory, and the parent of that is the region. */
FIXTURE_SETUP(devdax_readonly)
{
	devdax_setup(_metadata, &self->dd, 2);
	self->align = self->dd.align;
	snprintf(self->attr, sizeof(self->attr),
		 "/sys/bus/dax/devices/%s/../../read_only", self->dd.name);
	if (access(self->attr, F_OK))
		SKIP(_exit(DEVDAX_SKIPPED), "no attribute read_only of a region");
	ASSERT_TRUE(set_read_only(self->attr, "0"));
	self->p = devdax_map(&self->dd, 0, 2 * self->align);
	ASSERT_NE(MAP_FAILED, self->p);
	devdax_fill(self->p, 0, SZ_4K, 1);
	ASSERT_TRUE(set_read_only(self->attr, "1"));
}

FIXTURE_TEARDOWN(devdax_readonly)
{
	EXPECT_TRUE(set_read_only(self->attr, "0"));
	close(self->dd.fd);
}

/* mmap() at offset 0; NULL if it fails */
static char *map(int fd, unsigned long len, int prot)
{
	char *p = mmap(NULL, len, prot, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Map it for reading, which is all that can be had; returns the mapping. */
static char *read_only(struct __test_metadata *_metadata, int fd,
		       unsigned long len)
{
	char *p;

	ASSERT_LE(0, fd);
	EXPECT_EQ(NULL, map(fd, len, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(NULL, map(fd, len, PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	p = map(fd, len, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(-1, mprotect(p, len, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_TRUE(devdax_check(p, 0, SZ_4K, 1));
	EXPECT_EQ(SIGSEGV, devdax_touch(p, true));
	return p;
}

/* Tools that only read open it for writing, too. */
TEST_F(devdax_readonly, file_for_writing)
{
	int fd = open(self->dd.path, O_RDWR | O_CLOEXEC);

	read_only(_metadata, fd, self->align);
	close(fd);
}

/* The file is from before.  The attribute takes effect at once, both ways. */
TEST_F(devdax_readonly, file_from_before)
{
	char *p = read_only(_metadata, self->dd.fd, self->align);

	ASSERT_TRUE(set_read_only(self->attr, "0"));
	/* what is writable now was not when it was mapped */
	EXPECT_EQ(-1, mprotect(p, self->align, PROT_READ | PROT_WRITE));
	p = map(self->dd.fd, self->align, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, devdax_touch(p, true));
}

/* As files of a disk that becomes read-only: what is mapped stays as it is. */
TEST_F(devdax_readonly, mapping_from_before_stays)
{
	char *second = self->p + self->align;
	int status;
	pid_t pid;

	EXPECT_EQ(0, devdax_touch(self->p, true));
	/* not touched before */
	devdax_fill(second, self->align, SZ_4K, 2);
	EXPECT_TRUE(devdax_check(second, self->align, SZ_4K, 2));
	pid = fork();
	if (!pid)
		_exit(devdax_touch(self->p, true) ||
		      devdax_touch(second, true));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* but no other can be made like it */
	EXPECT_EQ(NULL, map(self->dd.fd, self->align, PROT_READ | PROT_WRITE));
}

/* A device that is bound while the region is read-only is no different. */
TEST_F(devdax_readonly, bound_read_only)
{
	char *p;

	munmap(self->p, 2 * self->align);
	ASSERT_EQ(0, devdax_unbind(&self->dd));
	ASSERT_EQ(0, devdax_bind(&self->dd));
	EXPECT_EQ(NULL, map(self->dd.fd, self->align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	p = map(self->dd.fd, self->align, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(devdax_check(p, 0, SZ_4K, 1));
	ASSERT_TRUE(set_read_only(self->attr, "0"));
	EXPECT_NE(NULL, map(self->dd.fd, self->align, PROT_READ | PROT_WRITE));
}

TEST_HARNESS_MAIN
