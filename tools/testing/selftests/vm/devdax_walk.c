// SPDX-License-Identifier: GPL-2.0
/*
 * Reports and calls that walk the page tables of a process.  They tell about a
 * mapping of device-dax what is true at every align, and none of them takes the
 * entry of the mapping away.  A memory error is told only to processes that have
 * an entry, and the next access would have to fault.
 */
#include "devdax.h"
#include <linux/mempolicy.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

/* bits of an entry of pagemap */
#define PM_SOFT_DIRTY	0x0080000000000000ULL
#define PM_FILE		0x2000000000000000ULL
#define PM_PRESENT	0x8000000000000000ULL

FIXTURE(devdax_walk)
{
	struct devdax dd;
	unsigned long align;
	long kb;	/* what an entry counts in smaps */
	int pagemap;
	char *p;	/* of two aligns, the first of which is touched */
};

FIXTURE_SETUP(devdax_walk)
{
	devdax_setup(_metadata, &self->dd, 2);
	self->align = self->dd.align;
	self->kb = devdax_entry_kb(&self->dd);
	ASSERT_LE(0, self->kb);
	self->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->pagemap);
	self->p = devdax_map(&self->dd, 0, 2 * self->align);
	ASSERT_NE(MAP_FAILED, self->p);
	/* A test must be able to see that an entry is not there. */
	ASSERT_EQ(1, devdax_faults(self->p, true));
	ASSERT_EQ(0, devdax_faults(self->p, true));
}

FIXTURE_TEARDOWN(devdax_walk)
{
	EXPECT_EQ(0, devdax_faults(self->p, true));
	munmap(self->p, 2 * self->align);
	close(self->pagemap);
	close(self->dd.fd);
}

/* The entries of pagemap for nr pages of 4K from p on.  Returns how many. */
static long entries(int fd, const char *p, __u64 *entry, unsigned int nr)
{
	ssize_t n = pread(fd, entry, nr * sizeof(*entry),
			  (unsigned long)p / SZ_4K * sizeof(*entry));

	return n < 0 ? -errno : n / (long)sizeof(*entry);
}

static __u64 entry(int fd, const char *p)
{
	__u64 entry = 0;

	entries(fd, p, &entry, 1);
	return entry;
}

TEST_F(devdax_walk, pagemap_has_the_page_frames)
{
	unsigned long start = devdax_attr(&self->dd, "resource");
	unsigned long last = self->align - SZ_4K, offs[] = {
		0, last / 2 & ~(SZ_4K - 1), last,
	};
	__u64 pm;
	int i;

	for (i = 0; i < 3; i++) {
		pm = entry(self->pagemap, self->p + offs[i]);
		EXPECT_EQ(PM_PRESENT, pm & PM_PRESENT);
		/* whoever is not privileged sees no page frames */
		if (!geteuid() && start)
			EXPECT_EQ((start + offs[i]) / SZ_4K, pm & PM_PFN);
		EXPECT_EQ(self->kb ? PM_FILE : 0, pm & PM_FILE);
	}
}

/* One read over the end of what was touched gets an entry for every page. */
TEST_F(devdax_walk, pagemap_ends_where_the_entry_ends)
{
	unsigned int i, nr = SZ_2M / SZ_4K, touched = nr;
	unsigned int wrong = 0;
	__u64 pm[2 * nr], frame;

	if (self->align == SZ_4K)
		touched = 1;
	ASSERT_EQ(2 * touched,
		  entries(self->pagemap,
			  self->p + self->align - touched * SZ_4K, pm,
			  2 * touched));
	frame = pm[0] & PM_PFN;
	for (i = 0; i < touched; i++)
		wrong += (pm[i] & (PM_PRESENT | PM_PFN)) !=
			 (PM_PRESENT | (frame ? frame + i : 0));
	for (; i < 2 * touched; i++)
		wrong += !!(pm[i] & (PM_PRESENT | PM_PFN));
	EXPECT_EQ(0, wrong);
}

/* PAGEMAP_SCAN of <linux/fs.h>, which older headers do not have */
struct scan_region {
	__u64 start;
	__u64 end;
	__u64 categories;
};

struct scan_arg {
	__u64 size;
	__u64 flags;
	__u64 start;
	__u64 end;
	__u64 walk_end;
	__u64 vec;
	__u64 vec_len;
	__u64 max_pages;
	__u64 category_inverted;
	__u64 category_mask;
	__u64 category_anyof_mask;
	__u64 return_mask;
};

#define SCAN		_IOWR('f', 16, struct scan_arg)
#define SCAN_WRITTEN	0x2
#define SCAN_PRESENT	0x8
#define SCAN_HUGE	0x40

/* What PAGEMAP_SCAN finds from p on.  Returns how many regions, of which *found is one. */
static int scan(int pagemap, const char *p, unsigned long len,
		struct scan_region *found)
{
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = (unsigned long)p,
		.end = (unsigned long)p + len,
		.vec = (unsigned long)found,
		.vec_len = 1,
		.category_mask = SCAN_PRESENT,
		.return_mask = SCAN_PRESENT | SCAN_WRITTEN | SCAN_HUGE,
	};
	int nr = ioctl(pagemap, SCAN, &arg);

	return nr < 0 ? -errno : nr;
}

/*
 * Of two entries one is there.  Nobody has asked to know what is written.  Newer
 * kernels say so of no page then, older ones of all.
 */
TEST_F(devdax_walk, scan_finds_the_entry)
{
	static char ram[2 * SZ_4K];
	char *page = ram + (-(unsigned long)ram & (SZ_4K - 1));
	struct scan_region of_dax = {}, of_ram = {};
	int nr;

	*page = 1;
	nr = scan(self->pagemap, page, SZ_4K, &of_ram);
	if (nr == -ENOTTY)
		SKIP(return, "for kernels with PAGEMAP_SCAN");
	EXPECT_EQ(1, nr);
	EXPECT_EQ(1, scan(self->pagemap, self->p, 2 * self->align, &of_dax));
	EXPECT_EQ((unsigned long)self->p, of_dax.start);
	EXPECT_EQ(self->align, of_dax.end - of_dax.start);
	EXPECT_EQ(of_ram.categories | (self->align > SZ_4K ? SCAN_HUGE : 0),
		  of_dax.categories);
	EXPECT_EQ(0, devdax_faults(self->p, false));
}

/* Whatever the geometry is, what is mapped counts. */
TEST_F(devdax_walk, smaps_counts_what_is_mapped)
{
	long kb = self->kb, size = self->align / 1024;
	static const char path[] = "/proc/self/smaps";

	/* A page that anybody wrote to may be dirty for good: take fresh pages. */
	munmap(self->p, 2 * self->align);
	ASSERT_EQ(0, devdax_rebind(&self->dd));
	self->p = devdax_map(&self->dd, 0, 2 * self->align);
	ASSERT_NE(MAP_FAILED, self->p);
	EXPECT_EQ(0, devdax_kb(path, self->p, "Rss"));
	ASSERT_EQ(1, devdax_faults(self->p, true));

	/* an older kernel without hugetlbfs knows no other size than 4K */
	if (access("/proc/sys/vm/nr_hugepages", F_OK) &&
	    devdax_kb(path, self->p, "KernelPageSize") == 4)
		size = 4;
	EXPECT_EQ(size, devdax_kb(path, self->p, "KernelPageSize"));
	EXPECT_EQ(size, devdax_kb(path, self->p, "MMUPageSize"));
	EXPECT_EQ(kb, devdax_kb(path, self->p, "Rss"));
	EXPECT_EQ(kb, devdax_kb(path, self->p, "Pss"));
	EXPECT_EQ(kb, devdax_kb(path, self->p, "Private_Dirty"));
	EXPECT_EQ(kb, devdax_kb(path, self->p, "Referenced"));
	EXPECT_EQ(0, devdax_kb(path, self->p, "Anonymous"));
	EXPECT_EQ(1, devdax_faults(self->p + self->align, false));
	EXPECT_EQ(2 * kb, devdax_kb(path, self->p, "Rss"));
	EXPECT_EQ(kb, devdax_kb(path, self->p, "Private_Dirty"));
	EXPECT_EQ(kb, devdax_kb(path, self->p, "Private_Clean"));
	EXPECT_EQ(0, devdax_faults(self->p + self->align, false));
}

TEST_F(devdax_walk, smaps_rollup_counts_what_is_mapped)
{
	static const char path[] = "/proc/self/smaps_rollup";
	long rss = devdax_kb(path, NULL, "Rss"), kb = self->kb, diff;

	ASSERT_LT(0, rss);
	EXPECT_EQ(0, devdax_faults(self->p, true));
	munmap(self->p, 2 * self->align);
	diff = rss - devdax_kb(path, NULL, "Rss");
	/* The program itself may have touched some pages meanwhile. */
	EXPECT_LE(kb - 256, diff);
	EXPECT_GE(kb + 256, diff);
	self->p = devdax_map(&self->dd, 0, 2 * self->align);
	ASSERT_NE(MAP_FAILED, self->p);
	EXPECT_EQ(1, devdax_faults(self->p, true));
}

TEST_F(devdax_walk, numa_maps_has_the_mapping)
{
	char line[512], start[32];
	bool found = false;
	FILE *f = fopen("/proc/self/numa_maps", "r");

	if (!f)
		SKIP(return, "no numa_maps");
	snprintf(start, sizeof(start), "%08lx ", (unsigned long)self->p);
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line, start, strlen(start));
	fclose(f);
	/* device memory is not counted for a node */
	EXPECT_EQ(NULL, strstr(line, " N"));
	EXPECT_TRUE(found);
}

TEST_F(devdax_walk, mincore_knows_what_is_there)
{
	unsigned long nr = self->align < SZ_2M ? 1 : SZ_2M / SZ_4K, i;
	unsigned char core[2 * nr];
	unsigned int wrong = 0;

	memset(core, 2, sizeof(core));
	ASSERT_EQ(0, mincore(self->p + self->align - nr * SZ_4K,
			     2 * nr * SZ_4K, core));
	for (i = 0; i < 2 * nr; i++)
		wrong += core[i] != (i < nr);
	EXPECT_EQ(0, wrong);
}

TEST_F(devdax_walk, clear_refs_forgets_accesses)
{
	static const char path[] = "/proc/self/smaps";
	long kb = self->kb;

	ASSERT_EQ(kb, devdax_kb(path, self->p, "Referenced"));
	ASSERT_EQ(0, devdax_write("/proc/self/clear_refs", "1"));
	EXPECT_EQ(0, devdax_kb(path, self->p, "Referenced"));
	EXPECT_EQ(kb, devdax_kb(path, self->p, "Rss"));
	EXPECT_EQ(0, devdax_faults(self->p, true));
}

TEST_F(devdax_walk, clear_refs_tracks_writes)
{
	static char here;
	bool kept;

	here = 1;
	if (!(entry(self->pagemap, &here) & PM_SOFT_DIRTY))
		SKIP(return, "no CONFIG_MEM_SOFT_DIRTY");
	EXPECT_EQ(PM_SOFT_DIRTY, entry(self->pagemap, self->p) & PM_SOFT_DIRTY);
	ASSERT_EQ(0, devdax_write("/proc/self/clear_refs", "4"));
	/* What is not tracked must count as written, always. */
	if (self->align == SZ_1G &&
	    entry(self->pagemap, self->p) & PM_SOFT_DIRTY) {
		EXPECT_EQ(0, devdax_faults(self->p, true));
		SKIP(return, "for kernels that track writes to 1G");
	}
	EXPECT_EQ(0, entry(self->pagemap, self->p) & PM_SOFT_DIRTY);
	EXPECT_EQ(PM_PRESENT, entry(self->pagemap, self->p) & PM_PRESENT);
	/* A read is not tracked, and a write is, by a fault. */
	EXPECT_EQ(0, devdax_faults(self->p, false));
	EXPECT_EQ(0, entry(self->pagemap, self->p) & PM_SOFT_DIRTY);
	EXPECT_EQ(1, devdax_faults(self->p, true));
	EXPECT_EQ(PM_SOFT_DIRTY, entry(self->pagemap, self->p) & PM_SOFT_DIRTY);
	EXPECT_EQ(0, entry(self->pagemap, self->p + self->align) &
		     PM_SOFT_DIRTY);
	/* Older kernels take an entry of 1G away, and the mark with it. */
	ASSERT_EQ(0, mprotect(self->p, self->align, PROT_READ));
	kept = !devdax_faults(self->p, false);
	EXPECT_TRUE(kept || self->align == SZ_1G);
	EXPECT_EQ(kept ? PM_SOFT_DIRTY : 0,
		  entry(self->pagemap, self->p) & PM_SOFT_DIRTY);
	ASSERT_EQ(0, mprotect(self->p, self->align, PROT_READ | PROT_WRITE));
	devdax_faults(self->p, true);
}

/* Advice about memory that can be reclaimed. */
TEST_F(devdax_walk, advice_leaves_the_entry)
{
	if (madvise(self->p, self->align, MADV_COLD))
		EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, devdax_faults(self->p, true));
	if (madvise(self->p, self->align, MADV_PAGEOUT))
		EXPECT_EQ(EINVAL, errno);
}

/* The memory is on the node that it is on: the call may succeed or fail. */
TEST_F(devdax_walk, mbind_leaves_the_entry)
{
	unsigned long nodes = 1;

	if (access("/proc/self/numa_maps", F_OK))
		SKIP(return, "no CONFIG_NUMA");
	if (syscall(SYS_mbind, self->p, self->align, MPOL_BIND, &nodes,
		    8 * sizeof(nodes), MPOL_MF_STRICT))
		EXPECT_EQ(EIO, errno);
}

TEST_HARNESS_MAIN
