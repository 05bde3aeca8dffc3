/* SPDX-License-Identifier: MIT
 *
 * Buffers of a pass are freed and asked for again, router after router. An allocator that hands
 * them back to the system each time gets them as new pages, to be cleared, and stops all threads
 * to take the old ones away.
 */
#include "base/pages.h"

#include <moescope/base.h>

#include <sys/mman.h>

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

/* All at once where the system can (Linux since 5.14): a fault for each page takes as long as
 * clearing it. Else adding nothing, as one operation, counts as a write from the start. */
void
moe__touch_pages(void *memory, size_t bytes)
{
    const size_t page = 4096;
    char *at = memory;
#ifdef MADV_POPULATE_WRITE
    char *first = (char *)((uintptr_t)at & ~(page - 1));
    if (bytes > 0 && madvise(first, (size_t)(at + bytes - first), MADV_POPULATE_WRITE) == 0)
        return;
#endif
    for (size_t i = 0; i < bytes; i += page)
        __atomic_fetch_add(&at[i], 0, __ATOMIC_RELAXED);
    if (bytes > 0)
        __atomic_fetch_add(&at[bytes - 1], 0, __ATOMIC_RELAXED);
}

#if defined(__SANITIZE_ADDRESS__)
/* Memory whose ends AddressSanitizer knows. */
void *
moe__pages_new(size_t bytes)
{
    return g_malloc0(bytes);
}

void
moe__pages_free(void *memory, size_t bytes)
{
    (void)bytes;
    g_free(memory);
}
#else
void *
moe__pages_new(size_t bytes)
{
    void *memory =
        mmap(NULL, MAX(bytes, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        g_error("no memory for %zu bytes", bytes);
    return memory;
}

void
moe__pages_free(void *memory, size_t bytes)
{
    if (memory)
        munmap(memory, MAX(bytes, 1));
}
#endif
