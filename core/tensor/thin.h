/* SPDX-License-Identifier: MIT
 *
 * thin.h: products in which a large matrix meets a few rows, built once per CPU level. A general
 * product packs the large matrix first, to use it many times; here that costs as much as the
 * product. These kernels read it once, where it lies, and fetch ahead.
 */
#ifndef MOE_TENSOR_THIN_H
#define MOE_TENSOR_THIN_H

#include "tensor/gemm.h"

/* The few rows, at most. */
#define MOE_THIN_ROWS 64
/* Columns of the few rows and of the large matrix that a product must have a multiple of. */
#define MOE_THIN_ALIGN 16
/* The short side of the large matrix, at most; and its long side, at least. */
#define MOE_THIN_DEPTH 512
#define MOE_THIN_LONG  1024

/* Floats of scratch that one thread needs. */
#define MOE_THIN_SCRATCH (2 * MOE_THIN_ALIGN * MOE_THIN_DEPTH)

typedef struct {
    const char *name;
    /* c = a bᵀ: a few rows, b the large matrix. This one alone knows a bias. */
    void (*times_transposed)(const MoeGemm *product, float *scratch);
    /* c = a b: few rows, b the large matrix. */
    void (*times)(const MoeGemm *product, float *scratch);
    /* c = aᵀ b: few rows of a and b, c the large matrix. */
    void (*outer)(const MoeGemm *product, float *scratch);
} MoeThinKernel;

/* The kernels that this CPU can run, best first, ended by NULL. */
const MoeThinKernel *const *moe__thin_kernels(void);

/* Whether `product`, which has no a_row, b_row or c_row, is one of these, and if so, runs it.
 * `scratch` holds MOE_THIN_SCRATCH floats. */
bool moe__thin(const MoeThinKernel *kernel, const MoeGemm *product, float *scratch);

#endif
