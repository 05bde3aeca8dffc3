/* SPDX-License-Identifier: MIT
 *
 * branch = hyper-expert against its definition, unit by unit and in double; what it does to whom by
 * gradients; its sets, its first values and what it reports.
 */
#include "moe/branch-hyper.h"

#include <math.h>
#include <string.h>

/* The parameters that the branch reads, in the order of Naive.value, and x. */
enum {
    EMB,
    W1,
    B1,
    W2,
    B2,
    LAYER,
    HIDDEN,
    HIDDEN_BIAS,
    DOWN,
    DOWN_BIAS,
    UP,
    UP_BIAS,
    SHIFT_DOWN,
    SHIFT_DOWN_BIAS,
    SHIFT_UP,
    SHIFT_UP_BIAS,
    X,
    N_VALUES
};
static const char *const names[N_VALUES] = {
    "moe.hyper_expert.embedding",
    "moe.hyper_expert.w1",
    "moe.hyper_expert.b1",
    "moe.hyper_expert.w2",
    "moe.hyper_expert.b2",
    "moe.hyper_expert.layer",
    "moe.hyper_expert.hidden.weight",
    "moe.hyper_expert.hidden.bias",
    "moe.hyper_expert.down.weight",
    "moe.hyper_expert.down.bias",
    "moe.hyper_expert.up.weight",
    "moe.hyper_expert.up.bias",
    "moe.hyper_expert.shift_down.weight",
    "moe.hyper_expert.shift_down.bias",
    "moe.hyper_expert.shift_up.weight",
    "moe.hyper_expert.shift_up.bias",
    "x",
};

/* --- A layer with one pass behind it -----------------------------------------------------------*/

typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    MoeTensor *x, *y;
    int32_t *padding;
    MoeContext context;
    MoeRouting routing;
} Fixture;

static const char *const small[] = {
    "moe.variant=hypermoe",
    "hyper_expert.adapter=3",
    "hyper_expert.embedding=4",
    "hyper_expert.process=5",
    "hyper_expert.input=6",
    "hyper_expert.bottleneck=7",
    "hyper_expert.layer_embedding=2",
    "moe.hidden=6",
    "moe.balance=none",
    NULL,
};

static MoeRecipe *
recipe_of(const char *const *first, const char *const *then)
{
    g_autoptr(GError) error = NULL;
    MoeRecipe *recipe = moe_recipe_new();
    const char *const *lists[] = {first, then};
    for (int l = 0; l < 2; l++)
        for (const char *const *s = lists[l]; s && *s; s++) {
            moe_recipe_set(recipe, *s, &error);
            g_assert_no_error(error);
        }
    moe_recipe_check(recipe, &error);
    g_assert_no_error(error);
    return recipe;
}

static void
fixture_init(Fixture *f, const char *const *settings, int sequences, int length, int d)
{
    *f = (Fixture){.recipe = recipe_of(small, settings),
                   .params = moe_params_new(),
                   .tape = moe_tape_new(true),
                   .keep = moe_arena_new()};
    MoeLayerSize size = {.d_model = d, .prefix = "moe."};
    f->layer = moe_layer_new(f->recipe, &size, f->params, 7);
    f->x = moe_params_add(f->params, "x", 2, (int64_t[]){sequences * length, d}, 0);
    /* The first values leave the branch next to nothing. */
    for (int i = 0; i < moe_params_count(f->params); i++) {
        const MoeParam *p = moe_params_get(f->params, i);
        moe_init_normal(p->tensor, p->name, 3, p->tensor == f->x ? 1 : 0.5);
    }
    f->context = (MoeContext){
        .tape = f->tape, .keep = f->keep, .train = true, .sequences = sequences, .length = length};
}

static void
fixture_clear(Fixture *f)
{
    moe_layer_free(f->layer);
    moe_params_free(f->params);
    moe_tape_free(f->tape);
    moe_arena_free(f->keep);
    moe_recipe_free(f->recipe);
    g_free(f->padding);
}

static void
forward(Fixture *f)
{
    moe_tape_reset(f->tape);
    moe_arena_reset(f->keep);
    moe_params_drop_grads(f->params);
    f->y = moe_layer_forward(f->layer, &f->context, f->x, &f->routing);
}

/* --- The definition ----------------------------------------------------------------------------*/

typedef struct {
    const Fixture *f;
    double *value[N_VALUES];
    int64_t count[N_VALUES];
    int64_t e, p, h, l, b, a, w;
} Naive;

static Naive
naive_new(const Fixture *f)
{
    Naive n = {.f = f};
    for (int i = 0; i < N_VALUES; i++) {
        /* Units are what the branch reads: with heads split they aren't x. */
        const MoeTensor *t = i == X ? f->routing.units : moe_params_find(f->params, names[i]);
        n.count[i] = moe_tensor_count(t);
        n.value[i] = g_new(double, n.count[i]);
        for (int64_t j = 0; j < n.count[i]; j++)
            n.value[i][j] = (double)t->data[j];
    }
    n.e = n.count[EMB] / moe_layer_experts(f->layer);
    n.p = n.count[B1];
    n.h = n.count[B2];
    n.l = n.count[LAYER];
    n.b = n.count[HIDDEN_BIAS];
    n.a = n.count[SHIFT_DOWN_BIAS];
    n.w = n.count[SHIFT_UP_BIAS];
    return n;
}

static void
naive_clear(Naive *n)
{
    for (int i = 0; i < N_VALUES; i++)
        g_free(n->value[i]);
}

/* y = W x + b. */
static void
affine(double *y, const double *w, const double *b, const double *x, int64_t out, int64_t in)
{
    for (int64_t o = 0; o < out; o++) {
        y[o] = b[o];
        for (int64_t i = 0; i < in; i++)
            y[o] += w[o * in + i] * x[i];
    }
}

static void
relu(double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = fmax(x[i], 0);
}

/* Whether unit u was sent to expert e, dropped or not. */
static bool
sent_to(const MoePicks *picks, int64_t u, int e)
{
    for (int j = 0; j < picks->k; j++)
        if (picks->expert[u * picks->k + j] == e)
            return true;
    return false;
}

static void
naive_selection(const Naive *n, int64_t u, double *s)
{
    const MoePicks *picks = &n->f->routing.picks;
    const char *condition = moe_recipe_text(n->f->recipe, "hyper_expert.condition");
    bool selected = g_str_equal(condition, "selected");
    int counted = 0;
    memset(s, 0, (size_t)n->e * sizeof *s);
    for (int e = 0; e < picks->experts; e++) {
        if (sent_to(picks, u, e) != selected)
            continue;
        counted++;
        for (int64_t i = 0; i < n->e; i++)
            s[i] += n->value[EMB][e * n->e + i];
    }
    for (int64_t i = 0; g_str_equal(condition, "unselected-mean") && i < n->e; i++)
        s[i] /= counted;
}

/* Ê of unit u: [w]. */
static void
naive_unit(const Naive *n, int64_t u, double *y)
{
    double *const *v = n->value;
    double s[64], h[64], in[64], q[64], bd[64], bu[64], z[64];
    g_autofree double *D = g_new(double, n->a * n->w), *U = g_new(double, n->a * n->w);
    naive_selection(n, u, s);
    affine(h, v[W1], v[B1], s, n->p, n->e);
    relu(h, n->p);
    affine(in, v[W2], v[B2], h, n->h, n->p);
    memcpy(in + n->h, v[LAYER], (size_t)n->l * sizeof *in);
    affine(q, v[HIDDEN], v[HIDDEN_BIAS], in, n->b, n->h + n->l);
    relu(q, n->b);
    affine(D, v[DOWN], v[DOWN_BIAS], q, n->a * n->w, n->b);
    affine(U, v[UP], v[UP_BIAS], q, n->w * n->a, n->b);
    affine(bd, v[SHIFT_DOWN], v[SHIFT_DOWN_BIAS], q, n->a, n->b);
    affine(bu, v[SHIFT_UP], v[SHIFT_UP_BIAS], q, n->w, n->b);
    affine(z, D, bd, v[X] + u * n->w, n->a, n->w);
    relu(z, n->a);
    affine(y, U, bu, z, n->w, n->a);
}

/* Σ r Ê over the units that have picks. */
static double
naive_loss(const Naive *n, const float *r)
{
    const MoePicks *picks = &n->f->routing.picks;
    double loss = 0, y[64];
    for (int64_t u = 0; u < picks->units; u++) {
        if (picks->expert[u * picks->k] < 0)
            continue;
        naive_unit(n, u, y);
        for (int64_t i = 0; i < n->w; i++)
            loss += y[i] * (double)r[u * n->w + i];
    }
    return loss;
}

/* --- Against it --------------------------------------------------------------------------------*/

static void
check_forward(const Naive *n)
{
    const MoeRouting *routing = &n->f->routing;
    double y[64];
    for (int64_t u = 0; u < routing->picks.units; u++) {
        bool has_picks = routing->picks.expert[u * routing->picks.k] >= 0;
        if (has_picks)
            naive_unit(n, u, y);
        for (int64_t i = 0; i < n->w; i++)
            g_assert_cmpfloat_with_epsilon((double)routing->branch->data[u * n->w + i],
                                           has_picks ? y[i] : 0, 1e-4);
    }
}

/* As many experts are generated as there are distinct sets. */
static void
check_sets(const Fixture *f)
{
    const MoePicks *picks = &f->routing.picks;
    int distinct = 0;
    for (int64_t u = 0; u < picks->units; u++) {
        bool fresh = picks->expert[u * picks->k] >= 0;
        for (int64_t v = 0; fresh && v < u; v++) {
            bool same = picks->expert[v * picks->k] >= 0;
            for (int j = 0; j < picks->k; j++)
                same = same && sent_to(picks, v, picks->expert[u * picks->k + j]);
            fresh = !same;
        }
        distinct += fresh;
    }
    const MoeHyperPass *pass = &moe__hyper_branch(f->layer)->pass;
    g_assert_cmpint(pass->sets.units.groups, ==, distinct);
    g_assert_cmpint(pass->down->shape[0], ==, distinct);
}

static void
check_gradients(Fixture *f, Naive *n)
{
    int64_t count = moe_tensor_count(f->routing.branch);
    g_autofree float *r = g_new(float, count);
    MoeRng rng = moe_rng(11, 0);
    for (int64_t i = 0; i < count; i++)
        r[i] = moe_rng_normal(&rng);
    moe_tape_backward_from(f->tape, f->routing.branch, r);
    for (int v = 0; v < N_VALUES; v++) {
        const MoeTensor *t = v == X ? f->routing.units : moe_params_find(f->params, names[v]);
        /* Of what the tape made, no gradient is left. */
        if (v == X && t != f->x)
            continue;
        g_assert_true(t->has_grad);
        for (int trial = 0; trial < 6; trial++) {
            int64_t i = (int64_t)moe_rng_below(&rng, (uint64_t)n->count[v]);
            double was = n->value[v][i];
            n->value[v][i] = was + 1e-6;
            double above = naive_loss(n, r);
            n->value[v][i] = was - 1e-6;
            double slope = (above - naive_loss(n, r)) / 2e-6;
            n->value[v][i] = was;
            if (fabs((double)t->grad[i] - slope) > 2e-3 * (1 + fabs(slope)))
                g_error("%s[%d]: gradient %g, expected %g", names[v], (int)i, (double)t->grad[i],
                        slope);
        }
    }
    /* Nothing of it comes to those who decide, nor to the experts. */
    for (int i = 0; i < moe_params_count(f->params); i++) {
        const MoeParam *p = moe_params_get(f->params, i);
        if (strstr(p->name, "router") || strstr(p->name, "experts."))
            g_assert_false(p->tensor->has_grad);
    }
}

static void
check(const char *const *settings, bool padding)
{
    Fixture f;
    fixture_init(&f, settings, 2, 11, 8);
    if (padding) {
        f.padding = g_new0(int32_t, 22);
        f.padding[3] = f.padding[20] = f.padding[21] = -1;
        f.context.padding = f.padding;
    }
    forward(&f);
    Naive n = naive_new(&f);
    check_forward(&n);
    check_sets(&f);
    check_gradients(&f, &n);
    naive_clear(&n);
    fixture_clear(&f);
}

static void
test_definition(void)
{
    static const char *const conditions[] = {"unselected-sum", "unselected-mean", "selected"};
    for (int i = 0; i < 30; i++) {
        g_autofree char *condition =
            g_strconcat("hyper_expert.condition=", conditions[i % 3], NULL);
        g_autofree char *k = g_strdup_printf("moe.k=%d", 1 + i / 3 % 3);
        g_autofree char *experts = g_strdup_printf("moe.experts=%d", 5 + i % 5);
        g_autofree char *slots = g_strdup_printf("moe.capacity_slots=%d", i % 4 == 1 ? 2 : 0);
        const char *split = i % 5 == 2 ? "moe.split=heads" : NULL;
        const char *heads = i % 2 ? "heads.count=2" : "heads.count=4";
        check((const char *[]){condition, k, experts, slots, split, split ? heads : NULL, NULL},
              i % 4 == 3);
    }
}

/* Every expert picked: no embedding is left, and a mean of none is none. */
static void
test_all_selected(void)
{
    Fixture f;
    fixture_init(&f,
                 (const char *[]){"moe.experts=3", "moe.k=3",
                                  "hyper_expert.condition=unselected-mean", NULL},
                 1, 5, 4);
    forward(&f);
    const MoeHyperPass *pass = &moe__hyper_branch(f.layer)->pass;
    g_assert_cmpint(pass->sets.units.groups, ==, 1);
    for (int64_t i = 0; i < moe_tensor_count(pass->selection); i++)
        g_assert_cmpfloat((double)pass->selection->data[i], ==, 0);
    fixture_clear(&f);
}

static void
test_padding_only(void)
{
    Fixture f;
    fixture_init(&f, NULL, 1, 4, 4);
    f.padding = g_new(int32_t, 4);
    memset(f.padding, 0xff, 4 * sizeof *f.padding);
    f.context.padding = f.padding;
    forward(&f);
    for (int64_t i = 0; i < 16; i++)
        g_assert_cmpfloat((double)f.routing.branch->data[i], ==, 0);
    moe_tape_backward_from(f.tape, f.y, f.y->data);
    fixture_clear(&f);
}

/* Two layers: one hypernetwork, embeddings and compression of their own, gradients added up. */
static void
test_shared(void)
{
    g_autoptr(MoeRecipe) recipe = recipe_of(small, NULL);
    g_autoptr(MoeParams) params = moe_params_new();
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    g_autoptr(MoeArena) keep = moe_arena_new();
    MoeLayer *layer[2];
    MoeTensor *x = moe_params_add(params, "x", 2, (int64_t[]){6, 4}, 0);
    moe_init_normal(x, "x", 1, 1);
    for (int i = 0; i < 2; i++) {
        g_autofree char *prefix = g_strdup_printf("blocks.%d.moe.", i);
        MoeLayerSize size = {.index = i, .block = i, .d_model = 4, .prefix = prefix};
        layer[i] = moe_layer_new(recipe, &size, params, 1);
    }
    const MoeHyperBranch *a = moe__hyper_branch(layer[0]), *b = moe__hyper_branch(layer[1]);
    g_assert_true(a->down == b->down && a->up == b->up && a->hidden == b->hidden);
    g_assert_true(a->layer != b->layer && a->w1 != b->w1 && a->embedding != b->embedding);
    g_assert_cmpfloat((double)a->layer->data[0], !=, (double)b->layer->data[0]);
    float once[2], ones[24];
    for (int i = 0; i < 24; i++)
        ones[i] = 1;
    MoeContext context = {.tape = tape, .keep = keep, .sequences = 1, .length = 6};
    for (int i = 0; i < 4; i++) {
        MoeRouting routing;
        if (i < 3)
            moe_params_drop_grads(params);
        moe_tape_reset(tape);
        moe_layer_forward(layer[i % 2], &context, x, &routing);
        moe_tape_backward_from(tape, routing.branch, ones);
        if (i < 2)
            once[i] = a->shift_up->grad[0];
    }
    g_assert_cmpfloat_with_epsilon((double)a->shift_up->grad[0], (double)(once[0] + once[1]), 1e-6);
    moe_layer_free(layer[0]);
    moe_layer_free(layer[1]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/hyper-expert/definition", test_definition);
    g_test_add_func("/hyper-expert/all-selected", test_all_selected);
    g_test_add_func("/hyper-expert/padding-only", test_padding_only);
    g_test_add_func("/hyper-expert/shared", test_shared);
    return g_test_run();
}
