/* SPDX-License-Identifier: MIT
 *
 * alphabet.h: bytes as printable characters, as GPT-2's encoder.py (bytes_to_unicode) and Hugging
 * Face's ByteLevel write tokens in files.
 */
#ifndef MOE_TEXT_ALPHABET_H
#define MOE_TEXT_ALPHABET_H

#include <glib.h>
#include <stdbool.h>

/* Any bytes as text. (transfer full) */
char *moe__alphabet_write(const char *bytes, size_t length);

/* The bytes behind a text; NULL if a character isn't in the alphabet. (transfer full) */
GBytes *moe__alphabet_read(const char *text);

#endif
