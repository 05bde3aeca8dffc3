/* SPDX-License-Identifier: MIT */
#ifndef MOE_TENSOR_COLUMNS_H
#define MOE_TENSOR_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

/* to[r, j] = or += from[r, j] for rows × n numbers; rows stand to_step and from_step apart. */
void moe__copy_columns(float *to, int64_t to_step, bool accumulate, const float *from,
                       int64_t from_step, int64_t rows, int64_t n);

#endif
