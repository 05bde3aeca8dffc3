/* SPDX-License-Identifier: MIT
 *
 * picks.h: single picks of a view, whichever columns it brings.
 */
#ifndef MOESCOPE_STATS_PICKS_H
#define MOESCOPE_STATS_PICKS_H

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

#endif
