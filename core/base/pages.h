/* SPDX-License-Identifier: MIT
 *
 * pages.h: memory as the system hands it out.
 */
#ifndef MOE_BASE_PAGES_H
#define MOE_BASE_PAGES_H

#include <stddef.h>

/* Makes the system back memory that is about to be added to. Zeroed memory whose first use is a
 * read gets the one page of zeros that all share; the write after it brings another one in its
 * place, for which all threads are stopped. Changes no byte, and may run beside other threads. */
void moe__touch_pages(void *memory, size_t bytes);

/* Zeroed memory straight from the system: what is never looked at takes none. An allocator that
 * keeps what was freed clears it instead, all of it. (transfer full: moe__pages_free()) */
void *moe__pages_new(size_t bytes);
/* NULL: does nothing. */
void moe__pages_free(void *memory, size_t bytes);

#endif
