// SPDX-License-Identifier: GPL-2.0
/*
 * A page of device-dax as a gift.  vmsplice() with SPLICE_F_GIFT offers the
 * page itself to the reader of the pipe.  A FUSE server that answers a read
 * with SPLICE_F_MOVE asks the kernel to move such a page into the page cache.
 *
 * The kernel must copy the data instead, also where the pipe has the last
 * reference: that is so while the device is being unbound, and at all times where
 * the pagemap has no reference on the page.  It must not move the page.  Its struct
 * page may be a tail that shares memory with others and is read-only.
 */
#include "devdax.h"

#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* Milliseconds, enough for unbind to drop the references of the pagemap. */
#define HELD		1000
#define SEED		7

static bool answer(int fuse, __u64 unique, int error, void *arg, size_t len)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + len, .error = error, .unique = unique,
	};
	struct iovec iov[] = { { &out, sizeof(out) }, { arg, len } };

	return writev(fuse, iov, 2) == out.len;
}

/* The filesystem consists of one regular file of one page. */
static bool answer_init(int fuse, const struct fuse_in_header *in)
{
	const struct fuse_init_in *init = (void *)(in + 1);
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION, .minor = init->minor,
		.max_readahead = SZ_4K, .max_write = SZ_4K,
	};

	return answer(fuse, in->unique, 0, &out, sizeof(out));
}

static bool answer_getattr(int fuse, const struct fuse_in_header *in)
{
	struct fuse_attr_out out = {
		.attr_valid = 60,
		.attr = {
			.ino = FUSE_ROOT_ID, .size = SZ_4K, .blocks = 8,
			.mode = S_IFREG | 0600, .nlink = 1, .blksize = SZ_4K,
		},
	};

	return answer(fuse, in->unique, 0, &out, sizeof(out));
}

/*
 * Serve requests until one with this opcode comes, which the caller answers.
 * Returns the id of that request, or 0 on error.
 */
static __u64 serve_until(int fuse, __u32 opcode)
{
	static __u64 buf[0x2000];
	const struct fuse_in_header *in = (void *)buf;
	struct fuse_open_out open_out = { };
	bool ok = true;

	while (ok) {
		if (read(fuse, buf, sizeof(buf)) < (ssize_t)sizeof(*in))
			return 0;
		if (in->opcode == opcode)
			return in->unique;
		switch (in->opcode) {
		case FUSE_INIT:
			ok = answer_init(fuse, in);
			break;
		case FUSE_GETATTR:
			ok = answer_getattr(fuse, in);
			break;
		case FUSE_OPEN:
			ok = answer(fuse, in->unique, 0, &open_out,
				    sizeof(open_out));
			break;
		default:
			ok = answer(fuse, in->unique, -EOPNOTSUPP, NULL, 0);
		}
	}
	return 0;
}

/*
 * Read the file in a process of its own.  Its exit status is 0 if the data was
 * right.
 */
static pid_t start_reader(const char *path, unsigned long off, int fuse)
{
	__u64 buf[SZ_4K / sizeof(__u64)];
	pid_t pid;
	int fd;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The filesystem must end with the server, so do not keep it open. */
	close(fuse);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		_exit(1);
	if (read(fd, buf, SZ_4K) != SZ_4K)
		_exit(2);
	_exit(devdax_check(buf, off, SZ_4K, SEED) ? 0 : 3);
}

FIXTURE(devdax_fuse)
{
	struct devdax dd;
	unsigned long off;
	char path[32];
	int fuse, pipe[2];
	pid_t reader;
	__u64 unique;		/* of the request to read */
};

FIXTURE_VARIANT(devdax_fuse)
{
	bool unbind;
};

FIXTURE_VARIANT_ADD(devdax_fuse, bound) { false };
FIXTURE_VARIANT_ADD(devdax_fuse, being_unbound) { true };

/* Mount a filesystem, and let a process wait for its data. */
FIXTURE_SETUP(devdax_fuse)
{
	char opts[80];
	int fd;

	devdax_setup(_metadata, &self->dd, 1);
	/* With compound pages, the struct page of this 4K is a tail. */
	self->off = self->dd.span - SZ_4K;
	self->fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (self->fuse < 0)
		SKIP(_exit(DEVDAX_SKIPPED), "no /dev/fuse: CONFIG_FUSE_FS");

	strcpy(self->path, "/tmp/devdax_fuse.XXXXXX");
	fd = mkstemp(self->path);
	ASSERT_LE(0, fd);
	close(fd);
	snprintf(opts, sizeof(opts),
		 "fd=%d,rootmode=100000,user_id=0,group_id=0", self->fuse);
	ASSERT_EQ(0, mount("devdax_fuse", self->path, "fuse",
			   MS_NODEV | MS_NOSUID, opts));
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
	/* Fork before the device is mapped: the reader must not map it. */
	self->reader = start_reader(self->path, self->off, self->fuse);
	self->unique = serve_until(self->fuse, FUSE_READ);
	ASSERT_NE(0, self->unique);
}

FIXTURE_TEARDOWN(devdax_fuse)
{
	/* This ends the filesystem, and so every process that waits for it. */
	close(self->fuse);
	EXPECT_EQ(0, umount2(self->path, MNT_DETACH));
	unlink(self->path);
	EXPECT_EQ(0, devdax_settle(&self->dd));
}

TEST_F_TIMEOUT(devdax_fuse, answers_with_gift, 60)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + SZ_4K, .unique = self->unique,
	};
	struct iovec iov = { .iov_len = SZ_4K };
	pid_t unbind = 0;
	char *p;

	p = devdax_map(&self->dd, 0, self->dd.span);
	ASSERT_NE(MAP_FAILED, p);
	devdax_fill(p + self->off, self->off, SZ_4K, SEED);
	/* The page can be moved only if it begins where a page of data does. */
	ASSERT_EQ(sizeof(out), write(self->pipe[1], &out, sizeof(out)));
	iov.iov_base = p + self->off;
	ASSERT_EQ(SZ_4K, vmsplice(self->pipe[1], &iov, 1, SPLICE_F_GIFT));
	ASSERT_EQ(0, munmap(p, self->dd.span));

	if (variant->unbind) {
		unbind = devdax_start(&self->dd, "unbind");
		ASSERT_EQ(-ETIMEDOUT, devdax_wait(unbind, HELD));
	}
	ASSERT_EQ(out.len, splice(self->pipe[0], NULL, self->fuse, NULL,
				  out.len, SPLICE_F_MOVE));
	if (variant->unbind)
		EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));

	/* The reader has its data, and closes the file. */
	EXPECT_NE(0, serve_until(self->fuse, FUSE_RELEASE));
	EXPECT_EQ(0, devdax_wait(self->reader, DEVDAX_DEADLINE * 1000));
}

TEST_HARNESS_MAIN
