// SPDX-License-Identifier: GPL-2.0-only
/*
 * This module does to device-dax pages what user space cannot do alone.
 *
 * Each write to <debugfs>/test_devdax/command is one command.  ADDR is an
 * address in the memory of the process that writes:
 *
 *   get ADDR        take a reference on the page at ADDR and keep it
 *   put             drop all references kept, each with put_page()
 *   release_pages   drop them with release_pages(), as one batch
 *   gup_fail ADDR   make get_user_pages_fast() at ADDR fail: meanwhile the page
 *                   that is mapped there has no sane reference count
 *   busy ADDR       take the 4K at this physical address, as a driver does that
 *                   has a device there
 *   idle            give that back
 *
 * If a command fails, the write fails with its error.  gup_fail succeeds if
 * get_user_pages_fast() fails with -ENOMEM.  gup_fail makes the kernel warn.
 *
 * Reading the file gives the number of references kept.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define TEST_DEVDAX_MAX	64

static struct dentry *test_devdax_dir;
static DEFINE_MUTEX(test_devdax_lock);
static struct page *test_devdax_pages[TEST_DEVDAX_MAX];
static unsigned int test_devdax_nr;
static struct resource *test_devdax_res;

static int test_devdax_gup(unsigned long addr, struct page **page)
{
	int ret = get_user_pages_fast(addr, 1, FOLL_WRITE, page);

	return ret < 0 ? ret : ret == 1 ? 0 : -EFAULT;
}

/* Like test_devdax_gup(), but the page must be device memory. */
static int test_devdax_gup_device(unsigned long addr, struct page **page)
{
	int ret = test_devdax_gup(addr, page);

	if (!ret && !is_zone_device_page(*page)) {
		put_page(*page);
		ret = -EINVAL;
	}
	return ret;
}

static int test_devdax_get(unsigned long addr)
{
	int ret;

	if (test_devdax_nr == TEST_DEVDAX_MAX)
		return -ENOSPC;
	ret = test_devdax_gup_device(addr, &test_devdax_pages[test_devdax_nr]);
	if (!ret)
		test_devdax_nr++;
	return ret;
}

static int test_devdax_put(unsigned long addr)
{
	while (test_devdax_nr)
		put_page(test_devdax_pages[--test_devdax_nr]);
	return 0;
}

static int test_devdax_release_pages(unsigned long addr)
{
	release_pages(test_devdax_pages, test_devdax_nr);
	test_devdax_nr = 0;
	return 0;
}

static int test_devdax_gup_fail(unsigned long addr)
{
	struct page *page, *head, *again;
	int ret;

	ret = test_devdax_gup_device(addr, &page);
	if (ret)
		return ret;

	/*
	 * An overflow leaves such a count behind.  Adding to it keeps the
	 * references of other users counted.
	 */
	head = compound_head(page);
	page_ref_add(head, INT_MIN);
	ret = test_devdax_gup(addr, &again);
	/* Add it once more: the counter wraps, and -INT_MIN is no int. */
	page_ref_add(head, INT_MIN);

	if (!ret)
		put_page(again);
	put_page(page);
	return ret == -ENOMEM ? 0 : ret ?: -EEXIST;
}

static int test_devdax_idle(unsigned long addr)
{
	if (test_devdax_res)
		release_mem_region(test_devdax_res->start, PAGE_SIZE);
	test_devdax_res = NULL;
	return 0;
}

static int test_devdax_busy(unsigned long addr)
{
	test_devdax_idle(0);
	test_devdax_res = request_mem_region(addr, PAGE_SIZE, KBUILD_MODNAME);
	return test_devdax_res ? 0 : -EBUSY;
}

static const struct {
	const char *name;
	int (*run)(unsigned long addr);
	bool has_addr;
} test_devdax_commands[] = {
	{ "get", test_devdax_get, true },
	{ "put", test_devdax_put },
	{ "release_pages", test_devdax_release_pages },
	{ "gup_fail", test_devdax_gup_fail, true },
	{ "busy", test_devdax_busy, true },
	{ "idle", test_devdax_idle },
};

static int test_devdax_run(char *buf)
{
	char *name, *arg = strim(buf);
	unsigned long addr = 0;
	int i, ret;

	name = strsep(&arg, " ");
	for (i = 0; i < ARRAY_SIZE(test_devdax_commands); i++) {
		if (strcmp(name, test_devdax_commands[i].name))
			continue;
		if (!arg == test_devdax_commands[i].has_addr)
			return -EINVAL;
		ret = arg ? kstrtoul(arg, 0, &addr) : 0;
		if (ret)
			return ret;
		mutex_lock(&test_devdax_lock);
		ret = test_devdax_commands[i].run(addr);
		mutex_unlock(&test_devdax_lock);
		return ret;
	}
	return -EINVAL;
}

static ssize_t test_devdax_write(struct file *file, const char __user *ubuf,
				 size_t len, loff_t *pos)
{
	char buf[64];
	int ret;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	buf[len] = 0;
	ret = test_devdax_run(buf);
	return ret ?: len;
}

static ssize_t test_devdax_read(struct file *file, char __user *ubuf,
				size_t len, loff_t *pos)
{
	char buf[16];
	int n = scnprintf(buf, sizeof(buf), "%u\n", READ_ONCE(test_devdax_nr));

	return simple_read_from_buffer(ubuf, len, pos, buf, n);
}

static const struct file_operations test_devdax_fops = {
	.owner	= THIS_MODULE,
	.read	= test_devdax_read,
	.write	= test_devdax_write,
	.llseek	= default_llseek,
};

static int __init test_devdax_init(void)
{
	test_devdax_dir = debugfs_create_dir("test_devdax", NULL);
	debugfs_create_file("command", 0600, test_devdax_dir, NULL,
			    &test_devdax_fops);
	return 0;
}
module_init(test_devdax_init);

static void __exit test_devdax_exit(void)
{
	debugfs_remove_recursive(test_devdax_dir);
	test_devdax_put(0);
	test_devdax_idle(0);
}
module_exit(test_devdax_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of device-dax pages");
