/* SPDX-License-Identifier: MIT
 *
 * inflate.c: unpacks by libdeflate.
 */
#include "trace/inflate.h"

#ifdef MOE_LIBDEFLATE
#include <libdeflate.h>

bool
moe__inflate_can(void)
{
    return true;
}

bool
moe__inflate_whole(const void *packed, size_t n_packed, void *out, size_t n)
{
    struct libdeflate_decompressor *z = libdeflate_alloc_decompressor();
    size_t taken = 0;
    if (!z)
        return false;
    /* Without a place to tell how much came, it has to be n. */
    enum libdeflate_result result =
        libdeflate_deflate_decompress_ex(z, packed, n_packed, out, n, &taken, NULL);
    libdeflate_free_decompressor(z);
    return result == LIBDEFLATE_SUCCESS && taken == n_packed;
}

#else

bool
moe__inflate_can(void)
{
    return false;
}

bool
moe__inflate_whole(const void *packed, size_t n_packed, void *out, size_t n)
{
    (void)packed;
    (void)n_packed;
    (void)out;
    (void)n;
    return false;
}

#endif
