// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries to write to tail struct pages of a device that share memory.
 *
 * Commands are written to <debugfs>/test_devdax_tails/command, one a write.
 * START and SIZE are bytes of physical memory:
 *
 *   write START SIZE GEOMETRY
 *	succeeds if a store through any address of a tail struct page behind the
 *	page with the head faults, for each compound page of GEOMETRY bytes, and
 *	if one to the last tail in the page with the head does not
 *
 * What is stored is what was there, so nothing breaks where a store does not
 * fault. A store that faults is what -EFAULT of copy_to_kernel_nofault() tells
 * us; elsewhere in the kernel it is an oops.
 *
 * Reading the file gives how many stores faulted.
 */
#define pr_fmt(fmt) "test_devdax_tails: " fmt

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

/* struct pages in a page */
#define NR_IN_PAGE	(PAGE_SIZE / sizeof(struct page))

static unsigned long faulted;
static DEFINE_MUTEX(test_lock);

/*
 * Whether a store to the last word of a struct page faults: 0 or 1, or -ENXIO
 * where there is no struct page.
 */
static int store_faults(struct page *page)
{
	unsigned long *word = (unsigned long *)(page + 1) - 1;
	unsigned long value;

	if (get_kernel_nofault(value, word))
		return -ENXIO;
	return !!copy_to_kernel_nofault(word, &value, sizeof(value));
}

static int try_compound(unsigned long head_pfn, unsigned long nr)
{
	unsigned long pfn = head_pfn + NR_IN_PAGE - 1;
	int ret = store_faults(pfn_to_page(pfn));

	if (ret < 0)
		return ret;
	if (ret) {
		pr_err("pfn %#lx: the page with the head is read-only\n", pfn);
		return -EUCLEAN;
	}
	/* one struct page for each address at which the tail page is mapped */
	for (pfn++; pfn < head_pfn + nr; pfn += NR_IN_PAGE) {
		ret = store_faults(pfn_to_page(pfn));
		if (ret < 0)
			return ret;
		if (!ret) {
			pr_err("pfn %#lx: the struct page of a tail can be written\n",
			       pfn);
			return -EUCLEAN;
		}
		faulted++;
	}
	return 0;
}

static int try_all(unsigned long start, unsigned long end,
		   unsigned long geometry)
{
	unsigned long pfn, nr = PHYS_PFN(geometry);
	struct dev_pagemap *pgmap;
	int ret = 0;

	if (!is_power_of_2(geometry) || nr <= NR_IN_PAGE || start >= end ||
	    !IS_ALIGNED(start | end, nr))
		return -EINVAL;

	/* keeps the memmap where it is */
	pgmap = get_dev_pagemap(start, NULL);
	if (!pgmap)
		return -ENXIO;
	for (pfn = start; pfn < end && !ret; pfn += nr) {
		ret = try_compound(pfn, nr);
		cond_resched();
	}
	put_dev_pagemap(pgmap);
	return ret;
}

static ssize_t test_write(struct file *file, const char __user *ubuf,
			  size_t len, loff_t *pos)
{
	unsigned long start, size, geometry;
	char buf[80];
	int ret = -EINVAL;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	buf[len] = 0;

	mutex_lock(&test_lock);
	faulted = 0;
	if (sscanf(buf, "write %li %li %li", &start, &size, &geometry) == 3)
		ret = try_all(PHYS_PFN(start), PHYS_PFN(start + size),
			      geometry);
	mutex_unlock(&test_lock);
	return ret ?: len;
}

static ssize_t test_read(struct file *file, char __user *ubuf, size_t len,
			 loff_t *pos)
{
	char buf[32];
	int n;

	mutex_lock(&test_lock);
	n = scnprintf(buf, sizeof(buf), "faulted %lu\n", faulted);
	mutex_unlock(&test_lock);
	return simple_read_from_buffer(ubuf, len, pos, buf, n);
}

static const struct file_operations test_fops = {
	.owner	= THIS_MODULE,
	.read	= test_read,
	.write	= test_write,
	.llseek	= default_llseek,
};

static int __init test_devdax_tails_init(void)
{
	struct dentry *dir = debugfs_create_dir("test_devdax_tails", NULL);

	debugfs_create_file("command", 0600, dir, NULL, &test_fops);
	return 0;
}
device_initcall(test_devdax_tails_init);
