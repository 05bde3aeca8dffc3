/* SPDX-License-Identifier: MIT
 *
 * pretoken.h: cutting text into the words within which BPE merges.
 */
#ifndef MOE_TEXT_PRETOKEN_H
#define MOE_TEXT_PRETOKEN_H

#include <stddef.h>

/* Length of the word at the start of `text` (length > 0), cut as by GPT-2's pattern (Radford et
 * al. 2019, encoder.py):
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * A byte that isn't UTF-8 counts as [^\s\p{L}\p{N}]. */
size_t moe__word_length(const char *text, size_t length);

#endif
