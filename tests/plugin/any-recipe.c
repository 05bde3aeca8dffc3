/* SPDX-License-Identifier: MIT
 *
 * Any recipe is either refused with problems, or makes a layer that runs: keys are drawn at random
 * from the table of keys, extremes among them, over all parts there are, those of plugins too.
 * MOESCOPE_RECIPES=N draws N recipes, MOESCOPE_RECIPE_SEED=S others than the usual ones.
 */
#include <moescope/cost.h>
#include <moescope/plugin.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RECIPES = 1000, TOKENS = 12, LENGTH = 6 };

static int64_t
number_from(const char *variable, int64_t otherwise)
{
    const char *text = g_getenv(variable);
    return text ? g_ascii_strtoll(text, NULL, 10) : otherwise;
}

static int64_t
below(MoeRng *rng, int64_t n)
{
    return (int64_t)(moe_rng_uniform(rng) * (float)n) % n;
}

/* --- Values -----------------------------------------------------------------------------------*/

/* Sizes that would only take time are kept small; all else goes to the ends of its range. */
static double
largest(const MoeField *field)
{
    static const struct {
        const char *key;
        double most;
    } sizes[] = {{"moe.experts", 9}, {"model.d_model", 24}, {"model.layers", 4}, {"moe.k", 9}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        if (g_str_equal(field->name, sizes[i].key))
            return sizes[i].most;
    bool size = field->type == MOE_FIELD_INT && field->unit &&
                (g_str_equal(field->unit, "units") || g_str_equal(field->unit, "heads") ||
                 g_str_equal(field->unit, "groups"));
    return size ? 9 : field->max;
}

static char *
draw_number(const MoeField *field, MoeRng *rng)
{
    bool whole = field->type == MOE_FIELD_INT;
    double most = MIN(largest(field), 1e9), least = field->min, value;
    switch (below(rng, 6)) {
    case 0:
        value = least;
        break;
    case 1:
        value = most;
        break;
    case 2: /* small, where a range is wide */
        value = least + (most - least) * pow(10, -1 - 8.0 * moe_rng_uniform(rng));
        break;
    default:
        value = least + MIN(most - least, 8) * moe_rng_uniform(rng);
    }
    return whole ? g_strdup_printf("%.0f", floor(value)) : g_strdup_printf("%.6g", value);
}

/* The names that a key takes: its choices, or the presets registered for it. */
static GPtrArray *
names_of(const MoeField *field)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    int n;
    const MoePreset *const *preset = moe_presets_list(&n);
    g_auto(GStrv) choices = g_strsplit(field->choices ? field->choices : "", " | ", -1);
    for (char **choice = choices; *choice; choice++)
        g_ptr_array_add(names, g_strdup(*choice));
    for (int i = 0; !field->choices && i < n; i++)
        if (g_str_equal(preset[i]->key, field->name))
            g_ptr_array_add(names, g_strdup(preset[i]->name));
    return names;
}

static char *
draw_value(const MoeField *field, MoeRng *rng)
{
    if (field->type == MOE_FIELD_INT || field->type == MOE_FIELD_REAL)
        return draw_number(field, rng);
    if (field->type == MOE_FIELD_BOOL)
        return g_strdup(below(rng, 2) ? "true" : "false");
    if (field->type != MOE_FIELD_CHOICE && field->type != MOE_FIELD_CHOICES)
        return NULL;
    g_autoptr(GPtrArray) names = names_of(field);
    const char *one = names->pdata[below(rng, names->len)];
    const char *other = names->pdata[below(rng, names->len)];
    if (field->type == MOE_FIELD_CHOICES && below(rng, 2) && !g_str_equal(one, other))
        return g_strconcat(one, ", ", other, NULL);
    return g_strdup(one);
}

/* --- Recipes ----------------------------------------------------------------------------------*/

static void
set(MoeRecipe *recipe, const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *assignment = g_strconcat(key, "=", value, NULL);
    moe_recipe_set(recipe, assignment, &error);
    g_assert_no_error(error);
}

/* Whether a layer depends on the key. */
static bool
matters(const MoeField *field)
{
    return !g_str_has_prefix(field->name, "data.") && !g_str_has_prefix(field->name, "train.") &&
           !g_str_has_prefix(field->name, "optim.") && !g_str_equal(field->name, "moe.every");
}

/* A small recipe with some keys drawn: few of them, or most would be refused. */
static MoeRecipe *
draw_recipe(MoeRng *rng)
{
    int n;
    const MoeField *const *field = moe_fields_list(&n);
    static const char *const widths[] = {"4", "6", "8", "12", "24"};
    MoeRecipe *recipe = moe_recipe_new();
    set(recipe, "model.heads", "1");
    set(recipe, "moe.hidden", "7");
    set(recipe, "train.steps", "10");
    set(recipe, "model.d_model", widths[below(rng, G_N_ELEMENTS(widths))]);
    for (int64_t keys = 1 + below(rng, 5); keys > 0; keys--) {
        const MoeField *f = field[below(rng, n)];
        g_autofree char *value = matters(f) ? draw_value(f, rng) : NULL;
        if (value)
            set(recipe, f->name, value);
        else
            keys++;
    }
    /* Half of the keys of a part are idle unless the part is chosen too. */
    for (int place = 0; place < MOE_N_PLACES; place++) {
        int parts;
        const MoePart *const *part = moe_parts_list((MoePlace)place, &parts);
        for (int i = 0; i < parts; i++)
            for (int j = 0; j < part[i]->n_fields; j++)
                if (moe_recipe_changed(recipe, part[i]->fields[j].name) && below(rng, 4))
                    set(recipe, moe_place_key((MoePlace)place), part[i]->name);
    }
    return recipe;
}

/* --- Running ----------------------------------------------------------------------------------*/

/* What makes the recipe this one. (transfer full) */
static char *
given_keys(const MoeRecipe *recipe)
{
    int n;
    const MoeField *const *field = moe_fields_list(&n);
    GString *text = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        if (moe_recipe_given(recipe, field[i]->name))
            g_string_append_printf(text, "%s=%s ", field[i]->name,
                                   moe_recipe_text(recipe, field[i]->name));
    return g_string_free(text, FALSE);
}

static void
expect_finite(const MoeTensor *x, const float *values, const char *what, const MoeRecipe *recipe)
{
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        if (!isfinite(values[i])) {
            g_autofree char *text = given_keys(recipe);
            g_error("%s[%d] is %g with %s", what, (int)i, (double)values[i], text);
        }
}

static void
expect_whole_picks(const MoePicks *picks)
{
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        g_assert_true(picks->expert[i] >= -1 && picks->expert[i] < picks->experts);
    int64_t load = 0, chosen = 0;
    for (int e = 0; e < picks->experts; e++)
        load += picks->load[e];
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        chosen += picks->expert[i] >= 0;
    g_assert_cmpint(load, ==, chosen);
}

typedef struct {
    MoeLayer *layer;
    MoeParams *params;
    const MoeRecipe *recipe;
} Subject;

/* One pass, forward and, in training, backward from the sum of outputs and balance losses. */
static void
run_pass(const Subject *s, bool train, int64_t step, const int32_t *token, const int32_t *padding)
{
    g_autoptr(MoeTape) tape = moe_tape_new(train);
    g_autoptr(MoeArena) keep = moe_arena_new();
    MoeContext context = {.tape = tape,
                          .keep = keep,
                          .train = train,
                          .step = step,
                          .seed = 5,
                          .sequences = TOKENS / LENGTH,
                          .length = LENGTH,
                          .token = token,
                          .padding = padding};
    MoeTensor *x =
        moe_tensor_2d(moe_tape_arena(tape), TOKENS, moe_recipe_int(s->recipe, "model.d_model"));
    moe_init_normal(x, "x", 3, 1);
    MoeRouting routing;
    if (train)
        moe_layer_before_step(s->layer, step);
    MoeTensor *y = moe_layer_forward(s->layer, &context, x, &routing);
    expect_finite(y, y->data, train ? "y in training" : "y at evaluation", s->recipe);
    expect_whole_picks(&routing.picks);
    if (!train)
        return;
    MoeTensor *balance = moe_layer_balance_loss(&routing, NULL), *total = moe_sum(tape, y);
    if (balance)
        total = moe_add(tape, total, balance);
    expect_finite(total, total->data, "the loss", s->recipe);
    moe_params_drop_grads(s->params);
    moe_tape_backward(tape, total, 1);
    for (int i = 0; i < moe_params_count(s->params); i++) {
        const MoeParam *p = moe_params_get(s->params, i);
        if (p->tensor->has_grad)
            expect_finite(p->tensor, p->tensor->grad, p->name, s->recipe);
    }
    moe_layer_after_step(s->layer, step, routing.picks.load);
}

static void
run_layer(const MoeRecipe *recipe)
{
    static const int32_t token[TOKENS] = {0, 1, 2, 3, 4, 5, 1, 1, 1, 255, 7, 0};
    static const int32_t padding[TOKENS] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, -1, -1};
    static const int32_t all_padding[TOKENS] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    g_autoptr(MoeParams) params = moe_params_new();
    MoeLayerSize size = {.d_model = (int)moe_recipe_int(recipe, "model.d_model"), .prefix = "p."};
    g_autoptr(MoeLayer) layer = moe_layer_new(recipe, &size, params, 1);
    Subject s = {layer, params, recipe};
    MoeCost cost = moe_layer_cost(layer, TOKENS);
    g_assert_true(isfinite(cost.train_flops) && cost.active <= cost.params);
    run_pass(&s, true, 0, token, NULL);
    run_pass(&s, true, 9, token, padding);
    run_pass(&s, false, 9, token, padding);
    run_pass(&s, false, 9, token, all_padding);
}

static void
test_any(void)
{
    MoeRng rng = moe_rng((uint64_t)number_from("MOESCOPE_RECIPE_SEED", 1), 0);
    int64_t n = number_from("MOESCOPE_RECIPES", RECIPES), ran = 0;
    for (int64_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeRecipe) recipe = draw_recipe(&rng);
        if (!moe_recipe_check(recipe, &error)) {
            g_assert_cmpstr(error->message, !=, "");
            continue;
        }
        ran++;
        if (moe_recipe_int(recipe, "moe.every") > 0)
            run_layer(recipe);
    }
    g_test_message("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " recipes ran", ran, n);
    g_assert_cmpint(ran, >, n / 8);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_plugins_load();
    g_test_add_func("/any-recipe", test_any);
    return g_test_run();
}
