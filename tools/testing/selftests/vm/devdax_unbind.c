// SPDX-License-Identifier: GPL-2.0
/*
 * Unbinding a device-dax device removes its mappings at once.  It removes the
 * struct pages when the last reference to them is gone.  The tests hold pages
 * with a pipe (vmsplice) and with a long-term pin (vhost-vdpa, with
 * CONFIG_VDPA_SIM, or else VFIO).
 */
#include "devdax.h"
#include "devdax_vfio.h"

#include <linux/vhost.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#define CYCLES		100
#define VDPA		"/dev/vhost-vdpa-0"
/* Where devices see the page at self->p, with VFIO. */
#define IOVA		SZ_1G

FIXTURE(devdax_unbind)
{
	struct devdax dd;
	unsigned long align;
	char *p;		/* the first two pages of the device */
};

FIXTURE_SETUP(devdax_unbind)
{
	devdax_setup(_metadata, &self->dd, 2);
	self->align = self->dd.align;
	self->p = devdax_map(&self->dd, 0, 2 * self->align);
	ASSERT_NE(MAP_FAILED, self->p);
}

FIXTURE_TEARDOWN(devdax_unbind)
{
	munmap(self->p, 2 * self->align);
	if (!devdax_bound(&self->dd)) {
		close(self->dd.fd);
		EXPECT_EQ(0, devdax_bind(&self->dd));
	}
	close(self->dd.fd);
}

TEST_F(devdax_unbind, access_raises_sigbus)
{
	unsigned long align = self->align;
	pid_t unbind;
	char *p;

	devdax_fill(self->p + align, align, SZ_4K, 1);
	unbind = devdax_start(&self->dd, "unbind");
	ASSERT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	EXPECT_EQ(SIGBUS, devdax_touch(self->p + align, false));
	EXPECT_EQ(SIGBUS, devdax_touch(self->p, true));
	EXPECT_EQ(MAP_FAILED, devdax_map(&self->dd, 0, align));
	EXPECT_EQ(ENXIO, errno);
	munmap(self->p, 2 * align);
	close(self->dd.fd);
	self->dd.fd = open(self->dd.path, O_RDWR);
	EXPECT_EQ(-1, self->dd.fd);
	EXPECT_EQ(ENXIO, errno);
	close(self->dd.fd);

	/* The next bind finds the data. */
	ASSERT_EQ(0, devdax_bind(&self->dd));
	p = devdax_map(&self->dd, align, align);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_TRUE(devdax_check(p, align, SZ_4K, 1));
	munmap(p, align);
}

TEST_F(devdax_unbind, unbound_device_refuses)
{
	munmap(self->p, 2 * self->align);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
	EXPECT_EQ(-ENODEV, devdax_unbind(&self->dd));
	EXPECT_EQ(0, devdax_bind(&self->dd));
}

/*
 * A file that was opened during an earlier binding is dead for good, and so is
 * its mapping.  The device can be bound and opened anew all the same.
 */
TEST_F(devdax_unbind, old_file_stays_dead)
{
	int old = dup(self->dd.fd);
	char *p;

	ASSERT_LE(0, old);
	devdax_fill(self->p, 0, SZ_4K, 1);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
	EXPECT_EQ(-1, open(self->dd.path, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(ENXIO, errno);
	ASSERT_EQ(0, devdax_bind(&self->dd));

	EXPECT_EQ(SIGBUS, devdax_touch(self->p, false));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->align, PROT_READ, MAP_SHARED,
				   old, 0));
	EXPECT_EQ(ENXIO, errno);
	p = devdax_map(&self->dd, 0, self->align);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_TRUE(devdax_check(p, 0, SZ_4K, 1));
	EXPECT_EQ(0, devdax_touch(p, true));

	/* Close the last old file while the new one is in use. */
	close(old);
	munmap(self->p, 2 * self->align);
	EXPECT_TRUE(devdax_check(p, 0, SZ_4K, 1));
	EXPECT_EQ(0, devdax_touch(p + self->align - 1, true));
	munmap(p, self->align);
}

/* Let vhost-vdpa pin or unpin this memory for a device. */
static int vdpa_msg(int fd, __u8 type, char *addr, unsigned long len)
{
	struct vhost_msg_v2 msg = {
		.type = VHOST_IOTLB_MSG_V2,
		.iotlb = {
			.iova = (unsigned long)addr,
			.size = len,
			.uaddr = (unsigned long)addr,
			.perm = VHOST_ACCESS_RW,
			.type = type,
		},
	};

	return write(fd, &msg, sizeof(msg)) == sizeof(msg) ? 0 : -errno;
}

static int vdpa_open(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	__u64 features = 1ULL << VHOST_BACKEND_F_IOTLB_MSG_V2;
	int fd = open(VDPA, O_RDWR | O_CLOEXEC);

	if (fd >= 0 && (setrlimit(RLIMIT_MEMLOCK, &unlimited) ||
			ioctl(fd, VHOST_SET_OWNER) ||
			ioctl(fd, VHOST_SET_BACKEND_FEATURES, &features))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Who pins memory for a device. */
struct pinner {
	int fd;
	int group;	/* -1: it is vhost-vdpa */
	char *base;
};

/* Returns NULL, or the reason to skip the test. */
static const char *pinner_open(struct pinner *by, char *base)
{
	by->base = base;
	by->group = -1;
	by->fd = vdpa_open();
	if (by->fd >= 0)
		return NULL;
	return devdax_vfio_open(&by->fd, &by->group, VFIO_TYPE1v2_IOMMU);
}

static void pinner_close(struct pinner *by)
{
	if (by->group >= 0)
		close(by->group);
	close(by->fd);
}

static int pin(struct pinner *by, char *addr, unsigned long len)
{
	if (by->group < 0)
		return vdpa_msg(by->fd, VHOST_IOTLB_UPDATE, addr, len);
	return devdax_vfio_map(by->fd, IOVA + (addr - by->base), addr, len,
			       READ_WRITE);
}

static int unpin(struct pinner *by, char *addr, unsigned long len)
{
	if (by->group < 0)
		return vdpa_msg(by->fd, VHOST_IOTLB_INVALIDATE, addr, len);
	return devdax_vfio_unmap(by->fd, IOVA + (addr - by->base), len) ==
		(long)len ? 0 : -EINVAL;
}

TEST_F(devdax_unbind, held_by_long_term_pin)
{
	char *tail = self->p + self->align - SZ_4K;
	char *page = self->p + self->align;
	struct pinner by;
	const char *why;
	pid_t unbind;

	if (!devdax_unbind_waits(&self->dd))
		SKIP(return, DEVDAX_NO_WAIT);
	why = pinner_open(&by, self->p);
	if (why)
		SKIP(return, "no " VDPA ", and no VFIO: %s", why);
	ASSERT_EQ(0, pin(&by, tail, SZ_4K));
	ASSERT_EQ(0, pin(&by, page, self->align));
	munmap(self->p, 2 * self->align);

	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, DEVDAX_HELD));
	EXPECT_EQ(0, unpin(&by, page, self->align));
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, DEVDAX_HELD));
	EXPECT_EQ(0, unpin(&by, tail, SZ_4K));
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	pinner_close(&by);
}

/* A pin ends with the process that holds it, also when that is killed. */
TEST_F(devdax_unbind, held_by_killed_process)
{
	struct pinner by;
	const char *why;
	pid_t pid, unbind;
	int ready[2];
	char byte = 0;

	if (!devdax_unbind_waits(&self->dd))
		SKIP(return, DEVDAX_NO_WAIT);
	why = pinner_open(&by, self->p);
	if (why)
		SKIP(return, "no " VDPA ", and no VFIO: %s", why);
	pinner_close(&by);
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = !pinner_open(&by, self->p) &&
		       !pin(&by, self->p, self->align);
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(1, byte);
	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, DEVDAX_HELD));
	kill(pid, SIGKILL);
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	waitpid(pid, NULL, 0);
}

/* Free memory in pages, including the free lists of each processor. */
static long free_memory(void)
{
	long pages = 0, nr;
	char line[128];
	FILE *f;

	sync();
	devdax_write("/proc/sys/vm/drop_caches", "3");
	/* Some memory is freed with a delay. */
	usleep(500 * 1000);
	devdax_write("/proc/sys/vm/stat_refresh", "1");
	f = fopen("/proc/zoneinfo", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " pages free %ld", &nr) == 1 ||
		    sscanf(line, " count: %ld", &nr) == 1)
			pages += nr;
	if (f)
		fclose(f);
	return pages;
}

/*
 * The first fifth of the cycles only warms up.  A loss of less than one page in
 * two of the other cycles is no leak, because a few pages come and go.
 */
TEST_F_TIMEOUT(devdax_unbind, cycles_lose_no_memory, 300)
{
	long before = 0, lost;
	int i;

	for (i = 0; i < CYCLES; i++) {
		if (i == CYCLES / 5)
			before = free_memory();
		ASSERT_EQ(0, devdax_touch(self->p, true));
		ASSERT_EQ(0, munmap(self->p, 2 * self->align));
		ASSERT_EQ(0, devdax_rebind(&self->dd));
		self->p = devdax_map(&self->dd, 0, 2 * self->align);
		ASSERT_NE(MAP_FAILED, self->p);
		if (self->dd.geometry)
			ASSERT_EQ(self->align, self->dd.geometry);
	}
	lost = before - free_memory();
	TH_LOG("%ld pages lost in %d cycles", lost, CYCLES * 4 / 5);
	EXPECT_GT(CYCLES * 2 / 5 + 8, lost);
}

static bool read_out(int fd, unsigned long off, __u64 seed)
{
	__u64 buf[SZ_4K / sizeof(__u64)];

	return read(fd, buf, SZ_4K) == SZ_4K &&
	       devdax_check(buf, off, SZ_4K, seed);
}

/* A pipe holds up to four 4K pages of the first two spans. */
FIXTURE(devdax_unbind_held)
{
	struct devdax dd;
	char *p;
	unsigned long off[4];
	int pipe[2];
};

FIXTURE_VARIANT(devdax_unbind_held)
{
	int nr;
	int half[4], nr_4k[4];
	bool unread;		/* close the pipe while it has its pages */
};

FIXTURE_VARIANT_ADD(devdax_unbind_held, head) { 1 };
FIXTURE_VARIANT_ADD(devdax_unbind_held, tail) { 1, { 0 }, { 1 } };
FIXTURE_VARIANT_ADD(devdax_unbind_held, tail_unread) { 1, { 0 }, { 1 }, true };
FIXTURE_VARIANT_ADD(devdax_unbind_held, four_of_one_page) {
	4, { 0, 0, 1, 2 }, { 0, 1, 3, -1 }
};

FIXTURE_VARIANT_ADD(devdax_unbind_held, one_page_four_times) {
	4, { 1, 1, 1, 1 }, { 1, 1, 1, 1 }
};

FIXTURE_VARIANT_ADD(devdax_unbind_held, two_pages) {
	2, { 1, 3 }, { 1, 1 }
};

FIXTURE_SETUP(devdax_unbind_held)
{
	unsigned long span;
	int i;

	devdax_setup(_metadata, &self->dd, 2);
	if (!devdax_unbind_waits(&self->dd))
		SKIP(_exit(DEVDAX_SKIPPED), DEVDAX_NO_WAIT);
	span = self->dd.span;
	self->p = devdax_map(&self->dd, 0, 2 * span);
	ASSERT_NE(MAP_FAILED, self->p);
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
	for (i = 0; i < variant->nr; i++) {
		self->off[i] = variant->half[i] * span / 2 +
			       variant->nr_4k[i] * (long)SZ_4K;
		devdax_fill(self->p + self->off[i], self->off[i], SZ_4K, 2);
		ASSERT_TRUE(devdax_splice(self->p + self->off[i], self->pipe[1]));
	}
	ASSERT_EQ(0, munmap(self->p, 2 * span));
	close(self->dd.fd);
}

FIXTURE_TEARDOWN(devdax_unbind_held)
{
	EXPECT_EQ(0, devdax_bind(&self->dd));
	close(self->dd.fd);
}

/* Unbind ends when the pipe has lost its last page, and not before. */
TEST_F(devdax_unbind_held, until_pipe_is_empty)
{
	pid_t unbind = devdax_start(&self->dd, "unbind");
	int i;

	if (variant->unread)
		EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, DEVDAX_HELD));
	for (i = 0; i < variant->nr && !variant->unread; i++) {
		EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, DEVDAX_HELD));
		EXPECT_TRUE(read_out(self->pipe[0], self->off[i], 2));
	}
	close(self->pipe[0]);
	close(self->pipe[1]);
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
}

TEST_HARNESS_MAIN
