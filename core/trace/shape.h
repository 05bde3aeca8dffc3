/* SPDX-License-Identifier: MIT
 *
 * shape.h: which types and lengths a column may have, and what is said where it has others.
 */
#ifndef MOESCOPE_TRACE_SHAPE_H
#define MOESCOPE_TRACE_SHAPE_H

#include <moescope/trace.h>

/* One of some types, and these lengths; shape[0] < 0: up to -shape[0]. */
typedef struct MoeShape {
    unsigned types; /* MOE_SHAPE_OF(type), joined */
    int ndim;
    int64_t shape[2];
} MoeShape;
#define MOE_SHAPE_OF(type) (1u << (type))

bool moe__shape_fits(const MoeArray *array, const MoeShape *shape);
/* "found i8 [10], expected i4 [10]". (transfer full) */
char *moe__shape_misfit(const MoeArray *array, const MoeShape *shape);

#endif
