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
#include <glob.h>
#include <sys/ioctl.h>
#include <linux/vfio.h>

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

/* Open the first group that can be used.  Returns a file or -1. */
static int open_group(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int fd = -1;
	glob_t found;
	size_t i;

	if (glob("/dev/vfio/[0-9]*", 0, NULL, &found))
		return -1;
	for (i = 0; i < found.gl_pathc && fd < 0; i++) {
		fd = open(found.gl_pathv[i], O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!ioctl(fd, VFIO_GROUP_GET_STATUS, &status) &&
		    status.flags & VFIO_GROUP_FLAGS_VIABLE)
			continue;
		close(fd);
		fd = -1;
	}
	globfree(&found);
	return fd;
}

/* Returns NULL, or the reason to skip the test. */
static const char *open_vfio(int *container, int *group)
{
	*container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (*container < 0)
		return "no /dev/vfio/vfio";
	*group = open_group();
	if (*group < 0)
		return "no device is bound to vfio-pci";
	if (ioctl(*group, VFIO_GROUP_SET_CONTAINER, container))
		return "the group is in use";
	if (ioctl(*container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return "no IOMMU (vfio_iommu_type1.allow_unsafe_interrupts=1?)";
	return NULL;
}

FIXTURE_SETUP(devdax_vfio)
{
	const char *why;

	devdax_setup(_metadata, &self->dd, 1);
	why = open_vfio(&self->container, &self->group);
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
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = prot,
		.vaddr = (unsigned long)addr,
		.iova = iova,
		.size = SZ_2M,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int dma_map(int container, void *addr, unsigned int prot)
{
	return dma_map_at(container, IOVA, addr, prot);
}

static int dma_unmap_at(int container, __u64 iova)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = SZ_2M,
	};

	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;
}

static int dma_unmap(int container)
{
	return dma_unmap_at(container, IOVA);
}

/* Read a value of /proc/self/status in kB.  Returns -1 if there is none. */
static long status_kb(const char *key)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long val = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			sscanf(line + strlen(key), ":%ld", &val);
	if (f)
		fclose(f);
	return val;
}

#define READ_WRITE	(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

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

/*
 * How many pages are pinned now, as /proc/vmstat counts them.  Nobody else pins
 * pages during the test.
 */
static long pinned_pages(void)
{
	long nr, pinned = 0;
	char line[128];
	FILE *f;

	/* Each processor has counts that are not yet in the sum. */
	devdax_write("/proc/sys/vm/stat_refresh", "1");
	f = fopen("/proc/vmstat", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "nr_foll_pin_acquired %ld", &nr) == 1)
			pinned += nr;
		else if (sscanf(line, "nr_foll_pin_released %ld", &nr) == 1)
			pinned -= nr;
	if (f)
		fclose(f);
	return pinned;
}

TEST_F(devdax_vfio, unmap_unpins_what_map_pinned)
{
	long before = pinned_pages();
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, dma_map(self->container, self->dma, READ_WRITE));
		EXPECT_EQ(before + SZ_2M / SZ_4K, pinned_pages());
		ASSERT_EQ(0, dma_unmap(self->container));
		ASSERT_EQ(before, pinned_pages());
	}
	ASSERT_EQ(0, dma_map(self->container, self->dma, READ_WRITE));
	close(self->group);
	close(self->container);
	EXPECT_EQ(before, pinned_pages());
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
	long before = status_kb("VmLck");

	ASSERT_NE(-1, before);
	ASSERT_EQ(0, dma_map(self->container, self->dma, READ_WRITE));
	EXPECT_EQ(before, status_kb("VmLck"));
	ASSERT_EQ(0, dma_unmap(self->container));
	EXPECT_EQ(before, status_kb("VmLck"));
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
	pid_t unbind;
	char *frames;

	if (!devdax_unbind_waits(&self->dd))
		SKIP(return, DEVDAX_NO_WAIT);
	if (fd < 0)
		SKIP(return, "no /dev/mem: CONFIG_DEVMEM");
	munmap(self->p, self->len);
	ASSERT_EQ(0, devdax_unbind(&self->dd));
	frames = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      start);
	ASSERT_NE(MAP_FAILED, frames);
	ASSERT_EQ(0, dma_map(self->container, frames, READ_WRITE));

	ASSERT_EQ(0, devdax_bind(&self->dd));
	self->p = devdax_map(&self->dd, 0, self->len);
	ASSERT_NE(MAP_FAILED, self->p);
	ASSERT_EQ(0, dma_map_at(self->container, IOVA + SZ_2M, self->p,
				READ_WRITE));
	ASSERT_EQ(0, dma_unmap(self->container));
	munmap(frames, SZ_2M);
	munmap(self->p, self->len);

	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, 200));
	EXPECT_EQ(0, dma_unmap_at(self->container, IOVA + SZ_2M));
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	close(fd);
}

TEST_HARNESS_MAIN
