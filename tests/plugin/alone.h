/* SPDX-License-Identifier: MIT
 *
 * alone.h: an MoE layer on its own, run over units that a test makes up.
 */
#ifndef TESTS_PLUGIN_ALONE_H
#define TESTS_PLUGIN_ALONE_H

#include <moescope/moe.h>

typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    MoeTensor *x; /* [N, d] */
    MoeContext context;
    MoeRouting routing; /* of the last pass */
} Alone;

/* Layer `index` of seed `seed` and width d, by `settings` (ended by NULL), which must pass
 * moe_recipe_check(); x ~ N(0, 1) of sequences × length tokens, training mode. */
Alone alone_new(int index, uint64_t seed, int d, int sequences, int length,
                const char *const *settings);
void alone_clear(Alone *alone);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Alone, alone_clear)
/* A pass; fills alone->routing. */
void alone_run(Alone *alone);
/* The first expert of unit u in the last pass, or its j-th. */
int alone_pick(const Alone *alone, int64_t u, int j);
/* Asserts that the settings are refused with a problem that contains `part`. */
void alone_expect_refused(const char *const *settings, const char *part);

#endif
