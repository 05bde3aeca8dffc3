/* SPDX-License-Identifier: MIT
 *
 * kinds.h: the part of a router's sums that falls on one kind of experts.
 */
#ifndef MOESCOPE_STATS_KINDS_H
#define MOESCOPE_STATS_KINDS_H

#include <moescope/metrics.h>

/* Fills a part that moe_kind_part() made, from another cell of the same router, with the same
 * tallies and domains. */
void moe__kind_part_take(MoeKindPart *part, const MoeMetricCell *whole);

#endif
