/* SPDX-License-Identifier: MIT
 *
 * compare-bits.h: sets of at most 64 experts as words, 512 units at a time.
 */
#ifndef MOESCOPE_STATS_COMPARE_BITS_H
#define MOESCOPE_STATS_COMPARE_BITS_H

#include <stdint.h>

/* Units of a block, and the words that are handled side by side. */
enum { MOE_BITS_BLOCK = 512, MOE_BITS_LANES = 8, MOE_BITS_WIDTH = 64 };

/* Eight words; the compiler makes of it what the CPU has. */
typedef uint64_t MoeLanes __attribute__((vector_size(MOE_BITS_LANES * sizeof(uint64_t))));

/* Adds to count[j] how many of words[n] (n <= MOE_BITS_BLOCK) have bit j. */
void moe__bits_count(const uint64_t *words, int n, int64_t *count, int width);

/* Adds to together[i × columns + j] how many units have bit i in a[n] and bit j in b[n]. What is
 * behind the n words has to be 0 up to the next multiple of MOE_BITS_LANES. */
void moe__bits_together(const uint64_t *a, const uint64_t *b, int n, int rows, int columns,
                        int64_t *together);

#endif
