/* SPDX-License-Identifier: MIT
 *
 * op.h: what the files of operations share: the list of all operations, and the checks and copies
 * that stand at the head of a public function.
 */
#ifndef MOE_TENSOR_OP_H
#define MOE_TENSOR_OP_H

#include <moescope/ops.h>
#include <moescope/tensor.h>

/* One line an operation, in the order of ops.h; op-table.c lists the same. */
extern const MoeOp moe_op__linear;
extern const MoeOp moe_op__grouped_linear;
extern const MoeOp moe_op__grouped_scatter;
extern const MoeOp moe_op__bmm;
extern const MoeOp moe_op__gather_rows;
extern const MoeOp moe_op__scatter_rows;
extern const MoeOp moe_op__gather_last;
extern const MoeOp moe_op__scatter_last;
extern const MoeOp moe_op__combine;
extern const MoeOp moe_op__slice_last;
extern const MoeOp moe_op__concat_last;
extern const MoeOp moe_op__transpose;
extern const MoeOp moe_op__add;
extern const MoeOp moe_op__sub;
extern const MoeOp moe_op__mul;
extern const MoeOp moe_op__div;
extern const MoeOp moe_op__affine;
extern const MoeOp moe_op__sigmoid;
extern const MoeOp moe_op__tanh;
extern const MoeOp moe_op__relu;
extern const MoeOp moe_op__gelu;
extern const MoeOp moe_op__gelu_tanh;
extern const MoeOp moe_op__silu;
extern const MoeOp moe_op__softplus;
extern const MoeOp moe_op__normal_cdf;
extern const MoeOp moe_op__square;
extern const MoeOp moe_op__swiglu;
extern const MoeOp moe_op__dropout;
extern const MoeOp moe_op__softmax;
extern const MoeOp moe_op__logsumexp;
extern const MoeOp moe_op__rms_norm;
extern const MoeOp moe_op__layer_norm;
extern const MoeOp moe_op__l2_normalise;
extern const MoeOp moe_op__sum;
extern const MoeOp moe_op__sum_axis;
extern const MoeOp moe_op__embedding;
extern const MoeOp moe_op__rope;
extern const MoeOp moe_op__attention;
extern const MoeOp moe_op__cross_entropy;

/* Aborts with "name: [2, 3] does not go with [4, 5]" unless `ok`; b may be NULL. */
void moe__op_expect(bool ok, const char *name, const MoeTensor *a, const MoeTensor *b);
/* Aborts unless every index lies in from … below-1. */
void moe__op_expect_index(const char *name, const int32_t *index, int64_t n, int32_t from,
                          int64_t below);
/* A copy of `n` indices in the tape's arena. */
int32_t *moe__op_copy_index(MoeTape *tape, const int32_t *index, int64_t n);
/* Runs an operation of one input whose result has the input's shape. */
MoeTensor *moe__op_same_shape(MoeTape *tape, const MoeOp *op, MoeTensor *x, const void *args,
                              size_t args_size);
/* Runs an operation of one input whose result differs from it in the last axis only. */
MoeTensor *moe__op_new_last(MoeTape *tape, const MoeOp *op, MoeTensor *x, int64_t last,
                            const void *args, size_t args_size);

#endif
