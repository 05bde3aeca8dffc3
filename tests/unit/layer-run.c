/* SPDX-License-Identifier: MIT
 *
 * A layer built from settings, and passes through it.
 */
#include "layer-run.h"

void
layer_run_randomise(MoeTensor *x, uint64_t stream, float scale)
{
    MoeRng rng = moe_rng(99, stream);
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        x->data[i] = scale * moe_rng_normal(&rng);
}

void
layer_run_again(LayerRun *run)
{
    moe_tape_reset(run->tape);
    moe_arena_reset(run->keep);
    run->y = moe_layer_forward(run->layer, &run->context, run->x, &run->routing);
}

static void
set(MoeRecipe *recipe, const char *const *settings)
{
    for (; *settings; settings++) {
        g_autoptr(GError) error = NULL;
        moe_recipe_set(recipe, *settings, &error);
        g_assert_no_error(error);
    }
}

/* Of the rules that look at the whole model only the layer's matter. */
static MoeRecipe *
recipe_new(int d_model, const char *const *sizes, const char *const *settings)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *width = g_strdup_printf("model.d_model=%d", d_model);
    MoeRecipe *recipe = moe_recipe_new();
    set(recipe, (const char *[]){width, "model.heads=1", "model.rope_base=0", NULL});
    set(recipe, sizes);
    set(recipe, settings);
    moe_recipe_check(recipe, &error);
    g_assert_no_error(error);
    return recipe;
}

LayerRun *
layer_run_new(int d_model, int sequences, int length, const char *const *sizes,
              const char *const *settings)
{
    LayerRun *run = g_new0(LayerRun, 1);
    run->recipe = recipe_new(d_model, sizes, settings);
    run->params = moe_params_new();
    MoeLayerSize size = {.d_model = d_model, .prefix = "moe."};
    run->layer = moe_layer_new(run->recipe, &size, run->params, 1);
    for (int i = 0; i < moe_params_count(run->params); i++)
        layer_run_randomise(moe_params_get(run->params, i)->tensor, (uint64_t)i, 0.5f);
    run->tape = moe_tape_new(true);
    run->keep = moe_arena_new();
    run->x = moe_params_add(run->params, "x", 2, (int64_t[]){sequences * length, d_model}, 0);
    layer_run_randomise(run->x, 1000, 1);
    run->context = (MoeContext){.tape = run->tape,
                                .keep = run->keep,
                                .train = true,
                                .seed = 5,
                                .sequences = sequences,
                                .length = length};
    layer_run_again(run);
    return run;
}

void
layer_run_free(LayerRun *run)
{
    moe_layer_free(run->layer);
    moe_params_free(run->params);
    moe_recipe_free(run->recipe);
    moe_tape_free(run->tape);
    moe_arena_free(run->keep);
    g_free(run);
}
