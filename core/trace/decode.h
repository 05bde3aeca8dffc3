/* SPDX-License-Identifier: MIT
 *
 * decode.h: columns as they are on disk to plain numbers, many at a time.
 */
#ifndef MOESCOPE_TRACE_DECODE_H
#define MOESCOPE_TRACE_DECODE_H

#include <moescope/trace.h>

/* Whether all ids of an expert column (u1 or u2) are below `experts` or the type's top value, which
 * says that there is no pick. */
bool moe__decode_experts_fit(const MoeArray *column, int64_t n, int experts);
/* Ids of such a column; -1: no pick. */
void moe__decode_experts(const MoeArray *column, int64_t n, int32_t *out);
/* IEEE 754 binary16 to float, exactly. */
void moe__decode_halves(const uint16_t *in, int64_t n, float *out);

#endif
