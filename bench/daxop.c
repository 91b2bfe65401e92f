// SPDX-License-Identifier: GPL-2.0
/*
 * daxop - one operation on a device-dax device, or for comparison on ordinary
 * memory, checked and measured.
 *
 * Figures are records on stdout, see record.h; bench/metrics lists them. A
 * failure is one line on stderr that names what was tried, and exit status 1.
 * One static program, so that the same instructions run whichever kernel and
 * userland it meets.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

#define PAGE		4096UL
#define MIB		(1UL << 20)
#define HPAGE		(2 * MIB)
#define DAX_DRIVER	"/sys/bus/dax/drivers/device_dax/"
#define PMEM_DRIVER	"/sys/bus/nd/drivers/nd_pmem/"
#define DAX_DEVICES	"/sys/bus/dax/devices/"
#define DEBUGFS		"/sys/kernel/debug/"
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A mapped device: @align is the size of its page table entries. */
struct dax {
	char *p;
	size_t len;
	size_t align;
};

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		err(1, "clock_gettime");
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* What a clock in the guest shows: CPU time where instructions are counted. */
static clockid_t clock_to_read(void)
{
	return counts_instructions() ? CLOCK_PROCESS_CPUTIME_ID :
				       CLOCK_MONOTONIC;
}

/*
 * CPU time of every process but this one, kernel threads included: shows work
 * that an operation leaves to somebody else.
 */
static uint64_t others_cpu(void)
{
	struct dirent *d;
	struct timespec ts;
	uint64_t sum = 0;
	clockid_t clock;
	DIR *dir;
	pid_t pid;

	dir = opendir("/proc");
	if (!dir)
		err(1, "/proc");
	while ((d = readdir(dir))) {
		pid = atoi(d->d_name);
		if (pid <= 0 || pid == getpid() ||
		    clock_getcpuclockid(pid, &clock) ||
		    clock_gettime(clock, &ts))
			continue;
		sum += ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	}
	closedir(dir);
	return sum;
}

/*
 * What the page allocator has left, in bytes, to the page: MemFree lacks the
 * pages on per-CPU lists, and its counter is off by per-CPU remainders until
 * stat_refresh folds them. Page tables and slab count as used.
 */
static long long free_bytes(void)
{
	long long n, sum = 0;
	char line[256];
	FILE *f;
	int fd;

	fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		err(1, "/proc/sys/vm/stat_refresh");
	close(fd);
	f = fopen("/proc/zoneinfo", "r");
	if (!f)
		err(1, "/proc/zoneinfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " nr_free_pages %lld", &n) == 1 ||
		    sscanf(line, " count: %lld", &n) == 1)
			sum += n;
	fclose(f);
	return sum * PAGE;
}

/* The pfnX.Y of an fsdax namespace has a driver, and metrics, of its own. */
static int op_driver(const char *what, const char *dev)
{
	const char *prefix = strncmp(dev, "dax", 3) ? "fsdax_" : "";
	uint64_t cpu, elapsed, others;
	char path[128], metric[32];
	long long mem;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s%s",
		 *prefix ? PMEM_DRIVER : DAX_DRIVER, what);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		err(1, "%s", path);

	free_bytes();	/* faults in what the measured call shall not */
	others_cpu();
	mem = free_bytes();
	others = others_cpu();
	elapsed = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	n = write(fd, dev, strlen(dev));
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	elapsed = now(CLOCK_MONOTONIC) - elapsed;
	if (n < 0)
		err(1, "%s %s", what, dev);
	others = others_cpu() - others;
	mem -= free_bytes();

	snprintf(metric, sizeof(metric), "%s%s", prefix, what);
	record_time(metric, counts_instructions() ? cpu : elapsed);
	if (counts_instructions()) {
		snprintf(metric, sizeof(metric), "%s%s_others", prefix, what);
		record_time(metric, others);
		/* On one processor, what is left. */
		snprintf(metric, sizeof(metric), "%s%s_idle", prefix, what);
		record(metric, elapsed > cpu + others ?
		       (elapsed - cpu - others) / 1000.0 : 0, "us");
	}
	if (!strcmp(what, "bind")) {
		snprintf(metric, sizeof(metric), "%smemmap", prefix);
		record(metric, mem, "bytes");
	}
	return 0;
}

static void touch(char *p)
{
	*(volatile char *)p = 1;
}

static unsigned long dax_attr(const char *dev, const char *name)
{
	unsigned long value;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), DAX_DEVICES "%s/%s", dev, name);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%lu", &value) != 1)
		err(1, "%s", path);
	fclose(f);
	return value;
}

/* Map @len bytes of @dev, all of it at most; 0 is all of it. */
static struct dax dax_map(const char *dev, size_t len)
{
	struct dax d = { .align = dax_attr(dev, "align") };
	char path[64];
	int fd;

	d.len = dax_attr(dev, "size");
	if (len && len < d.len)
		d.len = len;
	snprintf(path, sizeof(path), "/dev/%s", dev);
	fd = open(path, O_RDWR);
	if (fd < 0)
		err(1, "%s", path);
	d.p = mmap(NULL, d.len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (d.p == MAP_FAILED)
		err(1, "mmap of %zu MiB of %s", d.len / MIB, path);
	close(fd);
	return d;
}

/* What a kernel without the series does not tell is 0. */
static int op_geometry(const char *dev)
{
	char path[128];

	snprintf(path, sizeof(path), DAX_DEVICES "%s/geometry", dev);
	record("geometry", access(path, F_OK) ? 0 : dax_attr(dev, "geometry"),
	       "bytes");
	return 0;
}

static int op_fault(const char *dev, const char *pages)
{
	size_t i, n = strtoul(pages, NULL, 0);
	size_t align = dax_attr(dev, "align");
	struct dax d = dax_map(dev, n * align);
	clockid_t clock = clock_to_read();
	uint64_t start, taken;

	n = d.len / align;
	if (!n)
		errx(1, "fault: no page to touch");
	start = now(clock);
	for (i = 0; i < n; i++)
		touch(d.p + i * align + align / 2);
	taken = now(clock) - start;
	record_time("fault", taken / n);
	return 0;
}

/*
 * One entry for each align of what was touched goes.  The least of several, as a
 * timer can go off meanwhile, and that takes longer than some of them do.
 */
#define MUNMAPS	5

static int op_munmap(const char *dev, const char *mib)
{
	clockid_t clock = clock_to_read();
	uint64_t least = UINT64_MAX, taken, start;
	struct dax d;
	size_t i, n;

	for (n = 0; n < MUNMAPS; n++) {
		d = dax_map(dev, strtoul(mib, NULL, 0) * MIB);
		for (i = 0; i < d.len; i += d.align)
			touch(d.p + i);
		start = now(clock);
		if (munmap(d.p, d.len))
			err(1, "munmap");
		taken = now(clock) - start;
		if (taken < least)
			least = taken;
	}
	record_time("munmap", least);
	return 0;
}

/*
 * gup_benchmark until 5.10, gup_test after: the fields up to @flags are the
 * same, the size of the whole, which is part of the ioctl's number, is not.
 */
struct gup_args {
	uint64_t get_usec;
	uint64_t put_usec;
	uint64_t addr;
	uint64_t size;
	uint32_t nr_pages_per_call;
	uint32_t flags;
	uint64_t rest[10];
};

#define GUP_BENCHMARK_SIZE	120
#define GUP_TEST_SIZE		80
#define GUP_FLAG_WRITE		1

static const struct gup_kind {
	const char *name;
	unsigned int benchmark_nr;	/* in gup_benchmark */
	unsigned int test_nr;		/* in gup_test */
	int pins;
	int longterm;			/* say so to gup_test */
	/* the metrics; a long-term pin is given back as a fast one is */
	const char *get, *put, *both;
} gup_kinds[] = {
	{ "get_fast",		1, 1, 0, 0, "get_fast", "put", "get_put" },
	{ "pin_fast",		3, 2, 1, 0, "pin_fast_get", "unpin", NULL },
	{ "pin_longterm",	5, 3, 1, 0, "pin_longterm_get", NULL, NULL },
	/* what RDMA and io_uring call */
	{ "pin_longterm_fast",	0, 2, 1, 1, "pin_longterm_fast_get", NULL, NULL },
	{ }
};

/* The base's long-term pin takes no more than 2 GiB in a call. */
#define GUP_PAGES_PER_CALL	(1024 * MIB / PAGE)

static unsigned long gup_ioctl(const struct gup_kind *k, int *fd)
{
	unsigned int dir = _IOC_READ | _IOC_WRITE;

	*fd = open(DEBUGFS "gup_benchmark", O_RDWR);
	if (*fd >= 0)
		return _IOC(dir, 'g', k->benchmark_nr, GUP_BENCHMARK_SIZE);
	*fd = open(DEBUGFS "gup_test", O_RDWR);
	if (*fd >= 0)
		return _IOC(dir, 'g', k->test_nr, GUP_TEST_SIZE);
	err(1, "neither gup_benchmark nor gup_test in " DEBUGFS);
}

/* FOLL_LONGTERM, which gup_test passes on, has another value since Linux 6.3 */
static uint32_t longterm_flag(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		errx(1, "what release is this kernel?");
	return major > 6 || (major == 6 && minor >= 3) ? 0x100 : 0x10000;
}

static long long vmstat(const char *name)
{
	size_t len = strlen(name);
	long long value = -1;
	char line[128];
	FILE *f;

	f = fopen("/proc/vmstat", "r");
	if (!f)
		err(1, "/proc/vmstat");
	while (value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ' ')
			value = atoll(line + len);
	fclose(f);
	return value;
}

/* Memory to pin: a dax device, or ordinary memory for comparison. */
static struct dax pin_map(const char *what, size_t len)
{
	struct dax d = { .len = len, .align = HPAGE };
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (!strncmp(what, "dax", 3)) {
		d = dax_map(what, len);
		if (d.len < len)
			errx(1, "pin: %s is smaller than %zu MiB", what,
			     len / MIB);
		return d;
	}
	if (!strcmp(what, "hugetlb"))
		flags |= MAP_HUGETLB;
	/* Room to start at a huge page whatever address the kernel chooses. */
	d.p = mmap(NULL, len + HPAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (d.p == MAP_FAILED)
		err(1, "mmap of %s", what);
	d.p += -(uintptr_t)d.p % HPAGE;
	if (!strcmp(what, "anon"))
		madvise(d.p, len, MADV_NOHUGEPAGE);
	else if (!strcmp(what, "thp") && madvise(d.p, len, MADV_HUGEPAGE))
		err(1, "MADV_HUGEPAGE");
	return d;
}

/*
 * Have the pages of @a mapped without a byte of them touched, so that a large
 * device on a sparse file stays sparse.
 */
static void gup_fault_in(const struct gup_args *a)
{
	struct gup_args once = *a;
	unsigned long cmd;
	int fd;

	cmd = gup_ioctl(&gup_kinds[0], &fd);
	if (ioctl(fd, cmd, &once))
		err(1, "get_user_pages_fast");
	close(fd);
}

/* The least of several, as with munmap(). */
#define PINS	3

static void pin_once(const struct gup_kind *k, struct gup_args *a,
		     const char *what, const char *mib)
{
	long long pages = a->size / PAGE, got, put;
	unsigned long cmd;
	int fd;

	free_bytes();	/* folds the counters read next */
	got = vmstat("nr_foll_pin_acquired");
	put = vmstat("nr_foll_pin_released");
	cmd = gup_ioctl(k, &fd);
	if (ioctl(fd, cmd, a))
		err(1, "%s of %s MiB of %s", k->name, mib, what);
	close(fd);
	free_bytes();
	got = vmstat("nr_foll_pin_acquired") - got;
	put = vmstat("nr_foll_pin_released") - put;

	/*
	 * A short pin in the last call does not show in the size returned. Where the
	 * fast path has to give up, it may have pinned a page by then.
	 */
	if (a->size / PAGE != (uint64_t)pages ||
	    (k->pins && (k->longterm ? got < pages : got != pages)))
		errx(1, "%s of %s: %lld of %lld pages", k->name, what,
		     k->pins ? got : (long long)(a->size / PAGE), pages);
	if (got != put)
		errx(1, "%s of %s: %lld pins taken, %lld given back", k->name,
		     what, got, put);
}

/*
 * Calls for 1 GiB each, or for @per_call pages: that is a metric of its own, and
 * not of giving back, where all goes at once.
 */
static int op_pin(const char *what, const char *kind, const char *mib,
		  const char *per_call)
{
	uint64_t get = UINT64_MAX, back = UINT64_MAX, both = UINT64_MAX;
	const struct gup_kind *k;
	struct gup_args a = {};
	char metric[32];
	struct dax d;
	int i;

	for (k = gup_kinds; k->name && strcmp(k->name, kind); k++)
		;
	if (!k->name)
		errx(1, "pin: unknown kind %s", kind);
	/* gup_benchmark can not be asked for it: no figure */
	if (!k->benchmark_nr && !access(DEBUGFS "gup_benchmark", F_OK))
		return 0;
	a.size = strtoul(mib, NULL, 0) * MIB;
	d = pin_map(what, a.size);
	a.addr = (uintptr_t)d.p;
	a.nr_pages_per_call = per_call ? strtoul(per_call, NULL, 0) :
					 GUP_PAGES_PER_CALL;
	a.flags = GUP_FLAG_WRITE;
	gup_fault_in(&a);
	if (k->longterm)
		a.flags |= longterm_flag();

	for (i = 0; i < PINS; i++) {
		struct gup_args once = a;

		pin_once(k, &once, what, mib);
		get = MIN(get, once.get_usec);
		back = MIN(back, once.put_usec);
		both = MIN(both, once.get_usec + once.put_usec);
	}
	snprintf(metric, sizeof(metric), "%s%s%s", k->get, per_call ? "_" : "",
		 per_call ? per_call : "");
	record_time(metric, get * 1000);
	if (k->put && !per_call)
		record_time(k->put, back * 1000);
	if (k->both && !per_call)
		record_time(k->both, both * 1000);
	return 0;
}

/*
 * Threads that pin, or read with O_DIRECT into, memory of one 1 GiB stretch:
 * far enough from each other that they share a struct page only where it is
 * the head of a 1G page.
 */
#define CONTEND_PAGES	256
#define CONTEND_SECONDS	2

struct contender {
	pthread_t thread;
	char *p;
	const char *file;	/* NULL: pin */
	uint64_t until;		/* nobody could stop it: real-time */
	uint64_t pages;
	int failed;
};

static void *contend(void *arg)
{
	struct contender *c = arg;
	struct gup_args a;
	unsigned long cmd;
	int fd;

	if (c->file) {
		fd = open(c->file, O_RDONLY | O_DIRECT);
		while (now(CLOCK_MONOTONIC) < c->until && !c->failed) {
			c->failed = pread(fd, c->p, CONTEND_PAGES * PAGE, 0) !=
				    CONTEND_PAGES * PAGE;
			c->pages += CONTEND_PAGES;
		}
	} else {
		cmd = gup_ioctl(&gup_kinds[1], &fd);
		while (now(CLOCK_MONOTONIC) < c->until && !c->failed) {
			a = (struct gup_args){
				.addr = (uintptr_t)c->p,
				.size = CONTEND_PAGES * PAGE,
				.nr_pages_per_call = 1,
				.flags = GUP_FLAG_WRITE,
			};
			c->failed = ioctl(fd, cmd, &a) ||
				    a.size != CONTEND_PAGES * PAGE;
			c->pages += CONTEND_PAGES;
		}
	}
	close(fd);
	return NULL;
}

static int op_contend(const char *dev, const char *threads, const char *file)
{
	size_t i, n = strtoul(threads, NULL, 0);
	struct dax d = dax_map(dev, 1024 * MIB);
	struct contender c[8] = {};
	uint64_t start, elapsed, pages = 0;
	char metric[32];

	if (!n || n > ARRAY_SIZE(c) || d.len < 1024 * MIB)
		errx(1, "contend: 1 to %zu threads on 1 GiB",
		     ARRAY_SIZE(c));
	for (i = 0; i < n; i++) {
		c[i].p = d.p + i * (1024 * MIB / n);
		c[i].file = file;
		touch(c[i].p);
	}
	start = now(CLOCK_MONOTONIC);
	for (i = 0; i < n; i++) {
		c[i].until = start + CONTEND_SECONDS * 1000000000ULL;
		if (pthread_create(&c[i].thread, NULL, contend, &c[i]))
			errx(1, "contend: no thread");
	}
	for (i = 0; i < n; i++) {
		pthread_join(c[i].thread, NULL);
		if (c[i].failed)
			errx(1, "contend: %s failed", file ? file : "pin");
		pages += c[i].pages;
	}
	elapsed = now(CLOCK_MONOTONIC) - start;
	/* What a page costs the thread that uses it. */
	snprintf(metric, sizeof(metric), "%s_threads_%zu",
		 file ? "direct" : "pin", n);
	record_time(metric, elapsed * n / pages);
	return 0;
}

/* Ordinary memory: the first touch of a page, and fork of the whole. */
static int op_anon(const char *mib)
{
	size_t i, len = strtoul(mib, NULL, 0) * MIB;
	struct dax d = pin_map("anon", len);
	clockid_t clock = clock_to_read();
	uint64_t start, taken;
	int status;
	pid_t pid;

	start = now(clock);
	for (i = 0; i < len; i += PAGE)
		touch(d.p + i);
	taken = now(clock) - start;
	record_time("fault", taken / (len / PAGE));

	start = now(clock);
	pid = fork();
	taken = now(clock) - start;
	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		err(1, "fork");
	record_time("fork", taken);
	return 0;
}

/* The word at an offset differs from that of any other offset and seed. */
static uint64_t word(size_t at, uint64_t seed)
{
	return at * 0x9e3779b97f4a7c15ULL ^ seed;
}

static void fill(char *p, size_t at, uint64_t seed)
{
	size_t i;

	for (i = at; i < at + PAGE; i += sizeof(uint64_t))
		*(uint64_t *)(p + i) = word(i, seed);
}

static void verify(const char *p, size_t at, uint64_t seed, const char *who)
{
	size_t i;

	for (i = at; i < at + PAGE; i += sizeof(uint64_t))
		if (*(const uint64_t *)(p + i) != word(i, seed))
			errx(1, "%s: wrong data at offset %#zx", who, i);
}

/*
 * Offsets to probe: the first, second and third page of each of some entries
 * (head, first tails), pages around the sharing unit of struct pages (64 in a
 * page), the middle, and the last. At 4K these are just pages near each other.
 */
static size_t probes(const struct dax *d, size_t *at, size_t max)
{
	size_t unit = d->align > PAGE ? d->align : HPAGE;
	size_t last = unit / PAGE - 1;
	const size_t page[] = { 0, 1, 2, 63, 64, 65, 127, 128, last / 2,
				last / 2 + 1, last - 1, last };
	size_t e, i, n = 0;

	for (e = 0; (e + 1) * unit <= d->len; e++)
		for (i = 0; i < ARRAY_SIZE(page); i++)
			if (n < max)
				at[n++] = e * unit + page[i] * PAGE;
	if (!n)
		errx(1, "the device is smaller than its page");
	return n;
}

#define PROBES	48

static int op_data(const char *dev)
{
	struct dax d = dax_map(dev, 0);
	size_t at[PROBES], i, n = probes(&d, at, PROBES);

	for (i = 0; i < n; i++)
		fill(d.p, at[i], 1);
	for (i = 0; i < n; i++)
		verify(d.p, at[i], 1, "same mapping");
	if (munmap(d.p, d.len))
		err(1, "munmap");
	d = dax_map(dev, 0);
	for (i = 0; i < n; i++)
		verify(d.p, at[i], 1, "new mapping");
	record("data", n, "pages");
	return 0;
}

static int op_fork(const char *dev)
{
	struct dax d = dax_map(dev, 0);
	size_t at[PROBES], i, n = probes(&d, at, PROBES);
	int status;
	pid_t pid;

	for (i = 0; i < n; i++)
		fill(d.p, at[i], 2);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		for (i = 0; i < n; i++)
			verify(d.p, at[i], 2, "child");
		for (i = 0; i < n; i++)
			fill(d.p, at[i], 3);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "fork: the child ended with status %#x", status);
	for (i = 0; i < n; i++)
		verify(d.p, at[i], 3, "parent, after the child's write");
	record("fork_access", n, "pages");
	return 0;
}

/*
 * Write a stretch that begins in tail pages, and crosses into the next entry
 * where there is one, to @path with O_DIRECT, read it back into another place
 * of the mapping and into ordinary memory, and compare the three.
 */
static int op_direct(const char *dev, const char *path)
{
	struct dax d = dax_map(dev, 0);
	size_t unit = d.align > PAGE ? d.align : HPAGE;
	size_t len = 64 * PAGE, from, to, i;
	char *buf = aligned_alloc(PAGE, len);
	int fd;

	from = d.len > unit ? unit - len / 2 : unit - len;
	to = unit / 2 + PAGE;
	for (i = 0; i < len; i += PAGE)
		fill(d.p, from + i, 4);
	memset(d.p + to, 0, len);

	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0600);
	if (fd < 0)
		err(1, "%s with O_DIRECT", path);
	if (pwrite(fd, d.p + from, len, 0) != (ssize_t)len)
		err(1, "O_DIRECT write of %s to %s", dev, path);
	if (fsync(fd) || pread(fd, d.p + to, len, 0) != (ssize_t)len)
		err(1, "O_DIRECT read of %s into %s", path, dev);
	if (memcmp(d.p + from, d.p + to, len))
		errx(1, "O_DIRECT: what came back differs");
	if (!buf || pread(fd, buf, len, 0) != (ssize_t)len)
		err(1, "O_DIRECT read of %s into ordinary memory", path);
	if (memcmp(d.p + from, buf, len))
		errx(1, "O_DIRECT: the file differs from the device");
	close(fd);
	unlink(path);
	record("direct", len, "bytes");
	return 0;
}

int main(int argc, char **argv)
{
	const char *op = argc > 2 ? argv[1] : "";

	if (argc == 3 && (!strcmp(op, "bind") || !strcmp(op, "unbind")))
		return op_driver(op, argv[2]);
	if (argc == 3 && !strcmp(op, "geometry"))
		return op_geometry(argv[2]);
	if (argc == 4 && !strcmp(op, "fault"))
		return op_fault(argv[2], argv[3]);
	if (argc == 4 && !strcmp(op, "munmap"))
		return op_munmap(argv[2], argv[3]);
	if ((argc == 5 || argc == 6) && !strcmp(op, "pin"))
		return op_pin(argv[2], argv[3], argv[4], argv[5]);
	if ((argc == 4 || argc == 5) && !strcmp(op, "contend"))
		return op_contend(argv[2], argv[3], argv[4]);
	if (argc == 3 && !strcmp(op, "anon"))
		return op_anon(argv[2]);
	if (argc == 3 && !strcmp(op, "data"))
		return op_data(argv[2]);
	if (argc == 3 && !strcmp(op, "fork"))
		return op_fork(argv[2]);
	if (argc == 4 && !strcmp(op, "direct"))
		return op_direct(argv[2], argv[3]);
	fprintf(stderr,
		"usage: daxop bind|unbind daxX.Y|pfnX.Y\n"
		"       daxop geometry|data|fork daxX.Y\n"
		"       daxop fault daxX.Y PAGES\n"
		"       daxop munmap daxX.Y MIB\n"
		"       daxop direct daxX.Y FILE\n"
		"       daxop contend daxX.Y THREADS [FILE]\n"
		"       daxop anon MIB\n"
		"       daxop pin daxX.Y|anon|thp|hugetlb get_fast|pin_fast|pin_longterm[_fast] MIB [PAGES_PER_CALL]\n");
	return 2;
}
