/* SPDX-License-Identifier: MIT
 *
 * What stands beside the router logits of a pass: masks, ids and texts of its tokens, k, picks.
 * They are looked for beside the layers and beside what holds them; of a list or dict of passes
 * also in a list or dict of the same places or keys ("router_logits/3", "attention_mask/3"), and in
 * an array whose first axis are the passes.
 */
#ifndef MOE_IMPORT_LOGIT_BESIDE_H
#define MOE_IMPORT_LOGIT_BESIDE_H

#include "import/logit-pass.h"

/* Names of masks; NULL ends them. */
extern const char *const moe__logit_masks[];

/* Sets mask, ids, texts, k and picks of pass `i` of `passes` (MoeLogitPass). Fails with
 * MOE_ERROR_DATA if its mask isn't of integers. */
bool moe__logit_look_beside(const MoeArrays *arrays, GArray *passes, guint i, GError **error);
/* Whether no mask that marks padding was left over when all passes were settled. */
bool moe__logit_check_masks(const MoeArrays *arrays, const GArray *passes, GError **error);
/* Whether ids of tokens were left over. */
bool moe__logit_ids_unused(const MoeArrays *arrays, const GArray *passes);
/* The axes of what stands beside; returns how many there are. */
int moe__logit_beside_axes(const MoeLogitBeside *beside, int64_t shape[MOE_VALUES_AXES]);
/* Its values; none if it isn't there. */
bool moe__logit_beside_values(const MoeArrays *arrays, const MoeLogitBeside *beside, MoeValues *out,
                              GError **error);

#endif
