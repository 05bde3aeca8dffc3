/* SPDX-License-Identifier: MIT
 *
 * compare-unit.h: counting unit by unit, and how fractions become whole numbers.
 */
#ifndef MOESCOPE_STATS_COMPARE_UNIT_H
#define MOESCOPE_STATS_COMPARE_UNIT_H

#include "stats/compare.h"
#include "tensor/cpu.h"
#include "trace/half.h"

typedef struct MoeUnitCounter MoeUnitCounter;
MoeUnitCounter *moe__unit_counter_new(int experts);
void moe__unit_counter_free(MoeUnitCounter *counter);
/* As moe__counter_add(). */
void moe__unit_counter_add(MoeUnitCounter *counter, const MoeSidePicks *a, const MoeSidePicks *b,
                           int n, const MoeCellShape *shape, MoeCellParts *cell,
                           const MoePairTables *tables);

/* The gate of a slot. Sums of gates are made in the order of slots, by floats. */
static inline float
moe__gate_of(const MoeSidePicks *picks, int slot, int64_t unit)
{
    int64_t i = slot * picks->stride + unit;
    if (picks->gate16)
        return moe__half_to_float(picks->gate16[i]);
    return picks->gate ? picks->gate[i] : (float)picks->gate64[i];
}

/* part / whole in units of 1 / MOE_COMPARE_ONE. */
static inline int64_t
moe__fraction(int64_t part, int64_t whole)
{
    return (part * MOE_COMPARE_ONE + whole / 2) / whole;
}

MOE_INLINE int32_t
moe__fixed(float share)
{
    return (int32_t)(MIN(share, 1.0f) * (float)MOE_COMPARE_ONE);
}

#endif
