/* SPDX-License-Identifier: MIT
 *
 * utf8.h: walking over bytes that are UTF-8 for the most part.
 */
#ifndef MOE_TEXT_UTF8_H
#define MOE_TEXT_UTF8_H

#include <glib.h>
#include <stddef.h>

/* What moe__utf8_next() gives for a byte that belongs to no character. */
#define MOE_STRAY_BYTE ((gunichar)-1)

/* The character at the start of `text` (length > 0) and the bytes it takes in `size`. A stray byte
 * is MOE_STRAY_BYTE of one byte. */
gunichar moe__utf8_next(const char *text, size_t length, size_t *size);

/* `cut`, or the start of the character that `cut` would fall inside of. */
size_t moe__utf8_floor(const char *text, size_t length, size_t cut);

#endif
