// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO pins device-dax memory for DMA and has to unpin it.  The device cannot
 * be unbound before VFIO has unpinned the last page.
 *
 * Needs a device that is bound to vfio-pci, for instance the edu device of
 * QEMU behind its intel-iommu.  Any device will do, because the tests do not
 * touch it.
 */
#include "devdax.h"
#include "devdax_vfio.h"

#define IOVA	SZ_1G

FIXTURE(devdax_vfio)
{
	struct devdax dd;
	int container;
	int group;
	unsigned long len;
	char *p;
	char *dma;	/* the last 2M of the mapping: VFIO pins it 4K by 4K */
};

FIXTURE_SETUP(devdax_vfio)
{
	const char *why;

	devdax_setup(_metadata, &self->dd, 1);
	why = devdax_vfio_open(&self->container, &self->group,
			       VFIO_TYPE1v2_IOMMU);
	if (why)
		SKIP(_exit(DEVDAX_SKIPPED), "%s", why);
	self->len = self->dd.align > SZ_2M ? self->dd.align : SZ_2M;
	self->p = devdax_map(&self->dd, 0, self->len);
	ASSERT_NE(MAP_FAILED, self->p);
	self->dma = self->p + self->len - SZ_2M;
}

FIXTURE_TEARDOWN(devdax_vfio)
{
	close(self->dd.fd);
	if (!devdax_bound(&self->dd))
		EXPECT_EQ(0, devdax_bind(&self->dd));
}

static int dma_map_at(int container, __u64 iova, void *addr, unsigned int prot)
{
	return devdax_vfio_map(container, iova, addr, SZ_2M, prot);
}

static int dma_map(int container, void *addr, unsigned int prot)
{
	return dma_map_at(container, IOVA, addr, prot);
}

/* Returns 0, or what was unmapped in place of 2M. */
static long dma_unmap_at(int container, __u64 iova)
{
	return devdax_vfio_unmap(container, iova, SZ_2M) - SZ_2M;
}

static long dma_unmap(int container)
{
	return dma_unmap_at(container, IOVA);
}

TEST_F(devdax_vfio, unbind_after_unmap)
{
	ASSERT_EQ(0, dma_map(self->container, self->dma, READ_WRITE));
	ASSERT_EQ(0, dma_unmap(self->container));
	ASSERT_EQ(0, dma_map(self->container, self->dma,
			     VFIO_DMA_MAP_FLAG_READ));
	ASSERT_EQ(0, dma_unmap(self->container));
	munmap(self->p, self->len);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
}

TEST_F(devdax_vfio, unbind_after_close)
{
	ASSERT_EQ(0, dma_map(self->container, self->dma, READ_WRITE));
	close(self->group);
	close(self->container);
	munmap(self->p, self->len);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
}

TEST_F(devdax_vfio, unmap_unpins_what_map_pinned)
{
	long before = pins_held();
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, dma_map(self->container, self->dma, READ_WRITE));
		EXPECT_EQ(before + SZ_2M / SZ_4K, pins_held());
		ASSERT_EQ(0, dma_unmap(self->container));
		ASSERT_EQ(before, pins_held());
	}
	ASSERT_EQ(0, dma_map(self->container, self->dma, READ_WRITE));
	close(self->group);
	close(self->container);
	EXPECT_EQ(before, pins_held());
}

/* Memory must not be removed while a device can still reach it. */
TEST_F(devdax_vfio, unbind_waits_for_unmap)
{
	pid_t pid;

	if (!devdax_unbind_waits(&self->dd))
		SKIP(return, DEVDAX_NO_WAIT);
	ASSERT_EQ(0, dma_map(self->container, self->dma, READ_WRITE));
	munmap(self->p, self->len);
	pid = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(pid, 1000));
	ASSERT_EQ(0, dma_unmap(self->container));
	EXPECT_EQ(0, devdax_wait(pid, DEVDAX_DEADLINE * 1000));
}

/* VFIO does not charge device memory to the user, in a map or in an unmap. */
TEST_F(devdax_vfio, locked_memory_unchanged)
{
	long before = devdax_kb("/proc/self/status", NULL, "VmLck");

	ASSERT_NE(-1, before);
	ASSERT_EQ(0, dma_map(self->container, self->dma, READ_WRITE));
	EXPECT_EQ(before, devdax_kb("/proc/self/status", NULL, "VmLck"));
	ASSERT_EQ(0, dma_unmap(self->container));
	EXPECT_EQ(before, devdax_kb("/proc/self/status", NULL, "VmLck"));
}

/*
 * VFIO does not pin page frames that are mapped for DMA before they have
 * struct pages.  When VFIO unmaps them, it must not drop pins that another
 * mapping holds.
 */
TEST_F(devdax_vfio, page_frames_are_not_unpinned)
{
	unsigned long start = devdax_attr(&self->dd, "resource");
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	char *frames;
	pid_t unbind;
	long before;

	if (fd < 0)
		SKIP(return, "no /dev/mem: CONFIG_DEVMEM");
	munmap(self->p, self->len);
	ASSERT_EQ(0, devdax_unbind(&self->dd));
	before = pins_held();
	frames = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      start);
	ASSERT_NE(MAP_FAILED, frames);
	ASSERT_EQ(0, dma_map(self->container, frames, READ_WRITE));
	EXPECT_EQ(before, pins_held());

	ASSERT_EQ(0, devdax_bind(&self->dd));
	self->p = devdax_map(&self->dd, 0, self->len);
	ASSERT_NE(MAP_FAILED, self->p);
	ASSERT_EQ(0, dma_map_at(self->container, IOVA + SZ_2M, self->p,
				READ_WRITE));
	ASSERT_EQ(0, dma_unmap(self->container));
	EXPECT_EQ(before + SZ_2M / SZ_4K, pins_held());
	munmap(frames, SZ_2M);
	munmap(self->p, self->len);
	close(fd);
	if (devdax_unbind_waits(&self->dd)) {
		unbind = devdax_start(&self->dd, "unbind");
		EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, 200));
		EXPECT_EQ(0, dma_unmap_at(self->container, IOVA + SZ_2M));
		EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	} else {
		EXPECT_EQ(0, dma_unmap_at(self->container, IOVA + SZ_2M));
	}
	EXPECT_EQ(before, pins_held());
}

TEST_HARNESS_MAIN
