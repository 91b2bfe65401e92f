// SPDX-License-Identifier: GPL-2.0
/*
 * fork() copies the entries of a mapping that has guard regions, as no fault could
 * tell these from other addresses.  Each entry has a reference on what it maps, and
 * counts for its process.  An entry without that would take away what it never had.
 */
#include "devdax.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif

FIXTURE(devdax_fork)
{
	struct devdax dd;
	unsigned long len;
	char *p;
};

FIXTURE_SETUP(devdax_fork)
{
	devdax_setup(_metadata, &self->dd, 2);
	self->len = 2 * self->dd.align;
	self->p = devdax_map(&self->dd, 0, self->len);
	ASSERT_NE(MAP_FAILED, self->p);
	devdax_fill(self->p, 0, SZ_4K, 1);
}

FIXTURE_TEARDOWN(devdax_fork)
{
	munmap(self->p, self->len);
	close(self->dd.fd);
}

/* What this process has of files, in kB */
static unsigned long rss_file(void)
{
	unsigned long kb = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssFile: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

/* Unmap what fork() has copied, with another mapping to lose from. */
static int unmap_in_child(struct devdax *dd, void *p, unsigned long len)
{
	char *q = devdax_map(dd, dd->align, dd->align);

	if (q == MAP_FAILED || devdax_touch(q, true))
		return 1;
	if (munmap(p, len))
		return 2;
	return rss_file() < dd->align / 1024 ? 3 : 0;
}

TEST_F(devdax_fork, child_unmaps_beside_a_guard)
{
	int status, i;

	if (madvise(self->p + self->dd.align, SZ_4K, MADV_GUARD_INSTALL))
		SKIP(return, "no guard regions in such a mapping");
	for (i = 0; i < 3; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid)
			_exit(unmap_in_child(&self->dd, self->p, self->len));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_TRUE(devdax_check(self->p, 0, SZ_4K, 1));
	EXPECT_LE(self->dd.align / 1024, rss_file());
}

/* The kernel log says when the counts of a child that ends do not come out even. */
TEST_F(devdax_fork, child_ends_beside_a_guard)
{
	int status, i;

	if (madvise(self->p + self->dd.align, SZ_4K, MADV_GUARD_INSTALL))
		SKIP(return, "no guard regions in such a mapping");
	for (i = 0; i < 3; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid)
			_exit(!devdax_check(self->p, 0, SZ_4K, 1) ||
			      devdax_touch(self->p + self->dd.align, false) !=
			      SIGSEGV);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_TRUE(devdax_check(self->p, 0, SZ_4K, 1));
}

TEST_HARNESS_MAIN
