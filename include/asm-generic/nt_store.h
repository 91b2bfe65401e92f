/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_GENERIC_NT_STORE_H
#define _ASM_GENERIC_NT_STORE_H

/*
 * Non-temporal stores, for memory that is written in one go and not read soon:
 * on an architecture that has them, they neither read the cache lines they
 * write to nor displace others. This is for those that have none.
 */

/**
 * nt_store() - store a word past the caches where that is possible
 * @p: where to, naturally aligned, in ordinary memory
 * @value: what to store
 *
 * Such stores are ordered with nothing, not even with each other, until
 * nt_store_fence(). The task that issued them reads what it has stored, until
 * it is scheduled away. They pay where whole cache lines are written in
 * ascending order.
 *
 * Context: Any.
 */
static inline void nt_store(unsigned long *p, unsigned long value)
{
	*p = value;
}

/**
 * nt_store_fence() - order what nt_store() has stored before all later stores
 *
 * To be called before the caller schedules and before it tells anybody of the
 * memory. Afterwards the stores are like ordinary ones that came earlier.
 *
 * Context: Any.
 */
static inline void nt_store_fence(void)
{
}

#endif /* _ASM_GENERIC_NT_STORE_H */
