/* SPDX-License-Identifier: MIT
 *
 * pair-kernels.h: counting pairs of experts in a block of sets. A set a unit is turned into a row
 * of bits an expert (a bit matrix is transposed, 64 × 64 at a time); n_ij is then the number of
 * ones that rows i and j have in common. That takes E² / 2 operations on a row instead of k² / 2
 * on each unit.
 */
#ifndef MOESCOPE_STATS_PAIR_KERNELS_H
#define MOESCOPE_STATS_PAIR_KERNELS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Units of a block; 64 rows of one bit each then fill the first cache of usual CPUs. */
#define MOE_PAIR_UNITS 4096
/* Words of a row. */
#define MOE_PAIR_WORDS (MOE_PAIR_UNITS / 64)

typedef struct MoePairKernel {
    const char *name;
    /* Words of two rows that are counted in the time of one increment in a table. */
    double words_an_increment;
    /* Transposes n ≤ MOE_PAIR_UNITS sets into rows[64 × words × MOE_PAIR_WORDS], aligned to 64
     * bytes. Behind the last unit rows are 0 up to a multiple of 512 units. The order of units is
     * the same in all rows, but not the sets'. */
    void (*transpose)(const uint64_t *sets, int64_t n, int words, uint64_t *rows);
    /* Adds, for i ≤ j, to together[i × experts + j] the ones that rows i and j share in their first
     * `length` words, a multiple of 8. */
    void (*count)(const uint64_t *rows, int length, int experts, int64_t *together);
} MoePairKernel;

/* Those that this CPU can run, best first, ended by NULL. */
const MoePairKernel *const *moe__pair_kernels(void);

/* Adds a block's pairs i ≤ j; `rows` as above is scratch. */
void moe__pairs_add(const MoePairKernel *kernel, const uint64_t *sets, int64_t n, int experts,
                    int words, uint64_t *rows, int64_t *together);
/* The same by going through each set: less work where sets are small and experts many. */
void moe__pairs_add_plainly(const uint64_t *sets, int64_t n, int experts, int words,
                            int64_t *together);
/* Whether that is less work, for units that make k picks. */
bool moe__pairs_plainly(const MoePairKernel *kernel, int experts, int k);

extern const MoePairKernel moe__pair_kernel_portable;
#if defined(__x86_64__)
extern const MoePairKernel moe__pair_kernel_avx512;
#endif

#endif
