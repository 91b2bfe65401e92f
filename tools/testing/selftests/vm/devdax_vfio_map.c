// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO maps device-dax memory for DMA in ranges of any size and place.  It
 * pins as many pages as it maps.  An unmap releases all of them.  A device
 * reaches the right pages.
 *
 * Needs a device that is bound to vfio-pci, like devdax_vfio.  The edu device
 * of QEMU also does DMA in one test.
 */
#include "devdax_pin.h"
#include "devdax_vfio.h"

#include <linux/pci_regs.h>

/* The edu device can address 256M. */
#define IOVA		0x100000UL

/* Registers and memory of the edu device (docs/specs/edu.txt of QEMU). */
#define EDU_ID		0x11e81234
#define EDU_SRC		0x80
#define EDU_DST		0x88
#define EDU_LEN		0x90
#define EDU_CMD		0x98
#define EDU_RUN		1
#define EDU_TO_RAM	2
#define EDU_MEMORY	0x40000

FIXTURE(devdax_vfio_map)
{
	struct devdax dd;
	int container;
	int group;
	unsigned long len;
	char *p;		/* two spans of the device */
};

/*
 * A range to map.  It begins first_4k 4Ks behind the start of the second span.
 * Its length is the sum of halves of a span and 4Ks.
 */
struct part {
	int first_4k;
	int halves, nr_4k;
};

static const struct part parts[] = {
	{ 0, 0, 1 }, { 1, 0, 1 }, { -1, 0, 2 }, { -3, 0, 7 },
	{ 0, 0, 512 }, { -1, 0, 513 }, { -511, 0, 511 }, { -200, 0, 512 },
	{ 3, 1, 5 },
};

/* The name of the first PCI device that is bound to vfio-pci. */
static bool vfio_pci(char *name, size_t size)
{
	glob_t found;
	bool ok;

	if (glob("/sys/bus/pci/drivers/vfio-pci/*:*", 0, NULL, &found))
		return false;
	ok = found.gl_pathc > 0;
	if (ok)
		snprintf(name, size, "%s", strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	return ok;
}

FIXTURE_SETUP(devdax_vfio_map)
{
	const char *why;

	devdax_setup(_metadata, &self->dd, 2);
	why = devdax_vfio_open(&self->container, &self->group,
			       VFIO_TYPE1v2_IOMMU);
	if (why)
		SKIP(_exit(DEVDAX_SKIPPED), "%s", why);
	self->len = 2 * self->dd.span;
	self->p = devdax_map(&self->dd, 0, self->len);
	ASSERT_NE(MAP_FAILED, self->p);
}

/* All DMA is unmapped, so unbind must not wait for the open container. */
FIXTURE_TEARDOWN(devdax_vfio_map)
{
	munmap(self->p, self->len);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
	close(self->group);
	close(self->container);
	EXPECT_EQ(0, devdax_bind(&self->dd));
	close(self->dd.fd);
}

static int dma_map(int container, unsigned long iova, void *addr,
		   unsigned long len)
{
	return devdax_vfio_map(container, iova, addr, len, READ_WRITE);
}

TEST_F(devdax_vfio_map, any_size_and_place)
{
	unsigned long span = self->dd.span, len;
	long before = pins_held(), given_up;
	unsigned int i;
	char *addr;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		addr = self->p + span + parts[i].first_4k * (long)SZ_4K;
		len = parts[i].halves * span / 2 + parts[i].nr_4k * SZ_4K;
		given_up = pin_stat().released;
		ASSERT_EQ(0, dma_map(self->container, IOVA, addr, len)) {
			TH_LOG("part %u", i);
		}
		EXPECT_EQ(before + len / SZ_4K, pins_held());
		EXPECT_EQ(given_up, pin_stat().released);
		ASSERT_EQ(len, devdax_vfio_unmap(self->container, IOVA, len));
		EXPECT_EQ(before, pins_held());
		EXPECT_EQ(given_up + len / SZ_4K, pin_stat().released) {
			TH_LOG("part %u", i);
		}
	}
}

TEST_F(devdax_vfio_map, both_spans)
{
	long before = pins_held();

	ASSERT_EQ(0, dma_map(self->container, IOVA, self->p, self->len));
	EXPECT_EQ(before + self->len / SZ_4K, pins_held());
	/* VFIO unmaps a mapping as a whole only. */
	EXPECT_EQ(-EINVAL, devdax_vfio_unmap(self->container, IOVA, self->len / 2));
	EXPECT_EQ(before + self->len / SZ_4K, pins_held());
	EXPECT_EQ(self->len, devdax_vfio_unmap(self->container, IOVA, self->len));
	EXPECT_EQ(before, pins_held());
}

/*
 * Map the same memory twice, and memory beside it.  Each mapping has its own
 * pins, and an unmap releases only those.
 */
TEST_F(devdax_vfio_map, halves)
{
	unsigned long half = self->dd.span / 2 + SZ_4K;
	long before = pins_held(), nr = half / SZ_4K;
	int fd = self->container;

	ASSERT_EQ(0, dma_map(fd, IOVA, self->p + SZ_4K, half));
	ASSERT_EQ(0, dma_map(fd, IOVA + half, self->p + SZ_4K + half, half));
	ASSERT_EQ(0, dma_map(fd, IOVA + 2 * half, self->p + SZ_4K, half));
	EXPECT_EQ(before + 3 * nr, pins_held());
	EXPECT_EQ(half, devdax_vfio_unmap(fd, IOVA, half));
	EXPECT_EQ(before + 2 * nr, pins_held());
	EXPECT_EQ(2 * half, devdax_vfio_unmap(fd, IOVA, 3 * half));
	EXPECT_EQ(before, pins_held());
}

/* A range with a hole or read-only memory is refused, and no pin is kept. */
TEST_F(devdax_vfio_map, hole_keeps_nothing)
{
	unsigned long span = self->dd.span, len = span / 2 + 3 * SZ_4K;
	char *addr = self->p + span / 2;
	long before = pins_held();

	ASSERT_EQ(0, mprotect(self->p + span, span, PROT_READ));
	EXPECT_EQ(-EFAULT, dma_map(self->container, IOVA, addr, len));
	EXPECT_EQ(before, pins_held());
	ASSERT_EQ(0, mprotect(self->p + span, span, PROT_NONE));
	EXPECT_EQ(-EFAULT, dma_map(self->container, IOVA, addr, len));
	EXPECT_EQ(before, pins_held());
	ASSERT_EQ(0, munmap(self->p + span, span));
	EXPECT_EQ(-EFAULT, dma_map(self->container, IOVA, addr, len));
	EXPECT_EQ(before, pins_held());
	/* The range of addresses is free again. */
	ASSERT_EQ(0, dma_map(self->container, IOVA, self->p, len - 3 * SZ_4K));
	EXPECT_EQ(len - 3 * SZ_4K, devdax_vfio_unmap(self->container, IOVA, len));
	EXPECT_EQ(before, pins_held());
}

/* The edu device: its file, and where its registers are in that file. */
struct edu {
	int fd;
	off_t bar;
};

static bool edu_open(int group, struct edu *edu)
{
	struct vfio_region_info info = { .argsz = sizeof(info) };
	__u16 command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	__u32 id = 0;
	char name[64];

	if (!vfio_pci(name, sizeof(name)))
		return false;
	edu->fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	info.index = VFIO_PCI_CONFIG_REGION_INDEX;
	if (edu->fd < 0 || ioctl(edu->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return false;
	if (pread(edu->fd, &id, 4, info.offset) != 4 || id != EDU_ID ||
	    pwrite(edu->fd, &command, 2, info.offset + PCI_COMMAND) != 2)
		return false;
	info.index = VFIO_PCI_BAR0_REGION_INDEX;
	if (ioctl(edu->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return false;
	edu->bar = info.offset;
	return true;
}

static bool edu_dma(struct edu *edu, __u64 src, __u64 dst, __u64 len, __u64 cmd)
{
	int i;

	if (pwrite(edu->fd, &src, 8, edu->bar + EDU_SRC) != 8 ||
	    pwrite(edu->fd, &dst, 8, edu->bar + EDU_DST) != 8 ||
	    pwrite(edu->fd, &len, 8, edu->bar + EDU_LEN) != 8)
		return false;
	cmd |= EDU_RUN;
	if (pwrite(edu->fd, &cmd, 8, edu->bar + EDU_CMD) != 8)
		return false;
	/* The transfer takes a tenth of a second. */
	for (i = 0; i < 500 && cmd & EDU_RUN; i++) {
		usleep(10000);
		if (pread(edu->fd, &cmd, 8, edu->bar + EDU_CMD) != 8)
			return false;
	}
	return !(cmd & EDU_RUN);
}

/*
 * Let the device copy memory at the border of the spans to a 4K in the first
 * span.
 */
TEST_F(devdax_vfio_map, device_reaches_memory)
{
	const unsigned long from = self->dd.span - 2048, to = 5 * SZ_4K + 512;
	const unsigned long len = 4096 - 8;	/* QEMU takes 4096 for too much */
	struct edu edu;

	if (!edu_open(self->group, &edu))
		SKIP(return, "not QEMU's edu device");
	devdax_fill(self->p + from, from, len, 3);
	devdax_fill(self->p + to - 512, 0, len + 1024, 4);
	ASSERT_EQ(0, dma_map(self->container, IOVA, self->p + SZ_4K,
			     8 * SZ_4K));
	ASSERT_EQ(0, dma_map(self->container, 2 * SZ_2M,
			     self->p + self->dd.span - 3 * SZ_4K, 6 * SZ_4K));
	ASSERT_TRUE(edu_dma(&edu, 2 * SZ_2M + 3 * SZ_4K - 2048, EDU_MEMORY,
			    len, 0));
	ASSERT_TRUE(edu_dma(&edu, EDU_MEMORY, IOVA + to - SZ_4K, len,
			    EDU_TO_RAM));
	EXPECT_TRUE(devdax_check(self->p + to, from, len, 3));
	EXPECT_TRUE(devdax_check(self->p + to - 512, 0, 512, 4));
	EXPECT_TRUE(devdax_check(self->p + to + len, len + 512, 512, 4));
	EXPECT_EQ(8 * SZ_4K, devdax_vfio_unmap(self->container, IOVA, 8 * SZ_4K));
	EXPECT_EQ(6 * SZ_4K, devdax_vfio_unmap(self->container, 2 * SZ_2M, 6 * SZ_4K));
	close(edu.fd);
}

TEST_HARNESS_MAIN
