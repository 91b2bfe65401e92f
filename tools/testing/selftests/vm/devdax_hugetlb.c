// SPDX-License-Identifier: GPL-2.0
/*
 * Entries of 1G that are not present belong to device-dax or to hugetlb.  Those of
 * hugetlb are for the fault handler: get_user_pages() does not look behind them.
 * This needs no device, and one page of 1G.
 */
#include "devdax.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifndef UFFD_FEATURE_RWP
#define UFFD_FEATURE_RWP		0x20000
#define UFFDIO_REGISTER_MODE_RWP	((__u64)1 << 3)
#define UFFDIO_RWPROTECT_MODE_RWP	((__u64)1 << 0)
#define UFFDIO_RWPROTECT		_IOWR(UFFDIO, 0x09, struct uffdio_rwprotect)

struct uffdio_rwprotect {
	struct uffdio_range range;
	__u64 mode;
};
#endif

#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB	(30 << 26)
#endif

#define NR_HUGEPAGES	"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"

FIXTURE(devdax_hugetlb)
{
	long before;		/* pages in the pool */
	struct uffdio_range range;
	char *p;
	int uffd;
};

static long pool(const char *mode, long nr)
{
	FILE *f = fopen(NR_HUGEPAGES, mode);
	long ret = -1;

	if (!f)
		return -1;
	if (*mode == 'w')
		fprintf(f, "%ld", nr);
	else if (fscanf(f, "%ld", &ret) != 1)
		ret = -1;
	fclose(f);
	return ret;
}

FIXTURE_SETUP(devdax_hugetlb)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_RWP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_RWP };

	self->before = pool("r", 0);
	pool("w", self->before + 1);
	self->p = mmap(NULL, SZ_1G, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB,
		       -1, 0);
	if (self->p == MAP_FAILED)
		SKIP(_exit(DEVDAX_SKIPPED), "no page of 1G");
	self->range.start = (unsigned long)self->p;
	self->range.len = SZ_1G;
	reg.range = self->range;
	self->uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (self->uffd < 0 || ioctl(self->uffd, UFFDIO_API, &api) ||
	    ioctl(self->uffd, UFFDIO_REGISTER, &reg))
		SKIP(_exit(DEVDAX_SKIPPED), "for kernels that track every access");
	self->p[SZ_4K] = 1;
}

FIXTURE_TEARDOWN(devdax_hugetlb)
{
	close(self->uffd);
	munmap(self->p, SZ_1G);
	pool("w", self->before);
}

/* Read a byte of the page by get_user_pages(). */
static void *read_by_gup(void *p)
{
	struct iovec from = { .iov_base = p, .iov_len = 1 };
	char byte = 0;
	struct iovec to = { .iov_base = &byte, .iov_len = 1 };

	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != 1)
		return NULL;
	return (void *)(long)byte;
}

/* Whoever tracks accesses learns of one by get_user_pages(). */
TEST_F(devdax_hugetlb, tracked_access_is_told)
{
	struct uffdio_rwprotect protect = {
		.range = self->range,
		.mode = UFFDIO_RWPROTECT_MODE_RWP,
	};
	struct pollfd fault = { .fd = self->uffd, .events = POLLIN };
	pthread_t reader;
	void *byte;

	ASSERT_EQ(0, ioctl(self->uffd, UFFDIO_RWPROTECT, &protect));
	ASSERT_EQ(0, pthread_create(&reader, NULL, read_by_gup,
				    self->p + SZ_4K));
	EXPECT_EQ(1, poll(&fault, 1, 5000));
	protect.mode = 0;
	EXPECT_EQ(0, ioctl(self->uffd, UFFDIO_RWPROTECT, &protect));
	ASSERT_EQ(0, pthread_join(reader, &byte));
	EXPECT_EQ((void *)1, byte);
}

TEST_HARNESS_MAIN
