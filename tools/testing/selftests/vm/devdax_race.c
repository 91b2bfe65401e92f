// SPDX-License-Identifier: GPL-2.0
/*
 * What goes on while a device-dax device is being unbound, again and again: pages
 * are touched first, mapped, unmapped, inherited, and pinned by get_user_pages().
 * Unbinding waits for none of that for ever, nobody gets a page of the device
 * afterwards, and the kernel warns of nothing.
 */
#include "devdax.h"

#include <sched.h>

#define ROUNDS		10	/* of bind and unbind */
#define FIRST_TOUCHES	5	/* seconds in which two processes touch a page first */

FIXTURE(devdax_race)
{
	struct devdax dd;
	bool warned;
};

/* Whether the kernel has warned of something since it was booted */
static bool kernel_has_warned(void)
{
	FILE *f = fopen("/proc/sys/kernel/tainted", "r");
	unsigned long taint = 0;

	if (!f)
		return false;
	if (fscanf(f, "%lu", &taint) != 1)
		taint = 0;
	fclose(f);
	return taint & 1 << 9;		/* TAINT_WARN */
}

FIXTURE_SETUP(devdax_race)
{
	self->warned = kernel_has_warned();
	devdax_setup(_metadata, &self->dd, 1);
	if (!devdax_unbind_waits(&self->dd))
		SKIP(_exit(DEVDAX_SKIPPED), DEVDAX_NO_WAIT);
}

FIXTURE_TEARDOWN(devdax_race)
{
	EXPECT_EQ(0, devdax_settle(&self->dd));
	EXPECT_EQ(self->warned, kernel_has_warned());
}

/* What a process does with its mapping until the device is gone. */
struct busy {
	unsigned long len, align;
	char *p;
	int pipe[2];
	int fd;
};

/* One page after the other of the mapping */
static char *next_page(struct busy *busy, unsigned int i)
{
	return busy->p + i % (busy->len / busy->align) * busy->align;
}

/* Each returns false when the device is gone. */
static bool touch_first(struct busy *busy, unsigned int i)
{
	char *p = next_page(busy, i);

	madvise(p, busy->align, MADV_DONTNEED);
	return !devdax_touch(p, true);
}

static bool touch_all(struct busy *busy, unsigned int i)
{
	unsigned long off;

	for (off = 0; off < busy->len; off += busy->align)
		if (devdax_touch(busy->p + off, true))
			return false;
	return true;
}

static bool unmap(struct busy *busy, unsigned int i)
{
	bool gone = !touch_all(busy, i);
	char *p;

	/* Map the same at another address.  mmap() would not if the device is gone. */
	p = mremap(busy->p, 0, busy->len, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		return false;
	munmap(busy->p, busy->len);
	busy->p = p;
	return !gone;
}

static bool fork_and_exit(struct busy *busy, unsigned int i)
{
	bool alive = touch_all(busy, i);
	pid_t pid = fork();

	/* The child has its own entries, which go when it ends. */
	if (!pid) {
		touch_all(busy, i);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return alive;
}

/* GUP-fast takes what is mapped, and a fault maps what is not. */
static bool pin(struct busy *busy, unsigned int i)
{
	char *p = next_page(busy, i), buf[SZ_4K];

	if (i % 8 == 0)
		madvise(p, busy->align, MADV_DONTNEED);
	return devdax_splice(p + (i % 2 ? busy->align - SZ_4K : 0), busy->pipe[1]) &&
	       read(busy->pipe[0], buf, sizeof(buf)) == sizeof(buf);
}

static bool map_anew(struct busy *busy, unsigned int i)
{
	return mmap(busy->p, busy->len, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, busy->fd, 0) != MAP_FAILED &&
	       touch_all(busy, i);
}

/* How far a process is */
struct progress {
	int rounds;
	int gone;	/* what it had mapped */
};

/* Start a process that uses the device. */
static pid_t start(struct devdax *dd, bool (*work)(struct busy *, unsigned int),
		   struct progress *progress)
{
	struct busy busy = { .len = dd->span, .align = dd->align };
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	busy.fd = dd->fd;
	busy.p = devdax_map(dd, 0, busy.len);
	if (busy.p == MAP_FAILED || pipe(busy.pipe))
		_exit(1);
	while (work(&busy, progress->rounds))
		__atomic_add_fetch(&progress->rounds, 1, __ATOMIC_RELEASE);
	/* New faults fail now.  What is still mapped goes a little later. */
	while (touch_all(&busy, 0))
		;
	__atomic_store_n(&progress->gone, 1, __ATOMIC_RELEASE);
	/* Stay, with the mapping: unbinding does not wait for that. */
	pause();
	_exit(1);
}

/* Two processes do this while the device is being unbound. */
static void beside_unbind(struct __test_metadata *_metadata, struct devdax *dd,
			  bool (*work)(struct busy *, unsigned int))
{
	pid_t pid[2], unbind;
	struct progress *progress;
	int round, i, late = 0;
	char *p;

	progress = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, progress);
	for (round = 0; round < ROUNDS && !late; round++) {
		for (i = 0; i < 2; i++) {
			memset(&progress[i], 0, sizeof(*progress));
			pid[i] = start(dd, work, &progress[i]);
		}
		for (i = 0; i < 2; i++)
			ASSERT_TRUE(devdax_reaches(&progress[i].rounds, 2, DEVDAX_DEADLINE));
		/* not always at the same time after the start */
		usleep(round * 1700);
		unbind = devdax_start(dd, "unbind");
		late = devdax_wait(unbind, DEVDAX_DEADLINE * 1000);
		EXPECT_EQ(0, late);
		for (i = 0; i < 2; i++) {
			EXPECT_TRUE(devdax_reaches(&progress[i].gone, 1, DEVDAX_DEADLINE));
			kill(pid[i], SIGKILL);
			waitpid(pid[i], NULL, 0);
		}
		/* Without the processes, it ends perhaps. */
		if (late)
			devdax_wait(unbind, DEVDAX_DEADLINE * 1000);
		close(dd->fd);
		ASSERT_EQ(0, devdax_bind(dd));
	}
	p = devdax_map(dd, 0, dd->align);
	EXPECT_EQ(0, devdax_touch(p, true));
	munmap(p, dd->align);
}

TEST_F_TIMEOUT(devdax_race, first_touch, 200)
{
	beside_unbind(_metadata, &self->dd, touch_first);
}

TEST_F_TIMEOUT(devdax_race, munmap, 200)
{
	beside_unbind(_metadata, &self->dd, unmap);
}

TEST_F_TIMEOUT(devdax_race, fork_and_exit, 200)
{
	beside_unbind(_metadata, &self->dd, fork_and_exit);
}

TEST_F_TIMEOUT(devdax_race, gup_fast, 200)
{
	beside_unbind(_metadata, &self->dd, pin);
}

TEST_F_TIMEOUT(devdax_race, mmap, 200)
{
	beside_unbind(_metadata, &self->dd, map_anew);
}

/* Wait for the other one of two processes, both of which come here. */
static void meet(int *arrived, int times)
{
	int spins;

	__atomic_add_fetch(arrived, 1, __ATOMIC_ACQ_REL);
	for (spins = 0; __atomic_load_n(arrived, __ATOMIC_ACQUIRE) < 2 * times;)
		if (++spins % 1000 == 0)
			sched_yield();
}

/* Two processes touch a page at once that nobody uses. */
TEST_F_TIMEOUT(devdax_race, two_are_first, 120)
{
	time_t end = time(NULL) + FIRST_TOUCHES;
	unsigned long align = self->dd.align;
	char *p = devdax_map(&self->dd, 0, align);
	int i, status, *arrived;	/* [1]: it is over */
	pid_t pid;

	ASSERT_NE(MAP_FAILED, p);
	arrived = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, arrived);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 1; !arrived[1]; i++) {
		meet(arrived, 2 * i - 1);
		__atomic_store_n(p, 1, __ATOMIC_RELAXED);
		/* both see that before they ask again */
		if (pid && time(NULL) >= end)
			arrived[1] = 1;
		meet(arrived, 2 * i);
		madvise(p, align, MADV_DONTNEED);
	}
	if (!pid)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_LT(10, i);
	munmap(p, align);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
	EXPECT_EQ(0, devdax_bind(&self->dd));
}

/* A reference that outlives the mapping, the process and the file by a second */
TEST_F_TIMEOUT(devdax_race, one_second_more, 60)
{
	char *p = devdax_map(&self->dd, 0, self->dd.align);
	__u64 buf[SZ_4K / sizeof(__u64)];
	int fds[2], status;
	pid_t pid, unbind;

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		devdax_fill(p, 0, SZ_4K, 3);
		_exit(!devdax_splice(p, fds[1]));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	munmap(p, self->dd.align);
	close(self->dd.fd);
	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, 1000));
	EXPECT_EQ(SZ_4K, read(fds[0], buf, SZ_4K));
	EXPECT_TRUE(devdax_check(buf, 0, SZ_4K, 3));
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	close(fds[0]);
	close(fds[1]);
}

TEST_HARNESS_MAIN
