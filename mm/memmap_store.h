/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __MM_MEMMAP_STORE_H
#define __MM_MEMMAP_STORE_H

/*
 * How struct pages are written from a prepared image. To this header, a struct
 * page is only a few words. So the header can be built in user space, too, and
 * measured there against the bandwidth of the memory.
 */
#include <asm/nt_store.h>

/* sizes of a struct page in words, see mm_zero_struct_page() */
#define MEMMAP_WORDS_MIN	7
#define MEMMAP_WORDS_MAX	12

/* @words is a constant wherever this is inlined, so there are no branches */
static __always_inline void memmap_load_image(unsigned long *w,
					      const unsigned long *image,
					      unsigned long words)
{
	w[0] = image[0];
	w[1] = image[1];
	w[2] = image[2];
	w[3] = image[3];
	w[4] = image[4];
	w[5] = image[5];
	w[6] = image[6];
	if (words > 7)
		w[7] = image[7];
	if (words > 8)
		w[8] = image[8];
	if (words > 9)
		w[9] = image[9];
	if (words > 10)
		w[10] = image[10];
	if (words > 11)
		w[11] = image[11];
}

/* @nt is a constant, too */
static __always_inline void memmap_store_word(unsigned long *to,
					      unsigned long w, bool nt)
{
	if (nt)
		nt_store(to, w);
	else
		*to = w;
}

static __always_inline void memmap_store_image(unsigned long *to,
					       const unsigned long *w,
					       unsigned long words, bool nt)
{
	memmap_store_word(to + 0, w[0], nt);
	memmap_store_word(to + 1, w[1], nt);
	memmap_store_word(to + 2, w[2], nt);
	memmap_store_word(to + 3, w[3], nt);
	memmap_store_word(to + 4, w[4], nt);
	memmap_store_word(to + 5, w[5], nt);
	memmap_store_word(to + 6, w[6], nt);
	if (words > 7)
		memmap_store_word(to + 7, w[7], nt);
	if (words > 8)
		memmap_store_word(to + 8, w[8], nt);
	if (words > 9)
		memmap_store_word(to + 9, w[9], nt);
	if (words > 10)
		memmap_store_word(to + 10, w[10], nt);
	if (words > 11)
		memmap_store_word(to + 11, w[11], nt);
	asm volatile("" : : : "memory");
}

/**
 * memmap_store() - write copies of one struct page
 * @to: the first of the struct pages to write
 * @image: struct page to copy; not one of those to write
 * @size: size of a struct page in bytes, a constant, of MEMMAP_WORDS_MIN to
 *	MEMMAP_WORDS_MAX words
 * @nr: number of struct pages to write
 * @nt: whether the stores bypass the caches, a constant
 *
 * The image stays in registers. That is why the loop is unrolled by hand and
 * the stores have constant indices: a compiler need not do this by itself. The
 * barrier keeps it from making a call to memset() or memcpy() of the stores.
 * Eight words of eight bytes fill a cache line.
 *
 * After stores that bypass the caches, the caller has to call nt_store_fence().
 */
static __always_inline void memmap_store(void *to, const void *image,
					 unsigned long size, unsigned long nr,
					 bool nt)
{
	const unsigned long words = size / sizeof(long);
	unsigned long w[MEMMAP_WORDS_MAX];
	unsigned long *p = to;

	memmap_load_image(w, image, words);
	for (; nr >= 4; nr -= 4) {
		memmap_store_image(p, w, words, nt);
		memmap_store_image(p + words, w, words, nt);
		memmap_store_image(p + 2 * words, w, words, nt);
		memmap_store_image(p + 3 * words, w, words, nt);
		p += 4 * words;
	}
	for (; nr; nr--) {
		memmap_store_image(p, w, words, nt);
		p += words;
	}
}

#endif /* __MM_MEMMAP_STORE_H */
