/* SPDX-License-Identifier: MIT
 *
 * inflate.c: unpacks by ISA-L or libdeflate, packs by libdeflate.
 */
#include "trace/inflate.h"

#include <glib.h>

/* --- Unpacking --------------------------------------------------------------------------------*/

#if defined(MOE_ISAL)
#include <isa-l/igzip_lib.h>

bool
moe__inflate_can(void)
{
    return true;
}

bool
moe__inflate_whole(const void *packed, size_t n_packed, void *out, size_t n)
{
    if (n_packed > UINT32_MAX || n > UINT32_MAX)
        return false;
    struct inflate_state *state = g_try_new(struct inflate_state, 1); /* large */
    if (!state)
        return false;
    isal_inflate_init(state);
    state->next_in = (uint8_t *)packed; /* only read */
    state->avail_in = (uint32_t)n_packed;
    state->next_out = out;
    state->avail_out = (uint32_t)n;
    bool whole = isal_inflate_stateless(state) == ISAL_DECOMP_OK && state->avail_in == 0 &&
                 state->avail_out == 0;
    g_free(state);
    return whole;
}

#elif defined(MOE_LIBDEFLATE)
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

/* --- Packing ----------------------------------------------------------------------------------*/

#ifdef MOE_LIBDEFLATE
#include <libdeflate.h>

bool
moe__deflate_can(void)
{
    return true;
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
moe__deflate_can(void)
{
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
