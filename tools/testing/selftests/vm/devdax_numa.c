// SPDX-License-Identifier: GPL-2.0
/*
 * What move_pages(), get_mempolicy() and mbind() say of device-dax memory.  It
 * is on a node, and it stays there.  Statuses and errors are those of the manual
 * pages, and no reference stays behind.
 */
#include "devdax.h"

#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#define NR		2	/* spans of the device */
#define NR_PAGES	50	/* more than the kernel looks up at a time */

static long move_pages(pid_t pid, unsigned long nr, char **pages, int *nodes,
		       int *status)
{
	return syscall(SYS_move_pages, pid, nr, pages, nodes, status,
		       nodes ? MPOL_MF_MOVE : 0);
}

/* The node of the memory at addr, which this touches, or -1. */
static int node_of(char *addr)
{
	int node;

	if (syscall(SYS_get_mempolicy, &node, NULL, 0, addr,
		    MPOL_F_NODE | MPOL_F_ADDR))
		return -1;
	return node;
}

FIXTURE(devdax_numa)
{
	struct devdax dd;
	char *p;
	int node;
	char *pages[NR_PAGES];
	int status[NR_PAGES];
	int nodes[NR_PAGES];
	int said;	/* of each page: its node, since Linux 6.0 -ENOENT */
};

FIXTURE_SETUP(devdax_numa)
{
	struct utsname uts;
	unsigned long i;

	devdax_setup(_metadata, &self->dd, NR);
	if (move_pages(0, 0, NULL, NULL, NULL))
		SKIP(_exit(DEVDAX_SKIPPED), "no CONFIG_MIGRATION");
	self->p = devdax_map(&self->dd, 0, NR * self->dd.span);
	ASSERT_NE(MAP_FAILED, self->p);
	self->node = node_of(self->p);
	ASSERT_LE(0, self->node);
	for (i = 0; i < NR_PAGES; i++) {
		self->pages[i] = self->p + i * SZ_4K;
		self->status[i] = -EIO;
		ASSERT_EQ(0, devdax_touch(self->pages[i], true));
	}
	ASSERT_EQ(0, uname(&uts));
	self->said = atoi(uts.release) < 6 ? self->node : -ENOENT;
}

FIXTURE_TEARDOWN(devdax_numa)
{
	munmap(self->p, NR * self->dd.span);
	/* This waits for every reference. */
	EXPECT_EQ(0, devdax_settle(&self->dd));
}

TEST_F(devdax_numa, node_of_each_page)
{
	int i;

	/* -1: the firmware does not tell */
	if ((int)devdax_attr(&self->dd, "numa_node") >= 0)
		EXPECT_EQ(devdax_attr(&self->dd, "numa_node"), self->node);
	ASSERT_EQ(0, move_pages(0, NR_PAGES, self->pages, NULL, self->status));
	for (i = 0; i < NR_PAGES; i++)
		EXPECT_EQ(self->said, self->status[i]);
	EXPECT_EQ(self->node, node_of(self->pages[5]));
}

TEST_F(devdax_numa, no_page)
{
	char *untouched = self->p + (NR - 1) * self->dd.span;

	self->pages[1] = untouched;
	self->pages[3] = NULL;
	ASSERT_EQ(0, move_pages(0, 4, self->pages, NULL, self->status));
	EXPECT_EQ(self->said, self->status[0]);
	EXPECT_EQ(-ENOENT, self->status[1]);
	EXPECT_EQ(self->said, self->status[2]);
	EXPECT_EQ(-EFAULT, self->status[3]);
	/* To ask is no touch. */
	ASSERT_EQ(0, move_pages(0, 1, &untouched, NULL, self->status));
	EXPECT_EQ(-ENOENT, self->status[0]);
}

TEST_F(devdax_numa, of_another_process)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			devdax_touch(self->p, true);
	}
	ASSERT_LT(0, pid);
	while (!move_pages(pid, 2, self->pages, NULL, self->status) &&
	       self->status[0] == -ENOENT && self->said != -ENOENT)
		usleep(1000);
	EXPECT_EQ(self->said, self->status[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The teardown sees whether a reference stays behind. */
TEST_F(devdax_numa, again_and_again)
{
	int i;

	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, move_pages(0, NR_PAGES, self->pages, NULL,
					self->status));
	EXPECT_EQ(self->said, self->status[NR_PAGES - 1]);
}

/* Memory of a device cannot be moved, not even to where it is. */
TEST_F(devdax_numa, stays_where_it_is)
{
	unsigned long nodes = 0;
	int i;

	devdax_fill(self->p, 0, NR_PAGES * SZ_4K, 1);
	ASSERT_EQ(0, syscall(SYS_get_mempolicy, NULL, &nodes,
			     8 * sizeof(nodes), NULL, MPOL_F_MEMS_ALLOWED));
	ASSERT_NE(0, nodes);
	for (i = 0; i < NR_PAGES; i++)
		self->nodes[i] = __builtin_ctzl(nodes);
	ASSERT_EQ(0, move_pages(0, NR_PAGES, self->pages, self->nodes,
				self->status));
	for (i = 0; i < NR_PAGES; i++)
		EXPECT_EQ(-EFAULT, self->status[i]);
	ASSERT_EQ(0, move_pages(0, 1, self->pages, NULL, self->status));
	EXPECT_EQ(self->said, self->status[0]);
	EXPECT_TRUE(devdax_check(self->p, 0, NR_PAGES * SZ_4K, 1));
}

/* A policy is taken note of.  Where MPOL_MF_STRICT looks, it may say EIO. */
TEST_F(devdax_numa, policy)
{
	const int flags[] = { 0, MPOL_MF_MOVE, MPOL_MF_STRICT,
			      MPOL_MF_STRICT | MPOL_MF_MOVE };
	unsigned long nodes = 0, node;
	unsigned int i;

	devdax_fill(self->p, 0, NR_PAGES * SZ_4K, 2);
	ASSERT_EQ(0, syscall(SYS_get_mempolicy, NULL, &nodes,
			     8 * sizeof(nodes), NULL, MPOL_F_MEMS_ALLOWED));
	node = nodes & -nodes;
	for (i = 0; i < 4; i++) {
		int err = syscall(SYS_mbind, self->p, NR * self->dd.span,
				  MPOL_BIND, &node, 8 * sizeof(node), flags[i]);

		if (err && node != 1UL << self->node &&
		    flags[i] & MPOL_MF_STRICT && errno == EIO)
			continue;
		EXPECT_EQ(0, err);
	}
	EXPECT_EQ(0, syscall(SYS_migrate_pages, 0, 8 * sizeof(node), &node,
			     &node));
	EXPECT_TRUE(devdax_check(self->p, 0, NR_PAGES * SZ_4K, 2));
	EXPECT_EQ(self->node, node_of(self->pages[1]));
}

TEST_HARNESS_MAIN
