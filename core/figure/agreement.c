/* SPDX-License-Identifier: MIT
 *
 * How far two routings of the same tokens agree (two checkpoints, two seeds, two precisions), by
 * layer: as experts are numbered, and after those were matched that take the same units (Kuhn
 * 1955), since seeds number experts in any order. Beside it what the same picks would show if they
 * took no notice of the token.
 */
#include "figure/agreement.h"

/* One figure each. */
typedef enum { LAYERS, MATRIX } View;

/* So many matrices are shown where layers aren't chosen. */
#define MATRICES 4

/* The layers that are shown. (transfer full) */
static int *
layers_of(const Kit *kit)
{
    int *layers = g_new(int, kit->routers->len);
    for (guint i = 0; i < kit->routers->len; i++)
        layers[i] = moe__kit_info(kit, i)->layer;
    return layers;
}

static bool
pick_side(const Kit *kit, int i, MoeCompareSide *side, GError **error)
{
    side->trace = moe__figure_trace(kit->input, i, error);
    side->steps = moe_figure_options_steps(kit->options, &side->step);
    return side->trace != NULL;
}

static MoeComparison *
compare(const Kit *kit, bool match, GError **error)
{
    MoeCompareSide a = {0}, b = {0};
    g_autofree int *layers = layers_of(kit);
    const MoeCompareOptions options = {
        .in_order = moe_figure_options_bool(kit->options, "in-order"),
        .layers = layers,
        .n_layers = (int)kit->routers->len,
        .match = match,
        .shuffle = true,
        .filter = moe_figure_input_filter(kit->input),
    };
    if (!pick_side(kit, 0, &a, error) || !pick_side(kit, 1, &b, error))
        return NULL;
    GError *problem = NULL;
    MoeComparison *comparison = moe_compare(&a, &b, &options, &problem);
    if (comparison)
        return comparison;
    bool many = match && g_error_matches(problem, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    g_set_error(
        error, problem->domain, problem->code, "figure %s: %s (first) and %s (second): %s%s",
        kit->figure->name, moe_figure_input_name(kit->input, 0),
        moe_figure_input_name(kit->input, 1), problem->message,
        many && kit->figure == &moe__figure_agreement ? "; match=false leaves matching out" : "");
    g_error_free(problem);
    return NULL;
}

/* "T = 7,881 tokens, N = 15,762 picks a layer". (transfer full) */
static char *
size_of(const Agreement *a)
{
    int64_t low = G_MAXINT64, high = 0;
    for (int r = 0; r < moe_comparison_routers(a->comparison); r++) {
        int64_t picks = 0;
        MoeComparisonCell cell;
        if (!moe_comparison_cell(a->comparison, r, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell))
            continue;
        for (int e = 0; e < cell.experts; e++)
            picks += cell.picks_a[e];
        low = MIN(low, picks);
        high = MAX(high, picks);
    }
    g_autofree char *tokens = moe__number_count(moe_comparison_tokens(a->comparison));
    g_autofree char *picks = moe__kit_counts(MIN(low, high), high);
    return g_strdup_printf("T" NBSP "=" NBSP "%s tokens, N" NBSP "=" NBSP "%s picks a layer",
                           tokens, picks);
}

static void
set_caption(const Agreement *a, MoeScene *scene, View view, bool intervals)
{
    g_autofree char *size = size_of(a);
    g_autofree char *layers = g_strdup_printf(
        "How far %s and %s agree on the same tokens: share of first choices, of all picks, and "
        "rank-biased overlap (p" NBSP "=" NBSP "0.9)%s; %s",
        a->names[0], a->names[1],
        a->matched ? ", as experts are numbered and with those matched that take the same units"
                   : "",
        intervals ? "intervals of 95" NBSP "% over documents" : "too few documents for intervals");
    g_autofree char *matrix =
        g_strdup_printf("Of the units that pick an expert in %s (row), the share that pick each "
                        "expert in %s (column); columns in the order in which experts were matched",
                        a->names[0], a->names[1]);
    moe__kit_caption_sized(a->kit, scene, view == LAYERS ? layers : matrix, size,
                           view == LAYERS
                               ? (a->matched ? "dashed: the same picks with tokens shuffled, "
                                               "matched anew"
                                             : "dashed: the same picks with tokens shuffled")
                               : "uniform: k/E, picked at random");
}

static MoeScene *
scene_of(const Kit *kit, View view, bool match, GError **error)
{
    g_autoptr(MoeComparison) comparison = compare(kit, match, error);
    if (!comparison)
        return NULL;
    g_autofree char *first = moe__kit_input_name(kit->input, 0);
    g_autofree char *second = moe__kit_input_name(kit->input, 1);
    Agreement agreement = {kit, comparison, {first, second}, match};
    MoeScene *scene = moe_scene_new(kit->figure->title);
    bool intervals = false;
    if (view == MATRIX)
        moe__agreement_add_matrices(scene, &agreement, MATRICES);
    else
        intervals = moe__agreement_add_layers(scene, &agreement);
    set_caption(&agreement, scene, view, intervals);
    return scene;
}

static MoeScene *
build_agreement(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init_trace(&kit, &moe__figure_agreement, input, options, error))
        return NULL;
    return scene_of(&kit, LAYERS, moe_figure_options_bool(options, "match"), error);
}

static MoeScene *
build_matching(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init_trace(&kit, &moe__figure_matching, input, options, error))
        return NULL;
    return scene_of(&kit, MATRIX, true, error);
}

/* The first is that of both figures. */
static const MoeField fields[] = {
    {.name = "in-order",
     .type = MOE_FIELD_BOOL,
     .fallback = "false",
     .help = "the first router with the first, and so on, whatever their layers"},
    {.name = "match",
     .type = MOE_FIELD_BOOL,
     .fallback = "true",
     .help = "also with experts matched by the units that they take together"},
};

const MoeFigure moe__figure_agreement = {
    .struct_size = sizeof(MoeFigure),
    .name = "agreement",
    .title = "Agreement of two routings",
    .help = "how often two recordings of the same tokens pick the same experts, by layer, with and "
            "without matched experts, with intervals and what chance would show",
    .fields = fields,
    .n_fields = 2,
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .most_inputs = 2,
    .least_inputs = 2,
    .build = build_agreement,
};

const MoeFigure moe__figure_matching = {
    .struct_size = sizeof(MoeFigure),
    .name = "matching",
    .title = "Matched experts",
    .help = "which expert of one recording takes the units of which in another: experts by "
            "experts, a panel a layer, matched ones on the diagonal",
    .fields = fields,
    .n_fields = 1,
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .most_inputs = 2,
    .least_inputs = 2,
    .build = build_matching,
};
