// SPDX-License-Identifier: GPL-2.0
/*
 * Shared futexes in a device-dax mapping.  The kernel identifies such a futex
 * by the index of its page.  It must not confuse words of different pages, or
 * of different 4Ks of one huge page.  One word must be the same futex in every
 * mapping.
 */
#include "devdax.h"

#include <linux/futex.h>
#include <sys/syscall.h>

FIXTURE(devdax_futex)
{
	struct devdax dd;
	char *p;		/* two spans of the device */
	unsigned int *wait;
	unsigned int *wake;
};

/* The number of the span, and the number of the 4K in that span. */
FIXTURE_VARIANT(devdax_futex)
{
	unsigned int wait_page, wait_4k;
	unsigned int wake_page, wake_4k;
};

FIXTURE_VARIANT_ADD(devdax_futex, same_head) { 0, 0, 0, 0 };
FIXTURE_VARIANT_ADD(devdax_futex, same_tail) { 0, 1, 0, 1 };
FIXTURE_VARIANT_ADD(devdax_futex, same_far_tail) { 1, 511, 1, 511 };
FIXTURE_VARIANT_ADD(devdax_futex, head_and_tail) { 0, 0, 0, 1 };
FIXTURE_VARIANT_ADD(devdax_futex, tail_and_head) { 0, 1, 0, 0 };
FIXTURE_VARIANT_ADD(devdax_futex, two_tails) { 0, 7, 0, 8 };
FIXTURE_VARIANT_ADD(devdax_futex, two_heads) { 0, 0, 1, 0 };
FIXTURE_VARIANT_ADD(devdax_futex, tails_of_two_pages) { 0, 3, 1, 3 };

FIXTURE_SETUP(devdax_futex)
{
	unsigned long span;

	devdax_setup(_metadata, &self->dd, 2);
	span = self->dd.span;
	self->p = devdax_map(&self->dd, 0, 2 * span);
	ASSERT_NE(MAP_FAILED, self->p);
	self->wait = (unsigned int *)(self->p + variant->wait_page * span +
				      variant->wait_4k * SZ_4K);
	self->wake = (unsigned int *)(self->p + variant->wake_page * span +
				      variant->wake_4k * SZ_4K);
}

FIXTURE_TEARDOWN(devdax_futex)
{
	munmap(self->p, 2 * self->dd.span);
	close(self->dd.fd);
}

static long futex(unsigned int *addr, int op, unsigned int val,
		  const struct timespec *timeout)
{
	return syscall(SYS_futex, addr, op, val, timeout, NULL, 0);
}

/* Does /proc/PID/stat say that the process is asleep? */
static bool sleeps(pid_t pid)
{
	char path[32], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'S';
}

/* Wait on the word in a separate mapping, as another program would. */
static void waiter(const struct devdax *dd, unsigned long off)
{
	const struct timespec timeout = { .tv_sec = 10 };
	unsigned long start = off - off % dd->align;
	char *p = devdax_map(dd, start, dd->align);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (p == MAP_FAILED)
		_exit(1);
	_exit(futex((unsigned int *)(p + off - start), FUTEX_WAIT, 0,
		    &timeout) ? 2 : 0);
}

TEST_F(devdax_futex, wake)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	unsigned long off = (char *)self->wait - self->p;
	int i, status;
	pid_t pid;

	*self->wait = 0;
	*self->wake = 0;
	pid = fork();
	if (!pid)
		waiter(&self->dd, off);
	for (i = 0; i < 5000 && !sleeps(pid); i++)
		nanosleep(&tick, NULL);
	ASSERT_TRUE(sleeps(pid));
	EXPECT_EQ(self->wait == self->wake,
		  futex(self->wake, FUTEX_WAKE, 1, NULL));
	if (self->wait != self->wake)
		EXPECT_EQ(1, futex(self->wait, FUTEX_WAKE, 1, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
