/* SPDX-License-Identifier: MIT
 *
 * picks.h: single picks of a view, and their gates, whichever columns it brings.
 */
#ifndef MOESCOPE_STATS_PICKS_H
#define MOESCOPE_STATS_PICKS_H

#include "trace/half.h"

#include <moescope/trace.h>

/* Pick i of [k × units]; -1: none. */
static inline int32_t
moe__pick(const MoeTraceView *view, int64_t i)
{
    if (view->expert8)
        return view->expert8[i] == UINT8_MAX ? -1 : view->expert8[i];
    if (view->expert16)
        return view->expert16[i] == UINT16_MAX ? -1 : view->expert16[i];
    return view->expert[i];
}

static inline bool
moe__has_gates(const MoeTraceView *view)
{
    return view->gate16 || view->gate || view->gate64;
}

/* Its gate, where there are gates. */
static inline double
moe__gate(const MoeTraceView *view, int64_t i)
{
    if (view->gate16)
        return (double)moe__half_to_float(view->gate16[i]);
    return view->gate64 ? view->gate64[i] : (double)view->gate[i];
}

#endif
