/* SPDX-License-Identifier: MIT
 *
 * The built-in parts, one file each (or one a family).
 */
#ifndef MOE_MOE_BUILTIN_H
#define MOE_MOE_BUILTIN_H

#include <moescope/moe.h>

extern const MoePart moe__split_token;
extern const MoePart moe__split_heads;
extern const MoePart moe__score_linear;
extern const MoePart moe__score_frozen;
extern const MoePart moe__score_hyper;
extern const MoePart moe__score_cosine;
extern const MoePart moe__score_unit;
extern const MoePart moe__score_centroid;
extern const MoePart moe__score_noisy;
extern const MoePart moe__select_topk;
extern const MoePart moe__gate_softmax_all;
extern const MoePart moe__gate_softmax_selected;
extern const MoePart moe__gate_renormalised;
extern const MoePart moe__gate_sigmoid;
extern const MoePart moe__gate_one;
extern const MoePart moe__experts_ffn;
extern const MoePart moe__branch_hyper;
extern const MoePart moe__branch_static;
extern const MoePart moe__balance_switch;
extern const MoePart moe__balance_gshard;
extern const MoePart moe__balance_cv2;
extern const MoePart moe__balance_cv2_load;
extern const MoePart moe__balance_switch_hf;
extern const MoePart moe__balance_z;
extern const MoePart moe__balance_stable;
extern const MoePart moe__balance_word_router;

/* Slot `flops` of scores that multiply each unit with a matrix [E, w]. */
double moe__linear_router_flops(const MoeLayer *layer, const void *state);

/* The step at which StableMoE's second stage begins. */
int64_t moe__stable_freeze_step(const MoeRecipe *recipe);

/* Registers the variants (presets of moe.variant) and their flavours. */
void moe__presets_register(void);

/* Registers the rules over several keys of [moe]. */
void moe__rules_register(void);

/* Registers the keys and rules of [moe], the parts above and the variants. */
void moe__moe_register(void);

#endif
