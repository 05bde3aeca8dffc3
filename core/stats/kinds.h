/* SPDX-License-Identifier: MIT
 *
 * kinds.h: the part of a router's sums that falls on one kind of experts.
 */
#ifndef MOESCOPE_STATS_KINDS_H
#define MOESCOPE_STATS_KINDS_H

#include <moescope/metrics.h>

/* Fills a part that moe_kind_part() made, from another cell of the same router. */
void moe__kind_take(const MoeSummaryCell *whole, const MoeKinds *kinds, int kind,
                    MoeSummaryCell *part);

#endif
