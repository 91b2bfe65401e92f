// SPDX-License-Identifier: GPL-2.0-only
/*
 * This module takes references on device-dax pages in each of the ways that the
 * kernel has, and keeps them.  It drops them in each way, and reports the exact
 * counts.
 *
 * See lib/test_devdax_pin_uapi.h for the interface.  Unlike gup_test (gup_benchmark
 * before v5.11), this module holds the references between two calls, and has the
 * fast way to a long-term pin.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/devdax_test.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "test_devdax_pin_base.h"
#include "test_devdax_pin_uapi.h"

/* 8 GiB in 4Ks: more than a 1G page and its neighbours. */
#define TEST_DEVDAX_MAX		BIT(21)

/* What an open file holds. */
struct test_devdax_pin {
	struct mutex lock;	/* protects all members */
	struct page **pages;
	unsigned long nr;
	unsigned long max;	/* room in pages */
	bool pin;		/* references are pins */
};

static struct dentry *test_devdax_pin_file;

/*
 * Take as many references as one call gives.  Returns their number or a
 * negative error.
 */
static long take(const struct test_devdax_hold *hold, struct page **pages)
{
	unsigned int flags = hold->how & TEST_DEVDAX_WRITE ? FOLL_WRITE : 0;
	bool get = (hold->how & TEST_DEVDAX_KIND) == TEST_DEVDAX_GET;
	long ret;

	if ((hold->how & TEST_DEVDAX_KIND) == TEST_DEVDAX_LONGTERM)
		flags |= FOLL_LONGTERM;
	if (hold->how & TEST_DEVDAX_ONLY)
		return get ? get_user_pages_fast_only(hold->addr, hold->nr,
						      flags, pages) :
			     pin_pages_fast_only(hold->addr, hold->nr, flags,
						 pages);
	if (hold->how & TEST_DEVDAX_FAST)
		return get ? get_user_pages_fast(hold->addr, hold->nr, flags,
						 pages) :
			     pin_user_pages_fast(hold->addr, hold->nr, flags,
						 pages);
	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	ret = get ? get_pages_slowly(hold->addr, hold->nr, flags, pages) :
		    pin_pages_slowly(hold->addr, hold->nr, flags, pages);
	mmap_read_unlock(current->mm);
	return ret;
}

static void drop(struct page **pages, unsigned long nr, unsigned int how,
		 bool pin)
{
	unsigned long i;

	if (!nr)
		return;
	if (how == TEST_DEVDAX_DIRTY)
		unpin_user_pages_dirty_lock(pages, nr, true);
	else if (how == TEST_DEVDAX_ALL && pin)
		unpin_user_pages(pages, nr);
	else if (how == TEST_DEVDAX_ALL)
		release_pages(pages, nr);
	else
		for (i = 0; i < nr; i++)
			pin ? unpin_user_page(pages[i]) : put_page(pages[i]);
}

static int tell_pfns(u64 __user *pfns, struct page **pages, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		if (put_user((u64)page_to_pfn(pages[i]), pfns + i))
			return -EFAULT;
	return 0;
}

/*
 * Make room for nr more references behind those that are held.  Once there is
 * room, this function allocates nothing, because tests let allocations fail.
 */
static int make_room(struct test_devdax_pin *pin, unsigned long nr)
{
	struct page **pages;

	if (!nr || nr > TEST_DEVDAX_MAX - pin->nr)
		return -EINVAL;
	if (pin->nr + nr <= pin->max)
		return 0;
	pages = kvmalloc_array(pin->nr + nr, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	if (pin->nr)
		memcpy(pages, pin->pages, pin->nr * sizeof(*pages));
	kvfree(pin->pages);
	pin->pages = pages;
	pin->max = pin->nr + nr;
	return 0;
}

static long pin_hold(struct test_devdax_pin *pin,
		     struct test_devdax_hold __user *arg)
{
	struct test_devdax_hold hold;
	struct page **pages;
	bool is_pin;
	long ret;

	if (copy_from_user(&hold, arg, sizeof(hold)))
		return -EFAULT;
	is_pin = (hold.how & TEST_DEVDAX_KIND) != TEST_DEVDAX_GET;
	if (pin->nr && pin->pin != is_pin)
		return -EINVAL;
	ret = make_room(pin, hold.nr);
	if (ret)
		return ret;

	pages = pin->pages + pin->nr;
	pin->pin = is_pin;
	hold.held = take(&hold, pages);
	if (hold.held > 0) {
		pin->nr += hold.held;
		if (hold.pfns)
			ret = tell_pfns(u64_to_user_ptr(hold.pfns), pages,
					hold.held);
	}
	if (!ret && put_user(hold.held, &arg->held))
		ret = -EFAULT;
	return ret;
}

static long pin_drop(struct test_devdax_pin *pin,
		     const struct test_devdax_drop __user *arg)
{
	struct test_devdax_drop part;
	struct page **pages;

	if (copy_from_user(&part, arg, sizeof(part)))
		return -EFAULT;
	if (part.first > pin->nr || part.nr > pin->nr - part.first ||
	    part.how > TEST_DEVDAX_DIRTY ||
	    (part.how == TEST_DEVDAX_DIRTY && !pin->pin))
		return -EINVAL;
	pages = pin->pages + part.first;
	drop(pages, part.nr, part.how, pin->pin);
	pin->nr -= part.nr;
	memmove(pages, pages + part.nr,
		(pin->nr - part.first) * sizeof(*pages));
	return 0;
}

/*
 * Count as many references as this number of pins of one 4K would.  A page whose
 * count is 0 is idle, and nobody but its driver may take it from there.
 */
static int charge(struct page *head, s64 add)
{
	atomic_t *pins = exact_pins(head);

	if (!pins)
		add *= GUP_PIN_COUNTING_BIAS;
	if (add != (int)add)
		return -EINVAL;
	if (!atomic_add_unless(&head->_refcount, add, 0))
		return -EBUSY;
	if (pins)
		atomic_add(add, pins);
	return 0;
}

static long pin_refs(struct test_devdax_refs __user *arg, bool add)
{
	struct test_devdax_refs refs;
	struct dev_pagemap *pgmap;
	struct page *page, *head;
	long ret = 0;

	if (copy_from_user(&refs, arg, sizeof(refs)))
		return -EFAULT;
	/* The reference keeps the struct page in place. */
	pgmap = devdax_test_pagemap(refs.pfn);
	if (!pgmap)
		return -ENXIO;
	page = pfn_to_page(refs.pfn);
	head = compound_head(page);
	if (add)
		ret = charge(head, refs.add);
	refs.refs = page_ref_count(head);
	refs.pins = exact_pins(head) ? atomic_read(exact_pins(head)) : 0;
	refs.maps = mappings(head);
	refs.own = atomic_read(&page->_refcount);
	refs.nr = compound_nr(head);
	put_dev_pagemap(pgmap);
	if (!ret && copy_to_user(arg, &refs, sizeof(refs)))
		ret = -EFAULT;
	return ret;
}

static long test_devdax_pin_ioctl(struct file *file, unsigned int cmd,
				  unsigned long arg)
{
	struct test_devdax_pin *pin = file->private_data;
	void __user *uarg = (void __user *)arg;
	long ret;

	mutex_lock(&pin->lock);
	switch (cmd) {
	case TEST_DEVDAX_HOLD:
		ret = pin_hold(pin, uarg);
		break;
	case TEST_DEVDAX_DROP:
		ret = pin_drop(pin, uarg);
		break;
	case TEST_DEVDAX_REFS:
	case TEST_DEVDAX_CHARGE:
		ret = pin_refs(uarg, cmd == TEST_DEVDAX_CHARGE);
		break;
	default:
		ret = -ENOTTY;
	}
	mutex_unlock(&pin->lock);
	return ret;
}

static int test_devdax_pin_open(struct inode *inode, struct file *file)
{
	struct test_devdax_pin *pin = kzalloc(sizeof(*pin), GFP_KERNEL);

	if (!pin)
		return -ENOMEM;
	mutex_init(&pin->lock);
	file->private_data = pin;
	return nonseekable_open(inode, file);
}

static int test_devdax_pin_release(struct inode *inode, struct file *file)
{
	struct test_devdax_pin *pin = file->private_data;

	drop(pin->pages, pin->nr, TEST_DEVDAX_EACH, pin->pin);
	kvfree(pin->pages);
	kfree(pin);
	return 0;
}

static const struct file_operations test_devdax_pin_fops = {
	.owner		= THIS_MODULE,
	.open		= test_devdax_pin_open,
	.release	= test_devdax_pin_release,
	.unlocked_ioctl	= test_devdax_pin_ioctl,
};

static int __init test_devdax_pin_init(void)
{
	test_devdax_pin_file = debugfs_create_file("test_devdax_pin", 0600,
						   NULL, NULL,
						   &test_devdax_pin_fops);
	return 0;
}
module_init(test_devdax_pin_init);

static void __exit test_devdax_pin_exit(void)
{
	debugfs_remove(test_devdax_pin_file);
}
module_exit(test_devdax_pin_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test of references on device-dax pages");
