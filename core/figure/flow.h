/* SPDX-License-Identifier: MIT
 *
 * flow.h: moves between layers that needn't be neighbours.
 */
#ifndef FIGURE_FLOW_H
#define FIGURE_FLOW_H

#include "figure/kit.h"

/* Units by first choices at routers `a` and `b`, [experts of a × experts of b]. Neighbours' are in
 * the summary; others are counted in the trace. Fails with MOE_ERROR_DATA where there is no trace
 * for that, or where the two split tokens differently; with the errors of moe_trace_view().
 * (transfer full) */
int64_t *moe__flow_moves(const Kit *kit, int a, int b, GError **error);

#endif
