/* SPDX-License-Identifier: MIT
 *
 * What every parameter of every preset starts from. A new preset, or a new parameter of one, fails
 * until it has its entry here.
 */
#include <moescope/moe.h>

#include <math.h>
#include <string.h>

#define D      48 /* model width; 4 heads make units of 12 */
#define LAYERS 4

typedef enum { ZEROS, NORMAL, UNIFORM, ORTHOGONAL } Kind;

typedef struct {
    const char *preset; /* NULL: all that have no entry of their own */
    const char *name;
    Kind kind;
    double value; /* standard deviation, limit, length of the rows */
} Entry;

/* Normal values are [init]'s default, 0.02, or 0.02 / sqrt(2 layers) before a residual addition
 * (GPT-2); all others are what the codes of the methods say. */
#define STD      0.02
#define RESIDUAL (0.02 / sqrt(2.0 * LAYERS))
/* 1e-3 sqrt(3 / (fan of the hypernetwork, fan of what it makes)): HyperMoE's code. */
#define HYPER_FAN_IN(main) (1e-3 * sqrt(3 / (128.0 * (main))))

static const char *const known[] = {
    "smoe",      "switch",    "gshard", "mhmoe", "dense",    "smoe-dropout",    "hyperrouter",
    "xmoe",      "stablemoe", "code",   "paper", "hypermoe", "hypermoe-switch", "hypermoe-gpt2",
    "moe-share", NULL};

static Entry
find_entry(const char *preset, const char *name)
{
    const Entry entries[] = {
        {"hypermoe-gpt2", "router.weight", ZEROS, 0},
        {"hypermoe-gpt2", "router.noise", ZEROS, 0},
        {"xmoe", "router.experts", ORTHOGONAL, 0.32},
        {"stablemoe", "router.experts", ORTHOGONAL, 0.32},
        {"paper", "router.experts", ORTHOGONAL, 0.1},
        {"paper", "experts.w2", ZEROS, 0},
        {NULL, "router.weight", NORMAL, STD},
        {NULL, "router.bias", ZEROS, 0},
        {NULL, "router.reduction", NORMAL, STD},
        {NULL, "router.embedding", NORMAL, 1},
        {NULL, "router.hyper.w1", NORMAL, STD},
        {NULL, "router.hyper.b1", ZEROS, 0},
        {NULL, "router.hyper.w2", NORMAL, STD},
        {NULL, "router.hyper.b2", ZEROS, 0},
        {NULL, "experts.w1", NORMAL, STD},
        {NULL, "experts.w2", NORMAL, RESIDUAL},
        {NULL, "experts.b1", ZEROS, 0},
        {NULL, "experts.b2", ZEROS, 0},
        {NULL, "heads.weight", UNIFORM, sqrt(6.0 / (2 * D)) / sqrt(2)},
        {NULL, "heads.bias", UNIFORM, 1 / sqrt(D)},
        {NULL, "merge.weight", UNIFORM, sqrt(6.0 / (2 * D))},
        {NULL, "merge.bias", ZEROS, 0},
        {NULL, "hyper_expert.embedding", NORMAL, 1},
        {NULL, "hyper_expert.layer", NORMAL, 1},
        {NULL, "hyper_expert.w1", UNIFORM, 1 / sqrt(128)},
        {NULL, "hyper_expert.b1", UNIFORM, 1 / sqrt(128)},
        {NULL, "hyper_expert.w2", UNIFORM, 1 / sqrt(128)},
        {NULL, "hyper_expert.b2", UNIFORM, 1 / sqrt(128)},
        {NULL, "moe.hyper_expert.hidden.weight", UNIFORM, 1 / sqrt(138)},
        {NULL, "moe.hyper_expert.hidden.bias", UNIFORM, 1 / sqrt(138)},
        {NULL, "moe.hyper_expert.down.weight", UNIFORM, HYPER_FAN_IN(D)},
        {NULL, "moe.hyper_expert.down.bias", ZEROS, 0},
        {NULL, "moe.hyper_expert.up.weight", UNIFORM, HYPER_FAN_IN(64)},
        {NULL, "moe.hyper_expert.up.bias", ZEROS, 0},
        {NULL, "moe.hyper_expert.shift_down.weight", UNIFORM, HYPER_FAN_IN(1)},
        {NULL, "moe.hyper_expert.shift_down.bias", ZEROS, 0},
        {NULL, "moe.hyper_expert.shift_up.weight", UNIFORM, HYPER_FAN_IN(1)},
        {NULL, "moe.hyper_expert.shift_up.bias", ZEROS, 0},
        {NULL, "adapter.down", UNIFORM, 1e-4 * sqrt(6.0 / (D + 64))},
        {NULL, "adapter.up", UNIFORM, 1e-4 * sqrt(6.0 / (D + 64))},
        {NULL, "adapter.down_bias", ZEROS, 0},
        {NULL, "adapter.up_bias", ZEROS, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++)
        if (g_str_equal(entries[i].name, name) &&
            (!entries[i].preset || g_str_equal(entries[i].preset, preset)))
            return entries[i];
    g_error("preset %s: parameter %s has no entry in presets-init.c", preset, name);
}

/* --- What values look like
 * ----------------------------------------------------------------------*/

static void
expect(bool good, const char *preset, const char *name, const char *what, double found)
{
    if (!good)
        g_error("preset %s: %s: %s is %g", preset, name, what, found);
}

/* Mean and spread within five standard errors; `kurtosis` of the distribution: E[x⁴] / E[x²]². */
static void
expect_spread(const MoeTensor *x, const Entry *entry, const char *preset, double std,
              double kurtosis)
{
    double mean = 0, square = 0, n = (double)moe_tensor_count(x);
    for (int64_t i = 0; i < moe_tensor_count(x); i++) {
        mean += (double)x->data[i] / n;
        square += (double)x->data[i] * (double)x->data[i] / n;
    }
    double error = std * std * sqrt((kurtosis - 1) / n);
    expect(fabs(mean) < 5 * std / sqrt(n), preset, entry->name, "the mean", mean);
    expect(fabs(square - std * std) < 5 * error, preset, entry->name, "the spread", sqrt(square));
}

static void
expect_uniform(const MoeTensor *x, const Entry *entry, const char *preset)
{
    double most = 0, n = (double)moe_tensor_count(x);
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        most = fmax(most, fabs((double)x->data[i]));
    expect_spread(x, entry, preset, entry->value / sqrt(3), 1.8);
    expect(most <= entry->value * (1 + 1e-6), preset, entry->name, "the largest", most);
    /* The largest of n is below 1 - 20 / n of the limit once in e²⁰ tensors. */
    expect(most > entry->value * (1 - 20 / n), preset, entry->name, "the largest", most);
}

/* Rows of one length, at right angles. */
static void
expect_orthogonal(const MoeTensor *x, const Entry *entry, const char *preset)
{
    int64_t n = moe_tensor_last(x);
    for (int64_t a = 0; a < moe_tensor_rows(x); a++)
        for (int64_t b = 0; b <= a; b++) {
            double dot = 0, wanted = a == b ? entry->value * entry->value : 0;
            for (int64_t c = 0; c < n; c++)
                dot += (double)x->data[a * n + c] * (double)x->data[b * n + c];
            expect(fabs(dot - wanted) < 1e-6, preset, entry->name, "a product of rows", dot);
        }
}

static void
expect_entry(const MoeTensor *x, const Entry *entry, const char *preset)
{
    switch (entry->kind) {
    case ZEROS:
        for (int64_t i = 0; i < moe_tensor_count(x); i++)
            expect(x->data[i] == 0, preset, entry->name, "a value", (double)x->data[i]);
        break;
    case NORMAL:
        expect_spread(x, entry, preset, entry->value, 3);
        break;
    case UNIFORM:
        expect_uniform(x, entry, preset);
        break;
    case ORTHOGONAL:
        expect_orthogonal(x, entry, preset);
        break;
    }
}

/* --- Presets -----------------------------------------------------------------------------------*/

static void
check_preset(const MoePreset *preset)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_autofree char *choice = g_strdup_printf("%s=%s", preset->key, preset->name);
    g_autofree char *width = g_strdup_printf("model.d_model=%d", D);
    g_autofree char *layers = g_strdup_printf("model.layers=%d", LAYERS);
    moe_recipe_set(recipe, choice, &error);
    moe_recipe_set(recipe, width, &error);
    moe_recipe_set(recipe, layers, &error);
    g_assert_no_error(error);
    if (moe_recipe_int(recipe, "moe.every") == 0)
        return;
    g_autoptr(MoeParams) params = moe_params_new();
    MoeLayerSize size = {.d_model = D, .prefix = ""};
    moe_layer_free(moe_layer_new(recipe, &size, params, 7)); /* its parameters stay */
    for (int i = 0; i < moe_params_count(params); i++) {
        const MoeParam *p = moe_params_get(params, i);
        Entry entry = find_entry(preset->name, p->name);
        expect_entry(p->tensor, &entry, preset->name);
    }
}

static void
test_presets(void)
{
    int n, found = 0;
    const MoePreset *const *preset = moe_presets_list(&n);
    for (int i = 0; i < n; i++) {
        if (!g_str_equal(preset[i]->key, "moe.variant") &&
            !g_str_equal(preset[i]->key, "stablemoe.flavor"))
            continue;
        if (!g_strv_contains(known, preset[i]->name))
            g_error("preset %s has no entry in presets-init.c", preset[i]->name);
        check_preset(preset[i]);
        found++;
    }
    g_assert_cmpint(found, ==, g_strv_length((char **)known));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/presets-init", test_presets);
    return g_test_run();
}
