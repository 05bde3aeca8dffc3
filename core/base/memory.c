/* SPDX-License-Identifier: MIT
 *
 * Buffers of a pass are freed and asked for again, router after router. An allocator that hands
 * them back to the system each time gets them as new pages, to be cleared, and stops all threads
 * to take the old ones away.
 */
#include <moescope/base.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

void
moe_keep_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, 128 << 20);
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the most that it takes */
    mallopt(M_TOP_PAD, 1 << 20);
#endif
}
