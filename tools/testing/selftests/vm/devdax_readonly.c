// SPDX-License-Identifier: GPL-2.0
/*
 * A region that is read-only: nobody gets to write to its device-dax memory who
 * could not before.
 *
 * Needs a device on an NVDIMM or on e820 pmem, whose region has the attribute
 * read_only.
 */
#include "devdax.h"

#include <sys/uio.h>

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
		SKIP(_exit(DEVDAX_SKIPPED), "for memory of an NVDIMM only");
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

/* Returns a file or a negative error. */
static int open_device(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* mmap() at offset 0; NULL if it fails */
static char *map(int fd, unsigned long len, int prot)
{
	char *p = mmap(NULL, len, prot, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Tools that only read open it for writing, too. */
TEST_F(devdax_readonly, file_for_writing)
{
	int fd = open_device(self->dd.path, O_RDWR);
	char *p;

	ASSERT_LE(0, fd);
	EXPECT_EQ(NULL, map(fd, self->align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	p = map(fd, self->align, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(devdax_check(p, 0, SZ_4K, 1));
	EXPECT_EQ(SIGSEGV, devdax_touch(p, true));
	EXPECT_EQ(-1, mprotect(p, self->align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);

	/* the attribute takes effect at once, in both directions */
	ASSERT_TRUE(set_read_only(self->attr, "0"));
	EXPECT_NE(NULL, map(fd, self->align, PROT_READ | PROT_WRITE));
	close(fd);
}

TEST_F(devdax_readonly, file_for_reading)
{
	int fd = open_device(self->dd.path, O_RDONLY);
	char *p;

	ASSERT_LE(0, fd);
	EXPECT_EQ(NULL, map(fd, self->align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	p = map(fd, self->align, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(devdax_check(p, 0, SZ_4K, 1));
	EXPECT_EQ(SIGSEGV, devdax_touch(p, true));
	EXPECT_EQ(-1, mprotect(p, self->align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	close(fd);
}

/* It was opened for writing when that was allowed. */
TEST_F(devdax_readonly, file_from_before)
{
	int fd = self->dd.fd;
	char *p;

	EXPECT_EQ(NULL, map(fd, self->align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(NULL, map(fd, self->align, PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	p = map(fd, self->align, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(-1, mprotect(p, self->align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, devdax_touch(p, false));
	EXPECT_EQ(SIGSEGV, devdax_touch(p, true));
	/* what is writable now was not when it was mapped */
	ASSERT_TRUE(set_read_only(self->attr, "0"));
	EXPECT_EQ(-1, mprotect(p, self->align, PROT_READ | PROT_WRITE));
	p = map(fd, self->align, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, devdax_touch(p, true));
}

/* Neither the kernel nor another process writes for who may not. */
TEST_F(devdax_readonly, no_detours)
{
	int fd = open_device(self->dd.path, O_RDONLY), mem, ends[2];
	struct iovec from = { .iov_base = "word", .iov_len = 4 }, to;
	char *p;

	ASSERT_LE(0, fd);
	p = map(fd, self->align, PROT_READ);
	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(4, write(ends[1], "word", 4));
	EXPECT_EQ(-1, read(ends[0], p, 4));
	EXPECT_EQ(EFAULT, errno);
	to = (struct iovec){ .iov_base = p, .iov_len = 4 };
	EXPECT_EQ(-1, process_vm_writev(getpid(), &from, 1, &to, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	/* what a debugger uses */
	mem = open_device("/proc/self/mem", O_RDWR);
	ASSERT_LE(0, mem);
	EXPECT_EQ(-1, pwrite(mem, "word", 4, (unsigned long)p));
	close(mem);
	EXPECT_TRUE(devdax_check(p, 0, SZ_4K, 1));
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
