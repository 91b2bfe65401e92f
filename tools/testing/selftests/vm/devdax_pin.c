// SPDX-License-Identifier: GPL-2.0
/*
 * Take references on the pages of a device-dax mapping in each of the ways
 * that the kernel has.  The references are on the pages that the test asked
 * for, one for each 4K, whatever borders the range crosses.  No reference is
 * left after the test has dropped them, in portions of any size.  If the
 * kernel cannot take a whole range, it keeps no reference that the caller does
 * not know of.  The last test of each way unbinds the device, which would wait
 * for any reference that is left.
 *
 * Needs CONFIG_TEST_DEVDAX_PIN.  Some tests need CONFIG_FAIL_PAGE_ALLOC and
 * CONFIG_FAILSLAB.
 */
#include "devdax_pin.h"

#define NR	3		/* spans */

/*
 * A range of nr 4Ks.  It begins first 4Ks behind the start of the second span
 * (middle 0) or behind the middle of that span (middle 1).  Its address may
 * point into the 4K, by bytes.
 */
struct part {
	int middle;
	long first;
	unsigned long nr;
	unsigned int bytes;
};

static const struct part parts[] = {
	{ 0, 0, 1 }, { 0, -1, 1 }, { 0, 1, 1, 0x123 },
	{ 0, -1, 2 }, { 0, -3, 7, 0xff8 }, { 0, 0, 512 },
	{ 0, 5, 513 }, { 0, -511, 511 }, { 0, -511, 1023 },
	{ 1, -1, 2 }, { 1, -255, 511 }, { 1, 1, 200 },
};

FIXTURE(devdax_pin)
{
	struct devdax dd;
	struct pins pins;
	unsigned long span;	/* in 4Ks, as everywhere below */
	unsigned int ways;
	struct pin_stat before;
};

FIXTURE_VARIANT(devdax_pin)
{
	unsigned int how;
};

FIXTURE_VARIANT_ADD(devdax_pin, get_fast) {
	TEST_DEVDAX_GET | TEST_DEVDAX_FAST
};

FIXTURE_VARIANT_ADD(devdax_pin, get_slow) { TEST_DEVDAX_GET };
FIXTURE_VARIANT_ADD(devdax_pin, pin_fast) {
	TEST_DEVDAX_PIN | TEST_DEVDAX_FAST
};

FIXTURE_VARIANT_ADD(devdax_pin, pin_slow) { TEST_DEVDAX_PIN };
FIXTURE_VARIANT_ADD(devdax_pin, longterm_fast) {
	TEST_DEVDAX_LONGTERM | TEST_DEVDAX_FAST
};

FIXTURE_VARIANT_ADD(devdax_pin, longterm_slow) { TEST_DEVDAX_LONGTERM };

/* Fault the mapping in, so that the fast ways find its pages. */
static void touch_all(struct pins *pins)
{
	unsigned long off;

	for (off = 0; off < pins->len; off += pins->dd->align)
		devdax_touch(pins->p + off, true);
}

FIXTURE_SETUP(devdax_pin)
{
	const char *why;

	devdax_setup(_metadata, &self->dd, NR);
	why = pins_map(&self->pins, &self->dd, pin_offset(&self->dd),
		       NR * self->dd.span, variant->how);
	if (why)
		SKIP(_exit(DEVDAX_SKIPPED), "%s", why);
	self->span = self->dd.span / SZ_4K;
	self->ways = pins_ways(&self->pins);
	touch_all(&self->pins);
	ASSERT_TRUE(pins_exact(&self->pins));
	self->before = pin_stat();
}

/* The kernel has released as many pins as it has acquired. */
FIXTURE_TEARDOWN(devdax_pin)
{
	struct pin_stat after;
	bool bound;

	EXPECT_EQ(0, pins_drop(&self->pins, 0, self->pins.nr,
			       TEST_DEVDAX_ALL));
	after = pin_stat();
	EXPECT_EQ(after.acquired - self->before.acquired,
		  after.released - self->before.released);
	bound = devdax_bound(&self->dd);
	if (bound)
		EXPECT_TRUE(pins_exact(&self->pins));
	if (!bound)
		EXPECT_EQ(0, devdax_bind(&self->dd));
	close(self->dd.fd);
}

static char *part_addr(const struct pins *pins, unsigned long span,
		       const struct part *part)
{
	return pins->p + (span + part->middle * span / 2 + part->first) * SZ_4K +
	       part->bytes;
}

/*
 * Have the counters of pins moved by these numbers since then?  References that
 * are no pins do not move them.
 */
static bool counted(const struct pins *pins, struct pin_stat since,
		    long acquired, long released)
{
	struct pin_stat now = pin_stat();

	if ((pins->how & TEST_DEVDAX_KIND) == TEST_DEVDAX_GET)
		acquired = 0;
	if (!acquired)
		released = 0;
	if (now.acquired - since.acquired == acquired &&
	    now.released - since.released == released)
		return true;
	pin_log("%ld pins acquired and %ld released, not %ld and %ld",
		now.acquired - since.acquired, now.released - since.released,
		acquired, released);
	return false;
}

/*
 * Does the process hold this many more pins than then?  The kernel may have taken
 * others on the way, and given them up.
 */
static bool held_since(const struct pins *pins, struct pin_stat since, long nr)
{
	struct pin_stat now = pin_stat();
	long held = now.acquired - since.acquired -
		    (now.released - since.released);

	if ((pins->how & TEST_DEVDAX_KIND) == TEST_DEVDAX_GET)
		nr = 0;
	if (held == nr)
		return true;
	pin_log("%ld pins more, not %ld", held, nr);
	return false;
}

TEST_F(devdax_pin, parts_give_exact_counts)
{
	struct pins *pins = &self->pins;
	struct pin_stat since;
	unsigned int i, way;
	char *addr;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		for (way = 0; way <= self->ways; way++) {
			long nr = parts[i].nr;

			since = pin_stat();
			addr = part_addr(pins, self->span, &parts[i]);
			ASSERT_EQ(nr, pins_hold(pins, addr, nr,
						TEST_DEVDAX_WRITE)) {
				TH_LOG("part %u", i);
			}
			ASSERT_TRUE(pins_exact(pins));
			EXPECT_TRUE(counted(pins, since, nr, 0));
			ASSERT_EQ(0, pins_drop(pins, 0, nr, way));
			ASSERT_TRUE(pins_exact(pins)) {
				TH_LOG("part %u, way %u", i, way);
			}
			EXPECT_TRUE(counted(pins, since, nr, nr));
		}
}

/* Take the whole second span and one 4K on either side of it. */
TEST_F(devdax_pin, whole_span)
{
	struct pins *pins = &self->pins;
	unsigned long span = self->span;

	ASSERT_EQ(span + 2, pins_hold(pins, pins->p + (span - 1) * SZ_4K,
				      span + 2, TEST_DEVDAX_WRITE));
	ASSERT_TRUE(pins_exact(pins));
	/* This leaves two references at each end. */
	ASSERT_EQ(0, pins_drop(pins, 2, span - 2, TEST_DEVDAX_ALL));
	ASSERT_TRUE(pins_exact(pins));
	ASSERT_EQ(0, pins_drop(pins, 0, 4, self->ways));
	EXPECT_TRUE(counted(pins, self->before, span + 2, span + 2));
}

/* The fast way takes what the page table maps, without the slow way. */
TEST_F(devdax_pin, fast_path_suffices)
{
	struct pins *pins = &self->pins;
	char *addr = part_addr(pins, self->span, &parts[8]);
	unsigned long nr = parts[8].nr;

	if (!(variant->how & TEST_DEVDAX_FAST))
		SKIP(return, "for the fast ways");
	if ((variant->how & TEST_DEVDAX_KIND) == TEST_DEVDAX_LONGTERM &&
	    self->dd.geometry < SZ_2M)
		SKIP(return, "for the fast way to long-term pins, of large pages");
	EXPECT_EQ(nr, pins_hold(pins, addr, nr,
				TEST_DEVDAX_WRITE | TEST_DEVDAX_ONLY));
	EXPECT_TRUE(pins_exact(pins));
	EXPECT_TRUE(counted(pins, self->before, nr, 0));
}

/* The page table maps nothing yet, so the kernel has to fault the pages in. */
TEST_F(devdax_pin, faults_in)
{
	struct pins *pins = &self->pins;
	char *addr = part_addr(pins, self->span, &parts[8]);
	unsigned long nr = parts[8].nr;

	ASSERT_EQ(0, madvise(pins->p, pins->len, MADV_DONTNEED));
	EXPECT_EQ(nr, pins_hold(pins, addr, nr, 0));
	EXPECT_TRUE(pins_exact(pins));
	/* The first half of the range is mapped, the second half is not. */
	ASSERT_EQ(0, madvise(pins->p + self->dd.span, self->dd.span,
			     MADV_DONTNEED));
	EXPECT_EQ(nr, pins_hold(pins, addr, nr, TEST_DEVDAX_WRITE));
	EXPECT_TRUE(pins_exact(pins));
	EXPECT_TRUE(counted(pins, self->before, 2 * nr, 0));
}

/*
 * One array has many ranges, some backwards, some twice.  The test drops its
 * references in odd portions.
 */
TEST_F(devdax_pin, mixed_array)
{
	struct pins *pins = &self->pins;
	unsigned long nr, first;
	unsigned int i, way = 0;
	char *addr;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		addr = part_addr(pins, self->span, &parts[i]);
		ASSERT_EQ(parts[i].nr, pins_hold(pins, addr, parts[i].nr, 0));
	}
	addr = part_addr(pins, self->span, &parts[4]);
	for (i = 0; i < 6; i++)
		ASSERT_EQ(1, pins_hold(pins, addr - i * SZ_4K, 1, 0));
	for (i = 0; i < 6; i++)
		ASSERT_EQ(3, pins_hold(pins, addr, 3, 0));
	ASSERT_TRUE(pins_exact(pins));
	while (pins->nr) {
		first = pins->nr / 3;
		nr = pins->nr / 2 + 1;
		if (nr > pins->nr - first)
			nr = pins->nr - first;
		ASSERT_EQ(0, pins_drop(pins, first, nr,
				       way++ % (self->ways + 1)));
		ASSERT_TRUE(pins_exact(pins));
	}
}

/* A pin for writing needs a writable mapping, a pin for reading does not. */
TEST_F(devdax_pin, read_only_mapping)
{
	struct pins *pins = &self->pins;
	char *addr = part_addr(pins, self->span, &parts[4]);
	struct pin_stat since;

	/* Write-protect the second span only. */
	ASSERT_EQ(0, mprotect(pins->p + self->dd.span, self->dd.span,
			      PROT_READ));
	since = pin_stat();
	EXPECT_EQ(-EFAULT, pins_hold(pins, pins->p + self->dd.span, 5,
				     TEST_DEVDAX_WRITE));
	EXPECT_EQ(0, pins->nr);
	ASSERT_TRUE(pins_exact(pins));
	EXPECT_TRUE(counted(pins, since, 0, 0));

	/* Three of the 4Ks are in the writable span in front of it. */
	since = pin_stat();
	EXPECT_EQ(3, pins_hold(pins, addr, 7, TEST_DEVDAX_WRITE));
	EXPECT_EQ(3, pins->nr);
	EXPECT_TRUE(pins_exact(pins));
	EXPECT_TRUE(counted(pins, since, 3, 0));
	EXPECT_EQ(7, pins_hold(pins, addr, 7, 0));
	EXPECT_EQ(7, pins_hold(pins, addr, 7, 0));
	EXPECT_TRUE(pins_exact(pins));
	/* A long-term pin of what is write-protected begins the fast way, in vain. */
	EXPECT_TRUE(held_since(pins, since, 17));
	ASSERT_EQ(0, mprotect(pins->p, pins->len, PROT_READ | PROT_WRITE));
}

/*
 * Ranges that run into the second span, which cannot be used: only the pages in
 * front of it are taken.
 */
static void hole(struct __test_metadata *_metadata, struct pins *pins,
		 unsigned long span)
{
	struct pin_stat since = pin_stat();
	unsigned long nr = 300;

	EXPECT_EQ(nr, pins_hold(pins, pins->p + (span - nr) * SZ_4K, nr + span,
				TEST_DEVDAX_WRITE));
	EXPECT_EQ(nr, pins->nr);
	EXPECT_TRUE(counted(pins, since, nr, 0));
	EXPECT_EQ(-EFAULT, pins_hold(pins, pins->p + span * SZ_4K, nr + span,
				     TEST_DEVDAX_WRITE));
	EXPECT_EQ(-EFAULT, pins_hold(pins, pins->p + (2 * span - 1) * SZ_4K,
				     nr, 0));
	EXPECT_EQ(nr, pins->nr);
	EXPECT_TRUE(pins_exact(pins));
	EXPECT_TRUE(counted(pins, since, nr, 0));
}

TEST_F(devdax_pin, hole_in_range)
{
	ASSERT_EQ(0, munmap(self->pins.p + self->dd.span, self->dd.span));
	hole(_metadata, &self->pins, self->span);
}

TEST_F(devdax_pin, inaccessible_in_range)
{
	ASSERT_EQ(0, mprotect(self->pins.p + self->dd.span, self->dd.span,
			      PROT_NONE));
	hole(_metadata, &self->pins, self->span);
	ASSERT_EQ(0, mprotect(self->pins.p, self->pins.len,
			      PROT_READ | PROT_WRITE));
}

/* The mapping goes on behind the end of the device, but there is no memory. */
TEST_F(devdax_pin, past_end)
{
	unsigned long align = self->dd.align;
	struct pins *pins = &self->pins;
	char *p;

	p = devdax_map(&self->dd, self->dd.size - align, 2 * align);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(1, pin_take(pins->fd, p + align - SZ_4K, 2, variant->how,
			      NULL));
	EXPECT_GT(0, pin_take(pins->fd, p + align, 2, variant->how, NULL));
	EXPECT_EQ(0, pin_give(pins->fd, 0, 1, TEST_DEVDAX_EACH));
	EXPECT_TRUE(counted(pins, self->before, 1, 1));
	munmap(p, 2 * align);
}

/*
 * Let allocations of this process fail: those of pages, which page tables need,
 * or those of kmalloc().
 */
static int fail_start(const char *what)
{
	static const char *const settings[][2] = {
		{ "probability", "100" }, { "interval", "1" },
		{ "times", "-1" }, { "verbose", "0" }, { "task-filter", "1" },
		{ "ignore-gfp-wait", "0" }, { "min-order", "0" },
	};
	char path[128];
	int err = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings) && !err; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", what,
			 settings[i][0]);
		err = devdax_write(path, settings[i][1]);
		/* Only fail_page_alloc has min-order. */
		if (!strcmp(settings[i][0], "min-order"))
			err = 0;
	}
	return err;
}

static void fail_end(const char *what)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/probability", what);
	devdax_write(path, "0");
}

/*
 * A new mapping of two pages whose entries are in different page tables.  So a
 * fault in the second page has to allocate a page table.
 */
static char *map_across_tables(struct pins *pins)
{
	unsigned long align = pins->dd->align, table = align * 512;
	unsigned long area;
	char *p;

	p = mmap(NULL, 2 * table, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return p;
	area = ((unsigned long)p + table) & -table;
	munmap(p, 2 * table);
	return mmap((void *)area - align, 2 * align, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, pins->dd->fd, pins->off);
}

static long hold_while_failing(const char *what, struct pins *pins, char *addr,
			       unsigned long nr)
{
	int fd = open("/proc/self/make-it-fail", O_WRONLY | O_CLOEXEC);
	long held = -EBADF;

	if (write(fd, "1", 1) == 1) {
		held = pin_take(pins->fd, addr, nr, pins->how |
				TEST_DEVDAX_WRITE, NULL);
		if (write(fd, "0", 1) != 1)
			held = -EBADF;
	}
	close(fd);
	return held;
}

/* Take a range while allocations fail, and again when they work. */
static void fail(struct __test_metadata *_metadata, const char *what,
		 struct pins *pins, long nr)
{
	unsigned long align = pins->dd->align;
	struct pin_stat since;
	long held;
	char *p;

	if (fail_start(what))
		SKIP(return, "no failures of %s", what);
	p = map_across_tables(pins);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, devdax_touch(p, true));
	/* The test module makes room for the references now, not later. */
	ASSERT_EQ(2 * nr, pin_take(pins->fd, pins->p, 2 * nr, pins->how, NULL));
	ASSERT_EQ(0, pin_give(pins->fd, 0, 2 * nr, TEST_DEVDAX_ALL));
	since = pin_stat();
	held = hold_while_failing(what, pins, p + align - nr * SZ_4K, 2 * nr);
	fail_end(what);
	TH_LOG("%s: %ld of %ld", what, held, 2 * nr);
	EXPECT_NE(-EBADF, held);
	if (held > 0) {
		EXPECT_TRUE(counted(pins, since, held, 0));
		EXPECT_EQ(0, pin_give(pins->fd, 0, held, TEST_DEVDAX_ALL));
	} else {
		EXPECT_EQ(-ENOMEM, held);
		held = 0;
	}
	EXPECT_EQ(-EINVAL, pin_give(pins->fd, 0, 1, TEST_DEVDAX_ALL));
	EXPECT_TRUE(pins_exact(pins));
	EXPECT_TRUE(counted(pins, since, held, held));
	EXPECT_EQ(2 * nr, pin_take(pins->fd, p + align - nr * SZ_4K, 2 * nr,
				   pins->how | TEST_DEVDAX_WRITE, NULL));
	EXPECT_EQ(0, pin_give(pins->fd, 0, 2 * nr, TEST_DEVDAX_ALL));
	munmap(p, 2 * align);
}

TEST_F(devdax_pin, page_table_allocation_fails)
{
	long nr = self->dd.align == SZ_4K ? 1 : 200;

	fail(_metadata, "fail_page_alloc", &self->pins, nr);
}

TEST_F(devdax_pin, slab_allocation_fails)
{
	long nr = self->dd.align == SZ_4K ? 1 : 200;

	fail(_metadata, "failslab", &self->pins, nr);
}

/* A fault that fails at any of its allocations has taken nothing. */
TEST_F(devdax_pin, one_page_table_fails)
{
	struct pins *pins = &self->pins;
	int fd, failed = 0;
	char nth[] = "1";
	long held;
	char *p;

	if (fail_start("fail_page_alloc"))
		SKIP(return, "no failures of fail_page_alloc");
	/* The test module makes room for the reference now, not later. */
	ASSERT_EQ(1, pin_take(pins->fd, pins->p, 1, pins->how, NULL));
	ASSERT_EQ(0, pin_give(pins->fd, 0, 1, TEST_DEVDAX_ALL));
	fd = open("/proc/thread-self/fail-nth", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (; *nth < '9'; ++*nth) {
		p = map_across_tables(pins);
		ASSERT_NE(MAP_FAILED, p);
		ASSERT_EQ(1, write(fd, nth, 1));
		held = pin_take(pins->fd, p, 1, pins->how | TEST_DEVDAX_WRITE,
				NULL);
		ASSERT_EQ(1, write(fd, "0", 1));
		if (held == 1) {
			EXPECT_EQ(0, pin_give(pins->fd, 0, 1, TEST_DEVDAX_ALL));
		} else {
			EXPECT_EQ(-ENOMEM, held);
			failed++;
		}
		munmap(p, 2 * self->dd.align);
		EXPECT_TRUE(pins_exact(pins));
	}
	close(fd);
	fail_end("fail_page_alloc");
	TH_LOG("%d of 8", failed);
	EXPECT_LT(0, failed);
}

/*
 * References outlive the mapping.  Unbinding the device waits for the last one.
 */
TEST_F(devdax_pin, unbind_waits_for_last)
{
	struct pins *pins = &self->pins;
	pid_t unbind;

	ASSERT_EQ(7, pins_hold(pins, part_addr(pins, self->span, &parts[4]), 7,
			       TEST_DEVDAX_WRITE));
	ASSERT_EQ(511, pins_hold(pins, part_addr(pins, self->span, &parts[10]),
				 511, TEST_DEVDAX_WRITE));
	munmap(pins->p, pins->len);
	close(self->dd.fd);
	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, DEVDAX_HELD));
	EXPECT_EQ(0, pins_drop(pins, 1, 517, TEST_DEVDAX_ALL));
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, DEVDAX_HELD));
	EXPECT_EQ(0, pins_drop(pins, 0, 1, TEST_DEVDAX_ALL));
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
}

TEST_HARNESS_MAIN
