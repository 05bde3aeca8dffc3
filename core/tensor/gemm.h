/* SPDX-License-Identifier: MIT
 *
 * gemm.h: the one door to matrix products. What stands behind it is chosen once, at the first
 * product, from a table of backends.
 */
#ifndef MOE_TENSOR_GEMM_H
#define MOE_TENSOR_GEMM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *name;
    /* Whether this CPU runs it. The first of the table that can is taken. */
    bool (*supported)(void);
    /* See moe__gemm(); m, n >= 1. */
    void (*gemm)(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const float *a,
                 int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
} MoeGemmBackend;

const MoeGemmBackend *moe__gemm_backend(void);

/* c = op(a) op(b) + beta c, row-major: op(a) is m × k, op(b) k × n, c m × n; ld. is the distance of
 * rows as stored. Outside of a parallel region it uses all threads, inside of one its caller's. */
void moe__gemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const float *a,
               int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

#endif
