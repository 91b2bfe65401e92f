// SPDX-License-Identifier: GPL-2.0
/*
 * Threads take and drop references on device-dax pages in every way.
 * Meanwhile the mapping is removed and made again, is write-protected, is
 * copied by fork(), or loses a page to a memory error, or the device is
 * unbound.  In the end no reference is left, and the device can be unbound.
 *
 * Needs CONFIG_TEST_DEVDAX_PIN.
 */
#include "devdax_pin.h"

#include <pthread.h>

#define NR		2	/* threads, and spans */
#define RACE		1000	/* ms */

static const unsigned int ways[] = {
	TEST_DEVDAX_GET | TEST_DEVDAX_FAST,
	TEST_DEVDAX_GET,
	TEST_DEVDAX_PIN | TEST_DEVDAX_FAST,
	TEST_DEVDAX_PIN,
	TEST_DEVDAX_LONGTERM | TEST_DEVDAX_FAST,
	TEST_DEVDAX_LONGTERM,
};

struct worker {
	pthread_t thread;
	struct pins *pins;
	unsigned int seed;
	bool *stop;
	long held, refused, wrong;
	long error;	/* the last one that should not be */
};

FIXTURE(devdax_pin_race)
{
	struct devdax dd;
	struct pins pins;
	struct worker worker[NR];
	bool stop;
	long end;		/* ms */
	struct pin_stat before;
};

/* Did the kernel return the pages that the range from first on consists of? */
static long right_pages(const struct pins *pins, unsigned long first, long held,
			const __u64 *pfns)
{
	long i;

	for (i = 0; i < held; i++)
		if (pfns[i] != pins_pfn(pins, first + i))
			return 0;
	return 1;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct pins *pins = worker->pins;
	unsigned long first, nr;
	__u64 pfns[600];
	unsigned int how;
	long held;
	int fd;

	while (!__atomic_load_n(worker->stop, __ATOMIC_SEQ_CST)) {
		how = ways[rand_r(&worker->seed) % ARRAY_SIZE(ways)];
		first = pins->dd->span / SZ_4K - 1 -
			rand_r(&worker->seed) % 512;
		nr = 1 + rand_r(&worker->seed) % ARRAY_SIZE(pfns);
		fd = open(PIN_FILE, O_RDWR | O_CLOEXEC);
		held = pin_take(fd, pins->p + first * SZ_4K, nr,
				how | TEST_DEVDAX_WRITE, pfns);
		if (held > 0) {
			worker->held++;
			worker->wrong += !right_pages(pins, first, held, pfns);
			pin_give(fd, held / 3, held / 2, TEST_DEVDAX_ALL);
		} else {
			worker->refused++;
			if (held != -EFAULT && held != -EHWPOISON) {
				worker->wrong++;
				worker->error = held;
			}
		}
		/* This drops the other references. */
		close(fd);
	}
	return NULL;
}

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

FIXTURE_SETUP(devdax_pin_race)
{
	const char *why;
	int i;

	devdax_setup(_metadata, &self->dd, NR);
	why = pins_map(&self->pins, &self->dd, 0, NR * self->dd.span,
		       TEST_DEVDAX_PIN);
	if (why)
		SKIP(_exit(DEVDAX_SKIPPED), "%s", why);
	self->before = pin_stat();
	self->stop = false;
	for (i = 0; i < NR; i++) {
		self->worker[i] = (struct worker) {
			.pins = &self->pins, .stop = &self->stop, .seed = i,
		};
		ASSERT_EQ(0, pthread_create(&self->worker[i].thread, NULL,
					    work, &self->worker[i]));
	}
	self->end = now() + RACE;
}

FIXTURE_TEARDOWN(devdax_pin_race)
{
	/* A mapping also keeps the device file open. */
	munmap(self->pins.p, self->pins.len);
	EXPECT_EQ(0, devdax_settle(&self->dd));
}

/* Stop all threads.  Each must have held pages, and never a wrong one. */
static void stop(struct __test_metadata *_metadata, struct worker *worker,
		 const struct pin_stat *before)
{
	struct pin_stat after;
	long refused = 0;
	int i;

	__atomic_store_n(worker->stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < NR; i++) {
		pthread_join(worker[i].thread, NULL);
		EXPECT_LT(0, worker[i].held);
		EXPECT_EQ(0, worker[i].wrong)
			TH_LOG("last error %ld", worker[i].error);
		refused += worker[i].refused;
	}
	TH_LOG("held %ld and %ld times, refused %ld times", worker[0].held,
	       worker[1].held, refused);
	after = pin_stat();
	EXPECT_EQ(after.acquired - before->acquired,
		  after.released - before->released);
}

TEST_F(devdax_pin_race, unmap_and_map)
{
	struct pins *pins = &self->pins;

	while (now() < self->end) {
		ASSERT_EQ(0, munmap(pins->p, pins->len));
		ASSERT_EQ(pins->p, mmap(pins->p, pins->len,
					PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_FIXED, self->dd.fd,
					pins->off));
		devdax_touch(pins->p, true);
		/* Leave the threads time to find the pages. */
		usleep(500);
	}
	stop(_metadata, self->worker, &self->before);
	EXPECT_TRUE(pins_exact(pins));
}

TEST_F(devdax_pin_race, zap)
{
	struct pins *pins = &self->pins;

	while (now() < self->end)
		ASSERT_EQ(0, madvise(pins->p, pins->len, MADV_DONTNEED));
	stop(_metadata, self->worker, &self->before);
	EXPECT_TRUE(pins_exact(pins));
}

TEST_F(devdax_pin_race, protect)
{
	struct pins *pins = &self->pins;

	while (now() < self->end) {
		ASSERT_EQ(0, mprotect(pins->p, pins->dd->span, PROT_READ));
		usleep(200);
		ASSERT_EQ(0, mprotect(pins->p, pins->len,
				      PROT_READ | PROT_WRITE));
		usleep(500);
	}
	stop(_metadata, self->worker, &self->before);
	EXPECT_TRUE(pins_exact(pins));
}

TEST_F(devdax_pin_race, fork)
{
	pid_t pid;

	while (now() < self->end) {
		pid = fork();
		if (!pid)
			_exit(devdax_touch(self->pins.p, true));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
	stop(_metadata, self->worker, &self->before);
	EXPECT_TRUE(pins_exact(&self->pins));
}

TEST_F(devdax_pin_race, memory_error)
{
	unsigned long hit = self->dd.span - SZ_4K;

	usleep(300000);
	EXPECT_EQ(SIGBUS, devdax_poison(self->pins.p + hit));
	EXPECT_EQ((void *)self->pins.p + hit, devdax_sig.si_addr);
	usleep(300000);
	stop(_metadata, self->worker, &self->before);
	EXPECT_TRUE(pins_exact(&self->pins));
}

TEST_F(devdax_pin_race, unbind)
{
	pid_t unbind;

	usleep(300000);
	close(self->dd.fd);
	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	stop(_metadata, self->worker, &self->before);
}

TEST_HARNESS_MAIN
