/* SPDX-License-Identifier: MIT
 *
 * inflate.h: unpacks and packs deflated bytes as a whole, where there is a library for that.
 */
#ifndef MOESCOPE_TRACE_INFLATE_H
#define MOESCOPE_TRACE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether moe__inflate_whole() can do anything. */
bool moe__inflate_can(void);
/* Unpacks raw deflate's packed[n_packed] to out[n]. Returns false, having written anything, where
 * there is no library, and where they don't unpack to just that many bytes. */
bool moe__inflate_whole(const void *packed, size_t n_packed, void *out, size_t n);
/* Whether moe__deflate_quickly() can do anything. */
bool moe__deflate_can(void);
/* Packs bytes[n] by raw deflate as quickly as the library can. Returns the length, which is less
 * than n; 0 where there is no library, no memory, or nothing would be won. */
size_t moe__deflate_quickly(const void *bytes, size_t n, void *out);

#endif
