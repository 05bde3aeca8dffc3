/* SPDX-License-Identifier: MIT
 *
 * split = heads against tensors recorded from the authors' code (tests/fixtures/mhmoe/), and what
 * the recordings don't show: initial values, padding, FLOPs, rules.
 */
#include "moe/picks.h"

#include <moescope/model.h>
#include <moescope/safetensors.h>

#include <math.h>
#include <string.h>

/* A recording, and our layer with its weights and one pass over its input. */
typedef struct {
    MoeSafetensors *file;
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    MoeTensor *x, *y;
    MoeContext context;
    MoeRouting routing;
} Parity;

static int
number_of(const Parity *p, const char *key)
{
    const char *value = moe_safetensors_metadata(p->file, key);
    if (!value)
        g_error("%s: no %s", moe_safetensors_path(p->file), key);
    return (int)g_ascii_strtoll(value, NULL, 10);
}

G_GNUC_PRINTF(2, 3)
static const MoeStored *
stored(const Parity *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *name = g_strdup_vprintf(format, args);
    va_end(args);
    const MoeStored *found = moe_safetensors_find(p->file, name);
    if (!found)
        g_error("%s: no %s", moe_safetensors_path(p->file), name);
    return found;
}

static float *
floats_of(const MoeStored *tensor)
{
    g_autoptr(GError) error = NULL;
    float *values = g_new(float, tensor->count);
    moe_stored_read_floats(tensor, values, &error);
    g_assert_no_error(error);
    return values;
}

/* |a - b| <= tolerance · max|ref| + 1e-7 everywhere. NULL stands for zeros. */
static void
expect_close(const MoeStored *ref, const float *a, double tolerance)
{
    g_autofree float *b = floats_of(ref);
    double largest = 0;
    for (int64_t i = 0; i < ref->count; i++)
        largest = fmax(largest, fabs((double)b[i]));
    for (int64_t i = 0; i < ref->count; i++) {
        double value = a ? (double)a[i] : 0;
        if (!(fabs(value - (double)b[i]) <= tolerance * largest + 1e-7))
            g_error("%s[%d]: %.9g, expected %.9g", ref->name, (int)i, value, (double)b[i]);
    }
}

/* An expert's weight, in our tensor of all experts and in the recording. */
typedef struct {
    const char *ours, *theirs; /* theirs: below experts.E. */
    bool second_half;          /* of W1 = [Wg; Wu] */
} ExpertWeight;

/* fc2(fc1(x) silu(fc3(x))), or fc2(gelu(fc1(x))) with biases. */
static const ExpertWeight swiglu_weights[] = {
    {"experts.w1", "fc3.weight", false},
    {"experts.w1", "fc1.weight", true},
    {"experts.w2", "fc2.weight", false},
    {NULL, NULL, false},
};
static const ExpertWeight gelu_weights[] = {
    {"experts.w1", "fc1.weight", false},
    {"experts.b1", "fc1.bias", false},
    {"experts.w2", "fc2.weight", false},
    {"experts.b2", "fc2.bias", false},
    {NULL, NULL, false},
};
static const struct {
    const char *ours, *theirs;
} plain_weights[] = {
    {"router.weight", "gate.wg.weight"}, {"heads.weight", "multi_heads.weight"},
    {"heads.bias", "multi_heads.bias"},  {"merge.weight", "out_proj.weight"},
    {"merge.bias", "out_proj.bias"},
};

typedef void (*VisitWeight)(const MoeStored *ref, MoeTensor *ours, int64_t offset);

/* Calls `visit` for every weight of the recording (names begin with `prefix`) and its place in
 * ours. Returns the number of our elements so covered. */
static int64_t
each_weight(const Parity *p, const char *prefix, VisitWeight visit)
{
    bool glu = moe_recipe_has(p->recipe, "moe.activation", "swiglu");
    int64_t covered = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(plain_weights); i++) {
        MoeTensor *ours = moe_params_find(p->params, plain_weights[i].ours);
        if (!ours) /* one head: neither of us has these */
            continue;
        const MoeStored *ref = stored(p, "%s%s", prefix, plain_weights[i].theirs);
        visit(ref, ours, 0);
        covered += ref->count;
    }
    for (const ExpertWeight *w = glu ? swiglu_weights : gelu_weights; w->ours; w++) {
        MoeTensor *ours = moe_params_find(p->params, w->ours);
        int64_t size = moe_tensor_count(ours) / moe_layer_experts(p->layer);
        for (int e = 0; e < moe_layer_experts(p->layer); e++) {
            const MoeStored *ref = stored(p, "%sexperts.%d.%s", prefix, e, w->theirs);
            visit(ref, ours, e * size + (w->second_half ? size / 2 : 0));
            covered += ref->count;
        }
    }
    return covered;
}

static void
load_weight(const MoeStored *ref, MoeTensor *ours, int64_t offset)
{
    g_autofree float *values = floats_of(ref);
    g_assert_cmpint(offset + ref->count, <=, moe_tensor_count(ours));
    memcpy(ours->data + offset, values, sizeof(float) * (size_t)ref->count);
}

static void
check_grad(const MoeStored *ref, MoeTensor *ours, int64_t offset)
{
    expect_close(ref, ours->has_grad ? ours->grad + offset : NULL, 2e-5);
}

static void
set(MoeRecipe *recipe, const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *assignment = g_strdup_printf("%s=%s", key, value);
    moe_recipe_set(recipe, assignment, &error);
    g_assert_no_error(error);
}

static MoeRecipe *
recipe_of(const Parity *p)
{
    static const struct {
        const char *key, *metadata;
    } sizes[] = {
        {"model.d_model", "d_model"}, {"heads.count", "heads"},         {"moe.experts", "experts"},
        {"moe.k", "top_k"},           {"moe.hidden", "expert_ffn_dim"},
    };
    MoeRecipe *recipe = moe_recipe_new();
    g_autoptr(GError) error = NULL;
    set(recipe, "moe.variant", "mhmoe");
    set(recipe, "balance.gshard", "1");
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        set(recipe, sizes[i].key, moe_safetensors_metadata(p->file, sizes[i].metadata));
    if (!moe_safetensors_find(p->file, "experts.0.fc3.weight"))
        set(recipe, "moe.activation", "gelu");
    set(recipe, "moe.bias", number_of(p, "expert_bias") ? "true" : "false");
    if (g_str_equal(moe_safetensors_metadata(p->file, "mode"), "eval"))
        set(recipe, "moe.capacity_eval_fraction",
            moe_safetensors_metadata(p->file, "moe_eval_capacity_token_fraction"));
    moe_recipe_set(recipe, "model.heads=1", NULL);
    moe_recipe_check(recipe, &error);
    g_assert_no_error(error);
    return recipe;
}

static void
parity_run(Parity *p)
{
    moe_tape_reset(p->tape);
    moe_arena_reset(p->keep);
    moe_params_drop_grads(p->params);
    p->y = moe_layer_forward(p->layer, &p->context, p->x, &p->routing);
}

static Parity *
parity_new(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_strconcat(name, ".safetensors", NULL);
    g_autofree char *path = g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "tests", "fixtures",
                                             "mhmoe", file, NULL);
    Parity *p = g_new0(Parity, 1);
    p->file = moe_safetensors_open(path, &error);
    g_assert_no_error(error);
    p->recipe = recipe_of(p);
    p->params = moe_params_new();
    MoeLayerSize size = {.d_model = number_of(p, "d_model"), .prefix = ""};
    p->layer = moe_layer_new(p->recipe, &size, p->params, 1);
    g_assert_cmpint(each_weight(p, "", load_weight), ==, moe_params_size(p->params, false));
    const MoeStored *x = stored(p, "io.x");
    p->x = moe_params_add(p->params, "x", 2, x->shape, 0);
    load_weight(x, p->x, 0);
    p->tape = moe_tape_new(true);
    p->keep = moe_arena_new();
    bool train = g_str_equal(moe_safetensors_metadata(p->file, "mode"), "train");
    p->context = (MoeContext){.tape = p->tape, .keep = p->keep, .train = train};
    parity_run(p);
    return p;
}

static void
parity_free(Parity *p)
{
    moe_layer_free(p->layer);
    moe_params_free(p->params);
    moe_recipe_free(p->recipe);
    moe_tape_free(p->tape);
    moe_arena_free(p->keep);
    moe_safetensors_free(p->file);
    g_free(p);
}

static int64_t
integer_at(const MoeStored *tensor, int64_t i)
{
    int64_t value;
    if (tensor->type == MOE_STORED_U8)
        return ((const uint8_t *)tensor->data)[i];
    g_assert_cmpint(tensor->type, ==, MOE_STORED_I64);
    memcpy(&value, (const char *)tensor->data + i * 8, sizeof value);
    return value;
}

static void
check_picks(const Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    const MoeStored *expert = stored(p, "io.topk_idx"), *slot = stored(p, "io.slot"),
                    *dropped = stored(p, "io.dropped"), *load = stored(p, "io.expert_load"),
                    *kept = stored(p, "io.expert_kept");
    g_autofree float *gate = floats_of(stored(p, "io.topk_gate"));
    int64_t n = picks->units * picks->k, n_dropped = 0;
    g_assert_cmpint(expert->count, ==, n);
    g_assert_cmpint(picks->capacity, ==, number_of(p, "capacity"));
    for (int64_t i = 0; i < n; i++) {
        g_assert_cmpint(picks->expert[i], ==, integer_at(expert, i));
        g_assert_cmpint(picks->slot[i], ==, integer_at(slot, i));
        g_assert_cmpint(picks->dropped[i], ==, integer_at(dropped, i));
        float applied = picks->dropped[i] ? 0 : gate[i];
        g_assert_cmpfloat_with_epsilon(picks->gate[i], applied, 1e-6);
        n_dropped += picks->dropped[i];
    }
    g_assert_cmpint(n_dropped, ==, number_of(p, "dropped_assignments"));
    for (int e = 0; e < picks->experts; e++) {
        g_assert_cmpint(picks->load[e], ==, integer_at(load, e));
        g_assert_cmpint(picks->load[e] - picks->overflow[e], ==, integer_at(kept, e));
    }
}

static void
check_forward(Parity *p)
{
    expect_close(stored(p, "io.sub_tokens"), p->routing.units->data, 1e-5);
    expect_close(stored(p, "io.router_logits"), p->routing.logits->data, 1e-5);
    expect_close(stored(p, "io.gate_probs"), moe_routing_probabilities(&p->routing)->data, 1e-5);
    expect_close(stored(p, "io.topk_gate"), p->routing.gates->data, 1e-5);
    expect_close(stored(p, "io.y"), p->y->data, 1e-5);
    float balance;
    moe_layer_balance_loss(&p->routing, &balance);
    expect_close(stored(p, "io.aux_loss"), &balance, 1e-5);
}

/* Of sum(y r), then of the balance loss alone. */
static void
check_gradients(Parity *p)
{
    parity_run(p);
    MoeTensor *r = moe_tensor_new(moe_tape_arena(p->tape), 2, p->x->shape);
    load_weight(stored(p, "io.r"), r, 0);
    moe_tape_backward(p->tape, moe_sum(p->tape, moe_mul(p->tape, p->y, r)), 1);
    check_grad(stored(p, "grad_y.x"), p->x, 0);
    each_weight(p, "grad_y.", check_grad);
    parity_run(p);
    moe_tape_backward(p->tape, moe_layer_balance_loss(&p->routing, NULL), 1);
    check_grad(stored(p, "grad_aux.x"), p->x, 0);
    each_weight(p, "grad_aux.", check_grad);
}

static void
test_parity(gconstpointer name)
{
    Parity *p = parity_new(name);
    check_picks(p);
    check_forward(p);
    check_gradients(p);
    parity_free(p);
}

/* A padded token takes all its sub-tokens out, and only them. */
static void
test_padding(void)
{
    Parity *p = parity_new("mhmoe_c");
    int tokens = number_of(p, "tokens"), h = moe_layer_units_per_token(p->layer);
    g_autofree int32_t *padding = g_new0(int32_t, tokens);
    padding[4] = -1;
    p->context.padding = padding;
    parity_run(p);
    const MoePicks *picks = &p->routing.picks;
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        g_assert_cmpint(picks->expert[i] < 0, ==, i / (picks->k * h) == 4);
    parity_free(p);
}

/* Within their limits, and with the standard deviation limit/√3 of a uniform draw. */
static void
expect_uniform(const MoeParams *params, const char *name, double limit)
{
    const MoeTensor *x = moe_params_find(params, name);
    int64_t n = moe_tensor_count(x);
    double square = 0;
    for (int64_t i = 0; i < n; i++) {
        g_assert_cmpfloat(fabs((double)x->data[i]), <=, limit);
        square += (double)x->data[i] * (double)x->data[i];
    }
    g_assert_cmpfloat_with_epsilon(sqrt(3 * square / (double)n), limit,
                                   2 * limit / sqrt((double)n));
}

static void
test_initial_values(void)
{
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    set(recipe, "moe.variant", "mhmoe");
    g_autoptr(MoeParams) params = moe_params_new();
    MoeLayerSize size = {.d_model = 64, .prefix = ""};
    moe_layer_free(moe_layer_new(recipe, &size, params, 1));
    expect_uniform(params, "heads.weight", sqrt(6.0 / 128) / sqrt(2));
    expect_uniform(params, "heads.bias", 1 / sqrt(64));
    expect_uniform(params, "merge.weight", sqrt(6.0 / 128));
    const MoeTensor *bias = moe_params_find(params, "merge.bias");
    for (int i = 0; i < 64; i++)
        g_assert_cmpfloat(bias->data[i], ==, 0);
}

static double
sample_flops(const char *preset, const char *size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_strdup_printf("%s-%s.ini", preset, size);
    g_autofree char *path =
        g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "samples", "recipes", file, NULL);
    g_autoptr(MoeRecipe) recipe = moe_recipe_load(path, &error);
    g_assert_no_error(error);
    g_autoptr(MoeParams) params = moe_params_new();
    MoeLayerSize layer_size = {.d_model = (int)moe_recipe_int(recipe, "model.d_model"),
                               .prefix = ""};
    g_autoptr(MoeLayer) layer = moe_layer_new(recipe, &layer_size, params, 1);
    return moe_layer_flops(layer);
}

/* The sample recipes claim the FLOPs of smoe, head and merge layers included. */
static void
test_flops(void)
{
    for (const char *const *size = (const char *[]){"tiny", "small", "base", NULL}; *size; size++)
        g_assert_cmpfloat(sample_flops("mhmoe", *size), ==, sample_flops("smoe", *size));
}

/* A token's sub-tokens reach h k = 4 of the 6 experts. */
static void
test_active_parameters(void)
{
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    set(recipe, "moe.variant", "mhmoe");
    set(recipe, "heads.count", "2");
    set(recipe, "moe.experts", "6");
    set(recipe, "moe.hidden", "5");
    set(recipe, "model.layers", "1");
    set(recipe, "model.d_model", "8");
    set(recipe, "model.heads", "1");
    g_autoptr(MoeModel) model = moe_model_new(recipe, 7, NULL);
    int64_t expert = 3 * 5 * 4, all = moe_params_size(moe_model_params(model), false);
    g_assert_cmpint(moe_model_active_params(model), ==, all - 2 * expert);
}

static void
test_rule(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    set(recipe, "moe.variant", "mhmoe");
    set(recipe, "heads.count", "5");
    g_assert_false(moe_recipe_check(recipe, &error));
    g_assert_nonnull(
        strstr(error->message, "heads.count: model.d_model (256) is not a multiple of 5 heads"));
    set(recipe, "moe.split", "token");
    g_assert_true(moe_recipe_check(recipe, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_data_func("/mhmoe/parity/a", "mhmoe_a", test_parity);
    g_test_add_data_func("/mhmoe/parity/b", "mhmoe_b", test_parity);
    g_test_add_data_func("/mhmoe/parity/c", "mhmoe_c", test_parity);
    g_test_add_data_func("/mhmoe/parity/one-head", "mhmoe_e_smoe_heads1", test_parity);
    g_test_add_func("/mhmoe/padding", test_padding);
    g_test_add_func("/mhmoe/initial-values", test_initial_values);
    g_test_add_func("/mhmoe/flops", test_flops);
    g_test_add_func("/mhmoe/active-parameters", test_active_parameters);
    g_test_add_func("/mhmoe/rule", test_rule);
    return g_test_run();
}
