// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses that mmap() of a device-dax device is given without MAP_FIXED: they
 * are hints, so no address makes it fail.
 */
#include "devdax.h"

FIXTURE(devdax_hint)
{
	struct devdax dd;
	char *all;
};

FIXTURE_SETUP(devdax_hint)
{
	devdax_setup(_metadata, &self->dd, 2);
	self->all = devdax_map(&self->dd, 0, self->dd.size);
	ASSERT_NE(MAP_FAILED, self->all);
}

FIXTURE_TEARDOWN(devdax_hint)
{
	munmap(self->all, self->dd.size);
	close(self->dd.fd);
}

/* Map an align at offset off, with a hint.  It has to show the device. */
static char *map_hint(struct __test_metadata *_metadata, struct devdax *dd,
		      char *all, char *hint, unsigned long off)
{
	char *p = mmap(hint, dd->align, PROT_READ | PROT_WRITE, MAP_SHARED,
		       dd->fd, off);

	devdax_fill(all + off, off, SZ_4K, 9);
	ASSERT_NE(MAP_FAILED, p) TH_LOG("hint %p", hint);
	EXPECT_EQ(0, (unsigned long)p % dd->align);
	EXPECT_TRUE(devdax_check(p, off, SZ_4K, 9));
	munmap(p, dd->align);
	return p;
}

/* Without MAP_FIXED an address is a hint, and one that fits is taken. */
TEST_F(devdax_hint, that_fits)
{
	unsigned long align = self->dd.align;
	char *p = devdax_reserve(&self->dd, 3 * align, 0);

	munmap(p, 3 * align);
	EXPECT_EQ(p + align, map_hint(_metadata, &self->dd, self->all,
				      p + align, 0));
	EXPECT_EQ(p + align, map_hint(_metadata, &self->dd, self->all,
				      p + align, align));
	/* not a byte of room around it */
	EXPECT_EQ(p, mmap(p, align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			  MAP_FIXED | MAP_NORESERVE, -1, 0));
	EXPECT_EQ(p + 2 * align,
		  mmap(p + 2 * align, align, PROT_NONE, MAP_PRIVATE |
		       MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0));
	EXPECT_EQ(p + align, map_hint(_metadata, &self->dd, self->all,
				      p + align, align));
}

/* A hint that is not aligned stands for the next address that is. */
TEST_F(devdax_hint, misaligned)
{
	unsigned long align = self->dd.align, part = self->dd.part;
	char *p = devdax_reserve(&self->dd, 3 * align, 0);
	char *next = p + align;

	/* what is no multiple of 4K counts as the one below */
	if (align == SZ_4K)
		next = p;
	munmap(p, 3 * align);
	EXPECT_EQ(next, map_hint(_metadata, &self->dd, self->all, p + part, 0));
	EXPECT_EQ(next, map_hint(_metadata, &self->dd, self->all,
				 p + align - part, align));
}

TEST_F(devdax_hint, that_is_taken)
{
	unsigned long align = self->dd.align;
	char *p = devdax_reserve(&self->dd, 3 * align, 0), *q;

	q = map_hint(_metadata, &self->dd, self->all, p, 0);
	EXPECT_TRUE(q + align <= p || q >= p + 3 * align);
	/* the end is taken */
	munmap(p, align);
	EXPECT_EQ(p, map_hint(_metadata, &self->dd, self->all, p, 0));
	munmap(p + align, align / 2);
	q = map_hint(_metadata, &self->dd, self->all, p + align, align);
	/* half of 4K is all of it: this one is free */
	if (align == SZ_4K) {
		EXPECT_EQ(p + align, q);
	} else {
		EXPECT_TRUE(q + align <= p + align + align / 2 ||
			    q >= p + 3 * align);
	}
}

/* Places where no mapping can be. */
TEST_F(devdax_hint, out_of_range)
{
	map_hint(_metadata, &self->dd, self->all, (char *)SZ_4K, 0);
	map_hint(_metadata, &self->dd, self->all, (char *)0x7ffffffff000UL, 0);
	map_hint(_metadata, &self->dd, self->all, (char *)-SZ_4K, 0);
}

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif

/* MAP_FIXED_NOREPLACE takes the address that it is given, or none. */
TEST_F(devdax_hint, noreplace_is_no_hint)
{
	unsigned long align = self->dd.align;
	char *p = devdax_reserve(&self->dd, 2 * align, 0);

	EXPECT_EQ(MAP_FAILED, mmap(p, align, PROT_READ, MAP_SHARED |
				   MAP_FIXED_NOREPLACE, self->dd.fd, 0));
	EXPECT_EQ(EEXIST, errno);
	munmap(p, 2 * align);
	EXPECT_EQ(MAP_FAILED, mmap(p + self->dd.part, align, PROT_READ,
				   MAP_SHARED | MAP_FIXED_NOREPLACE,
				   self->dd.fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(p, mmap(p, align, PROT_READ, MAP_SHARED |
			  MAP_FIXED_NOREPLACE, self->dd.fd, 0));
	munmap(p, align);
}

TEST_HARNESS_MAIN
