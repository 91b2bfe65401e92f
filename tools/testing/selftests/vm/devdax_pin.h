/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of the tests devdax_pin*.  They take and drop references on
 * device-dax pages through lib/test_devdax_pin.c, and check the reference
 * counts.
 */
#ifndef __DEVDAX_PIN_H
#define __DEVDAX_PIN_H

#include "devdax.h"

#include <sys/ioctl.h>

#include "../../../../lib/test_devdax_pin_uapi.h"

#define PIN_FILE	"/sys/kernel/debug/test_devdax_pin"

/* A pin adds this to the reference count of a page without a pin count. */
#define PIN_BIAS	1024

#define pin_log(fmt, ...)	fprintf(stderr, "# " fmt "\n", ##__VA_ARGS__)

/* A range of the device: its memory from offset off on begins at frame pfn. */
struct pin_range {
	unsigned long off;
	__u64 pfn;
};

/* A mapping of the device and the references held on its 4K pages. */
struct pins {
	struct devdax *dd;
	int fd;
	char *p;
	unsigned long off;	/* offset of p in the device */
	unsigned long len;
	unsigned int how;	/* TEST_DEVDAX_GET and so on */
	unsigned long nr;
	unsigned long max;
	unsigned long *page;	/* each reference's 4K, counted from p */
	struct pin_range range[2];
	long idle;		/* references of a page that nobody uses */
};

static inline void pins_ranges(struct pins *pins)
{
	struct pin_range *range = pins->range;
	const struct devdax *dd = pins->dd;

	range[0].pfn = (devdax_attr(dd, "mapping0/start") ?:
			devdax_attr(dd, "resource")) / SZ_4K;
	range[1].off = devdax_attr(dd, "mapping1/page_offset") * SZ_4K ?: -1UL;
	range[1].pfn = devdax_attr(dd, "mapping1/start") / SZ_4K;
}

/* The page frame number of a 4K of the mapping. */
static inline __u64 pins_pfn(const struct pins *pins, unsigned long page)
{
	unsigned long off = pins->off + page * SZ_4K;
	const struct pin_range *range = pins->range;

	if (off >= range[1].off)
		range++;
	return range->pfn + (off - range->off) / SZ_4K;
}

/*
 * The offset at which a test maps three spans of the device.  If the device has
 * two ranges of memory, the second range begins with the second span.
 */
static inline unsigned long pin_offset(const struct devdax *dd)
{
	unsigned long skip = devdax_attr(dd, "mapping1/page_offset") * SZ_4K;

	return skip >= dd->span && skip + 2 * dd->span <= dd->size ?
		skip - dd->span : 0;
}

/*
 * Take as many references as one call gives.  Returns their number or a
 * negative error.
 */
static inline long pin_take(int fd, void *addr, unsigned long nr,
			    unsigned int how, __u64 *pfns)
{
	struct test_devdax_hold hold = {
		.addr = (unsigned long)addr,
		.nr = nr,
		.how = how,
		.pfns = (unsigned long)pfns,
	};

	return ioctl(fd, TEST_DEVDAX_HOLD, &hold) ? -errno : hold.held;
}

static inline int pin_give(int fd, unsigned long first, unsigned long nr,
			   unsigned int how)
{
	struct test_devdax_drop part = { first, nr, how };

	return ioctl(fd, TEST_DEVDAX_DROP, &part) ? -errno : 0;
}

/*
 * Take references on nr 4Ks from addr on, and note them.  It is an error if the
 * kernel returns other pages than those at addr.
 */
static inline long pins_hold(struct pins *pins, char *addr, unsigned long nr,
			     unsigned int flags)
{
	unsigned long first = (addr - pins->p) / SZ_4K;
	__u64 *pfns = malloc(nr * sizeof(*pfns));
	long held, i;

	held = pin_take(pins->fd, addr, nr, pins->how | flags, pfns);
	if (held > 0 && pins->nr + held > pins->max) {
		pins->max = pins->nr + held;
		pins->page = realloc(pins->page,
				     pins->max * sizeof(*pins->page));
	}
	for (i = 0; i < held; i++) {
		if (pfns[i] != pins_pfn(pins, first + i)) {
			pin_log("4K %ld of %ld: page %#llx, not %#llx", i,
				held, pfns[i], pins_pfn(pins, first + i));
			held = -EILSEQ;
			break;
		}
		pins->page[pins->nr + i] = first + i;
	}
	pins->nr += i;
	free(pfns);
	return held;
}

static inline int pins_drop(struct pins *pins, unsigned long first,
			    unsigned long nr, unsigned int how)
{
	int err = pin_give(pins->fd, first, nr, how);

	if (err)
		return err;
	pins->nr -= nr;
	memmove(pins->page + first, pins->page + first + nr,
		(pins->nr - first) * sizeof(*pins->page));
	return 0;
}

/* The last way in which references of this kind can be dropped. */
static inline unsigned int pins_ways(const struct pins *pins)
{
	return (pins->how & TEST_DEVDAX_KIND) == TEST_DEVDAX_GET ?
		TEST_DEVDAX_ALL : TEST_DEVDAX_DIRTY;
}

/* Does the page at that 4K of the mapping have n references? */
static inline bool pins_page_has(const struct pins *pins, unsigned long page,
				 long n)
{
	struct test_devdax_refs refs = {
		.pfn = pins_pfn(pins, page),
	};
	bool pin = (pins->how & TEST_DEVDAX_KIND) != TEST_DEVDAX_GET;
	long want_refs = n, want_pins = 0;

	if (ioctl(pins->fd, TEST_DEVDAX_REFS, &refs)) {
		pin_log("4K %lu: no page: %s", page, strerror(errno));
		return false;
	}
	if (pin && refs.nr > 2)
		want_pins = n;
	else if (pin)
		want_refs = n * PIN_BIAS;
	want_refs += pins->idle + refs.maps;
	if (refs.refs == want_refs && refs.pins == want_pins)
		return true;
	pin_log("4K %lu: %lld references and %lld pins, not %ld and %ld", page,
		refs.refs, refs.pins, want_refs, want_pins);
	return false;
}

/*
 * Does the struct page of this 4K have no reference of its own?  Only the first
 * 4K of a compound page, the head, may have any.
 */
static inline bool pins_tails_free(const struct pins *pins, unsigned long page)
{
	struct test_devdax_refs refs = {
		.pfn = pins_pfn(pins, page),
	};

	if (ioctl(pins->fd, TEST_DEVDAX_REFS, &refs))
		return false;
	return refs.pfn % refs.nr == 0 || !refs.own;
}

/*
 * Does each page of the mapping have exactly the references that are noted?
 * Where many pages in a row should have the same count, only some are checked.
 */
static inline bool pins_exact(const struct pins *pins)
{
	unsigned long size = (pins->dd->geometry ?: SZ_4K) / SZ_4K;
	unsigned long nr = pins->len / SZ_4K / size, i;
	long *count = calloc(nr, sizeof(*count));
	bool ok = true;

	for (i = 0; i < pins->nr; i++)
		count[pins->page[i] / size]++;
	for (i = 0; i < nr && ok; i++)
		if (nr < 64 || !i || i == nr - 1 || count[i] != count[i - 1] ||
		    count[i] != count[i + 1] || i % 61 == 0)
			ok = pins_page_has(pins, i * size, count[i]);
	for (i = 0; i < pins->nr && ok; i += 1 + i / 3)
		ok = pins_tails_free(pins, pins->page[i]);
	free(count);
	return ok;
}

/*
 * The references of a page that nobody uses: 1 where the pagemap holds one on each
 * page, and 0 where it does not.  Where mappings are counted, each has one.  Asks for
 * the last page of the mapping, which must not be in use.  It is pins_exact() that
 * finds a reference too many, as one page more or less than the others has.
 */
static inline long pins_idle(const struct pins *pins)
{
	struct test_devdax_refs refs = {
		.pfn = pins_pfn(pins, pins->len / SZ_4K - 1),
	};

	if (ioctl(pins->fd, TEST_DEVDAX_REFS, &refs))
		return -errno;
	return refs.refs - refs.maps;
}

/*
 * Map len bytes of the device from off on.  Returns NULL, or the reason to skip
 * the test.
 */
static inline const char *pins_map(struct pins *pins, struct devdax *dd,
				   unsigned long off, unsigned long len,
				   unsigned int how)
{
	*pins = (struct pins) { .dd = dd, .off = off, .len = len, .how = how };
	pins->fd = open(PIN_FILE, O_RDWR | O_CLOEXEC);
	if (pins->fd < 0)
		return "no " PIN_FILE " (CONFIG_TEST_DEVDAX_PIN?)";
	if (pin_stat().released < 0)
		return "no nr_foll_pin_released in /proc/vmstat";
	pins_ranges(pins);
	pins->p = devdax_map(dd, off, len);
	if (pins->p == MAP_FAILED)
		return "DEVDAX cannot be mapped";
	pins->idle = pins_idle(pins);
	return pins->idle < 0 || pins->idle > 1 ? "DEVDAX is in use" : NULL;
}

#endif /* __DEVDAX_PIN_H */
