/* SPDX-License-Identifier: MIT
 *
 * bias.h: the bias of a linear map. The product adds to rows that hold it already: BLAS would
 * clear them first otherwise, so that the bias costs next to nothing.
 */
#ifndef MOE_TENSOR_BIAS_H
#define MOE_TENSOR_BIAS_H

#include <stdbool.h>
#include <stdint.h>

/* y[r] = b for rows × n numbers. */
void moe__bias_fill(float *y, const float *b, int64_t rows, int64_t n);
/* db = or += Σ_r dy[r]; threads share out the columns, each sum runs over the rows in order. */
void moe__bias_grad(float *db, bool accumulate, const float *dy, int64_t rows, int64_t n);

#endif
