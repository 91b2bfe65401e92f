/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of VFIO with device-dax memory.  They need a device that is bound to
 * vfio-pci, for instance the edu device of QEMU behind its intel-iommu.
 */
#ifndef __DEVDAX_VFIO_H
#define __DEVDAX_VFIO_H

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/vfio.h>

#define READ_WRITE	(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* Open the first group that can be used.  Returns a file or -1. */
static inline int devdax_vfio_group(void)
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

/*
 * Open a container with a group, and choose VFIO_TYPE1_IOMMU or
 * VFIO_TYPE1v2_IOMMU.  Returns NULL, or the reason to skip the test.
 */
static inline const char *devdax_vfio_open(int *container, int *group,
					   int iommu)
{
	*container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (*container < 0)
		return "no /dev/vfio/vfio";
	*group = devdax_vfio_group();
	if (*group < 0)
		return "no device is bound to vfio-pci";
	if (ioctl(*group, VFIO_GROUP_SET_CONTAINER, container))
		return "the group is in use";
	if (ioctl(*container, VFIO_SET_IOMMU, iommu))
		return "no IOMMU (vfio_iommu_type1.allow_unsafe_interrupts=1?)";
	return NULL;
}

/* Returns 0 or a negative error. */
static inline int devdax_vfio_map(int container, __u64 iova, void *addr,
				  unsigned long len, unsigned int prot)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = prot,
		.vaddr = (unsigned long)addr,
		.iova = iova,
		.size = len,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

/* Returns the number of bytes that were unmapped, or a negative error. */
static inline long devdax_vfio_unmap(int container, __u64 iova,
				     unsigned long len)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = len,
	};

	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap) ?
		-errno : (long)unmap.size;
}

#endif /* __DEVDAX_VFIO_H */
