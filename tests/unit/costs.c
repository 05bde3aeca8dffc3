/* SPDX-License-Identifier: MIT
 *
 * Costs against figures that were published or can be counted by hand, and the plan of a model
 * against the model.
 */
#include <moescope/model.h>

#include <string.h>

/* A layer without values, and its parameters. */
typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
} Plan;

static Plan
plan_new(int d, const char *const *settings)
{
    g_autoptr(GError) error = NULL;
    Plan p = {.recipe = moe_recipe_new(), .params = moe_params_new_shapes()};
    for (; *settings; settings++)
        moe_recipe_set(p.recipe, *settings, &error);
    g_assert_no_error(error);
    MoeLayerSize size = {.d_model = d, .prefix = "moe."};
    p.layer = moe_layer_new(p.recipe, &size, p.params, 1);
    return p;
}

static void
plan_clear(Plan *p)
{
    moe_layer_free(p->layer);
    moe_params_free(p->params);
    moe_recipe_free(p->recipe);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

#define PLAN(d, ...) plan_new(d, (const char *[]){__VA_ARGS__, NULL})

static MoeCost
at(const Plan *p, MoePlace place)
{
    return moe_layer_place_cost(p->layer, place, 100);
}

/* The figures of the official code at d 256, 16 experts of 512, top-2: per layer 1,122,576 frozen
 * values (283,728 with S 64), 256 trained, 2.24 MFLOP a pass; SMoE's router has 4,112. */
static void
test_hyperrouter(void)
{
    g_auto(Plan) large = PLAN(256, "moe.variant=hyperrouter", "moe.experts=16", "hyper.size=256");
    g_auto(Plan) small = PLAN(256, "moe.variant=hyperrouter", "moe.experts=16", "hyper.size=64");
    g_auto(Plan) smoe = PLAN(256, "moe.variant=smoe", "moe.experts=16", "moe.router_bias=true");
    MoeCost hyper = at(&large, MOE_PLACE_SCORE), linear = at(&smoe, MOE_PLACE_SCORE);
    g_assert_cmpint(hyper.frozen, ==, 1122576);
    g_assert_cmpint(at(&small, MOE_PLACE_SCORE).frozen, ==, 283728);
    g_assert_cmpint(hyper.trained, ==, 256);
    g_assert_cmpint(linear.trained, ==, 4112);
    g_assert_cmpint(linear.frozen, ==, 0);
    g_assert_cmpfloat(hyper.flops, ==, 2 * 16 * 256);
    g_assert_cmpfloat(hyper.pass_flops, ==, 2.0 * (256 * 256 + 256 * 16 * 257));
    g_assert_cmpfloat(linear.pass_flops, ==, 0);
    g_assert_cmpfloat(at(&large, MOE_PLACE_EXPERTS).flops, ==, 2 * 524288);
}

/* The figures of HyperMoE's code at d 768: a hypernetwork of 12,806,456 with its 12 embeddings of
 * layers, and 34,048 a layer with 8 experts. */
static void
test_hypermoe(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    moe_recipe_set(recipe, "moe.variant=hypermoe", &error);
    moe_recipe_set(recipe, "model.d_model=768", &error);
    moe_recipe_set(recipe, "model.layers=12", &error);
    g_autoptr(MoeModel) model = moe_model_plan(recipe, 256, &error);
    g_assert_no_error(error);
    int64_t sum = 0;
    for (int i = 0; i < 12; i++) {
        MoeCost cost = moe_layer_place_cost(moe_model_router(model, i), MOE_PLACE_BRANCH, 100);
        sum += cost.params;
        if (i > 0)
            g_assert_cmpint(cost.params, ==, 34048 + 10);
        g_assert_cmpfloat(cost.pass_train_flops, ==, 3 * cost.pass_flops);
    }
    g_assert_cmpint(sum, ==, 12806456 + 12 * 34048);
}

/* Frozen weights have no gradients, but what they read does: once more the products of forward. */
static void
test_backward(void)
{
    g_auto(Plan) hyper = PLAN(32, "moe.variant=hyperrouter");
    g_auto(Plan) frozen = PLAN(32, "moe.variant=smoe-dropout");
    g_auto(Plan) smoe = PLAN(32, "moe.variant=smoe");
    MoeCost generated = at(&hyper, MOE_PLACE_SCORE), fixed = at(&frozen, MOE_PLACE_SCORE);
    MoeCost trained = at(&smoe, MOE_PLACE_SCORE), experts = at(&smoe, MOE_PLACE_EXPERTS);
    g_assert_cmpfloat(generated.train_flops, ==, 3 * generated.flops);
    g_assert_cmpfloat(generated.pass_train_flops, ==, 2 * generated.pass_flops);
    g_assert_cmpfloat(fixed.train_flops, ==, 2 * fixed.flops);
    g_assert_cmpfloat(trained.train_flops, ==, 3 * trained.flops);
    g_assert_cmpfloat(experts.train_flops, ==, 3 * experts.flops);
}

/* SMoE-Dropout goes from 8 to 16 experts, 12 in the mean; 2 of them at evaluation. */
static void
test_schedule(void)
{
    g_auto(Plan) p = PLAN(8, "moe.variant=smoe-dropout", "moe.experts=16", "moe.k=16",
                          "moe.k_min=8", "moe.k_schedule=linear-increase", "moe.k_eval=2");
    MoeCost cost = at(&p, MOE_PLACE_EXPERTS);
    double pick = 2 * 2 * 512 * 8;
    g_assert_cmpfloat(cost.flops, ==, 2 * pick);
    g_assert_cmpfloat_with_epsilon(cost.train_flops, 3 * 12 * pick, 0.02 * pick);
    g_assert_cmpint(cost.params, ==, 16 * (2 * 512 * 8 + 512 + 8));
    g_assert_cmpint(cost.active, ==, 2 * (2 * 512 * 8 + 512 + 8));
}

/* The set-ups of arXiv 2411.16205 (d 768, SwiGLU): FLOPs of head, experts and merge a token, their
 * parameters (the paper has no biases; our heads have 2 d) and those of the router. */
static void
test_heads(void)
{
    static const struct {
        const char *heads, *hidden, *k, *experts;
        double off; /* of SMoE's parameters */
        int64_t router;
    } rows[] = {
        {"heads.count=1", "moe.hidden=2048", "moe.k=1", "moe.experts=8", 0, 6144},
        {"heads.count=1", "moe.hidden=1024", "moe.k=2", "moe.experts=16", 0, 12288},
        {"heads.count=2", "moe.hidden=768", "moe.k=2", "moe.experts=40", -0.031, 15360},
        {"heads.count=3", "moe.hidden=512", "moe.k=3", "moe.experts=96", 0.031, 24576},
    };
    const double smoe = 8 * 3 * 2048 * 768;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Plan) p = PLAN(768, "moe.variant=mhmoe", rows[i].heads, rows[i].hidden, rows[i].k,
                              rows[i].experts);
        MoeCost split = at(&p, MOE_PLACE_SPLIT), experts = at(&p, MOE_PLACE_EXPERTS);
        double params = (double)(split.params + experts.params) - (split.params > 0 ? 2 * 768 : 0);
        g_assert_cmpfloat(split.flops + experts.flops, ==, 9437184);
        g_assert_cmpfloat_with_epsilon(params / smoe - 1, rows[i].off, 0.0005);
        g_assert_cmpint(at(&p, MOE_PLACE_SCORE).params, ==, rows[i].router);
        g_assert_cmpfloat(at(&p, MOE_PLACE_SCORE).flops, ==,
                          2.0 * (double)rows[i].router * moe_layer_units_per_token(p.layer));
    }
}

/* --- Parts as a plugin may bring them
 * -----------------------------------------------------------*/

typedef struct {
    MoeTensor *own, *shared, *bias;
} Made;

static void
made_init(MoeLayer *layer, void *state)
{
    Made *made = state;
    bool is_new;
    made->own = moe_layer_param(layer, "made.own", 2, (int64_t[]){3, 5}, MOE_PARAM_FROZEN, 5);
    made->shared =
        moe_layer_shared_param(layer, "made", 2, (int64_t[]){5, 3}, MOE_PARAM_NO_DECAY, &is_new);
    made->bias = moe_layer_param(layer, "made.bias", 1, (int64_t[]){7}, MOE_PARAM_BUFFER, 0);
}

static MoeTensor *
made_branch(MoeRouting *routing, void *state)
{
    return routing->units;
}

static double
made_pass_flops(const MoeLayer *layer, const void *state, int64_t units)
{
    return 1000 * (double)units;
}

static const MoePart made = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_BRANCH,
    .name = "test-made",
    .help = "half of its matrices trained, and shared by all layers; a buffer",
    .state_size = sizeof(Made),
    .init = made_init,
    .branch = made_branch,
    .pass_flops = made_pass_flops,
};

/* What layers share is counted once, though each knows that it is trained. */
static void
test_shared(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    moe_recipe_set(recipe, "moe.branch=test-made", &error);
    moe_recipe_set(recipe, "model.layers=3", &error);
    g_autoptr(MoeModel) model = moe_model_plan(recipe, 300, &error);
    g_assert_no_error(error);
    for (int i = 0; i < 3; i++) {
        MoeCost cost = moe_layer_place_cost(moe_model_router(model, i), MOE_PLACE_BRANCH, 11);
        g_assert_cmpint(cost.params, ==, i == 0 ? 15 + 15 + 7 : 15 + 7);
        g_assert_cmpint(cost.frozen, ==, 15);
        g_assert_cmpint(cost.buffers, ==, 7);
        g_assert_cmpint(cost.trained, ==, i == 0 ? 15 : 0);
        g_assert_cmpfloat(cost.pass_flops, ==, 11000);
        g_assert_cmpfloat(cost.pass_train_flops, ==, 2.5 * 11000);
    }
    MoeCost all = moe_model_cost(model, 16, 11);
    g_assert_cmpint(all.params, ==, moe_params_size(moe_model_params(model), false));
    g_assert_cmpint(all.trained, ==, moe_params_size(moe_model_params(model), true));
    g_assert_cmpint(all.params, ==, all.trained + all.frozen + all.buffers);
    g_assert_cmpint(all.buffers, ==, 3 * 7);
    g_assert_cmpfloat(all.pass_flops, ==, 33000);
}

/* --- Models
 * -------------------------------------------------------------------------------------*/

static void
expect_same(const MoeModel *a, const MoeModel *b)
{
    MoeCost x = moe_model_cost(a, 32, 64), y = moe_model_cost(b, 32, 64);
    g_assert_cmpmem(&x, sizeof x, &y, sizeof y);
}

/* Every preset has a plan, which costs what the model costs. */
static void
test_presets(void)
{
    int n;
    const MoePreset *const *preset = moe_presets_list(&n);
    for (int i = 0; i < n; i++) {
        if (strcmp(preset[i]->key, "moe.variant") != 0)
            continue;
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeRecipe) recipe = moe_recipe_new();
        g_autofree char *variant = g_strdup_printf("moe.variant=%s", preset[i]->name);
        moe_recipe_set(recipe, variant, &error);
        moe_recipe_set(recipe, "model.d_model=32", &error);
        g_autoptr(MoeModel) plan = moe_model_plan(recipe, 50, &error);
        g_assert_no_error(error);
        g_autoptr(MoeModel) model = moe_model_new(recipe, 50, &error);
        g_assert_no_error(error);
        expect_same(plan, model);
        MoeCost cost = moe_model_cost(plan, 32, 64);
        g_assert_cmpint(cost.active, <=, cost.params);
        if (moe_model_routers(plan) > 0 && !moe_layer_k_fixed(moe_model_router(plan, 0)))
            continue;
        g_assert_cmpfloat(cost.train_flops, <=, 3 * cost.flops);
        g_assert_cmpfloat(cost.train_flops, >, 2.9 * cost.flops);
    }
}

/* Nothing is allocated for a model that no machine holds. */
static void
test_huge(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    static const char *const settings[] = {"model.layers=1024",  "model.d_model=65536",
                                           "model.heads=512",    "moe.experts=4096",
                                           "moe.hidden=1048576", NULL};
    for (int i = 0; settings[i]; i++)
        moe_recipe_set(recipe, settings[i], &error);
    g_autoptr(MoeModel) plan = moe_model_plan(recipe, 65536, &error);
    g_assert_no_error(error);
    MoeCost cost = moe_model_cost(plan, 1 << 20, 1 << 20);
    int64_t expert = 2LL * 1048576 * 65536 + 1048576 + 65536;
    g_assert_cmpint(cost.params, >, 1024 * 4096 * expert);
    g_assert_cmpint(cost.params - cost.active, ==, 1024 * 4094 * expert);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_autoptr(GError) error = NULL;
    moe_part_add(&made, &error);
    g_assert_no_error(error);
    g_test_add_func("/costs/hyperrouter", test_hyperrouter);
    g_test_add_func("/costs/hypermoe", test_hypermoe);
    g_test_add_func("/costs/backward", test_backward);
    g_test_add_func("/costs/schedule", test_schedule);
    g_test_add_func("/costs/heads", test_heads);
    g_test_add_func("/costs/shared", test_shared);
    g_test_add_func("/costs/presets", test_presets);
    g_test_add_func("/costs/huge", test_huge);
    return g_test_run();
}
