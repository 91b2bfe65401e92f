/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LIB_TEST_DEVDAX_PIN_PGMAP_H
#define _LIB_TEST_DEVDAX_PIN_PGMAP_H

#include <linux/memremap.h>

/* A reference on the pagemap that has this page, or NULL. */
static inline struct dev_pagemap *hold_pagemap(unsigned long pfn)
{
	return get_dev_pagemap(pfn, NULL);
}

#endif /* _LIB_TEST_DEVDAX_PIN_PGMAP_H */
