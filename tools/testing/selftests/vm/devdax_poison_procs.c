// SPDX-License-Identifier: GPL-2.0
/*
 * A memory error in a page of a device that several processes map.  Either the
 * error is found by its address, as by a scrubber, and no process has run into
 * it.  Or one of the processes runs into it.  Each process that has touched the
 * page learns the exact address at once.  So does each process that has asked
 * for early signals and only maps the page.
 *
 * "Memory failure" messages of the kernel are expected.
 */
#include "devdax.h"

#include <pthread.h>
#include <sys/syscall.h>

#define HARD_OFFLINE	"/sys/devices/system/memory/hard_offline_page"
#define EARLY_KILL	"/proc/sys/vm/memory_failure_early_kill"
#define NR		2	/* spans: the second one has the page */
#define NR_PROCS	4
#define DEADLINE	3	/* seconds until something counts as missing */

enum { KILL_DEFAULT = -1 };	/* beside PR_MCE_KILL_EARLY and _LATE */

enum threads {
	ONE_THREAD,
	FIRST_HAS_ENDED,
	FIRST_BLOCKS_SIGBUS,
	TWO_THREADS,
};

/* One process that maps the device.  It shares this with the test. */
struct proc {
	/* what it does */
	const struct devdax *dd;
	char *inherited;	/* mapping to use in place of one of its own */
	unsigned long off;	/* in the device: start of its mapping */
	unsigned long touch;	/* in the device */
	bool untouched;
	bool no_access;		/* once it has touched */
	bool unprepared;	/* for SIGBUS */
	int kill;
	enum threads threads;
	/* what becomes of it */
	pid_t pid;
	char *p;
	pid_t second;		/* its other thread */
	bool no_entry;		/* as mprotect() has taken it away */
	int ready;		/* touched */
	int stop;		/* to touch again and leave */
	int told;		/* signals */
	siginfo_t info;		/* of the last one */
	pid_t thread;		/* that had it */
	long faults;		/* of the last touch */
	char byte;		/* that it found */
};

static struct proc *me;

static void note(int sig, siginfo_t *info, void *ctx)
{
	me->info = *info;
	me->thread = syscall(SYS_gettid);
	__atomic_add_fetch(&me->told, 1, __ATOMIC_RELEASE);
}

static void set_kill(int kill)
{
	if (kill != KILL_DEFAULT)
		prctl(PR_MCE_KILL, PR_MCE_KILL_SET, kill, 0, 0);
}

static long touch(void)
{
	char *p = me->p + me->touch - me->off;
	long faults = devdax_faults(p, false);

	me->byte = *p;
	return faults;
}

static bool has_entry(const char *p)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	__u64 entry = 0;

	pread(fd, &entry, 8, (unsigned long)p / SZ_4K * 8);
	close(fd);
	return entry >> 63;
}

/* The work of a process, in its only thread or in its second one. */
static void *work(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	me->second = syscall(SYS_gettid);
	set_kill(me->kill);
	if (!me->untouched)
		me->faults = touch();
	if (me->no_access) {
		mprotect(me->p, NR * me->dd->span - me->off, PROT_NONE);
		me->no_entry = !has_entry(me->p + me->touch - me->off);
	}
	__atomic_store_n(&me->ready, 1, __ATOMIC_RELEASE);
	while (!devdax_reaches(&me->stop, 1, DEADLINE))
		;
	if (me->no_access)
		mprotect(me->p, NR * me->dd->span - me->off, PROT_READ);
	me->faults = touch();
	_exit(0);
}

static void run(void)
{
	struct sigaction act = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	pthread_t thread;
	sigset_t set;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	me->p = me->inherited ?:
		devdax_map(me->dd, me->off, NR * me->dd->span - me->off);
	if (me->p == MAP_FAILED)
		_exit(3);
	signal(SIGBUS, SIG_DFL);
	if (!me->unprepared)
		sigaction(SIGBUS, &act, NULL);
	if (me->threads == ONE_THREAD)
		work(NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	if (me->threads == FIRST_BLOCKS_SIGBUS)
		sigprocmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&thread, NULL, work, NULL))
		_exit(3);
	if (me->threads == FIRST_HAS_ENDED)
		syscall(SYS_exit, 0);
	pthread_join(thread, NULL);
	_exit(3);
}

FIXTURE(devdax_poison_procs)
{
	struct devdax dd;
	unsigned long resource;
	unsigned long hit;	/* in the device: the 4K that goes bad */
	char *p;		/* the whole device, or NULL */
	struct proc *procs;
};

FIXTURE_VARIANT(devdax_poison_procs)
{
	bool by_process;
};

FIXTURE_VARIANT_ADD(devdax_poison_procs, found_by_address) { false };
FIXTURE_VARIANT_ADD(devdax_poison_procs, found_by_process) { true };

FIXTURE_SETUP(devdax_poison_procs)
{
	struct devdax *dd = &self->dd;
	int i;

	devdax_setup(_metadata, dd, NR);
	self->resource = devdax_attr(dd, "resource");
	if (!self->resource || access(HARD_OFFLINE, W_OK))
		SKIP(_exit(DEVDAX_SKIPPED), "no resource attribute or no " HARD_OFFLINE);
	/* The kernel forgets earlier errors. */
	ASSERT_EQ(0, devdax_rebind(dd));
	self->hit = dd->span;
	if (dd->align > SZ_4K)
		self->hit += dd->align / 2 + 5 * SZ_4K;
	self->procs = mmap(NULL, NR_PROCS * sizeof(*self->procs),
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	ASSERT_NE(MAP_FAILED, self->procs);
	for (i = 0; i < NR_PROCS; i++) {
		self->procs[i].dd = dd;
		self->procs[i].touch = self->hit;
		self->procs[i].kill = KILL_DEFAULT;
	}
	self->p = devdax_map(dd, 0, NR * dd->span);
	ASSERT_NE(MAP_FAILED, self->p);
	self->p[self->hit] = 'd';
	/* Nobody who reports an error by address maps it. */
	if (!variant->by_process) {
		munmap(self->p, NR * dd->span);
		self->p = NULL;
	}
}

FIXTURE_TEARDOWN(devdax_poison_procs)
{
	int i;

	for (i = 0; i < NR_PROCS; i++) {
		if (self->procs[i].pid > 0) {
			kill(self->procs[i].pid, SIGKILL);
			waitpid(self->procs[i].pid, NULL, 0);
		}
	}
	if (self->p)
		munmap(self->p, NR * self->dd.span);
	close(self->dd.fd);
}

static bool start(struct proc *proc)
{
	fflush(NULL);
	proc->pid = fork();
	if (!proc->pid) {
		me = proc;
		run();
	}
	return proc->pid > 0 && devdax_reaches(&proc->ready, 1, DEADLINE);
}

/* Let the process leave.  Returns what wait() tells. */
static int stop(struct proc *proc)
{
	int status = -1;

	__atomic_store_n(&proc->stop, 1, __ATOMIC_RELEASE);
	waitpid(proc->pid, &status, 0);
	proc->pid = 0;
	return status;
}

/* An error in the 4K at this offset.  Returns what is wrong, if anything. */
static const char *fail(const struct devdax *dd, unsigned long resource,
			char *p, unsigned long off)
{
	char addr[32];

	if (!p) {
		snprintf(addr, sizeof(addr), "%#lx", resource + off);
		return devdax_write(HARD_OFFLINE, addr) ? HARD_OFFLINE : "";
	}
	if (devdax_poison(p + off) != SIGBUS)
		return "no SIGBUS for the one who ran into it";
	if (devdax_sig.si_code != BUS_MCEERR_AR ||
	    devdax_sig.si_addr != p + off)
		return "another code or address for the one who ran into it";
	return "";
}

#define FAIL(off) \
	EXPECT_STREQ("", fail(&self->dd, self->resource, self->p, off))

/*
 * The process has got nr signals so far, the last one for this offset.  Returns
 * what is wrong with that, if anything.
 */
static const char *not_told(struct proc *proc, unsigned long off, int nr)
{
	if (!devdax_reaches(&proc->told, nr, DEADLINE))
		return "not told";
	if (proc->told != nr)
		return "told too often";
	if (proc->info.si_code != BUS_MCEERR_AO)
		return "not BUS_MCEERR_AO";
	if (proc->info.si_addr != proc->p + off - proc->off)
		return "another address";
	if (proc->info.si_addr_lsb != __builtin_ctzl(proc->dd->align))
		return "another size";
	return "";
}

TEST_F(devdax_poison_procs, all_who_have_touched_it)
{
	struct proc *procs = self->procs;
	int i;

	procs[1].kill = PR_MCE_KILL_EARLY;
	procs[1].off = self->dd.span;
	procs[2].kill = PR_MCE_KILL_LATE;
	procs[3].off = self->dd.span;
	procs[3].no_access = true;
	for (i = 0; i < NR_PROCS; i++)
		ASSERT_TRUE(start(&procs[i]));
	FAIL(self->hit);
	/* mprotect() of older kernels takes entries of 1G away */
	EXPECT_TRUE(!procs[3].no_entry || self->dd.align == SZ_1G);
	for (i = 0; i < NR_PROCS; i++) {
		EXPECT_STREQ(procs[i].no_entry ? "not told" : "",
			     not_told(&procs[i], self->hit, 1));
		/* The error has unmapped the page.  It can be mapped again. */
		procs[i].byte = 0;
		EXPECT_EQ(0, stop(&procs[i]));
		EXPECT_EQ('d', procs[i].byte);
		EXPECT_EQ(1, procs[i].faults);
	}
}

/* Another page, and a page that is mapped and not touched. */
TEST_F(devdax_poison_procs, those_who_have_not)
{
	struct proc *procs = self->procs;
	int i;

	procs[0].touch = 0;
	procs[1].untouched = true;
	procs[2].untouched = true;
	procs[2].kill = PR_MCE_KILL_LATE;
	procs[3].untouched = true;
	procs[3].kill = PR_MCE_KILL_EARLY;
	for (i = 0; i < NR_PROCS; i++)
		ASSERT_TRUE(start(&procs[i]));
	FAIL(self->hit);
	EXPECT_STREQ("", not_told(&procs[3], self->hit, 1));
	for (i = 0; i < NR_PROCS; i++) {
		EXPECT_EQ(0, stop(&procs[i]));
		EXPECT_EQ(i == 3, procs[i].told);
	}
}

/* The administrator may ask early signals for all who did not choose. */
TEST_F(devdax_poison_procs, early_for_all)
{
	struct proc *procs = self->procs;
	int i;

	for (i = 0; i < 2; i++)
		procs[i].untouched = true;
	procs[1].kill = PR_MCE_KILL_LATE;
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(start(&procs[i]));
	ASSERT_EQ(0, devdax_write(EARLY_KILL, "1"));
	FAIL(self->hit);
	EXPECT_EQ(0, devdax_write(EARLY_KILL, "0"));
	EXPECT_STREQ("", not_told(&procs[0], self->hit, 1));
	EXPECT_EQ(0, stop(&procs[0]));
	EXPECT_EQ(0, stop(&procs[1]));
	EXPECT_EQ(0, procs[1].told);
}

/* Children have the mapping of their parent, and entries of their own. */
TEST_F(devdax_poison_procs, children)
{
	struct proc *procs = self->procs;
	char *p;
	int i;

	p = self->p ?: devdax_map(&self->dd, 0, NR * self->dd.span);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, devdax_touch(p + self->hit, true));
	for (i = 0; i < 3; i++)
		procs[i].inherited = p;
	procs[1].untouched = true;
	procs[2].untouched = true;
	procs[2].kill = PR_MCE_KILL_EARLY;
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(start(&procs[i]));
	if (!self->p)
		munmap(p, NR * self->dd.span);
	FAIL(self->hit);
	EXPECT_STREQ("", not_told(&procs[0], self->hit, 1));
	EXPECT_STREQ("", not_told(&procs[2], self->hit, 1));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, stop(&procs[i]));
		EXPECT_EQ(i != 1, procs[i].told);
	}
}

TEST_F(devdax_poison_procs, threads)
{
	struct proc *procs = self->procs;
	int i;

	procs[0].threads = FIRST_HAS_ENDED;
	procs[1].threads = FIRST_BLOCKS_SIGBUS;
	procs[2].threads = TWO_THREADS;
	procs[2].kill = PR_MCE_KILL_EARLY;
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(start(&procs[i]));
	FAIL(self->hit);
	for (i = 0; i < 3; i++) {
		EXPECT_STREQ("", not_told(&procs[i], self->hit, 1));
		EXPECT_EQ(procs[i].second, procs[i].thread);
		EXPECT_EQ(0, stop(&procs[i]));
	}
}

/* A process that does not know what to do about it does not go on. */
TEST_F(devdax_poison_procs, without_a_handler)
{
	struct proc *proc = self->procs;
	int status;

	proc->unprepared = true;
	ASSERT_TRUE(start(proc));
	FAIL(self->hit);
	status = stop(proc);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGBUS, WTERMSIG(status));
}

/*
 * More errors in the same page, which is not mapped any more.  Whoever asked for
 * early signals gets them all.  The others get the next one after a touch.
 */
TEST_F(devdax_poison_procs, next_errors)
{
	struct proc *procs = self->procs;
	unsigned long next = self->hit;

	procs[0].kill = PR_MCE_KILL_EARLY;
	ASSERT_TRUE(start(&procs[0]));
	ASSERT_TRUE(start(&procs[1]));
	FAIL(self->hit);
	EXPECT_STREQ("", not_told(&procs[0], self->hit, 1));
	EXPECT_STREQ("", not_told(&procs[1], self->hit, 1));
	if (self->dd.align > SZ_4K)
		next += 7 * SZ_4K;
	FAIL(next);
	EXPECT_STREQ("", not_told(&procs[0], next, 2));
	EXPECT_EQ(0, stop(&procs[0]));
	EXPECT_EQ(0, stop(&procs[1]));
	EXPECT_EQ(1, procs[1].told);

	/* A new process maps the page like any other, and is told again. */
	procs[2].touch = next;
	ASSERT_TRUE(start(&procs[2]));
	FAIL(next);
	EXPECT_STREQ("", not_told(&procs[2], next, 1));
	EXPECT_EQ(0, stop(&procs[2]));
}

TEST_HARNESS_MAIN
