// SPDX-License-Identifier: GPL-2.0
/*
 * The size of the compound pages of a device-dax device.  It follows from the
 * device's align and, where there is that parameter, from max_geometry.  Mappings
 * work the same with any size.
 */
#include "devdax.h"

FIXTURE(devdax_geometry)
{
	struct devdax dd;
	unsigned long max;	/* max_geometry before the test, 0 without */
};

#define NO_MAX	"for kernels with a parameter max_geometry"

static unsigned long max_geometry(void)
{
	char buf[32] = "";
	FILE *f = fopen(DEVDAX_MAX_GEOMETRY, "r");

	if (!f)
		return 0;
	if (!fgets(buf, sizeof(buf), f))
		buf[0] = 0;
	fclose(f);
	switch (buf[strcspn(buf, "KMG")]) {
	case 'K': return strtoul(buf, NULL, 0) << 10;
	case 'M': return strtoul(buf, NULL, 0) << 20;
	case 'G': return strtoul(buf, NULL, 0) << 30;
	}
	return strtoul(buf, NULL, 0);
}

static int set_max_geometry(unsigned long max)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%lu", max);
	return devdax_write(DEVDAX_MAX_GEOMETRY, buf);
}

FIXTURE_SETUP(devdax_geometry)
{
	devdax_setup(_metadata, &self->dd, 3);
	self->max = max_geometry();
	if (!self->dd.geometry)
		SKIP(_exit(DEVDAX_SKIPPED), "no attribute geometry");
}

FIXTURE_TEARDOWN(devdax_geometry)
{
	if (self->max)
		EXPECT_EQ(0, set_max_geometry(self->max));
	if (self->dd.geometry != self->dd.align)
		EXPECT_EQ(0, devdax_rebind(&self->dd));
	close(self->dd.fd);
}

TEST_F(devdax_geometry, is_align_by_default)
{
	if (self->max)
		EXPECT_EQ(SZ_1G, self->max);
	EXPECT_EQ(self->dd.align, self->dd.geometry);
	EXPECT_EQ(0, devdax_rebind(&self->dd));
	EXPECT_EQ(self->dd.align, self->dd.geometry);
}

TEST_F(devdax_geometry, is_gone_while_unbound)
{
	ASSERT_EQ(0, devdax_unbind(&self->dd));
	EXPECT_EQ(0, devdax_attr(&self->dd, "geometry"));
	EXPECT_EQ(self->dd.align, devdax_attr(&self->dd, "align"));
	EXPECT_EQ(0, devdax_bind(&self->dd));
}

TEST_F(devdax_geometry, max_refuses_nonsense)
{
	static const char * const bad[] = {
		"0", "2048", "3M", "2G", "-1", "x", "2Mx"
	};
	int i;

	if (!self->max)
		SKIP(return, NO_MAX);
	for (i = 0; i < 7; i++) {
		EXPECT_EQ(-EINVAL, devdax_write(DEVDAX_MAX_GEOMETRY, bad[i]))
			TH_LOG("max_geometry took '%s'", bad[i]);
		EXPECT_EQ(self->max, max_geometry());
	}
}

TEST_F(devdax_geometry, max_counts_from_next_bind)
{
	unsigned long before = self->dd.geometry;

	if (!self->max)
		SKIP(return, NO_MAX);
	EXPECT_EQ(0, set_max_geometry(SZ_4K));
	EXPECT_EQ(before, devdax_attr(&self->dd, "geometry"));
	EXPECT_EQ(0, devdax_rebind(&self->dd));
	EXPECT_EQ(SZ_4K, self->dd.geometry);
}

/* A device whose compound pages may be smaller than its mappings. */
FIXTURE(devdax_geometry_capped)
{
	struct devdax dd;
	unsigned long max, align, expected;
	char *p;		/* three pages of the device */
};

FIXTURE_VARIANT(devdax_geometry_capped)
{
	const char *max;
	unsigned long bytes;
};

FIXTURE_VARIANT_ADD(devdax_geometry_capped, 4K) { "4K", SZ_4K };
FIXTURE_VARIANT_ADD(devdax_geometry_capped, 2M) { "2M", SZ_2M };

FIXTURE_SETUP(devdax_geometry_capped)
{
	devdax_setup(_metadata, &self->dd, 3);
	self->align = self->dd.align;
	self->max = max_geometry();
	if (!self->max)
		SKIP(_exit(DEVDAX_SKIPPED), NO_MAX);
	self->expected = self->align < variant->bytes ? self->align :
							variant->bytes;
	EXPECT_EQ(0, devdax_write(DEVDAX_MAX_GEOMETRY, variant->max));
	EXPECT_EQ(0, devdax_rebind(&self->dd));
	EXPECT_EQ(0, set_max_geometry(self->max));
	EXPECT_EQ(self->expected, self->dd.geometry);
	self->p = devdax_map(&self->dd, 0, 3 * self->align);
	EXPECT_NE(MAP_FAILED, self->p);
}

FIXTURE_TEARDOWN(devdax_geometry_capped)
{
	munmap(self->p, 3 * self->align);
	EXPECT_EQ(0, devdax_rebind(&self->dd));
	EXPECT_EQ(self->align, self->dd.geometry);
	close(self->dd.fd);
}

/* The mappings still have the size of the align. */
TEST_F(devdax_geometry_capped, mappings_work)
{
	unsigned long align = self->align, last = 2 * align - SZ_4K;
	unsigned long half = align + align / 2 / SZ_4K * SZ_4K;
	char *q = devdax_map(&self->dd, align, align);

	ASSERT_NE(MAP_FAILED, q);
	devdax_fill(self->p + half, half, SZ_4K, 1);
	devdax_fill(self->p + last, last, SZ_4K, 1);
	EXPECT_TRUE(devdax_check(q + half - align, half, SZ_4K, 1));
	EXPECT_TRUE(devdax_check(q + last - align, last, SZ_4K, 1));
	EXPECT_EQ(MAP_FAILED, devdax_map(&self->dd, self->dd.part, align));
	munmap(q, align);

	/* The address is exact, although the first touch was elsewhere. */
	EXPECT_EQ(SIGBUS, devdax_poison(self->p + last));
	EXPECT_EQ((void *)self->p + last, devdax_sig.si_addr);
	EXPECT_EQ(SIGBUS, devdax_poison(self->p + align));
	EXPECT_EQ(BUS_MCEERR_AR, devdax_sig.si_code);
	EXPECT_EQ((void *)self->p + align, devdax_sig.si_addr);
	EXPECT_EQ(__builtin_ctzl(align), devdax_sig.si_addr_lsb);
	EXPECT_EQ(0, devdax_touch(self->p, true));
	EXPECT_EQ(0, devdax_touch(self->p + 2 * align, true));
}

TEST_HARNESS_MAIN
