/* SPDX-License-Identifier: MIT
 *
 * reduce.h: sums, and the split of rows that keeps them the same from run to run.
 */
#ifndef MOE_TENSOR_REDUCE_H
#define MOE_TENSOR_REDUCE_H

#include "tensor/cpu.h"

#include <moescope/tensor.h>

/* Σ x, in several double lanes. */
double moe__sum_floats(const float *x, int64_t n);
/* sum[j] += x[j]. */
void moe__add_floats(double *restrict sum, const float *restrict x, int64_t n);

/* Into how many parts rows × columns numbers are split for a sum down the columns: one a thread,
 * or one if they are few. Part p has rows moe__part_start(p) … moe__part_start(p + 1) - 1. */
int moe__parts(int64_t rows, int64_t columns);
int64_t moe__part_start(int64_t rows, int parts, int part);
/* Zeroed sums in the node's arena, [parts, columns]. */
double *moe__part_sums(MoeNode *node, int parts, int64_t columns);
/* The gradient of an input of `columns` numbers gets Σ_p sum[p, j], in the order of the parts. */
void moe__join_parts(MoeNode *node, int input, const double *sum, int parts, int64_t columns);

#endif
