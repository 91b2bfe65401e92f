// SPDX-License-Identifier: GPL-2.0
/*
 * Poisoned pages whose struct pages are removed.  The count of poisoned memory
 * (HardwareCorrupted in /proc/meminfo) must be right before and after that.
 *
 * Poison in ordinary memory stays.  So some tests cost a page of RAM, unless
 * CONFIG_HWPOISON_INJECT gives the page back.
 */
#include "devdax.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

#define UNPOISON	"/sys/kernel/debug/hwpoison/unpoison-pfn"

FIXTURE(devdax_hwpoison)
{
	struct devdax dd;
	unsigned long len;
	char *p;
	char *ram;
	char pfn[32];	/* the poisoned page of RAM, if any */
};

/* HardwareCorrupted in kB, -1 if the kernel does not count it. */
FIXTURE_SETUP(devdax_hwpoison)
{
	devdax_setup(_metadata, &self->dd, 1);
	if (devdax_corrupted() < 0)
		SKIP(_exit(DEVDAX_SKIPPED), "no HardwareCorrupted (CONFIG_MEMORY_FAILURE?)");
	self->len = self->dd.align > SZ_2M ? self->dd.align : SZ_2M;
	self->p = devdax_map(&self->dd, 0, self->len);
	ASSERT_NE(MAP_FAILED, self->p);
	self->ram = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->ram);
	self->pfn[0] = 0;
}

FIXTURE_TEARDOWN(devdax_hwpoison)
{
	if (self->pfn[0])
		devdax_write(UNPOISON, self->pfn);
	close(self->dd.fd);
	if (!devdax_bound(&self->dd))
		EXPECT_EQ(0, devdax_bind(&self->dd));
}

/* Take the page at p out of service.  The kernel maps another page there. */
static int poison_ram(char *p, char *pfn, size_t size)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	__u64 entry = 0;

	*p = 1;
	pread(fd, &entry, sizeof(entry), (unsigned long)p / SZ_4K * 8);
	close(fd);
	snprintf(pfn, size, "%llu", entry & PM_PFN);
	return madvise(p, SZ_4K, MADV_SOFT_OFFLINE) ? -errno : 0;
}

TEST_F(devdax_hwpoison, device_poison_is_counted_once)
{
	long before = devdax_corrupted();

	ASSERT_EQ(SIGBUS, devdax_poison(self->p + self->len / 2));
	EXPECT_EQ(before + 4, devdax_corrupted());
	ASSERT_EQ(SIGBUS, devdax_poison(self->p + self->len / 2));
	EXPECT_EQ(before + 4, devdax_corrupted());
	munmap(self->p, self->len);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
	EXPECT_EQ(before, devdax_corrupted());
}

/*
 * Unbinding a device looks for poison only if there is any, here in RAM.  It
 * must not uncount the poison of RAM.
 */
TEST_F(devdax_hwpoison, ram_poison_stays_counted)
{
	long before = devdax_corrupted();

	ASSERT_EQ(0, poison_ram(self->ram, self->pfn, sizeof(self->pfn)));
	ASSERT_EQ(before + 4, devdax_corrupted());
	munmap(self->p, self->len);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
	EXPECT_EQ(before + 4, devdax_corrupted());
}

TEST_F(devdax_hwpoison, device_and_ram_poison)
{
	long before = devdax_corrupted();

	ASSERT_EQ(0, poison_ram(self->ram, self->pfn, sizeof(self->pfn)));
	ASSERT_EQ(SIGBUS, devdax_poison(self->p));
	EXPECT_EQ(before + 8, devdax_corrupted());
	munmap(self->p, self->len);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
	EXPECT_EQ(before + 4, devdax_corrupted());
}

/* A poisoned page that is in use is counted until its struct page goes. */
TEST_F(devdax_hwpoison, poison_in_use)
{
	long before = devdax_corrupted();
	pid_t unbind;
	int fds[2];

	if (!devdax_unbind_waits(&self->dd))
		SKIP(return, DEVDAX_NO_WAIT);
	*self->p = 1;
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_TRUE(devdax_splice(self->p, fds[1]));
	ASSERT_EQ(SIGBUS, devdax_poison(self->p));
	munmap(self->p, self->len);
	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, DEVDAX_HELD));
	EXPECT_EQ(before + 4, devdax_corrupted());
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	EXPECT_EQ(before, devdax_corrupted());
}

/* The device comes back with fresh struct pages. */
TEST_F(devdax_hwpoison, no_poison_after_rebind)
{
	long before = devdax_corrupted();

	ASSERT_EQ(SIGBUS, devdax_poison(self->p));
	munmap(self->p, self->len);
	close(self->dd.fd);
	ASSERT_EQ(0, devdax_rebind(&self->dd));
	ASSERT_EQ(NULL, devdax_open(&self->dd));
	self->p = devdax_map(&self->dd, 0, self->len);
	ASSERT_NE(MAP_FAILED, self->p);
	EXPECT_EQ(0, devdax_touch(self->p, true));
	EXPECT_EQ(before, devdax_corrupted());
}

TEST_HARNESS_MAIN
