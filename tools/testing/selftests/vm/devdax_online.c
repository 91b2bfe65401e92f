// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory may share a section of the memory map (128M on x86) with RAM.
 * The kernel must not mistake device memory for RAM.  /proc/kpageflags must
 * show no page there, and memory failure must treat it as device memory.
 *
 * The test is meant for a device that begins or ends within such a section.
 * For that, boot with memmap=512M!0x144000000 and more than 6G of RAM.  The
 * test passes on other devices too.
 */
#include "devdax.h"
#include <linux/kernel-page-flags.h>

FIXTURE(devdax_online)
{
	struct devdax dd;
	__u64 start;	/* first page frame number */
	int flags;	/* /proc/kpageflags */
};

FIXTURE_SETUP(devdax_online)
{
	char path[128];
	FILE *f;

	devdax_setup(_metadata, &self->dd, 1);
	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/resource",
		 self->dd.name);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	ASSERT_EQ(1, fscanf(f, "%lli", &self->start));
	fclose(f);
	self->start /= SZ_4K;
	self->flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (self->flags < 0)
		SKIP(_exit(DEVDAX_SKIPPED), "no /proc/kpageflags");
}

FIXTURE_TEARDOWN(devdax_online)
{
	close(self->flags);
	close(self->dd.fd);
	if (!devdax_bound(&self->dd))
		EXPECT_EQ(0, devdax_bind(&self->dd));
}

/*
 * How many page frames of the device does the kernel take for RAM?  It says NOPAGE, or
 * nothing, of those that it does not.  Those of the device would be RESERVED.
 */
static unsigned long online(int kpageflags, __u64 pfn, unsigned long nr)
{
	unsigned long count = 0, i;
	__u64 flags[512];
	ssize_t n;

	for (; nr; nr -= i, pfn += i) {
		n = nr > 512 ? 512 : nr;
		n = pread(kpageflags, flags, n * 8, pfn * 8);
		if (n <= 0)	/* beyond the end of RAM */
			break;
		for (i = 0; i < n / 8; i++)
			count += flags[i] && !(flags[i] & 1ULL << KPF_NOPAGE);
	}
	return count;
}

TEST_F(devdax_online, device_memory_is_not_online)
{
	EXPECT_EQ(0, online(self->flags, self->start, self->dd.size / SZ_4K));
}

/* After an unbind, the kernel must not take the page frames for RAM either. */
TEST_F(devdax_online, nothing_is_online_after_unbind)
{
	ASSERT_EQ(0, devdax_unbind(&self->dd));
	EXPECT_EQ(0, online(self->flags, self->start, self->dd.size / SZ_4K));
}

/* Nor while the unbind waits for a page: its pagemap is dying then. */
TEST_F(devdax_online, nothing_is_online_while_unbind_waits)
{
	int pipe_fds[2];
	pid_t unbind;
	char *p;

	if (!devdax_unbind_waits(&self->dd))
		SKIP(return, DEVDAX_NO_WAIT);
	p = devdax_map(&self->dd, 0, self->dd.align);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_TRUE(devdax_splice(p, pipe_fds[1]));

	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, DEVDAX_HELD));
	EXPECT_EQ(0, online(self->flags, self->start, self->dd.size / SZ_4K));
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	munmap(p, self->dd.align);
}

/* SIGBUS tells the size of the mapping that the process loses. */
TEST_F(devdax_online, memory_failure_is_of_the_device)
{
	unsigned int lsb = __builtin_ctzl(self->dd.align);
	char *p = devdax_map(&self->dd, 0, self->dd.align);
	char *hit = p + self->dd.align - SZ_4K;

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, devdax_touch(p, true));
	EXPECT_EQ(SIGBUS, devdax_poison(hit));
	EXPECT_EQ(BUS_MCEERR_AR, devdax_sig.si_code);
	EXPECT_EQ(hit, devdax_sig.si_addr);
	EXPECT_EQ(lsb, devdax_sig.si_addr_lsb);
	munmap(p, self->dd.align);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
}

TEST_HARNESS_MAIN
