/* SPDX-License-Identifier: MIT
 *
 * Equal FLOPs and parameters (arXiv 2411.16205, eq. 8 and 9), measured on layers that are described
 * and never filled with values.
 */
#include <moescope/cost.h>

#include <math.h>

static bool
set_int(MoeRecipe *recipe, const char *key, int64_t value)
{
    g_autofree char *assignment = g_strdup_printf("%s=%" G_GINT64_FORMAT, key, value);
    return moe_recipe_set(recipe, assignment, NULL);
}

/* The recipe's layer, all of it but its router, at another inner width and number of experts.
 * False: a recipe can't say so much. */
static bool
measure(const MoeRecipe *recipe, const char *name, int64_t hidden, int64_t experts,
        MoeParityChoice *choice)
{
    g_autoptr(MoeRecipe) changed = moe_recipe_copy(recipe);
    if (!set_int(changed, "moe.hidden", hidden) || !set_int(changed, "moe.experts", experts))
        return false;
    g_autoptr(MoeParams) params = moe_params_new_shapes();
    MoeLayerSize size = {.d_model = (int)moe_recipe_int(recipe, "model.d_model"), .prefix = ""};
    g_autoptr(MoeLayer) layer = moe_layer_new(changed, &size, params, 0);
    MoeCost all = moe_layer_cost(layer, 1),
            router = moe_layer_place_cost(layer, MOE_PLACE_SCORE, 1);
    *choice = (MoeParityChoice){
        .name = name,
        .hidden = hidden,
        .experts = experts,
        .flops = all.flops - router.flops,
        .params = all.params - router.params,
        .router_params = router.params,
    };
    return true;
}

static MoeParityChoice
measure_own(const MoeRecipe *recipe, const char *name)
{
    MoeParityChoice own = {0};
    measure(recipe, name, moe_recipe_int(recipe, "moe.hidden"),
            moe_recipe_int(recipe, "moe.experts"), &own);
    return own;
}

/* How the costs grow: FLOPs = f0 + f1 hidden, parameters = p0 + ph hidden + pe E + phe hidden E. */
typedef struct {
    double f0, f1, p0, ph, pe, phe;
} Growth;

static Growth
growth_of(const MoeRecipe *recipe)
{
    MoeParityChoice at[2][2] = {0}; /* [hidden - 1][experts - 1] */
    double p[2][2];
    for (int h = 0; h < 2; h++)
        for (int e = 0; e < 2; e++) {
            measure(recipe, "", h + 1, e + 1, &at[h][e]);
            p[h][e] = (double)at[h][e].params;
        }
    Growth g = {.f1 = at[1][0].flops - at[0][0].flops};
    g.f0 = at[0][0].flops - g.f1;
    g.phe = p[1][1] - p[1][0] - p[0][1] + p[0][0];
    g.ph = p[1][0] - p[0][0] - g.phe;
    g.pe = p[0][1] - p[0][0] - g.phe;
    g.p0 = p[0][0] - g.ph - g.pe - g.phe;
    return g;
}

static double
experts_at(const Growth *g, double hidden, double params)
{
    return (params - g->p0 - g->ph * hidden) / (g->pe + g->phe * hidden);
}

/* The multiple of `step` next to `x`, but not below `least`. */
static int64_t
rounded(double x, int64_t step, int64_t least)
{
    int64_t lowest = (least + step - 1) / step * step;
    double multiple = nearbyint(x / (double)step) * (double)step;
    return multiple > (double)lowest ? (int64_t)fmin(multiple, 0x1p62) : lowest;
}

static void
add_choice(MoeParity *parity, MoeParityChoice choice)
{
    choice.flops_off = choice.flops / parity->to.flops - 1;
    choice.params_off = (double)choice.params / (double)parity->to.params - 1;
    parity->choice[parity->n++] = choice;
}

static void
add_rounded(MoeParity *parity, const MoeRecipe *recipe, const Growth *g)
{
    static const struct {
        const char *name;
        int64_t step;
    } steps[] = {{"rounded", 1}, {"multiples of 8", 8}, {"multiples of 16", 16}};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        MoeParityChoice choice;
        int64_t hidden = rounded(parity->hidden, steps[i].step, 1);
        double exact = experts_at(g, (double)hidden, (double)parity->to.params);
        int64_t experts = rounded(exact, steps[i].step, moe_recipe_int(recipe, "moe.k"));
        if (measure(recipe, steps[i].name, hidden, experts, &choice))
            add_choice(parity, choice);
    }
}

static bool
comparable(const MoeRecipe *recipe, const MoeRecipe *to, GError **error)
{
    int64_t d = moe_recipe_int(recipe, "model.d_model"),
            other = moe_recipe_int(to, "model.d_model");
    bool first = moe_recipe_int(recipe, "moe.every") == 0;
    bool dense = first || moe_recipe_int(to, "moe.every") == 0;
    if (dense)
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE,
                    "moe.every is 0 in %s of the two recipes, expected two with MoE layers",
                    first ? "the first" : "the second");
    else if (d != other)
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE,
                    "model.d_model is %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                    ", expected one width: layers are compared, not models",
                    d, other);
    return !dense && d == other;
}

bool
moe_parity(const MoeRecipe *recipe, const MoeRecipe *to, MoeParity *parity, GError **error)
{
    *parity = (MoeParity){.hidden = NAN, .experts = NAN};
    if (!comparable(recipe, to, error))
        return false;
    Growth g = growth_of(recipe);
    if (g.f1 <= 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE,
                    "moe.expert: the FLOPs of '%s' don't grow with moe.hidden, so that it can't "
                    "be chosen for parity",
                    moe_recipe_text(recipe, "moe.expert"));
        return false;
    }
    parity->to = measure_own(to, "other");
    add_choice(parity, measure_own(recipe, "recipe"));
    parity->hidden = (parity->to.flops - g.f0) / g.f1;
    if (parity->hidden <= 0)
        return true;
    parity->experts = experts_at(&g, parity->hidden, (double)parity->to.params);
    add_rounded(parity, recipe, &g);
    return true;
}
