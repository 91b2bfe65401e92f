// SPDX-License-Identifier: GPL-2.0
/*
 * Advice that applies to other memory than device-dax, and what else a virtual
 * machine monitor may ask of its memory: userfaultfd, punching holes, dropping
 * or filling pages.  Each has the error that the documentation says, and none
 * changes the data.
 */
#include "devdax.h"

#include <linux/falloc.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

#define NR	2

FIXTURE(devdax_advice)
{
	struct devdax dd;
	unsigned long align;
	unsigned long len;
	char *p;
};

FIXTURE_SETUP(devdax_advice)
{
	unsigned long i;

	devdax_setup(_metadata, &self->dd, NR);
	self->align = self->dd.align;
	self->len = NR * self->align;
	self->p = devdax_map(&self->dd, 0, self->len);
	ASSERT_NE(MAP_FAILED, self->p);
	for (i = 0; i < NR; i++)
		devdax_fill(self->p + i * self->align, i * self->align, SZ_4K,
			    1);
}

FIXTURE_TEARDOWN(devdax_advice)
{
	munmap(self->p, self->len);
	EXPECT_EQ(0, devdax_settle(&self->dd));
}

/* All data is where it was, and can be written to. */
static bool intact(char *p, unsigned long align)
{
	unsigned long i;

	for (i = 0; i < NR; i++, p += align)
		if (devdax_touch(p, true) ||
		    !devdax_check(p, i * align, SZ_4K, 1))
			return false;
	return true;
}

static int advise(char *p, unsigned long len, int advice)
{
	return madvise(p, len, advice) ? -errno : 0;
}

/* Advice, and the error that it has. */
static const struct advice {
	const char *name;
	int advice;
	int error;
	bool splits;	/* the VMA, if it is for a part of that */
	bool newer;	/* than some kernels: those that do not know it say EINVAL */
} advices[] = {
	{ "MADV_DONTNEED", MADV_DONTNEED },
	{ "MADV_WILLNEED", MADV_WILLNEED },
	{ "MADV_SEQUENTIAL", MADV_SEQUENTIAL, .splits = true },
	{ "MADV_RANDOM", MADV_RANDOM, .splits = true },
	{ "MADV_NORMAL", MADV_NORMAL },
	{ "MADV_COLD", MADV_COLD },
	{ "MADV_PAGEOUT", MADV_PAGEOUT },
	{ "MADV_FREE", MADV_FREE, -EINVAL },
	{ "MADV_REMOVE", MADV_REMOVE, -ENODEV },
	{ "MADV_WIPEONFORK", MADV_WIPEONFORK, -EINVAL },
	{ "MADV_POPULATE_READ", MADV_POPULATE_READ, .newer = true },
	{ "MADV_POPULATE_WRITE", MADV_POPULATE_WRITE, .newer = true },
};

/* What the kernel says of newer advice for other memory, it says here, too. */
static int expected(const struct advice *a)
{
	char *p;
	int err;

	if (!a->newer)
		return a->error;
	p = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	err = advise(p, SZ_4K, a->advice);
	munmap(p, SZ_4K);
	return err;
}

TEST_F(devdax_advice, whole)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(advices); i++) {
		err = advise(self->p, self->len, advices[i].advice);
		EXPECT_EQ(expected(advices + i), err) {
			TH_LOG("%s", advices[i].name);
		}
		EXPECT_TRUE(intact(self->p, self->align)) {
			TH_LOG("%s", advices[i].name);
		}
		err = advise(self->p + self->align, self->align,
			     advices[i].advice);
		EXPECT_EQ(expected(advices + i), err) {
			TH_LOG("%s of the second page", advices[i].name);
		}
		EXPECT_TRUE(intact(self->p, self->align));
		advise(self->p, self->len, MADV_NORMAL);
	}
}

/*
 * A balloon gives back 4K by 4K.  Advice that marks the VMA would have to split
 * it, and is refused.  Other advice may take the entry of the whole page away.
 */
TEST_F(devdax_advice, a_4k_of_it)
{
	unsigned int i;
	int err, want;

	for (i = 0; i < ARRAY_SIZE(advices); i++) {
		err = advise(self->p + self->align - SZ_4K, SZ_4K,
			     advices[i].advice);
		want = expected(advices + i);
		if (self->align > SZ_4K && advices[i].splits)
			want = -EINVAL;
		EXPECT_EQ(want, err);
		EXPECT_TRUE(intact(self->p, self->align)) {
			TH_LOG("%s", advices[i].name);
		}
		advise(self->p, self->len, MADV_NORMAL);
	}
}

/* Only the mapping that the advice is for loses its entries. */
TEST_F(devdax_advice, two_mappings)
{
	char *q = devdax_map(&self->dd, 0, self->len);

	ASSERT_NE(MAP_FAILED, q);
	EXPECT_TRUE(intact(q, self->align));
	EXPECT_EQ(0, advise(self->p, self->len, MADV_DONTNEED));
	EXPECT_EQ(0, devdax_faults(q, false));
	EXPECT_EQ(1, devdax_faults(self->p, false));
	EXPECT_TRUE(intact(q, self->align));
	EXPECT_TRUE(intact(self->p, self->align));
	munmap(q, self->len);
}

TEST_F(devdax_advice, locked)
{
	ASSERT_EQ(0, mlock(self->p, self->len));
	EXPECT_TRUE(intact(self->p, self->align));
	/* device-dax is not marked as locked: nothing ever takes it away */
	EXPECT_EQ(0, advise(self->p, self->len, MADV_DONTNEED));
	EXPECT_TRUE(intact(self->p, self->align));
	EXPECT_EQ(0, munlock(self->p, self->len));
}

/* The file has no blocks to give back, and no length to change. */
TEST_F(devdax_advice, file)
{
	int fd = self->dd.fd, hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	EXPECT_EQ(-1, fallocate(fd, hole, 0, self->align));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, fallocate(fd, 0, 0, self->align));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, ftruncate(fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(intact(self->p, self->align));
}

/* Returns a file or -1. */
static int userfault(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int uffd_register(int fd, char *p, unsigned long len, __u64 mode)
{
	struct uffdio_register reg = {
		.range = { .start = (unsigned long)p, .len = len },
		.mode = mode,
	};

	return ioctl(fd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

TEST_F(devdax_advice, userfaultfd)
{
	int fd = userfault();
	struct uffdio_copy copy = {
		.dst = (unsigned long)self->p,
		.src = (unsigned long)self->p + self->align,
		.len = SZ_4K,
	};
	struct uffdio_zeropage zero = {
		.range = { .start = (unsigned long)self->p, .len = SZ_4K },
	};
	struct uffdio_range range = {
		.start = (unsigned long)self->p, .len = self->len,
	};

	if (fd < 0)
		SKIP(return, "no userfaultfd: CONFIG_USERFAULTFD");
	EXPECT_EQ(-EINVAL, uffd_register(fd, self->p, self->len,
					 UFFDIO_REGISTER_MODE_MISSING));
	EXPECT_EQ(-EINVAL, uffd_register(fd, self->p, self->len,
					 UFFDIO_REGISTER_MODE_WP));
	EXPECT_EQ(-EINVAL, uffd_register(fd, self->p + self->align, SZ_4K,
					 UFFDIO_REGISTER_MODE_MISSING));
	EXPECT_EQ(-1, ioctl(fd, UFFDIO_COPY, &copy));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, ioctl(fd, UFFDIO_ZEROPAGE, &zero));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, ioctl(fd, UFFDIO_UNREGISTER, &range));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(intact(self->p, self->align));
	close(fd);
}

TEST_HARNESS_MAIN
