/* SPDX-License-Identifier: MIT
 *
 * gemm.h: the one door to matrix products. What stands behind it is chosen once, at the first
 * product, from a table of backends. A backend's product is one thread's; products are spread over
 * the threads here. OpenBLAS's own threads would wait for each other inside every product, and
 * share their packing: measured, they are up to a third slower on an expert's rows
 * (tests/bench/kernels.c), and a second pool beside OpenMP's would fight it for the cores.
 */
#ifndef MOE_TENSOR_GEMM_H
#define MOE_TENSOR_GEMM_H

#include <stdbool.h>
#include <stdint.h>

/* c = op(a) op(b) + beta c, row-major: op(a) is m × k, op(b) k × n, c m × n; ld. is the distance of
 * rows as stored. What stands around a product is done piece by piece, in the cache of the thread
 * that works on the piece. */
typedef struct {
    bool trans_a, trans_b;
    int64_t m, n, k;
    const float *a;
    int64_t lda;
    const float *b;
    int64_t ldb;
    float beta;
    float *c;
    int64_t ldc;
    const float *bias;    /* [n], added to every row, in place of beta c; or NULL */
    const int32_t *a_row; /* row i of a, as stored, is a's row a_row[i]; or NULL: i itself */
    const int32_t *b_row; /* the same of b */
    const int32_t *c_row; /* row i of the result goes to c's row c_row[i], overwriting it: each to
                           * another (beta 0); or NULL: i itself */
} MoeGemm;

typedef struct {
    const char *name;
    /* Whether this CPU runs it. The first of the table that can is taken. */
    bool (*supported)(void);
    /* One product on the calling thread; m, n >= 1; no bias, a_row, b_row, c_row. */
    void (*gemm)(const MoeGemm *product);
} MoeGemmBackend;

const MoeGemmBackend *moe__gemm_backend(void);

/* Runs products that don't depend on each other: threads take one after the other, the largest
 * first, and large ones in pieces. Inside of a parallel region it uses its caller's thread alone.
 * How they are cut depends on sizes and thread count only, so the bits do too. */
void moe__gemm_all(const MoeGemm *products, int n);
/* One product. */
void moe__gemm(const MoeGemm *product);

#endif
