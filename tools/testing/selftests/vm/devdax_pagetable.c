// SPDX-License-Identifier: GPL-2.0
/*
 * Code that changes or walks page tables must cope with a huge entry of
 * device-dax on every level.  Code that removes the entry must flush the TLBs
 * of all processors.  No code may mistake the entry for a pointer to a page
 * table.
 */
#include "devdax.h"
#include <pthread.h>
#include <sys/ptrace.h>

FIXTURE(devdax_pagetable)
{
	struct devdax dd;
	unsigned long align;
	int kmsg;	/* log of the kernel from now on */
	char *p;
};

FIXTURE_SETUP(devdax_pagetable)
{
	devdax_setup(_metadata, &self->dd, 1);
	self->align = self->dd.align;
	self->kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->kmsg);
	ASSERT_NE(-1, lseek(self->kmsg, 0, SEEK_END));
	self->p = devdax_map(&self->dd, 0, self->align);
	ASSERT_NE(MAP_FAILED, self->p);
}

/* Did the kernel report a bad page table entry? */
static bool bad_entry(int kmsg)
{
	char line[8192], *text;
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		text = strstr(line, ": bad p");
		if (text && (text[7] == 'u' || text[7] == 'm'))
			return true;
	}
	return false;
}

FIXTURE_TEARDOWN(devdax_pagetable)
{
	EXPECT_FALSE(bad_entry(self->kmsg));
	close(self->kmsg);
	close(self->dd.fd);
}

/*
 * A thread that stays on its processor and keeps the entry in the TLB there,
 * while another thread changes the mapping.
 */
struct user {
	pthread_t thread;
	char *p;
	int before;
	int after;
	bool ready;
	bool changed;
};

static void *use(void *arg)
{
	struct user *user = arg;

	user->before = devdax_touch(user->p, true);
	__atomic_store_n(&user->ready, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&user->changed, __ATOMIC_SEQ_CST))
		;
	user->after = devdax_touch(user->p, true);
	return NULL;
}

static void user_start(struct user *user, char *p)
{
	user->p = p;
	user->ready = false;
	user->changed = false;
	pthread_create(&user->thread, NULL, use, user);
	while (!__atomic_load_n(&user->ready, __ATOMIC_SEQ_CST))
		;
}

static void user_end(struct user *user)
{
	__atomic_store_n(&user->changed, true, __ATOMIC_SEQ_CST);
	pthread_join(user->thread, NULL);
}

TEST_F(devdax_pagetable, mprotect_reaches_all_threads)
{
	struct user user;

	devdax_fill(self->p, 0, SZ_4K, 1);
	user_start(&user, self->p);
	ASSERT_EQ(0, mprotect(self->p, self->align, PROT_READ));
	user_end(&user);
	EXPECT_EQ(0, user.before);
	EXPECT_EQ(SIGSEGV, user.after);
	EXPECT_EQ(SEGV_ACCERR, devdax_sig.si_code);

	EXPECT_EQ(0, devdax_touch(self->p, false));
	EXPECT_TRUE(devdax_check(self->p, 0, SZ_4K, 1));
	ASSERT_EQ(0, mprotect(self->p, self->align, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, devdax_touch(self->p, true));
}

TEST_F(devdax_pagetable, mremap_reaches_all_threads)
{
	unsigned long align = self->align;
	struct user user;
	char *area;

	area = devdax_reserve(&self->dd, align, 0);
	ASSERT_NE(MAP_FAILED, area);

	devdax_fill(self->p, 0, SZ_4K, 2);
	user_start(&user, self->p);
	ASSERT_EQ(area, mremap(self->p, align, align,
			       MREMAP_MAYMOVE | MREMAP_FIXED, area));
	user_end(&user);
	EXPECT_EQ(0, user.before);
	EXPECT_EQ(SIGSEGV, user.after);
	EXPECT_EQ(SEGV_MAPERR, devdax_sig.si_code);
	EXPECT_EQ(0, devdax_touch(area, true));
	EXPECT_TRUE(devdax_check(area, 0, SZ_4K, 2));
}

/*
 * This advice is about memory that can be reclaimed.  The kernel either leaves
 * the entry of device memory alone, or removes it with a flush.  If a
 * processor still had the entry in its TLB, a process could use the memory
 * after the device was unbound.
 */
static void advise(struct __test_metadata *_metadata, struct devdax *dd,
		   char *p, int advice)
{
	struct user user;

	devdax_fill(p, 0, SZ_4K, 3);
	user_start(&user, p);
	if (madvise(p, dd->align, advice))
		EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(devdax_check(p, 0, SZ_4K, 3));
	EXPECT_EQ(0, devdax_unbind(dd));
	user_end(&user);
	EXPECT_EQ(0, user.before);
	EXPECT_EQ(SIGBUS, user.after);
	munmap(p, dd->align);
	EXPECT_EQ(0, devdax_bind(dd));
}

/* A debugger of a process that has p without access.  Returns what it reads there. */
static long debugger_reads(char *p, unsigned long len, char *word)
{
	pid_t pid = fork();
	long data;

	if (!pid) {
		devdax_touch(word, false);
		if (mprotect(p, len, PROT_NONE) ||
		    ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL);
	errno = 0;
	data = ptrace(PTRACE_PEEKDATA, pid, word, NULL);
	return errno ? -errno : data;
}

TEST_F(devdax_pagetable, debugger_reads_without_access)
{
	long *word = (long *)(self->p + self->align) - 1;
	int i, err = -ETIMEDOUT;
	pid_t pid;

	*word = 0xda;
	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(debugger_reads(self->p, self->align, (char *)word) != 0xda);
	ASSERT_LT(0, pid);
	for (i = 0; i < 20 && err == -ETIMEDOUT; i++)
		err = devdax_wait(pid, 500);
	if (err == -ETIMEDOUT) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	EXPECT_EQ(0, err);
}

TEST_F(devdax_pagetable, advice_cold)
{
	advise(_metadata, &self->dd, self->p, MADV_COLD);
}

TEST_F(devdax_pagetable, advice_pageout)
{
	advise(_metadata, &self->dd, self->p, MADV_PAGEOUT);
}

TEST_F(devdax_pagetable, advice_free)
{
	advise(_metadata, &self->dd, self->p, MADV_FREE);
}

/* A thread that walks or changes the mapping again and again. */
struct walker {
	pthread_t thread;
	char *p;
	unsigned long size;	/* bytes of the mapping to discard */
	unsigned long seen;	/* reads of pagemap with a page frame */
	unsigned long wrong;	/* with another one than it must be */
	bool stop;
};

/* The last entries of pagemap before end.  Returns the page frame of the first. */
static __u64 frame_before(int fd, char *end)
{
	__u64 entries[SZ_2M / SZ_4K] = {};

	pread(fd, entries, sizeof(entries),
	      (unsigned long)(end - SZ_2M) / SZ_4K * sizeof(*entries));
	return entries[0] & PM_PFN;
}

/*
 * The mapping has size bytes.  Behind it is a mapping of what comes next in the
 * device, which stays.
 */
static void *walk(void *arg)
{
	struct walker *walker = arg;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	char *end = walker->p + walker->size;
	__u64 next = frame_before(fd, end + SZ_2M), frame;

	while (!__atomic_load_n(&walker->stop, __ATOMIC_SEQ_CST)) {
		frame = frame_before(fd, end);
		walker->seen += !!frame;
		walker->wrong += frame && frame + SZ_2M / SZ_4K != next;
	}
	close(fd);
	return NULL;
}

/* Discard a part of the mapping that is smaller than one entry. */
static void *discard(void *arg)
{
	struct walker *walker = arg;

	while (!__atomic_load_n(&walker->stop, __ATOMIC_SEQ_CST))
		madvise(walker->p, walker->size, MADV_DONTNEED);
	return NULL;
}

/*
 * Read for 20 seconds while a walker runs.  Returns how often the data was
 * wrong.  A read that faults can take a millisecond, so the clock is asked often.
 */
static unsigned long read_beside(void *(*fn)(void *), struct walker *walker)
{
	__u64 *word = (__u64 *)walker->p;
	unsigned long i, lost = 0;
	time_t end;

	for (i = 0; i < SZ_4K / sizeof(*word); i++)
		word[i] = 1;
	if (pthread_create(&walker->thread, NULL, fn, walker))
		return ~0UL;
	for (end = time(NULL) + 20; time(NULL) < end && !lost;)
		for (i = 0; i < 100; i++)
			lost += __atomic_load_n(word, __ATOMIC_RELAXED) != 1;
	__atomic_store_n(&walker->stop, true, __ATOMIC_SEQ_CST);
	pthread_join(walker->thread, NULL);
	return lost;
}

/*
 * The entry goes away, and the next access brings the entry back, maybe while a
 * walk looks at it.  Then the walk must not mistake the memory of the device for
 * a page table.  As a page table it would look bad, and the kernel would clear
 * it.  Nor must the walk leave pages out: the mapping behind has other ones.
 */
TEST_F_TIMEOUT(devdax_pagetable, walk_while_faulting, 120)
{
	struct walker walker = { .size = self->dd.span }, other;

	if (self->dd.size < 2 * walker.size)
		SKIP(return, "device too small");
	walker.p = devdax_map(&self->dd, 0, 2 * walker.size);
	ASSERT_NE(MAP_FAILED, walker.p);
	memset(walker.p + walker.size, 1, SZ_2M);
	other = walker;
	ASSERT_EQ(0, pthread_create(&other.thread, NULL, discard, &other));
	EXPECT_EQ(0, read_beside(walk, &walker));
	__atomic_store_n(&other.stop, true, __ATOMIC_SEQ_CST);
	pthread_join(other.thread, NULL);
	/* the walk and the discarding took turns */
	EXPECT_NE(0, walker.seen);
	EXPECT_EQ(0, walker.wrong);
	munmap(walker.p, 2 * walker.size);
}

/* A walk must not mistake an entry that came back for a bad entry. */
TEST_F_TIMEOUT(devdax_pagetable, discard_while_faulting, 120)
{
	struct walker walker = { .p = self->p, .size = self->align / 2 };

	EXPECT_EQ(0, read_beside(discard, &walker));
}

static void read_file(const char *path)
{
	char buf[SZ_4K];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

/* Read every report for which the kernel walks the page tables of a process. */
static void *report(void *arg)
{
	struct walker *walker = arg;
	unsigned char core[512];
	__u64 entries[512];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	while (!__atomic_load_n(&walker->stop, __ATOMIC_SEQ_CST)) {
		read_file("/proc/self/smaps");
		read_file("/proc/self/smaps_rollup");
		read_file("/proc/self/numa_maps");
		pread(fd, entries, sizeof(entries),
		      (unsigned long)walker->p / SZ_4K * sizeof(*entries));
		mincore(walker->p, sizeof(core) * SZ_4K, core);
		devdax_write("/proc/self/clear_refs", "1");
	}
	close(fd);
	return NULL;
}

/*
 * The mapping is made, changed, moved and removed while the reports are read.
 * The kernel must not mistake the memory for a page table, and must not lose
 * what the process has written.
 */
TEST_F_TIMEOUT(devdax_pagetable, report_beside_changes, 120)
{
	unsigned long align = self->align, i;
	struct walker walker = { .p = self->p };
	time_t end = time(NULL) + 10;
	char *area, *p = self->p;

	area = devdax_reserve(&self->dd, align, 0);
	ASSERT_NE(MAP_FAILED, area);
	for (i = 0; i < SZ_4K / sizeof(__u64); i++)
		((__u64 *)p)[i] = 1;
	ASSERT_EQ(0, pthread_create(&walker.thread, NULL, report, &walker));
	for (i = 0; time(NULL) < end; i++) {
		ASSERT_EQ(1, __atomic_load_n((__u64 *)p, __ATOMIC_RELAXED));
		ASSERT_EQ(0, mprotect(p, align, PROT_READ));
		ASSERT_EQ(1, __atomic_load_n((__u64 *)p, __ATOMIC_RELAXED));
		ASSERT_EQ(0, mprotect(p, align, PROT_READ | PROT_WRITE));
		__atomic_store_n((__u64 *)p, 1, __ATOMIC_RELAXED);
		ASSERT_EQ(area, mremap(p, align, align,
				       MREMAP_MAYMOVE | MREMAP_FIXED, area));
		ASSERT_EQ(1, __atomic_load_n((__u64 *)area, __ATOMIC_RELAXED));
		ASSERT_EQ(p, mremap(area, align, align,
				    MREMAP_MAYMOVE | MREMAP_FIXED, p));
		ASSERT_EQ(1, __atomic_load_n((__u64 *)p, __ATOMIC_RELAXED));
		ASSERT_EQ(0, munmap(p, align));
		ASSERT_EQ(p, mmap(p, align, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, self->dd.fd, 0));
	}
	TH_LOG("%lu rounds", i);
	__atomic_store_n(&walker.stop, true, __ATOMIC_SEQ_CST);
	pthread_join(walker.thread, NULL);
}

TEST_HARNESS_MAIN
