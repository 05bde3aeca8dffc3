/* SPDX-License-Identifier: MIT
 *
 * The inside of a layer, for the files that build it, run it and report on it.
 */
#ifndef MOE_MOE_LAYER_H
#define MOE_MOE_LAYER_H

#include "moe/picks.h"

/* A part with its state. */
typedef struct MoeFilled {
    const MoePart *part; /* NULL: the place is empty */
    void *state;
    GArray *uses; /* int: places in layer->params of what it asked for */
    int own;      /* those from here on it added; the others are shared, and there before */
} MoeFilled;

typedef struct MoeKRule {
    MoeKSchedule schedule;
    int low, high, eval;
    int64_t steps;
} MoeKRule;

struct MoeLayer {
    MoeRecipe *recipe;
    MoeParams *params;
    char *prefix;
    uint64_t seed;
    int index, block, d_model, vocabulary, experts, units_per_token, width;
    MoeKRule k;
    double mean_k; /* moe_layer_mean_k() */
    float route_scale;
    bool sigmoid;      /* affinities are sigmoids */
    bool pass_dropped; /* a dropped pick passes its unit on */
    MoeCapacity capacity;
    MoeFilled place[MOE_PLACE_BALANCE]; /* one part each; branch may be empty */
    GArray *balance;                    /* MoeFilled */
    GArray *uses;                       /* that of the part which is being filled in */
    GPtrArray *balance_parts;           /* MoePart, for moe_layer_balance() */
};

/* The part that moe.<place> names; NULL for "none" and for unknown names (which
 * moe_recipe_check() has refused). */
const MoePart *moe__part_of_recipe(const MoeRecipe *recipe, MoePlace place);

MoeKRule moe__k_rule_from_recipe(const MoeRecipe *recipe);

/* Calls `visit` for every filled place, balance last. */
typedef void (*MoeVisit)(MoeLayer *layer, const MoeFilled *filled, void *user);
void moe__layer_visit(MoeLayer *layer, MoeVisit visit, void *user);

/* Whether a unit of the pass is padding: its logits mean nothing. */
bool moe__unit_is_padding(const MoeRouting *routing, int64_t unit);
/* What a thorough report tells of every variant. */
void moe__report_likeness(MoeRouting *routing, const MoeReporter *to);
#endif
