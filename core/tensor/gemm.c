/* SPDX-License-Identifier: MIT */
#include "tensor/gemm.h"

#include <cblas.h>
#include <glib.h>

static bool
always(void)
{
    return true;
}

static void
openblas_gemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const float *a,
              int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc)
{
    g_assert(MAX(MAX(m, n), k) <= INT32_MAX && MAX(MAX(lda, ldb), ldc) <= INT32_MAX);
    /* BLAS refuses a distance of 0, which an empty k gives. */
    cblas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
                trans_b ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1, a,
                (blasint)MAX(lda, 1), b, (blasint)MAX(ldb, 1), beta, c, (blasint)ldc);
}

static const MoeGemmBackend backends[] = {
    {"OpenBLAS", always, openblas_gemm},
};

const MoeGemmBackend *
moe__gemm_backend(void)
{
    static gsize chosen;
    if (g_once_init_enter(&chosen)) {
        const MoeGemmBackend *backend = backends;
        while (!backend->supported())
            backend++;
        g_once_init_leave(&chosen, (gsize)backend);
    }
    return (const MoeGemmBackend *)chosen;
}

void
moe__gemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
          const float *b, int64_t ldb, float beta, float *c, int64_t ldc)
{
    if (m > 0 && n > 0)
        moe__gemm_backend()->gemm(trans_a, trans_b, m, n, k, a, lda, b, ldb, beta, c, ldc);
}
