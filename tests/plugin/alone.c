/* SPDX-License-Identifier: MIT */
#include "alone.h"

#include <string.h>

static MoeRecipe *
recipe_of(const char *const *settings)
{
    g_autoptr(GError) error = NULL;
    MoeRecipe *recipe = moe_recipe_new();
    for (; *settings; settings++)
        moe_recipe_set(recipe, *settings, error ? NULL : &error);
    g_assert_no_error(error);
    return recipe;
}

Alone
alone_new(int index, uint64_t seed, int d, int sequences, int length, const char *const *settings)
{
    g_autoptr(GError) error = NULL;
    Alone alone = {
        .recipe = recipe_of(settings),
        .params = moe_params_new(),
        .tape = moe_tape_new(true),
        .keep = moe_arena_new(),
    };
    moe_recipe_check(alone.recipe, &error);
    g_assert_no_error(error);
    MoeLayerSize size = {.index = index, .d_model = d, .prefix = "moe."};
    alone.layer = moe_layer_new(alone.recipe, &size, alone.params, seed);
    alone.x = moe_params_add(alone.params, "x", 2, (int64_t[]){(int64_t)sequences * length, d}, 0);
    moe_init_normal(alone.x, "units", 1, 1);
    alone.context = (MoeContext){.tape = alone.tape,
                                 .keep = alone.keep,
                                 .train = true,
                                 .sequences = sequences,
                                 .length = length};
    return alone;
}

void
alone_clear(Alone *alone)
{
    moe_layer_free(alone->layer);
    moe_params_free(alone->params);
    moe_recipe_free(alone->recipe);
    moe_tape_free(alone->tape);
    moe_arena_free(alone->keep);
}

void
alone_run(Alone *alone)
{
    moe_tape_reset(alone->tape);
    moe_arena_reset(alone->keep);
    moe_layer_forward(alone->layer, &alone->context, alone->x, &alone->routing);
}

int
alone_pick(const Alone *alone, int64_t u, int j)
{
    const MoePicks *picks = &alone->routing.picks;
    return picks->expert[u * picks->k + j];
}

void
alone_expect_refused(const char *const *settings, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = recipe_of(settings);
    g_assert_false(moe_recipe_check(recipe, &error));
    if (!strstr(error->message, part))
        g_error("found \"%s\", expected \"%s\" in it", error->message, part);
}
