/* SPDX-License-Identifier: MIT
 *
 * inflate.c: unpacks and packs by libdeflate.
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

/* Level 1: the levels above find little more in what routers write. */
size_t
moe__deflate_quickly(const void *bytes, size_t n, void *out)
{
    struct libdeflate_compressor *z = n > 1 ? libdeflate_alloc_compressor(1) : NULL;
    if (!z)
        return 0;
    size_t packed = libdeflate_deflate_compress(z, bytes, n, out, n - 1);
    libdeflate_free_compressor(z);
    return packed;
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

size_t
moe__deflate_quickly(const void *bytes, size_t n, void *out)
{
    (void)bytes;
    (void)n;
    (void)out;
    return 0;
}

#endif
