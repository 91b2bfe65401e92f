// SPDX-License-Identifier: GPL-2.0
/*
 * A memory error in a huge page of a device-dax mapping.  The process learns
 * the exact address and the size of the memory that it lost.  The kernel
 * unmaps only this huge page.  A rebind of the device forgets the error.
 *
 * "Memory failure" messages of the kernel are expected.
 */
#include "devdax.h"

#include <sys/resource.h>

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#define NR	3
#define CORRUPT_PFN "/sys/kernel/debug/hwpoison/corrupt-pfn"

static long minor_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/*
 * Map NR spans of the device without touching them.  The tests depend on the
 * first touch after a bind.  The rebind also forgets earlier memory errors.
 */
static char *fresh_pages(struct __test_metadata *_metadata, struct devdax *dd)
{
	char *p;

	devdax_setup(_metadata, dd, NR);
	if (devdax_corrupted() < 0)
		SKIP(_exit(DEVDAX_SKIPPED), "no CONFIG_MEMORY_FAILURE");
	ASSERT_EQ(0, devdax_rebind(dd));
	p = devdax_map(dd, 0, NR * dd->span);
	ASSERT_NE(MAP_FAILED, p);
	return p;
}

FIXTURE(devdax_poison)
{
	struct devdax dd;
	char *p;		/* NR spans of the device */
	unsigned long first;	/* offset in each span to touch first */
	unsigned long hit;	/* offset in the span that goes bad */
};

/* Offsets from the start of the span: halves of a span, and 4Ks. */
FIXTURE_VARIANT(devdax_poison)
{
	int touch_half, touch_4k;
	int hit_half, hit_4k;
};

FIXTURE_VARIANT_ADD(devdax_poison, head) { 0, 0, 0, 0 };
FIXTURE_VARIANT_ADD(devdax_poison, tail) { 0, 0, 0, 5 };
FIXTURE_VARIANT_ADD(devdax_poison, last_tail) { 0, 0, 2, -1 };
FIXTURE_VARIANT_ADD(devdax_poison, head_after_second_half) { 1, 1, 0, 0 };
FIXTURE_VARIANT_ADD(devdax_poison, tail_after_second_half) { 1, 1, 0, 300 };
FIXTURE_VARIANT_ADD(devdax_poison, same_in_second_half) { 1, 1, 1, 1 };

FIXTURE_SETUP(devdax_poison)
{
	unsigned long span, i;

	self->p = fresh_pages(_metadata, &self->dd);
	span = self->dd.span;
	self->first = variant->touch_half * span / 2 +
		      variant->touch_4k * (long)SZ_4K;
	self->hit = variant->hit_half * span / 2 +
		    variant->hit_4k * (long)SZ_4K;
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, devdax_touch(self->p + i * span + self->first,
					  true));
		ASSERT_EQ(0, devdax_touch(self->p + i * span + self->hit,
					  true));
	}
}

FIXTURE_TEARDOWN(devdax_poison)
{
	munmap(self->p, NR * self->dd.span);
	close(self->dd.fd);
}

/* Report an error by page frame number, like a machine check: signal or 0. */
static int poison_pfn(unsigned long addr)
{
	struct sigaction act = {
		.sa_sigaction = devdax_fault_handler,
		.sa_flags = SA_SIGINFO,
	};
	char pfn[32];
	int sig;

	snprintf(pfn, sizeof(pfn), "%#lx", addr / SZ_4K);
	sigaction(SIGBUS, &act, NULL);
	memset(&devdax_sig, 0, sizeof(devdax_sig));
	sig = sigsetjmp(devdax_jmp, 1);
	if (!sig)
		devdax_write(CORRUPT_PFN, pfn);
	signal(SIGBUS, SIG_DFL);
	return sig;
}

TEST_F(devdax_poison, tells_address_and_size)
{
	unsigned long resource = devdax_attr(&self->dd, "resource");
	unsigned long off = self->dd.span + self->hit;

	ASSERT_EQ(SIGBUS, devdax_poison(self->p + off));
	EXPECT_EQ(BUS_MCEERR_AR, devdax_sig.si_code);
	EXPECT_EQ((void *)self->p + off, devdax_sig.si_addr);
	EXPECT_EQ(__builtin_ctzl(self->dd.align), devdax_sig.si_addr_lsb);

	if (!resource || access(CORRUPT_PFN, W_OK))
		SKIP(return, "no resource attribute or no " CORRUPT_PFN);
	off += self->dd.span;
	ASSERT_EQ(SIGBUS, poison_pfn(resource + off));
	EXPECT_EQ(BUS_MCEERR_AR, devdax_sig.si_code);
	EXPECT_EQ((void *)self->p + off, devdax_sig.si_addr);
	EXPECT_EQ(__builtin_ctzl(self->dd.align), devdax_sig.si_addr_lsb);
}

FIXTURE(devdax_poison_around)
{
	struct devdax dd;
	unsigned long align;
	char *p;		/* NR spans of the device */
	char *hit;		/* the 4K to go bad, in the second page */
	long corrupted;		/* kB of other memory that have */
};

FIXTURE_SETUP(devdax_poison_around)
{
	unsigned long align;

	self->p = fresh_pages(_metadata, &self->dd);
	self->corrupted = devdax_corrupted();
	align = self->dd.align;
	self->align = align;
	self->hit = self->p + align + (align > SZ_4K ? 5 * SZ_4K : 0);
	devdax_fill(self->p, 0, SZ_4K, 1);
	devdax_fill(self->p + 2 * align, 2 * align, SZ_4K, 1);
	ASSERT_EQ(0, devdax_touch(self->p + align, true));
}

FIXTURE_TEARDOWN(devdax_poison_around)
{
	munmap(self->p, NR * self->dd.span);
	close(self->dd.fd);
}

/* Touch both neighbours of the page.  Returns how many faults that took. */
static long touch_around(char *p, unsigned long align)
{
	long before = minor_faults();

	devdax_touch(p, true);
	devdax_touch(p + align - 1, true);
	devdax_touch(p + 2 * align, true);
	devdax_touch(p + 3 * align - 1, true);
	return minor_faults() - before;
}

TEST_F(devdax_poison_around, neighbours_stay_mapped)
{
	unsigned long align = self->align;

	/* Get other faults out of the way. */
	touch_around(self->p, align);
	ASSERT_EQ(SIGBUS, devdax_poison(self->hit));
	EXPECT_EQ(0, touch_around(self->p, align));
	EXPECT_TRUE(devdax_check(self->p, 0, SZ_4K, 1));
	EXPECT_TRUE(devdax_check(self->p + 2 * align, 2 * align, SZ_4K, 1));
}

/*
 * The kernel cannot move the data of a device elsewhere, so it refuses.  The
 * refusal must not leave a reference.
 */
TEST_F(devdax_poison_around, soft_offline_is_refused)
{
	touch_around(self->p, self->align);
	EXPECT_EQ(-1, madvise(self->hit, SZ_4K, MADV_SOFT_OFFLINE));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, madvise(self->p, SZ_4K, MADV_SOFT_OFFLINE));
	EXPECT_EQ(EIO, errno);
	EXPECT_TRUE(devdax_check(self->p, 0, SZ_4K, 1));
	EXPECT_EQ(0, touch_around(self->p, self->align));
	EXPECT_EQ(self->corrupted, devdax_corrupted());
	/* This waits for every reference. */
	munmap(self->p, NR * self->dd.span);
	EXPECT_EQ(0, devdax_rebind(&self->dd));
}

/* A second error hits the same page, and a third one hits another page. */
TEST_F(devdax_poison_around, next_error_is_exact_too)
{
	unsigned long align = self->align;
	char *again = self->p + align + 9 * SZ_4K;
	char *other = self->p + align - SZ_4K;

	ASSERT_EQ(SIGBUS, devdax_poison(self->hit));
	if (align > SZ_4K) {
		EXPECT_EQ(SIGBUS, devdax_poison(again));
		EXPECT_EQ((void *)again, devdax_sig.si_addr);
	}
	EXPECT_EQ(SIGBUS, devdax_poison(other));
	EXPECT_EQ((void *)other, devdax_sig.si_addr);
	EXPECT_EQ(0, devdax_touch(self->p + 2 * align, true));
}

/* The last test: errors do not outlive the binding. */
TEST_F(devdax_poison_around, rebind_forgets)
{
	unsigned long align = self->align;
	unsigned long off = self->hit - self->p;

	ASSERT_EQ(SIGBUS, devdax_poison(self->hit));
	ASSERT_EQ(0, munmap(self->p, NR * self->dd.span));
	ASSERT_EQ(0, devdax_rebind(&self->dd));
	EXPECT_EQ(self->corrupted, devdax_corrupted());
	self->p = devdax_map(&self->dd, 0, NR * self->dd.span);
	ASSERT_NE(MAP_FAILED, self->p);
	EXPECT_EQ(0, devdax_touch(self->p + off, true));
	devdax_fill(self->p + align, align, SZ_4K, 2);
	EXPECT_TRUE(devdax_check(self->p + align, align, SZ_4K, 2));
	EXPECT_TRUE(devdax_check(self->p + 2 * align, 2 * align, SZ_4K, 1));
}

TEST_HARNESS_MAIN
