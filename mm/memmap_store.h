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
#define MEMMAP_WORDS_MAX	10

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
}

static __always_inline void memmap_store_image(unsigned long *to,
					       const unsigned long *w,
					       unsigned long words)
{
	nt_store(to + 0, w[0]);
	nt_store(to + 1, w[1]);
	nt_store(to + 2, w[2]);
	nt_store(to + 3, w[3]);
	nt_store(to + 4, w[4]);
	nt_store(to + 5, w[5]);
	nt_store(to + 6, w[6]);
	if (words > 7)
		nt_store(to + 7, w[7]);
	if (words > 8)
		nt_store(to + 8, w[8]);
	if (words > 9)
		nt_store(to + 9, w[9]);
}

/**
 * memmap_store() - write copies of one struct page
 * @to: the first of the struct pages to write
 * @image: struct page to copy; not one of those to write
 * @size: size of a struct page in bytes, a constant, of MEMMAP_WORDS_MIN to
 *	MEMMAP_WORDS_MAX words
 * @nr: number of struct pages to write
 *
 * The image stays in registers. That is why the loop is unrolled by hand and
 * the stores have constant indices: a compiler need not do this by itself.
 * Eight words of eight bytes fill a cache line.
 *
 * The caller has to call nt_store_fence() afterwards.
 */
static __always_inline void memmap_store(void *to, const void *image,
					 unsigned long size, unsigned long nr)
{
	const unsigned long words = size / sizeof(long);
	unsigned long w[MEMMAP_WORDS_MAX];
	unsigned long *p = to;

	memmap_load_image(w, image, words);
	for (; nr >= 4; nr -= 4) {
		memmap_store_image(p, w, words);
		memmap_store_image(p + words, w, words);
		memmap_store_image(p + 2 * words, w, words);
		memmap_store_image(p + 3 * words, w, words);
		p += 4 * words;
	}
	for (; nr; nr--) {
		memmap_store_image(p, w, words);
		p += words;
	}
}

#endif /* __MM_MEMMAP_STORE_H */
