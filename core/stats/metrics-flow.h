/* SPDX-License-Identifier: MIT
 *
 * metrics-flow.h: what metrics of flows have in common, of first choices or of all picks.
 */
#ifndef MOESCOPE_STATS_METRICS_FLOW_H
#define MOESCOPE_STATS_METRICS_FLOW_H

#include "stats/chance-draw.h"

typedef struct MoeFlowMetric {
    MoeMetric metric;
    MoeFlowFunc of;
} MoeFlowMetric;

static inline MoeFlowFunc
moe__flow_func(const MoeMetric *metric)
{
    return ((const MoeFlowMetric *)metric)->of;
}

/* The plug-in information between row and column. */
static inline double
moe__flow_information(const int64_t *moves, int from, int experts)
{
    return moe_mutual_information(moves, from, experts, MOE_WEIGH_PICKS, false);
}

#endif
