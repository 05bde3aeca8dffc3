/* SPDX-License-Identifier: MIT
 *
 * layer-run.h: for tests of the MoE layer: one built from settings, with random weights and input,
 * and a pass through it.
 */
#ifndef MOE_TESTS_LAYER_RUN_H
#define MOE_TESTS_LAYER_RUN_H

#include <moescope/moe.h>

typedef struct LayerRun {
    MoeRecipe *recipe;
    MoeParams *params; /* the layer's, called "moe.…", and the input "x" */
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    MoeTensor *x, *y; /* [N, d] */
    MoeContext context;
    MoeRouting routing; /* of the last pass */
} LayerRun;

/* A layer of width d_model for sequences · length tokens, and a pass in training mode. Settings,
 * "moe.k=2", ended by a NULL: `sizes`, then `settings`; they must agree. */
LayerRun *layer_run_new(int d_model, int sequences, int length, const char *const *sizes,
                        const char *const *settings);
void layer_run_free(LayerRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayerRun, layer_run_free)

/* Another pass, as run->context says; the former's routing is gone. */
void layer_run_again(LayerRun *run);
/* scale · N(0, 1); another stream, other numbers. */
void layer_run_randomise(MoeTensor *x, uint64_t stream, float scale);

#endif
