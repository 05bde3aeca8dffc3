/* SPDX-License-Identifier: MIT
 *
 * crc.h: the CRC-32 of zip archives, faster than what deflates them: columns that are stored are
 * read at the speed of their check.
 */
#ifndef MOESCOPE_TRACE_CRC_H
#define MOESCOPE_TRACE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of bytes that had `crc` before (none: 0) with `n` more behind them; as zlib's crc32_z().
 * Thread-safe. */
uint32_t moe__crc32(uint32_t crc, const void *bytes, size_t n);

#endif
