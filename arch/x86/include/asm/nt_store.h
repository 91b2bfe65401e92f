/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_NT_STORE_H
#define _ASM_X86_NT_STORE_H

/* See include/asm-generic/nt_store.h for what the functions promise. */

#ifdef __x86_64__

/* MOVNTI is part of SSE2, which every x86_64 has, and uses no FPU state */
static inline void nt_store(unsigned long *p, unsigned long value)
{
	asm volatile("movnti %1, %0" : "=m" (*p) : "r" (value));
}

/*
 * If the caller is preempted or interrupted before it calls this, the interrupt
 * itself empties the write-combining buffers.
 */
static inline void nt_store_fence(void)
{
	asm volatile("sfence" : : : "memory");
}

#ifdef __KERNEL__
#include <linux/processor.h>

/*
 * One thread wrote 1 GiB of struct pages from an image, in virtual machines. On
 * Intel Xeons, non-temporal stores were 1.8 to 2.6 times as fast as ordinary
 * ones. On an AMD EPYC they were 0.7 times as fast. Other vendors were not
 * measured.
 */
static inline bool nt_store_pays(void)
{
	return boot_cpu_data.x86_vendor == X86_VENDOR_INTEL;
}
#endif

#else
#include <asm-generic/nt_store.h>
#endif

#endif /* _ASM_X86_NT_STORE_H */
