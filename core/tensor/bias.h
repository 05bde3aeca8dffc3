/* SPDX-License-Identifier: MIT
 *
 * bias.h: the gradient of a linear map's bias.
 */
#ifndef MOE_TENSOR_BIAS_H
#define MOE_TENSOR_BIAS_H

#include <stdbool.h>
#include <stdint.h>

/* db = or += Σ_r dy[r]; threads share out the columns, each sum runs over the rows in order. */
void moe__bias_grad(float *db, bool accumulate, const float *dy, int64_t rows, int64_t n);

#endif
