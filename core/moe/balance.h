/* SPDX-License-Identifier: MIT
 *
 * What balance losses share.
 */
#ifndef MOE_MOE_BALANCE_H
#define MOE_MOE_BALANCE_H

#include <moescope/moe.h>

/* E Σ_e share_ge P_ge, the mean over groups g of `group` units each. share [G, E]. */
MoeTensor *moe__share_times_probability(MoeRouting *routing, MoeTensor *share, int64_t group);
/* var(x) / (mean(x)² + 1e-10) of x [E], the variance with E - 1 -> scalar. */
MoeTensor *moe__cv2(MoeTape *tape, MoeTensor *x);
/* The load of every expert as balance = cv2-load sees it, of a pass with clean logits and noise:
 * [E]; counts otherwise. */
MoeTensor *moe__balance_load(MoeRouting *routing);
/* Units of a sequence; all where the pass doesn't say what a sequence is. At least 1. */
int64_t moe__sequence_units(const MoeRouting *routing);
/* Whether the unit belongs to a padding token. */
bool moe__is_padding(const MoeRouting *routing, int64_t unit);

#endif
