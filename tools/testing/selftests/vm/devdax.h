/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of the device-dax tests.
 *
 * The environment names the device, as in DEVDAX=/dev/dax0.0.  What a test
 * expects follows from the align of the device, so one program serves 4K, 2M
 * and 1G.  The tests overwrite all data in the device.
 */
#ifndef __DEVDAX_H
#define __DEVDAX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"

#define SZ_4K		0x1000UL
#define SZ_2M		0x200000UL
#define SZ_1G		0x40000000UL

/* How a test exits that is skipped before it begins: harnesses differ. */
#ifdef FIXTURE_TEARDOWN_PARENT
#define DEVDAX_SKIPPED	KSFT_SKIP
#else
#define DEVDAX_SKIPPED	255
#endif

#ifndef MADV_COLD
#define MADV_COLD	20
#define MADV_PAGEOUT	21
#endif

/* The page frame in an entry of /proc/PID/pagemap */
#define PM_PFN		0x007fffffffffffffULL

/* Seconds after which a bind or an unbind counts as hung. */
#define DEVDAX_DEADLINE	15

#define DEVDAX_DRIVER	"/sys/bus/dax/drivers/device_dax/"
#define DEVDAX_MAX_GEOMETRY "/sys/module/device_dax/parameters/max_geometry"

struct devdax {
	const char *path;		/* /dev/dax0.0 */
	const char *name;		/* dax0.0 */
	unsigned long align;
	unsigned long span;		/* align, but 2M if align is 4K */
	unsigned long part;		/* below align, no multiple of it */
	unsigned long size;
	unsigned long geometry;		/* 0: not known */
	int fd;
};

/* Details of the last fault in devdax_touch() or devdax_poison(). */
static siginfo_t devdax_sig;
static sigjmp_buf devdax_jmp;

static inline void devdax_fault_handler(int sig, siginfo_t *info, void *ctx)
{
	devdax_sig = *info;
	siglongjmp(devdax_jmp, sig);
}

/*
 * Touch *addr.  Returns the signal that this raises, or 0 if there is none.
 * Details are in devdax_sig.
 */
static inline int devdax_touch(void *addr, bool write)
{
	struct sigaction act = {
		.sa_sigaction = devdax_fault_handler,
		.sa_flags = SA_SIGINFO,
	}, segv, bus;
	char *p = addr, byte;
	int sig;

	sigaction(SIGSEGV, &act, &segv);
	sigaction(SIGBUS, &act, &bus);
	memset(&devdax_sig, 0, sizeof(devdax_sig));
	sig = sigsetjmp(devdax_jmp, 1);
	if (!sig) {
		byte = __atomic_load_n(p, __ATOMIC_RELAXED);
		if (write)
			__atomic_store_n(p, byte, __ATOMIC_RELAXED);
	}
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return sig;
}

/*
 * Inject a memory error into the 4K at addr.  This needs CONFIG_MEMORY_FAILURE.
 * Returns the signal that the error raises, or 0 if there is none.  Details are
 * in devdax_sig.
 */
static inline int devdax_poison(void *addr)
{
	struct sigaction act = {
		.sa_sigaction = devdax_fault_handler,
		.sa_flags = SA_SIGINFO,
	}, old;
	int sig;

	memset(&devdax_sig, 0, sizeof(devdax_sig));
	sigaction(SIGBUS, &act, &old);
	sig = sigsetjmp(devdax_jmp, 1);
	if (!sig && madvise(addr, SZ_4K, MADV_HWPOISON))
		perror("# madvise(MADV_HWPOISON)");
	sigaction(SIGBUS, &old, NULL);
	return sig;
}

/* A pattern that differs for every offset and every seed. */
static inline __u64 devdax_word(unsigned long off, __u64 seed)
{
	return (off ^ seed << 48) * 0x9e3779b97f4a7c15ULL + seed;
}

static inline void devdax_fill(void *addr, unsigned long off,
			       unsigned long len, __u64 seed)
{
	__u64 *p = addr;

	for (; len >= sizeof(*p); len -= sizeof(*p), off += sizeof(*p))
		*p++ = devdax_word(off, seed);
}

/* Does the memory hold what devdax_fill() wrote there? */
static inline bool devdax_check(const void *addr, unsigned long off,
				unsigned long len, __u64 seed)
{
	const __u64 *p = addr;

	for (; len >= sizeof(*p); len -= sizeof(*p), off += sizeof(*p))
		if (*p++ != devdax_word(off, seed))
			return false;
	return true;
}

/* Read a number from an attribute of the device.  Returns 0 without one. */
static inline unsigned long devdax_attr(const struct devdax *dd,
					const char *attr)
{
	char path[128];
	long val = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/%s", dd->name,
		 attr);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fscanf(f, "%li", &val) != 1)
		val = 0;
	fclose(f);
	return val;
}

static inline bool devdax_bound(const struct devdax *dd)
{
	char path[128];

	snprintf(path, sizeof(path), DEVDAX_DRIVER "%s", dd->name);
	return !access(path, F_OK);
}

/*
 * Does unbinding wait for pages that are in use?  Kernels that say the size of
 * the compound pages do.
 */
static inline bool devdax_unbind_waits(const struct devdax *dd)
{
	return dd->geometry;
}

#define DEVDAX_NO_WAIT	"for kernels where unbinding waits for pages in use"
/* Milliseconds, more than enough to unbind a free device. */
#define DEVDAX_HELD	200

/* Put 4K into a pipe: they are in use until somebody reads or closes it. */
static inline bool devdax_splice(const char *p, int fd)
{
	struct iovec iov = { (char *)p, SZ_4K };

	return vmsplice(fd, &iov, 1, 0) == SZ_4K;
}

/* Write a string into a sysfs file.  Returns 0 or a negative error. */
static inline int devdax_write(const char *path, const char *val)
{
	int fd = open(path, O_WRONLY), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, val, strlen(val)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/*
 * Start "bind" or "unbind" in a process of its own.  The kernel may let the
 * writer wait, and a writer that waits cannot be killed.
 */
static inline pid_t devdax_start(const struct devdax *dd, const char *what)
{
	char path[128];
	pid_t pid;
	int fd;

	snprintf(path, sizeof(path), DEVDAX_DRIVER "%s", what);
	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	/* The child must not keep files open that the test closes. */
	for (fd = 3; fd < 64; fd++)
		close(fd);
	_exit(-devdax_write(path, dd->name));
}

/*
 * Wait for the process of devdax_start().  Returns 0 or its negative error, or
 * -ETIMEDOUT if the process still runs.
 */
static inline int devdax_wait(pid_t pid, unsigned int ms)
{
	const struct timespec tick = { .tv_nsec = 5000000 };
	int status;

	for (;; ms -= ms < 5 ? ms : 5) {
		pid_t ret = waitpid(pid, &status, WNOHANG);

		if (ret == pid)
			return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
		if (ret < 0)
			return -errno;
		if (!ms)
			return -ETIMEDOUT;
		nanosleep(&tick, NULL);
	}
}

static inline int devdax_bind(struct devdax *dd)
{
	int err = devdax_wait(devdax_start(dd, "bind"), DEVDAX_DEADLINE * 1000);

	if (err)
		return err;
	dd->geometry = devdax_attr(dd, "geometry");
	dd->fd = open(dd->path, O_RDWR | O_CLOEXEC);
	return dd->fd < 0 ? -errno : 0;
}

/* Close the device and unbind it. */
static inline int devdax_unbind(struct devdax *dd)
{
	close(dd->fd);
	dd->fd = -1;
	return devdax_wait(devdax_start(dd, "unbind"), DEVDAX_DEADLINE * 1000);
}

/* Give the device fresh struct pages.  No mapping of it may be left. */
static inline int devdax_rebind(struct devdax *dd)
{
	return devdax_unbind(dd) ?: devdax_bind(dd);
}

/*
 * Check, after the last munmap(), that nothing holds the device.  Leaves the
 * device bound and closed.
 */
static inline int devdax_settle(struct devdax *dd)
{
	int err = 0;

	if (devdax_bound(dd))
		err = devdax_unbind(dd);
	else
		close(dd->fd);
	err = err ?: devdax_bind(dd);
	close(dd->fd);
	return err;
}

static inline char *devdax_map(const struct devdax *dd, unsigned long off,
			       unsigned long len)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, dd->fd, off);
}

/* Counters of pins in /proc/vmstat. */
struct pin_stat {
	long acquired;
	long released;
};

static inline struct pin_stat pin_stat(void)
{
	struct pin_stat stat = { -1, -1 };
	char line[128];
	FILE *f;

	devdax_write("/proc/sys/vm/stat_refresh", "1");
	f = fopen("/proc/vmstat", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "nr_foll_pin_acquired %ld", &stat.acquired) == 1 ||
		    sscanf(line, "nr_foll_pin_released %ld", &stat.released) == 1)
			continue;
	}
	if (f)
		fclose(f);
	return stat;
}

/* The number of pins that all processes hold now. */
static inline long pins_held(void)
{
	struct pin_stat stat = pin_stat();

	return stat.acquired - stat.released;
}

/* How many faults it takes to read *p, or to write it. */
static inline long devdax_faults(char *p, bool write)
{
	struct rusage before, after;

	/* writing the answers must not fault */
	getrusage(RUSAGE_SELF, &before);
	getrusage(RUSAGE_SELF, &after);
	getrusage(RUSAGE_SELF, &before);
	if (write)
		__atomic_store_n(p, 1, __ATOMIC_RELAXED);
	else
		__atomic_load_n(p, __ATOMIC_RELAXED);
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

/*
 * Reserve an address range, to map over it with MAP_FIXED or to unmap it and
 * have a free one.  It begins shift bytes behind a multiple of the device's
 * align.  Returns MAP_FAILED if there is none.
 */
static inline char *devdax_reserve(const struct devdax *dd, unsigned long len,
				   unsigned long shift)
{
	char *p = mmap(NULL, len + 2 * dd->align, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned long addr = (unsigned long)p + dd->align - 1;

	if (p == MAP_FAILED)
		return p;
	return (char *)(addr - addr % dd->align + shift);
}

/*
 * A number in kB from a report like meminfo, or like smaps: for the mapping that
 * addr is in.  Returns -1 if it is not found.
 */
static inline long devdax_kb(const char *path, const void *addr,
			     const char *name)
{
	unsigned long start, end, len = strlen(name);
	bool here = !addr;
	char line[512];
	long kb = -1;
	FILE *f = fopen(path, "r");

	while (f && kb < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = !addr || ((unsigned long)addr >= start &&
					 (unsigned long)addr < end);
		else if (here && !strncmp(line, name, len) && line[len] == ':')
			sscanf(line + len + 1, "%ld", &kb);
	}
	if (f)
		fclose(f);
	return kb;
}

/*
 * How many kB an entry of the device's align counts in smaps.  One of 4K counts
 * where the kernel takes the device's pages for memory of the process, which
 * /proc/self/status shows.  Older kernels take it for none of a page.  Some pages of
 * the process itself may come meanwhile.  Returns -1 if neither is the case.
 */
static inline long devdax_entry_kb(const struct devdax *dd)
{
	static const char path[] = "/proc/self/status";
	long kb = dd->span / 1024, before, used;
	unsigned long off;
	char *p;

	if (dd->align > SZ_4K)
		return dd->align / 1024;
	p = devdax_map(dd, 0, dd->span);
	if (p == MAP_FAILED)
		return -1;
	before = devdax_kb(path, NULL, "RssFile");
	for (off = 0; off < dd->span; off += dd->align)
		devdax_touch(p + off, false);
	used = devdax_kb(path, NULL, "RssFile") - before;
	munmap(p, dd->span);
	if (before < 0 || labs(devdax_kb(path, NULL, "RssFile") - before) > 512)
		return -1;
	return labs(used) <= 512 ? 0 : labs(used - kb) <= 512 ? SZ_4K / 1024 : -1;
}

/* Wait until *val is at least min.  Returns false if it is not after some seconds. */
static inline bool devdax_reaches(const int *val, int min, int seconds)
{
	int ms;

	for (ms = 0; __atomic_load_n(val, __ATOMIC_ACQUIRE) < min; ms++) {
		if (ms >= seconds * 1000)
			return false;
		usleep(1000);
	}
	return true;
}

/* kB of memory that is poisoned, or -1 if the kernel does not count it. */
static inline long devdax_corrupted(void)
{
	return devdax_kb("/proc/meminfo", NULL, "HardwareCorrupted");
}

/*
 * Open the device, and bind it before that if it is unbound.  Returns NULL, or
 * the reason to skip the test.
 */
static inline const char *devdax_open(struct devdax *dd)
{
	dd->path = getenv("DEVDAX");
	if (!dd->path)
		return "DEVDAX is not set to a device-dax device";
	dd->name = strrchr(dd->path, '/');
	dd->name = dd->name ? dd->name + 1 : dd->path;
	dd->align = devdax_attr(dd, "align");
	dd->span = dd->align < SZ_2M ? SZ_2M : dd->align;
	dd->part = dd->align > SZ_4K ? SZ_4K : 512;
	dd->size = devdax_attr(dd, "size");
	if (!dd->align || !dd->size)
		return "DEVDAX is no device-dax device";
	if (sysconf(_SC_PAGESIZE) != SZ_4K)
		return "for base pages of 4K";
	if (!devdax_bound(dd))
		return devdax_bind(dd) ? "DEVDAX cannot be bound" : NULL;
	dd->geometry = devdax_attr(dd, "geometry");
	dd->fd = open(dd->path, O_RDWR | O_CLOEXEC);
	return dd->fd < 0 ? "DEVDAX cannot be opened" : NULL;
}

/*
 * For FIXTURE_SETUP(): open a device of at least nr spans, or SKIP.  The
 * harness would run the test even after a SKIP in the setup.  So exit here, in
 * the way that the harness exits after the test.
 */
static inline void devdax_setup(struct __test_metadata *_metadata,
				struct devdax *dd, unsigned int nr)
{
	const char *why = devdax_open(dd);

	if (!why && dd->size < nr * dd->span)
		why = "device too small";
	if (why)
		SKIP(_exit(DEVDAX_SKIPPED), "%s", why);
}

#endif /* __DEVDAX_H */
