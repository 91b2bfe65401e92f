// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous O_DIRECT between a file and a device-dax mapping.  A request
 * holds its pages, and so the device, until the request ends, even if the
 * mapping is long gone.
 *
 * DIO_DIR names a directory on a filesystem that supports O_DIRECT.  The
 * default is the current directory.
 */
#include "devdax.h"

#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define NR	16		/* requests at a time */
#define LEN	0x12600UL	/* of each; over 16 4Ks, no multiple of 4K */
#define STEP	0x14000UL	/* from one to the next in the file */

FIXTURE(devdax_aio)
{
	struct devdax dd;
	char *p;		/* two spans of the device */
	char *copy;		/* what is in the file */
	int file;
	aio_context_t ctx;
	struct iocb iocb[NR];
};

FIXTURE_SETUP(devdax_aio)
{
	const char *dir = getenv("DIO_DIR") ?: ".";

	devdax_setup(_metadata, &self->dd, 2);
	self->file = open(dir, O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);
	if (self->file < 0)
		SKIP(_exit(DEVDAX_SKIPPED), "%s: no O_DIRECT: %s", dir, strerror(errno));
	self->ctx = 0;
	if (syscall(SYS_io_setup, NR, &self->ctx))
		SKIP(_exit(DEVDAX_SKIPPED), "no io_setup() (CONFIG_AIO?)");
	self->p = devdax_map(&self->dd, 0, 2 * self->dd.span);
	ASSERT_NE(MAP_FAILED, self->p);
	self->copy = mmap(NULL, NR * STEP, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->copy);
	devdax_fill(self->copy, 0, NR * STEP, 1);
	ASSERT_EQ(NR * STEP, pwrite(self->file, self->copy, NR * STEP, 0));
}

FIXTURE_TEARDOWN(devdax_aio)
{
	syscall(SYS_io_destroy, self->ctx);
	close(self->file);
	/* A mapping also keeps the device file open. */
	munmap(self->p, 2 * self->dd.span);
	EXPECT_EQ(0, devdax_settle(&self->dd));
}

/*
 * The offset of a request's memory in the two spans.  The first request begins
 * on the first 4K of the device.  The second crosses the border of the spans.
 * The others begin on any sector, by turns in one span and in the other.
 */
static unsigned long place(const struct devdax *dd, unsigned int i)
{
	if (i == 0)
		return 0;
	if (i == 1)
		return dd->span - 5 * SZ_4K + 512;
	return (i & 1) * dd->span + i * STEP + (i & 7) * 512;
}

static void prepare(struct iocb *iocb, int op, int file, void *buf,
		    unsigned long len, unsigned int i)
{
	*iocb = (struct iocb) {
		.aio_data = i,
		.aio_lio_opcode = op,
		.aio_fildes = file,
		.aio_buf = (unsigned long)buf,
		.aio_nbytes = len,
		.aio_offset = i * STEP,
	};
}

/* Submit all requests in one call. */
static int submit(aio_context_t ctx, struct iocb *iocb)
{
	struct iocb *list[NR];
	int i;

	for (i = 0; i < NR; i++)
		list[i] = iocb + i;
	return syscall(SYS_io_submit, ctx, NR, list);
}

/* Wait for all requests.  Returns how many of them transferred everything. */
static int complete(aio_context_t ctx)
{
	struct timespec limit = { .tv_sec = 20 };
	struct io_event event[NR];
	int n, i, good = 0;

	n = syscall(SYS_io_getevents, ctx, NR, NR, event, &limit);
	for (i = 0; i < n; i++)
		good += event[i].res == LEN;
	return good;
}

static bool same_as_file(const char *p, const struct devdax *dd)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		if (!devdax_check(p + place(dd, i), i * STEP, LEN, 1))
			return false;
	return true;
}

TEST_F(devdax_aio, read_file_into_device)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		prepare(self->iocb + i, IOCB_CMD_PREAD, self->file,
			self->p + place(&self->dd, i), LEN, i);
	ASSERT_EQ(NR, submit(self->ctx, self->iocb));
	ASSERT_EQ(NR, complete(self->ctx));
	EXPECT_TRUE(same_as_file(self->p, &self->dd));
}

TEST_F(devdax_aio, write_device_to_file)
{
	unsigned int i;

	for (i = 0; i < NR; i++) {
		devdax_fill(self->p + place(&self->dd, i), i, LEN, 2);
		prepare(self->iocb + i, IOCB_CMD_PWRITE, self->file,
			self->p + place(&self->dd, i), LEN, i);
	}
	ASSERT_EQ(NR, submit(self->ctx, self->iocb));
	ASSERT_EQ(NR, complete(self->ctx));
	ASSERT_EQ(NR * STEP, pread(self->file, self->copy, NR * STEP, 0));
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(devdax_check(self->copy + i * STEP, i, LEN, 2));
}

/* The memory of each request is in four pieces, in both spans. */
TEST_F(devdax_aio, vectors)
{
	const unsigned long part = 0x1200;
	unsigned long span = self->dd.span;
	struct iovec iov[NR][4];
	struct iocb *list[NR];
	unsigned int i, j;

	for (i = 0; i < NR; i++) {
		for (j = 0; j < 4; j++)
			iov[i][j] = (struct iovec) {
				self->p + (j & 1) * span + i * 4 * part +
				j * part,
				part,
			};
		prepare(self->iocb + i, IOCB_CMD_PREADV, self->file, iov[i], 4,
			i);
		list[i] = self->iocb + i;
	}
	ASSERT_EQ(NR, syscall(SYS_io_submit, self->ctx, NR, list));
	complete(self->ctx);
	for (i = 0; i < NR; i++)
		for (j = 0; j < 4; j++)
			EXPECT_TRUE(devdax_check(iov[i][j].iov_base,
						 i * STEP + j * part, part, 1));
}

/* Unbind waits for the requests, and the device has the data that they read. */
TEST_F(devdax_aio, unbind_while_reading)
{
	unsigned long len = 2 * self->dd.span;
	pid_t unbind;
	unsigned int i;
	char *p;

	for (i = 0; i < NR; i++)
		prepare(self->iocb + i, IOCB_CMD_PREAD, self->file,
			self->p + place(&self->dd, i), LEN, i);
	ASSERT_EQ(NR, submit(self->ctx, self->iocb));
	munmap(self->p, len);
	close(self->dd.fd);
	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(NR, complete(self->ctx));
	ASSERT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));
	ASSERT_EQ(0, devdax_bind(&self->dd));
	p = devdax_map(&self->dd, 0, len);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_TRUE(same_as_file(p, &self->dd));
	munmap(p, len);
}

TEST_HARNESS_MAIN
