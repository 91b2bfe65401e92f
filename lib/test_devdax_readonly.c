// SPDX-License-Identifier: GPL-2.0-only
/*
 * This test shows that tail struct pages that share memory are read-only.
 *
 * The command is to write "START SIZE GEOMETRY" to
 * <debugfs>/test_devdax_readonly/command. All three are in bytes, and START is
 * an address in physical memory. The test stores into the last struct page of
 * each page of struct pages. The command succeeds if the store to the page
 * that holds the head works, and if the store to every other page of tails
 * faults. The test stores the value that was there before, and it catches the
 * fault.
 *
 * If the command fails, the write fails, and the log says what is wrong first.
 * Reading the file gives the number of stores of the last command that faulted.
 */
#define pr_fmt(fmt) "test_devdax_readonly: " fmt

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

static unsigned long faulted;
static DEFINE_MUTEX(test_lock);

/* Does a store to the last word of a struct page fault? */
static bool store_faults(unsigned long pfn)
{
	unsigned long *word = (unsigned long *)(pfn_to_page(pfn) + 1) - 1;
	unsigned long value = READ_ONCE(*word);

	return copy_to_kernel_nofault(word, &value, sizeof(value));
}

/* Store to one struct page in each page of struct pages. */
static int check_stores(unsigned long start, unsigned long end,
			unsigned long nr)
{
	unsigned long pfn, nr_in_page = PAGE_SIZE / sizeof(struct page);
	bool own;

	for (pfn = start + nr_in_page - 1; pfn < end; pfn += nr_in_page) {
		own = pfn % nr < nr_in_page;
		if (store_faults(pfn) == own) {
			pr_err("pfn %#lx: a store %s\n", pfn,
			       own ? "faults" : "does not fault");
			return -EUCLEAN;
		}
		faulted += !own;
		cond_resched();
	}
	return 0;
}

static int check_device(unsigned long start, unsigned long end,
			unsigned long geometry)
{
	struct dev_pagemap *pgmap;
	int ret = -EINVAL;

	if (geometry < PAGE_SIZE || !is_power_of_2(geometry) || start >= end ||
	    !IS_ALIGNED(start | end, geometry >> PAGE_SHIFT))
		return -EINVAL;

	/* The reference keeps the memmap in place during the check. */
	pgmap = get_dev_pagemap(start, NULL);
	if (!pgmap)
		return -ENXIO;
	if (pgmap_geometry(pgmap) == geometry)
		ret = check_stores(start, end, geometry >> PAGE_SHIFT);
	put_dev_pagemap(pgmap);
	return ret;
}

static ssize_t test_write(struct file *file, const char __user *ubuf,
			  size_t len, loff_t *pos)
{
	unsigned long start, size, geometry;
	char buf[80];
	int ret;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	buf[len] = 0;
	if (sscanf(buf, "%li %li %li", &start, &size, &geometry) != 3)
		return -EINVAL;

	mutex_lock(&test_lock);
	faulted = 0;
	ret = check_device(PHYS_PFN(start), PHYS_PFN(start + size), geometry);
	mutex_unlock(&test_lock);
	return ret ?: len;
}

static ssize_t test_read(struct file *file, char __user *ubuf, size_t len,
			 loff_t *pos)
{
	char buf[32];
	int n = scnprintf(buf, sizeof(buf), "faulted %lu\n", faulted);

	return simple_read_from_buffer(ubuf, len, pos, buf, n);
}

static const struct file_operations test_fops = {
	.owner	= THIS_MODULE,
	.read	= test_read,
	.write	= test_write,
	.llseek	= default_llseek,
};

static int __init test_devdax_readonly_init(void)
{
	struct dentry *dir = debugfs_create_dir("test_devdax_readonly", NULL);

	debugfs_create_file("command", 0600, dir, NULL, &test_fops);
	return 0;
}
device_initcall(test_devdax_readonly_init);
