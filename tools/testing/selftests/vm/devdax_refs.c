// SPDX-License-Identifier: GPL-2.0
/*
 * References on device-dax pages must end even if they are dropped in unusual
 * ways.  A reference that is left keeps the device from being unbound.
 *
 * Needs CONFIG_TEST_DEVDAX and debugfs.
 */
#include "devdax.h"

#define COMMAND		"/sys/kernel/debug/test_devdax/command"
#define PANIC_ON_WARN	"/proc/sys/kernel/panic_on_warn"
#define PRINTK		"/proc/sys/kernel/printk"

FIXTURE(devdax_refs)
{
	struct devdax dd;
	unsigned long len;
	char *p;
};

static int command(const char *name, void *addr)
{
	char buf[64];

	if (addr)
		snprintf(buf, sizeof(buf), "%s %p", name, addr);
	else
		snprintf(buf, sizeof(buf), "%s", name);
	return devdax_write(COMMAND, buf);
}

FIXTURE_SETUP(devdax_refs)
{
	devdax_setup(_metadata, &self->dd, 1);
	if (access(COMMAND, W_OK))
		SKIP(_exit(DEVDAX_SKIPPED), "no " COMMAND " (CONFIG_TEST_DEVDAX?)");
	self->len = self->dd.align > SZ_2M ? self->dd.align : SZ_2M;
	self->p = devdax_map(&self->dd, 0, self->len);
	ASSERT_NE(MAP_FAILED, self->p);
	ASSERT_EQ(0, devdax_touch(self->p, true));
}

FIXTURE_TEARDOWN(devdax_refs)
{
	command("put", NULL);
	close(self->dd.fd);
	if (!devdax_bound(&self->dd))
		EXPECT_EQ(0, devdax_bind(&self->dd));
}

/* Start an unbind, which has to wait for the references, and drop them then. */
static void unbind_waits(struct __test_metadata *_metadata, struct devdax *dd,
			 const char *end)
{
	pid_t pid = devdax_start(dd, "unbind");

	EXPECT_EQ(-ETIMEDOUT, devdax_wait(pid, 1000));
	EXPECT_EQ(0, command(end, NULL));
	EXPECT_EQ(0, devdax_wait(pid, DEVDAX_DEADLINE * 1000));
}

TEST_F(devdax_refs, put_page_ends_unbind)
{
	ASSERT_EQ(0, command("get", self->p));
	munmap(self->p, self->len);
	unbind_waits(_metadata, &self->dd, "put");
}

/*
 * The pages must not go to the page allocator, even if release_pages() drops
 * the last reference of a user.
 */
TEST_F(devdax_refs, release_pages_ends_unbind)
{
	ASSERT_EQ(0, command("get", self->p));
	ASSERT_EQ(0, command("get", self->p + SZ_4K));
	ASSERT_EQ(0, command("get", self->p + self->len - 1));
	munmap(self->p, self->len);
	unbind_waits(_metadata, &self->dd, "release_pages");
}

TEST_F(devdax_refs, release_pages_leaves_other_references)
{
	ASSERT_EQ(0, command("get", self->p));
	ASSERT_EQ(0, command("release_pages", NULL));
	ASSERT_EQ(0, command("get", self->p));
	munmap(self->p, self->len);
	unbind_waits(_metadata, &self->dd, "put");
}

/* Write a sysctl file.  old gets its previous value, or "" if there is none. */
static void replace(const char *path, const char *val, char *old, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, old, size - 1);

	old[n < 0 ? 0 : n] = 0;
	close(fd);
	devdax_write(path, val);
}

/*
 * The kernel warns of a page that has no sane reference count.  This warning is
 * expected here, so it must not cause a panic or fill the console.
 */
static int gup_fail(void *addr)
{
	char panic[32], console[64];
	int err;

	replace(PANIC_ON_WARN, "0", panic, sizeof(panic));
	replace(PRINTK, "1", console, sizeof(console));
	err = command("gup_fail", addr);
	devdax_write(PRINTK, console);
	devdax_write(PANIC_ON_WARN, panic);
	return err;
}

TEST_F(devdax_refs, failed_gup_leaves_nothing)
{
	if (access(PANIC_ON_WARN, W_OK))
		SKIP(return, "no " PANIC_ON_WARN);
	EXPECT_EQ(0, gup_fail(self->p));
	EXPECT_EQ(0, gup_fail(self->p + self->len - SZ_4K));
	munmap(self->p, self->len);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
}

TEST_HARNESS_MAIN
