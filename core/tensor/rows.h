/* SPDX-License-Identifier: MIT */
#ifndef MOE_TENSOR_ROWS_H
#define MOE_TENSOR_ROWS_H

#include <moescope/tensor.h>

/* to[t] = (accumulate ? to[t] : 0) + Σ from[r] over the r with row[r] = t, in rising order of r.
 * to [n_to, d], from [n_from, d]. Scratch comes from the node. */
void moe__add_rows(MoeNode *node, float *to, bool accumulate, int64_t n_to, const float *from,
                   const int32_t *row, int64_t n_from, int64_t d);
/* to[r] = or += from[row[r]]. to [n_to, d]. */
void moe__take_rows(float *to, bool accumulate, const float *from, const int32_t *row, int64_t n_to,
                    int64_t d);

#endif
