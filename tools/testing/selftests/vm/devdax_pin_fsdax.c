// SPDX-License-Identifier: GPL-2.0
/*
 * The border between device-dax and files on DAX filesystems.  A filesystem can
 * give the blocks of a file to another file at any time.  So the kernel refuses
 * long-term pins of a file, both in the slow way and in the fast way that
 * device-dax may use.
 *
 * FSDAX_DIR names a directory on a filesystem mounted with -o dax.  Needs
 * CONFIG_TEST_DEVDAX_PIN.
 */
#include "devdax_pin.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef STATX_ATTR_DAX
#define STATX_ATTR_DAX	0x00200000
#endif

#define NR	1100		/* 4Ks, more than two tables of them */

FIXTURE(devdax_pin_fsdax)
{
	int fd;
	int file;
	char *p;
	struct pin_stat before;
};

/* Returns NULL, or the reason to skip the test. */
static const char *open_file(int *file)
{
	const char *dir = getenv("FSDAX_DIR");
	struct statx stat;

	if (!dir)
		return "FSDAX_DIR is not set";
	*file = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*file < 0 || posix_fallocate(*file, 0, 4 * SZ_2M))
		return "no file in FSDAX_DIR";
	if (statx(*file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stat) ||
	    !(stat.stx_attributes & STATX_ATTR_DAX))
		return "FSDAX_DIR is not mounted with -o dax";
	return NULL;
}

FIXTURE_SETUP(devdax_pin_fsdax)
{
	const char *why = open_file(&self->file);
	char *area;

	self->fd = open(PIN_FILE, O_RDWR | O_CLOEXEC);
	if (!why && self->fd < 0)
		why = "no " PIN_FILE " (CONFIG_TEST_DEVDAX_PIN?)";
	if (why)
		SKIP(_exit(DEVDAX_SKIPPED), "%s", why);
	/* An aligned address, at which a huge entry would fit. */
	area = mmap(NULL, 5 * SZ_2M, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	area += -(unsigned long)area & (SZ_2M - 1);
	self->p = mmap(area, 4 * SZ_2M, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, self->file, 0);
	ASSERT_EQ(area, self->p);
	memset(self->p, 1, 4 * SZ_2M);
	self->before = pin_stat();
}

FIXTURE_TEARDOWN(devdax_pin_fsdax)
{
	struct pin_stat after = pin_stat();

	EXPECT_EQ(after.acquired - self->before.acquired,
		  after.released - self->before.released);
	/* This waits for pages that are still held. */
	EXPECT_EQ(0, ftruncate(self->file, 0));
	close(self->file);
	close(self->fd);
}

TEST_F(devdax_pin_fsdax, long_term_refused)
{
	const unsigned int how = TEST_DEVDAX_LONGTERM;
	unsigned int write;

	for (write = 0; write <= TEST_DEVDAX_WRITE; write += TEST_DEVDAX_WRITE) {
		EXPECT_EQ(-EOPNOTSUPP, pin_take(self->fd, self->p, NR,
						how | write, NULL));
		EXPECT_EQ(-EOPNOTSUPP, pin_take(self->fd, self->p, NR,
						how | write | TEST_DEVDAX_FAST,
						NULL));
		EXPECT_EQ(-EOPNOTSUPP, pin_take(self->fd, self->p + SZ_2M, 1,
						how | write | TEST_DEVDAX_FAST,
						NULL));
		EXPECT_EQ(0, pin_take(self->fd, self->p, NR,
				      how | write | TEST_DEVDAX_ONLY, NULL));
	}
	/* No reference was kept. */
	EXPECT_EQ(-EINVAL, pin_give(self->fd, 0, 1, TEST_DEVDAX_ALL));
}

/*
 * Ordinary memory lies in front of the file.  The kernel may pin that memory,
 * but no page of the file.
 */
TEST_F(devdax_pin_fsdax, long_term_of_file_behind_memory)
{
	const unsigned int how = TEST_DEVDAX_LONGTERM | TEST_DEVDAX_WRITE;
	char *p = self->p;
	long held;

	ASSERT_EQ(p, mmap(p, SZ_2M, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	memset(p, 1, SZ_2M);
	held = pin_take(self->fd, p + SZ_2M - 4 * SZ_4K, 8, how, NULL);
	EXPECT_TRUE(held == 4 || held == -EOPNOTSUPP) {
		TH_LOG("slow: %ld", held);
	}
	if (held > 0)
		EXPECT_EQ(0, pin_give(self->fd, 0, held, TEST_DEVDAX_ALL));
	held = pin_take(self->fd, p + SZ_2M - 4 * SZ_4K, 8,
			how | TEST_DEVDAX_FAST, NULL);
	EXPECT_TRUE(held == 4 || held == -EOPNOTSUPP) {
		TH_LOG("fast: %ld", held);
	}
	if (held > 0)
		EXPECT_EQ(0, pin_give(self->fd, 0, held, TEST_DEVDAX_ALL));
}

/* References that are no long-term pins are allowed on the file's pages. */
TEST_F(devdax_pin_fsdax, short_term_works)
{
	static const unsigned int how[] = {
		TEST_DEVDAX_GET, TEST_DEVDAX_GET | TEST_DEVDAX_FAST,
		TEST_DEVDAX_PIN, TEST_DEVDAX_PIN | TEST_DEVDAX_FAST,
		TEST_DEVDAX_PIN | TEST_DEVDAX_FAST | TEST_DEVDAX_ONLY,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(how); i++) {
		ASSERT_EQ(NR, pin_take(self->fd, self->p + 3 * SZ_4K, NR,
				       how[i] | TEST_DEVDAX_WRITE, NULL)) {
			TH_LOG("way %u", i);
		}
		ASSERT_EQ(0, pin_give(self->fd, 0, NR, TEST_DEVDAX_ALL));
	}
}

TEST_HARNESS_MAIN
