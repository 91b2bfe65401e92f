// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that hold references to pages of a device-dax mapping for a
 * moment: O_DIRECT between a file and the mapping, vmsplice and
 * process_vm_*().  They use addresses in the first 4K of a huge page and in
 * other 4Ks.
 *
 * DIO_DIR names a directory on a filesystem that supports O_DIRECT.  The
 * default is the current directory.
 */
#include "devdax.h"

#include <sys/uio.h>

#define GUARD	512

FIXTURE(devdax_dio)
{
	struct devdax dd;
	char *p;		/* three spans of the device */
	char *addr;		/* memory to transfer */
	char *copy;		/* anonymous memory of the same length */
	unsigned long off, len;	/* in the device */
	int file;
};

/* Halves of a span, 4Ks and bytes from the start of the second span. */
FIXTURE_VARIANT(devdax_dio)
{
	int half, nr_4k, bytes;
	unsigned long len;
};

FIXTURE_VARIANT_ADD(devdax_dio, head_sector) { 0, 0, 0, 512 };
FIXTURE_VARIANT_ADD(devdax_dio, head_1m) { 0, 0, 0, 0x100200 };
FIXTURE_VARIANT_ADD(devdax_dio, tail_4k) { 0, 1, 0, 0x1000 };
FIXTURE_VARIANT_ADD(devdax_dio, tail_unaligned) { 0, 1, 0x200, 0x2600 };
FIXTURE_VARIANT_ADD(devdax_dio, half_unaligned) { 1, 1, 0x600, 0x10200 };
FIXTURE_VARIANT_ADD(devdax_dio, last_sector) { 2, 0, -512, 512 };
FIXTURE_VARIANT_ADD(devdax_dio, into_next_page) { 2, -3, 0x200, 0x8400 };

FIXTURE_SETUP(devdax_dio)
{
	const char *dir = getenv("DIO_DIR") ?: ".";
	unsigned long span;

	devdax_setup(_metadata, &self->dd, 3);
	span = self->dd.span;
	self->file = open(dir, O_TMPFILE | O_RDWR | O_DIRECT, 0600);
	if (self->file < 0)
		SKIP(_exit(DEVDAX_SKIPPED), "%s: no O_DIRECT: %s", dir, strerror(errno));
	self->p = devdax_map(&self->dd, 0, 3 * span);
	ASSERT_NE(MAP_FAILED, self->p);
	self->off = span + variant->half * span / 2 +
		    variant->nr_4k * (long)SZ_4K + variant->bytes;
	self->addr = self->p + self->off;
	self->len = variant->len;
	self->copy = mmap(NULL, self->len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->copy);

	devdax_fill(self->addr - GUARD, self->off - GUARD,
		    self->len + 2 * GUARD, 1);
}

FIXTURE_TEARDOWN(devdax_dio)
{
	/* No transfer writes outside of its range. */
	EXPECT_TRUE(devdax_check(self->addr - GUARD, self->off - GUARD, GUARD,
				 1));
	EXPECT_TRUE(devdax_check(self->addr + self->len, self->off + self->len,
				 GUARD, 1));
	munmap(self->p, 3 * self->dd.span);
	munmap(self->copy, self->len);
	close(self->file);
	close(self->dd.fd);
}

TEST_F(devdax_dio, read_file_into_device)
{
	devdax_fill(self->copy, 0, self->len, 2);
	ASSERT_EQ(self->len, pwrite(self->file, self->copy, self->len, 0));
	ASSERT_EQ(self->len, pread(self->file, self->addr, self->len, 0));
	EXPECT_TRUE(devdax_check(self->addr, 0, self->len, 2));
}

TEST_F(devdax_dio, write_device_to_file)
{
	/* Let the transfer fault the mapping in. */
	ASSERT_EQ(0, madvise(self->p, 3 * self->dd.span, MADV_DONTNEED));
	ASSERT_EQ(self->len, pwrite(self->file, self->addr, self->len, 0));
	ASSERT_EQ(self->len, pread(self->file, self->copy, self->len, 0));
	EXPECT_TRUE(devdax_check(self->copy, self->off, self->len, 1));
}

TEST_F(devdax_dio, vmsplice_into_pipe)
{
	unsigned long done, part, max = 8 * SZ_4K;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	for (done = 0; done < self->len; done += part) {
		struct iovec iov = { self->addr + done, self->len - done };

		if (iov.iov_len > max)
			iov.iov_len = max;
		part = vmsplice(fds[1], &iov, 1, 0);
		ASSERT_EQ(iov.iov_len, part);
		ASSERT_EQ(part, read(fds[0], self->copy + done, part));
	}
	EXPECT_TRUE(devdax_check(self->copy, self->off, self->len, 1));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(devdax_dio, process_vm_read_and_write)
{
	struct iovec local = { self->copy, self->len };
	struct iovec remote = { self->addr, self->len };

	ASSERT_EQ(self->len,
		  process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_TRUE(devdax_check(self->copy, self->off, self->len, 1));
	devdax_fill(self->copy, 0, self->len, 3);
	ASSERT_EQ(self->len,
		  process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
	EXPECT_TRUE(devdax_check(self->addr, 0, self->len, 3));
}

TEST_HARNESS_MAIN
