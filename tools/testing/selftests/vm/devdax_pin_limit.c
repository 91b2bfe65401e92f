// SPDX-License-Identifier: GPL-2.0
/*
 * The limit of the references on a device-dax page.  A page of 1G has room for
 * 8191 pins of the whole page.  The kernel refuses one pin more.  The refusal
 * writes nothing to the log and leaves the counts unchanged.
 *
 * Needs CONFIG_TEST_DEVDAX_PIN and compound pages (see the geometry attribute).
 */
#include "devdax_pin.h"

#include <arpa/inet.h>
#include <limits.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY	60
#define MSG_ZEROCOPY	0x4000000
#endif

#define NR	3	/* spans; the second one is filled up */

/* The kernel leaves this much room to references that are dropped soon. */
#define ROOM	(3L << 16)

FIXTURE(devdax_pin_limit)
{
	struct devdax dd;
	struct pins pins;
	unsigned long size;	/* of a compound page, in 4Ks */
	char *full;		/* the page that is filled up */
	long charged;
	int kmsg;
	struct pin_stat before;
};

FIXTURE_VARIANT(devdax_pin_limit)
{
	unsigned int how;
};

FIXTURE_VARIANT_ADD(devdax_pin_limit, get_fast) {
	TEST_DEVDAX_GET | TEST_DEVDAX_FAST
};

FIXTURE_VARIANT_ADD(devdax_pin_limit, get_slow) { TEST_DEVDAX_GET };
FIXTURE_VARIANT_ADD(devdax_pin_limit, pin_fast) {
	TEST_DEVDAX_PIN | TEST_DEVDAX_FAST
};

FIXTURE_VARIANT_ADD(devdax_pin_limit, pin_slow) { TEST_DEVDAX_PIN };
FIXTURE_VARIANT_ADD(devdax_pin_limit, longterm_fast) {
	TEST_DEVDAX_LONGTERM | TEST_DEVDAX_FAST
};

FIXTURE_VARIANT_ADD(devdax_pin_limit, longterm_slow) { TEST_DEVDAX_LONGTERM };

/* Count more references, or fewer, as if another user held them. */
static int charge(struct pins *pins, char *addr, long add)
{
	struct test_devdax_refs refs = {
		.pfn = pins_pfn(pins, (addr - pins->p) / SZ_4K),
		.add = add,
	};

	return ioctl(pins->fd, TEST_DEVDAX_CHARGE, &refs) ? -errno : 0;
}

FIXTURE_SETUP(devdax_pin_limit)
{
	const char *why;

	devdax_setup(_metadata, &self->dd, NR);
	if (self->dd.geometry < SZ_2M)
		SKIP(_exit(DEVDAX_SKIPPED), "no compound pages");
	why = pins_map(&self->pins, &self->dd, 0, NR * self->dd.span,
		       variant->how);
	if (why)
		SKIP(_exit(DEVDAX_SKIPPED), "%s", why);
	self->kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->kmsg);
	ASSERT_NE(-1, lseek(self->kmsg, 0, SEEK_END));
	self->size = self->dd.geometry / SZ_4K;
	self->full = self->pins.p + self->dd.span;
	/* If an entry maps several compound pages, take one in the middle. */
	if (self->dd.geometry < self->dd.span)
		self->full += self->dd.geometry;
	devdax_touch(self->full - SZ_4K, true);
	devdax_touch(self->full, true);
	devdax_touch(self->full + self->dd.span, true);
	ASSERT_TRUE(pins_exact(&self->pins));
	self->charged = 0;
	self->before = pin_stat();
}

/*
 * Did the kernel log a warning or a worse message?  A late clock does not
 * count: it only says that the host was busy.
 */
static bool complained(int kmsg)
{
	char line[8192];
	unsigned int prio;
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		if (sscanf(line, "%u,", &prio) == 1 && prio <= 4 &&
		    !strstr(line, ";hrtimer: interrupt took ")) {
			pin_log("the kernel says: %s", line);
			return true;
		}
	}
	return false;
}

FIXTURE_TEARDOWN(devdax_pin_limit)
{
	struct pin_stat after;

	EXPECT_FALSE(complained(self->kmsg));
	EXPECT_EQ(0, pins_drop(&self->pins, 0, self->pins.nr,
			       TEST_DEVDAX_ALL));
	EXPECT_EQ(0, charge(&self->pins, self->full, -self->charged));
	EXPECT_TRUE(pins_exact(&self->pins));
	after = pin_stat();
	EXPECT_EQ(after.acquired - self->before.acquired,
		  after.released - self->before.released);
	munmap(self->pins.p, self->pins.len);
	EXPECT_EQ(0, devdax_rebind(&self->dd));
	close(self->dd.fd);
}

/*
 * Take a range that the kernel cannot give as a whole.  It answers -ENOMEM,
 * here 0, or gives a part of the range.  That part has to be counted.
 */
static long hold_too_many(struct pins *pins, char *addr, unsigned long nr)
{
	long held = pins_hold(pins, addr, nr, TEST_DEVDAX_WRITE);

	return held == -ENOMEM ? 0 : held;
}

/* Are the counts of all pages exact, apart from the charge? */
static bool exact(struct pins *pins, char *addr, long charged)
{
	bool ok;

	if (charge(pins, addr, -charged))
		return false;
	ok = pins_exact(pins);
	return !charge(pins, addr, charged) && ok;
}

/*
 * A page has room for as many references as 8190 pins of 1G take, and for one
 * pin of the whole page on top.  A page of 2M would still have room after that,
 * so the test charges it further.
 */
TEST_F(devdax_pin_limit, pin_of_whole_page)
{
	const long full = 8190 * (SZ_1G / SZ_4K);
	struct pins *pins = &self->pins;
	unsigned long size = self->size;
	long held;

	ASSERT_EQ(0, charge(pins, self->full, full));
	self->charged = full;
	ASSERT_EQ(size, pins_hold(pins, self->full, size, TEST_DEVDAX_WRITE));
	ASSERT_TRUE(exact(pins, self->full, self->charged));
	if (size < SZ_1G / SZ_4K) {
		self->charged = INT_MAX - size - size / 2;
		ASSERT_EQ(0, charge(pins, self->full, self->charged - full));
	}

	held = hold_too_many(pins, self->full, size);
	TH_LOG("one too many: %ld of %lu", held, size);
	EXPECT_LE(0, held);
	EXPECT_GT(size, held);
	EXPECT_EQ(size + held, pins->nr);
	ASSERT_TRUE(exact(pins, self->full, self->charged));

	/* There is room again. */
	ASSERT_EQ(0, pins_drop(pins, 0, size + held, TEST_DEVDAX_ALL));
	ASSERT_EQ(0, charge(pins, self->full, full - self->charged));
	self->charged = full;
	EXPECT_EQ(size, pins_hold(pins, self->full, size, TEST_DEVDAX_WRITE));
	EXPECT_TRUE(exact(pins, self->full, self->charged));
}

/* The range contains the full page.  Other pages of the range have room. */
TEST_F(devdax_pin_limit, full_page_in_range)
{
	struct pins *pins = &self->pins;
	long held;

	self->charged = INT_MAX - 300;
	ASSERT_EQ(0, charge(pins, self->full, self->charged));
	held = hold_too_many(pins, self->full - 100 * SZ_4K, 700);
	TH_LOG("500 too many: %ld of 700", held);
	EXPECT_LE(0, held);
	EXPECT_GT(400, held);
	EXPECT_EQ(held, pins->nr);
	EXPECT_TRUE(exact(pins, self->full, self->charged));
	/* This range leads from the full page into the next one. */
	held = hold_too_many(pins, self->full + self->dd.geometry -
			     400 * SZ_4K, 700);
	EXPECT_LE(0, held);
	EXPECT_GT(400, held);
	EXPECT_TRUE(exact(pins, self->full, self->charged));
	EXPECT_EQ(100, pins_hold(pins, self->full - 100 * SZ_4K, 100, 0));
}

/* Write this 4K into a file with O_DIRECT. */
static bool write_directly(char *p)
{
	const char *dir = getenv("DIO_DIR");
	char path[128];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s/devdax_pin_limit", dir ? dir : "/tmp");
	fd = open(path, O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	ok = fd >= 0 && write(fd, p, SZ_4K) == SZ_4K;
	close(fd);
	unlink(path);
	return ok;
}

/* Does O_DIRECT pin its pages?  Then other pins have room as references have. */
static bool direct_pins(char *p)
{
	struct pin_stat before = pin_stat();

	return write_directly(p) && pin_stat().acquired != before.acquired;
}

/*
 * Take single references up to the limit.  The kernel does not tell its limit,
 * so the test searches for the count at which the kernel begins to refuse.
 * Above the limit there has to be room for code that duplicates a reference,
 * because that cannot be refused.  The limit for long-term pins is lower, so that
 * above it there is room for references that are held for a moment.  Where
 * O_DIRECT pins its pages, the other pins are among these.
 */
TEST_F(devdax_pin_limit, last_references)
{
	unsigned int kind = variant->how & TEST_DEVDAX_KIND;
	long fits = 0, refused = INT_MAX - 1, next, held, i;
	struct pins *pins = &self->pins;
	bool early;
	int fd;

	/* Search for the largest charge with which one more reference fits. */
	while (refused - fits > 1) {
		next = fits + (refused - fits) / 2;
		ASSERT_EQ(0, charge(pins, self->full, next - self->charged));
		self->charged = next;
		held = pins_hold(pins, self->full, 1, 0);
		if (held == 1) {
			ASSERT_EQ(0, pins_drop(pins, 0, 1, TEST_DEVDAX_ALL));
			fits = next;
		} else {
			ASSERT_EQ(-ENOMEM, held);
			refused = next;
		}
	}
	TH_LOG("one more fits to %ld, the count ends at %d", fits, INT_MAX);
	/* The pagemap of the device holds one reference itself. */
	EXPECT_LE(SZ_1G / SZ_4K / 2, INT_MAX - fits - 2);
	/* this 4K is in front of the full page */
	early = kind == TEST_DEVDAX_LONGTERM ||
		(kind == TEST_DEVDAX_PIN && !direct_pins(self->full - SZ_4K));
	EXPECT_EQ(early, INT_MAX - fits - 2 >= ROOM);

	next = fits - 19;
	ASSERT_EQ(0, charge(pins, self->full, next - self->charged));
	self->charged = next;
	for (i = 0; i < 30; i++) {
		held = pins_hold(pins, self->full + i % 3 * SZ_4K, 1, 0);
		if (held != 1)
			break;
	}
	EXPECT_EQ(20, i);
	EXPECT_EQ(-ENOMEM, held);
	EXPECT_TRUE(exact(pins, self->full, self->charged));

	fd = open(PIN_FILE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(early ? 1 : -ENOMEM,
		  pin_take(fd, self->full, 1, variant->how & TEST_DEVDAX_FAST,
			   NULL));
	close(fd);
}

static long splice_in(char *p, int fd)
{
	struct iovec iov = { p, SZ_4K };

	return vmsplice(fd, &iov, 1, SPLICE_F_NONBLOCK);
}

static long send_without_copy(char *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
	long n;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one))) {
		close(fd);
		return -EOPNOTSUPP;
	}
	n = sendto(fd, p, SZ_4K, MSG_ZEROCOPY, (void *)&to, sizeof(to));
	close(fd);
	return n;
}

/*
 * Users can hold a page in pipes and packets for as long as they like.  When
 * such references have nearly filled the count, there is still room for
 * references that are held for a moment.
 */
TEST_F(devdax_pin_limit, parked_references_leave_room)
{
	struct pins *pins = &self->pins;
	int full[2], copy[2], word = 0;
	char *p = self->full;

	if (variant->how != (TEST_DEVDAX_GET | TEST_DEVDAX_FAST))
		SKIP(return, "for one way to get references");
	ASSERT_EQ(0, pipe(full));
	ASSERT_EQ(0, pipe(copy));
	ASSERT_EQ(SZ_4K, splice_in(p, full[1]));

	self->charged = INT_MAX - ROOM + 2;
	ASSERT_EQ(0, charge(pins, p, self->charged));
	EXPECT_EQ(-1, splice_in(p, copy[1]));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(-1, tee(full[0], copy[1], SZ_4K, SPLICE_F_NONBLOCK));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_GT(0, send_without_copy(p));
	EXPECT_TRUE(write_directly(p));
	memcpy(p, &word, sizeof(word));
	EXPECT_EQ(0, syscall(__NR_futex, p, FUTEX_WAKE, 1, NULL, NULL, 0));
	EXPECT_EQ(1, pins_hold(pins, p, 1, TEST_DEVDAX_WRITE));

	/* There is room again. */
	ASSERT_EQ(0, pins_drop(pins, 0, 1, TEST_DEVDAX_ALL));
	ASSERT_EQ(0, charge(pins, p, -self->charged));
	self->charged = 0;
	EXPECT_EQ(SZ_4K, tee(full[0], copy[1], SZ_4K, SPLICE_F_NONBLOCK));
	EXPECT_EQ(SZ_4K, splice_in(p, copy[1]));
	close(full[0]);
	close(full[1]);
	close(copy[0]);
	close(copy[1]);
}

/* A long-term pin takes what the page table maps, without the mmap lock. */
TEST_F(devdax_pin_limit, long_term_is_fast)
{
	struct pins *pins = &self->pins;

	if (variant->how != (TEST_DEVDAX_LONGTERM | TEST_DEVDAX_FAST))
		SKIP(return, "for the fast way to a long-term pin");
	EXPECT_EQ(700, pins_hold(pins, self->full - 350 * SZ_4K, 700,
				 TEST_DEVDAX_WRITE | TEST_DEVDAX_ONLY));
	EXPECT_TRUE(pins_exact(pins));
}

TEST_HARNESS_MAIN
