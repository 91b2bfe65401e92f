/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_GENERIC_NT_STORE_H
#define _ASM_GENERIC_NT_STORE_H

#include <linux/types.h>

/*
 * Non-temporal stores, for memory that is written in one go and not read soon.
 * They neither read the cache lines that they write to nor displace other lines
 * from the caches. This header is for architectures that have no such stores.
 */

/**
 * nt_store() - store a word past the caches where that is possible
 * @p: address to store to, naturally aligned, in ordinary memory
 * @value: word to store
 *
 * Until nt_store_fence(), such stores are ordered with nothing, not even with
 * each other. The task that issued them reads back what it has stored, until it
 * is scheduled away. They pay where whole cache lines are written in ascending
 * order.
 *
 * Context: Any.
 */
static inline void nt_store(unsigned long *p, unsigned long value)
{
	*p = value;
}

/**
 * nt_store_fence() - order the stores of nt_store() before all later stores
 *
 * Call this before scheduling, and before making the memory known to others.
 * Afterwards the stores are like ordinary stores that were made earlier.
 *
 * Context: Any.
 */
static inline void nt_store_fence(void)
{
}

/**
 * nt_store_pays() - whether one thread that writes much memory gains by them
 *
 * Non-temporal stores leave the caches to others on every processor. But on
 * some, one thread writes more slowly with them than with ordinary stores.
 *
 * Context: Any, once the boot processor is identified.
 * Return: true on processors of a kind whose non-temporal stores were measured
 *	and were faster.
 */
static inline bool nt_store_pays(void)
{
	return false;
}

#endif /* _ASM_GENERIC_NT_STORE_H */
