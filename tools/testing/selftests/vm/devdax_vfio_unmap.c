// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO unmaps in other pieces than it mapped, as a storage server does that
 * registers and unregisters memory in pieces of its own.  Device-dax memory
 * behaves like anonymous memory: the same results, the same number of pins
 * after each step, and none at the end.
 *
 * Needs a device that is bound to vfio-pci, like devdax_vfio.
 */
#include "devdax_pin.h"
#include "devdax_vfio.h"

#define IOVA		0x100000UL

/*
 * A length: quarters of a page of the device, and 4Ks.  For anonymous memory, a
 * quarter is 1M.
 */
struct length {
	long quarters;
	long nr_4k;
};

/*
 * A step: map or unmap at an IOVA; mapping n bytes takes them from the same
 * offset of the memory.  What it returns is the number of bytes that are
 * unmapped, 0, or a negative error.  Afterwards so many are pinned.
 */
struct step {
	bool map;
	struct length at;
	struct length n;
	struct length done;
	long error;
	struct length pinned;
};

#define Q(q, ...)	{ q, ##__VA_ARGS__ }
#define MAP(at, n, pinned)		{ true, at, n, {}, 0, pinned }
#define UNMAP(at, n, done, pinned)	{ false, at, n, done, 0, pinned }
#define REFUSE(at, n, pinned)		{ false, at, n, {}, -EINVAL, pinned }
#define AT	(struct length)

/* Version 2 of the interface: whole mappings, one or several, or nothing. */
static const struct step v2[] = {
	/* one page in one mapping */
	MAP(AT Q(0), AT Q(4), AT Q(4)),
	REFUSE(AT Q(0), AT Q(2), AT Q(4)),
	REFUSE(AT Q(2), AT Q(2), AT Q(4)),
	REFUSE(AT Q(1), AT Q(1), AT Q(4)),
	REFUSE(AT Q(0), AT Q(0, 1), AT Q(4)),
	REFUSE(AT Q(0, 1), AT Q(4, -1), AT Q(4)),
	REFUSE(AT Q(4, -1), AT Q(0, 1), AT Q(4)),
	REFUSE(AT Q(2), AT Q(6), AT Q(4)),
	UNMAP(AT Q(4), AT Q(4), AT Q(0), AT Q(4)),
	UNMAP(AT Q(0), AT Q(8), AT Q(4), AT Q(0)),
	UNMAP(AT Q(0), AT Q(4), AT Q(0), AT Q(0)),
	/* two pages in one mapping */
	MAP(AT Q(0), AT Q(8), AT Q(8)),
	REFUSE(AT Q(0), AT Q(4), AT Q(8)),
	REFUSE(AT Q(4), AT Q(4), AT Q(8)),
	UNMAP(AT Q(0), AT Q(8), AT Q(8), AT Q(0)),
	/* a page in pieces, then one unmap for all, or for some of them */
	MAP(AT Q(0), AT Q(1), AT Q(1)),
	MAP(AT Q(1), AT Q(0, 1), AT Q(1, 1)),
	MAP(AT Q(1, 1), AT Q(1, -1), AT Q(2)),
	MAP(AT Q(2), AT Q(4), AT Q(6)),
	REFUSE(AT Q(0), AT Q(4), AT Q(6)),
	REFUSE(AT Q(3), AT Q(3), AT Q(6)),
	UNMAP(AT Q(1), AT Q(1), AT Q(1), AT Q(5)),
	UNMAP(AT Q(0), AT Q(6), AT Q(5), AT Q(0)),
	/* across the border of two pages, beginning and ending at no border */
	MAP(AT Q(2, 1), AT Q(3, 1), AT Q(3, 1)),
	MAP(AT Q(6), AT Q(1), AT Q(4, 1)),
	UNMAP(AT Q(0), AT Q(8), AT Q(4, 1), AT Q(0)),
};

/*
 * Version 1: a mapping that begins in the range goes as a whole, whatever the
 * end, and the result says how much that was.
 */
static const struct step v1[] = {
	MAP(AT Q(0), AT Q(4), AT Q(4)),
	UNMAP(AT Q(2), AT Q(2), AT Q(0), AT Q(4)),
	UNMAP(AT Q(0, 1), AT Q(0, 1), AT Q(0), AT Q(4)),
	UNMAP(AT Q(0), AT Q(2), AT Q(4), AT Q(0)),
	MAP(AT Q(0), AT Q(8), AT Q(8)),
	UNMAP(AT Q(4), AT Q(4), AT Q(0), AT Q(8)),
	UNMAP(AT Q(0), AT Q(0, 1), AT Q(8), AT Q(0)),
	MAP(AT Q(0), AT Q(1), AT Q(1)),
	MAP(AT Q(1), AT Q(3), AT Q(4)),
	MAP(AT Q(4), AT Q(4), AT Q(8)),
	UNMAP(AT Q(0), AT Q(2), AT Q(4), AT Q(4)),
	UNMAP(AT Q(0), AT Q(8), AT Q(4), AT Q(0)),
};

/* Two pages, of the device or of anonymous memory. */
struct memory {
	const char *name;
	char *p;
	unsigned long quarter;
};

FIXTURE(devdax_vfio_unmap)
{
	struct devdax dd;
	struct memory memory[2];
	int container;
	int group;
};

FIXTURE_VARIANT(devdax_vfio_unmap)
{
	int iommu;
	const struct step *steps;
	unsigned int nr;
};

FIXTURE_VARIANT_ADD(devdax_vfio_unmap, v2)
{
	.iommu = VFIO_TYPE1v2_IOMMU,
	.steps = v2,
	.nr = ARRAY_SIZE(v2),
};

FIXTURE_VARIANT_ADD(devdax_vfio_unmap, v1)
{
	.iommu = VFIO_TYPE1_IOMMU,
	.steps = v1,
	.nr = ARRAY_SIZE(v1),
};

FIXTURE_SETUP(devdax_vfio_unmap)
{
	struct memory *m = self->memory;
	const char *why;

	devdax_setup(_metadata, &self->dd, 2);
	why = devdax_vfio_open(&self->container, &self->group, variant->iommu);
	if (why)
		SKIP(_exit(DEVDAX_SKIPPED), "%s", why);
	m[0] = (struct memory){ "anonymous", NULL, SZ_2M / 2 };
	m[0].p = mmap(NULL, 8 * m[0].quarter, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, m[0].p);
	m[1] = (struct memory){ "device-dax", NULL, self->dd.span / 4 };
	m[1].p = devdax_map(&self->dd, 0, 8 * m[1].quarter);
	ASSERT_NE(MAP_FAILED, m[1].p);
}

/* Nothing is mapped for DMA, so unbinding must not wait for the container. */
FIXTURE_TEARDOWN(devdax_vfio_unmap)
{
	if (self->memory[1].p)
		munmap(self->memory[1].p, 8 * self->memory[1].quarter);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
	close(self->group);
	close(self->container);
	EXPECT_EQ(0, devdax_bind(&self->dd));
	close(self->dd.fd);
}

static long bytes(const struct memory *m, struct length len)
{
	return len.quarters * (long)m->quarter + len.nr_4k * (long)SZ_4K;
}

static long run(int container, const struct memory *m, const struct step *step)
{
	unsigned long at = bytes(m, step->at), n = bytes(m, step->n);

	if (step->map)
		return devdax_vfio_map(container, IOVA + at, m->p + at, n,
				       READ_WRITE);
	return devdax_vfio_unmap(container, IOVA + at, n);
}

TEST_F(devdax_vfio_unmap, pieces)
{
	long before = pins_held(), want, got;
	const struct step *step;
	const struct memory *m;
	unsigned int i;

	for (m = self->memory; m < self->memory + 2; m++)
		for (i = 0; i < variant->nr; i++) {
			step = variant->steps + i;
			want = step->error ?: bytes(m, step->done);
			got = run(self->container, m, step);
			EXPECT_EQ(want, got) {
				TH_LOG("%s: step %u", m->name, i);
			}
			got = pins_held() - before;
			EXPECT_EQ(bytes(m, step->pinned) / (long)SZ_4K, got) {
				TH_LOG("%s: pins after step %u", m->name, i);
			}
		}
}

/*
 * The mapping of the process may be gone, or have other memory, when VFIO is
 * told to unmap.
 */
TEST_F(devdax_vfio_unmap, memory_is_gone)
{
	static const struct step map = MAP(AT Q(0), AT Q(8), AT Q(8));
	static const struct step unmap =
		UNMAP(AT Q(0), AT Q(8), AT Q(8), AT Q(0));
	long before = pins_held();
	struct memory *m;
	char *p;

	for (m = self->memory; m < self->memory + 2; m++) {
		ASSERT_EQ(0, run(self->container, m, &map));
		ASSERT_EQ(0, munmap(m->p, 4 * m->quarter));
		p = mmap(m->p + 4 * m->quarter, 4 * m->quarter, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		ASSERT_NE(MAP_FAILED, p);
		EXPECT_EQ(8 * m->quarter / SZ_4K, pins_held() - before);
		EXPECT_EQ(8 * m->quarter, run(self->container, m, &unmap));
		EXPECT_EQ(before, pins_held());
		ASSERT_EQ(0, munmap(p, 4 * m->quarter));
		m->p = NULL;
	}
}

/* What is left mapped is unpinned with the container. */
TEST_F(devdax_vfio_unmap, closed_in_pieces)
{
	static const struct step steps[] = {
		MAP(AT Q(0), AT Q(1), AT Q(1)),
		MAP(AT Q(1), AT Q(4, 1), AT Q(5, 1)),
		MAP(AT Q(6), AT Q(2), AT Q(7, 1)),
		UNMAP(AT Q(0), AT Q(1), AT Q(1), AT Q(6, 1)),
	};
	struct memory *m = self->memory + 1;
	long before = pins_held();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		EXPECT_EQ(bytes(m, steps[i].done),
			  run(self->container, m, steps + i));
	EXPECT_EQ(bytes(m, steps[3].pinned) / (long)SZ_4K,
		  pins_held() - before);
	close(self->group);
	close(self->container);
	EXPECT_EQ(before, pins_held());
}

TEST_HARNESS_MAIN
