/* SPDX-License-Identifier: MIT
 *
 * rope.h: the angles of rotary positions.
 */
#ifndef MOE_TENSOR_ROPE_H
#define MOE_TENSOR_ROPE_H

#include <moescope/tensor.h>

/* [length, dim]: for position t the cosines of its dim/2 angles t · base^(-2i/dim), then their
 * sines. In `arena`. */
float *moe__rope_table(MoeArena *arena, int64_t length, int64_t dim, float base);
/* The definition, in double: turns x [dim] at position t, in place. */
void moe__rope_reference(double *x, int64_t t, int64_t dim, float base);

#endif
