// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual machine with its memory on device-dax.  The machine reads what the
 * host wrote, and writes what the host reads.  The device can be unbound when
 * the machine is gone, and even while it exists.
 *
 * Needs /dev/kvm on x86_64.
 */
#include "devdax.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#define NR		2	/* spans */
#define TABLES		0x1000UL	/* guest-physical, like the next two */
#define CODE		0x10000UL
#define DATA		0x20000UL
#define SEED		0x5eedULL

/* The headers for user space do not have all of these. */
#define CR0_PE		0x00000001ULL
#define CR0_PG		0x80000000ULL
#define CR4_PAE		0x00000020ULL
#define EFER_LME	0x00000100ULL
#define EFER_LMA	0x00000400ULL
#define PTE_PRESENT	0x003ULL	/* and writable */
#define PTE_HUGE	0x080ULL

/*
 * for (; rdi < rsi; rdi += rdx) {
 *	rbx += *rdi;
 *	*rdi = rdi ^ rcx;
 * }
 */
static const unsigned char code[] = {
	0x48, 0x03, 0x1f,		/* add (%rdi), %rbx */
	0x48, 0x89, 0xf8,		/* mov %rdi, %rax */
	0x48, 0x31, 0xc8,		/* xor %rcx, %rax */
	0x48, 0x89, 0x07,		/* mov %rax, (%rdi) */
	0x48, 0x01, 0xd7,		/* add %rdx, %rdi */
	0x48, 0x39, 0xf7,		/* cmp %rsi, %rdi */
	0x72, 0xec,			/* jb to the start */
	0xf4,				/* hlt */
};

struct machine {
	char *p;		/* memory of the machine */
	unsigned long len;
	unsigned long step;	/* distance of the words that it uses */
	int vm;
	int cpu;
	struct kvm_run *run;
	int run_size;
};

FIXTURE(devdax_kvm)
{
	struct devdax dd;
	struct machine machine;
};

static long large_pages(void)
{
	FILE *f = fopen("/sys/kernel/debug/kvm/largepages", "r");
	long nr = -1;

	if (f && fscanf(f, "%ld", &nr) != 1)
		nr = -1;
	if (f)
		fclose(f);
	return nr;
}

/*
 * Write page tables into the memory of the machine.  They map 4G one to one, by
 * pages of 2M.
 */
static void make_tables(char *p)
{
	__u64 *table = (__u64 *)(p + TABLES);
	unsigned long i;

	memset(table, 0, 2 * SZ_4K);
	table[0] = (TABLES + SZ_4K) | PTE_PRESENT;
	for (i = 0; i < 4; i++)
		table[512 + i] = (TABLES + (2 + i) * SZ_4K) | PTE_PRESENT;
	for (i = 0; i < 4 * 512; i++)
		table[1024 + i] = i * SZ_2M | PTE_PRESENT | PTE_HUGE;
}

static int set_cpuid(int kvm, int cpu)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[128];
	} cpuid = { .head.nent = 128 };

	return ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) ||
	       ioctl(cpu, KVM_SET_CPUID2, &cpuid);
}

/* Put the processor into 64-bit mode. */
static int set_state(int cpu)
{
	struct kvm_segment seg = {
		.limit = ~0U, .selector = 8, .present = 1, .type = 11,
		.s = 1, .l = 1, .g = 1,
	};
	struct kvm_sregs sregs;

	if (ioctl(cpu, KVM_GET_SREGS, &sregs))
		return -1;
	sregs.cs = seg;
	seg.selector = 16;
	seg.type = 3;
	seg.l = 0;
	seg.db = 1;
	sregs.ds = seg;
	sregs.es = seg;
	sregs.ss = seg;
	sregs.cr3 = TABLES;
	sregs.cr4 = CR4_PAE;
	sregs.cr0 |= CR0_PE | CR0_PG;
	sregs.efer = EFER_LME | EFER_LMA;
	return ioctl(cpu, KVM_SET_SREGS, &sregs);
}

static const char *make_machine(struct machine *m)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct kvm_userspace_memory_region memory = {
		.memory_size = m->len,
		.userspace_addr = (unsigned long)m->p,
	};

	if (kvm < 0)
		return "no /dev/kvm";
	m->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (m->vm < 0)
		return "no virtual machine";
	if (ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &memory))
		return "no memory for the virtual machine";
	m->cpu = ioctl(m->vm, KVM_CREATE_VCPU, 0);
	m->run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	m->run = mmap(NULL, m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      m->cpu, 0);
	if (m->run == MAP_FAILED || set_cpuid(kvm, m->cpu) ||
	    set_state(m->cpu))
		return "no processor for the virtual machine";
	close(kvm);
	return NULL;
}

FIXTURE_SETUP(devdax_kvm)
{
	struct machine *m = &self->machine;
	const char *why;

	devdax_setup(_metadata, &self->dd, NR);
	m->len = NR * self->dd.span;
	/* Use different 4Ks of each page, but not too many. */
	m->step = self->dd.span > SZ_2M ? self->dd.span / 1024 + SZ_4K : SZ_4K;
	m->p = devdax_map(&self->dd, 0, m->len);
	ASSERT_NE(MAP_FAILED, m->p);
	make_tables(m->p);
	memcpy(m->p + CODE, code, sizeof(code));
	why = make_machine(m);
	if (why)
		SKIP(_exit(DEVDAX_SKIPPED), "%s", why);
}

static void end_machine(struct machine *m)
{
	/* The machine exists as long as one of these is open or mapped. */
	munmap(m->run, m->run_size);
	close(m->cpu);
	close(m->vm);
}

FIXTURE_TEARDOWN(devdax_kvm)
{
	/* A mapping also keeps the device file open. */
	munmap(self->machine.p, self->machine.len);
	EXPECT_EQ(0, devdax_settle(&self->dd));
}

/* Run the program over all data.  sum gets the sum of what it read. */
static int run(struct machine *m, __u64 *sum)
{
	struct kvm_regs regs = {
		.rip = CODE, .rflags = 2, .rdi = DATA, .rsi = m->len,
		.rdx = m->step, .rcx = SEED,
	};

	if (ioctl(m->cpu, KVM_SET_REGS, &regs) || ioctl(m->cpu, KVM_RUN, 0))
		return -errno;
	if (m->run->exit_reason != KVM_EXIT_HLT)
		return m->run->exit_reason;
	if (ioctl(m->cpu, KVM_GET_REGS, &regs))
		return -errno;
	*sum = regs.rbx;
	return 0;
}

TEST_F(devdax_kvm, reads_and_writes)
{
	struct machine *m = &self->machine;
	__u64 want = 0, sum = 0;
	unsigned long off, wrong = 0;
	long large = large_pages();

	for (off = DATA; off < m->len; off += m->step) {
		*(__u64 *)(m->p + off) = devdax_word(off, 1);
		want += devdax_word(off, 1);
	}
	ASSERT_EQ(0, run(m, &sum));
	EXPECT_EQ(want, sum);
	for (off = DATA; off < m->len; off += m->step)
		wrong += *(__u64 *)(m->p + off) != (off ^ SEED);
	EXPECT_EQ(0, wrong);
	if (large >= 0)
		TH_LOG("%ld large pages", large_pages() - large);
	if (large >= 0 && self->dd.align > SZ_4K)
		EXPECT_LT(large, large_pages());

	end_machine(m);
	munmap(m->p, m->len);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
}

/* The entries are removed, and come back with the same data. */
TEST_F(devdax_kvm, runs_on_after_zap)
{
	struct machine *m = &self->machine;
	unsigned long off, wrong = 0;
	__u64 want = 0, sum = 0;

	ASSERT_EQ(0, run(m, &sum));
	ASSERT_EQ(0, madvise(m->p, m->len, MADV_DONTNEED));
	ASSERT_EQ(0, run(m, &sum));
	for (off = DATA; off < m->len; off += m->step) {
		wrong += *(__u64 *)(m->p + off) != (off ^ SEED);
		want += off ^ SEED;
	}
	EXPECT_EQ(want, sum);
	EXPECT_EQ(0, wrong);
	end_machine(m);
	munmap(m->p, m->len);
	EXPECT_EQ(0, devdax_unbind(&self->dd));
}

/*
 * The machine holds no pages.  It loses its memory, and KVM_RUN reports that.
 */
TEST_F(devdax_kvm, unbind_under_machine)
{
	struct machine *m = &self->machine;
	__u64 sum;

	ASSERT_EQ(0, run(m, &sum));
	EXPECT_EQ(0, devdax_unbind(&self->dd));
	EXPECT_NE(0, run(m, &sum));
	TH_LOG("without memory: %d", run(m, &sum));
	end_machine(m);
	munmap(m->p, m->len);
}

TEST_HARNESS_MAIN
