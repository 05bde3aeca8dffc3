/* SPDX-License-Identifier: MIT */
#ifndef MOE_TENSOR_TAPE_H
#define MOE_TENSOR_TAPE_H

#include <moescope/tensor.h>

/* The gradient of x (or of what x is a view of), for writing: overwrite it all unless *accumulate.
 * Memory comes from the tape unless x has its own. */
float *moe__tensor_grad(MoeTape *tape, MoeTensor *x, bool *accumulate);

/* The node recorded last (for the tests, which hold it against its reference), or NULL. It lives
 * until the tape is reset. */
const MoeNode *moe__tape_last_node(const MoeTape *tape);

#endif
