/* SPDX-License-Identifier: MIT
 *
 * Which experts are picked together: a matrix a layer, of all pairs of a unit's picks.
 */
#include "figure/kit.h"
#include "figure/square.h"

#include <math.h>

/* So many layers are shown where they aren't chosen. */
#define PANELS 6

/* The option norm, in its order. */
typedef enum {
    CONDITIONAL, /* n_ij / n_i: rows are given */
    JACCARD,     /* n_ij / (n_i + n_j - n_ij) */
    LIFT,        /* log2 n_ij T / (n_i n_j) */
} Pairing;

static double
at(const MoePairCell *pairs, int i, int j)
{
    return (double)pairs->together[(gsize)i * (gsize)pairs->experts + (gsize)j];
}

static double
normed(const MoePairCell *pairs, Pairing norm, int i, int j)
{
    double both = at(pairs, i, j), ni = at(pairs, i, i), nj = at(pairs, j, j);
    if (i == j || ni == 0 || nj == 0)
        return NAN;
    if (norm == CONDITIONAL)
        return both / ni;
    if (norm == JACCARD)
        return both / (ni + nj - both);
    return log2(both * (double)pairs->units / (ni * nj));
}

/* What the cell would be if experts were picked apart from each other, at their loads: n_i n_j / T
 * pairs. */
static double
expected(const MoePairCell *pairs, Pairing norm, int i, int j)
{
    double ni = at(pairs, i, i), nj = at(pairs, j, j), both = ni * nj / (double)pairs->units;
    return norm == CONDITIONAL ? both / ni : norm == JACCARD ? both / (ni + nj - both) : 0;
}

/* All pairs of a router's experts, as `of` has them. (transfer full, [n × n]) */
static double *
whole_of(const MoePairCell *pairs, Pairing norm,
         double (*of)(const MoePairCell *pairs, Pairing norm, int i, int j))
{
    int n = pairs->experts;
    double *whole = g_new(double, (gsize)n *(gsize)n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            whole[i * n + j] = of(pairs, norm, i, j);
    return whole;
}

static double
count_of(const MoePairCell *pairs, Pairing norm, int i, int j)
{
    (void)norm;
    return at(pairs, i, j);
}

/* Jaccard's index, which is symmetric whatever is shown, arranges. */
static double
alike_of(const MoePairCell *pairs, Pairing norm, int i, int j)
{
    double value = normed(pairs, norm, i, j);
    return isnan(value) ? -1 : value;
}

static Square
square_of(const Kit *kit, guint i, const MoePairCell *pairs, Pairing norm)
{
    Sort sort = moe__sort(kit->options);
    int n = pairs->experts;
    g_autofree double *alike = whole_of(pairs, JACCARD, alike_of);
    g_autofree double *value = whole_of(pairs, norm, normed);
    g_autofree double *chance = whole_of(pairs, norm, expected);
    g_autofree double *count = whole_of(pairs, norm, count_of);
    Square square = moe__square(moe__kit_experts(kit, i, sort), sort, alike, n);
    square.value = moe__square_take(&square, value, n);
    square.number[0] = moe__square_take(&square, chance, n);
    square.number[1] = moe__square_take(&square, count, n);
    return square;
}

static void
set_scale(const Kit *kit, MoeScene *scene, const GArray *squares, Pairing norm)
{
    double most = 0, least = 0;
    bool none = false;
    for (guint i = 0; i < squares->len; i++)
        none |= moe__square_range(&g_array_index(squares, Square, i), &least, &most);
    static const MoeReference apart = {0, "independent"};
    MoeColourScale scale = {
        .colours = (MoeColours)moe_figure_options_choice(kit->options, "colours"),
        .max = most > 0 ? most : 1,
        .label = norm == CONDITIONAL ? "share of the row\xe2\x80\x99s units" : "Jaccard index"};
    if (norm == LIFT) {
        double limit = CLAMP(ceil(MAX(most, -least)), 1, 5);
        scale = (MoeColourScale){.colours = MOE_COLOURS_BLUE_RED,
                                 .min = -limit,
                                 .max = limit,
                                 .below = none || least<-limit, .above = most> limit,
                                 .format = MOE_FORMAT_LOG2,
                                 .label = "lift",
                                 .n_references = 1,
                                 .references = &apart};
    }
    moe_scene_set_colour_scale(scene, &scale);
}

static void
add_panel(const Kit *kit, MoeScene *scene, guint i, const Square *square, Pairing norm)
{
    static const char *const words[] = {
        [CONDITIONAL] = "%s: of units that pick expert {row}, {value} pick {column} too "
                        "(independent: {0}; {1} units)",
        [JACCARD] = "%s, experts {row} and {column}: {value} of units with either have both "
                    "(independent: {0}; {1} units)",
        [LIFT] = "%s, experts {row} and {column}: {value} doublings over independent ({1} units)"};
    g_autofree char *title = moe__kit_title(kit, i);
    g_auto(GStrv) parts = g_strsplit(words[norm], "%s", 2);
    g_autofree char *told = g_strconcat(parts[0], title, parts[1], NULL);
    moe__square_panel(scene, square, title, NULL, told);
}

static const char *
caption_of(Pairing norm)
{
    static const char *const what[] = {
        [CONDITIONAL] = "Share of the units that pick an expert (row) which pick another (column) "
                        "too, over all pairs of a unit\xe2\x80\x99s picks",
        [JACCARD] = "Units that pick both experts, as a share of those that pick either",
        [LIFT] = "Units that pick both experts, against what independent picks of the same loads "
                 "would give, log scale",
    };
    return what[norm];
}

/* What independent picks would show in the mean of all cells. (transfer full) */
static char *
chance_of(const GArray *squares, Pairing norm)
{
    double sum = 0, cells = 0;
    for (guint i = 0; i < squares->len; i++) {
        const Square *square = &g_array_index(squares, Square, i);
        for (gsize cell = 0; cell < (gsize)square->experts->len * square->experts->len; cell++)
            if (!isnan(square->value[cell])) {
                sum += square->number[0][cell];
                cells++;
            }
    }
    if (norm == LIFT)
        return g_strdup("independent picks: 1\xc3\x97");
    g_autofree char *mean = moe__number_short(cells > 0 ? sum / cells : 0);
    return g_strdup_printf("independent picks of the same loads: %s in the mean", mean);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_coactivation, input, options, error))
        return NULL;
    Pairing norm = (Pairing)moe_figure_options_choice(options, "norm");
    g_autoptr(GArray) squares = g_array_new(FALSE, FALSE, sizeof(Square));
    g_array_set_clear_func(squares, moe__square_clear);
    g_autoptr(GArray) shown = moe__kit_shown(&kit, PANELS);
    for (guint i = 0; i < shown->len; i++) {
        guint layer = (guint)g_array_index(shown, int, i);
        const MoePairCell *pairs =
            moe_summary_pairs(kit.summary, moe__kit_router(&kit, layer), kit.domain);
        if (!pairs || pairs->units == 0) {
            moe__kit_missing(&kit, "pairs of experts", "there are too many experts, or no picks",
                             error);
            return NULL;
        }
        Square square = square_of(&kit, layer, pairs, norm);
        g_array_append_val(squares, square);
    }
    MoeScene *scene = moe_scene_new(moe__figure_coactivation.title);
    set_scale(&kit, scene, squares, norm);
    for (guint i = 0; i < shown->len; i++)
        add_panel(&kit, scene, (guint)g_array_index(shown, int, i),
                  &g_array_index(squares, Square, i), norm);
    bool clustered = moe__sort(options) == SORT_CLUSTER;
    g_autofree char *what =
        g_strconcat(caption_of(norm), moe__kit_left_out(&kit, shown->len),
                    clustered ? "; experts in the order of average linkage by Jaccard index, with "
                                "its tree"
                              : "",
                    NULL);
    g_autofree char *chance = chance_of(squares, norm);
    moe__kit_caption(&kit, scene, what, chance);
    return scene;
}

static const MoeField fields[] = {
    {.name = "norm",
     .type = MOE_FIELD_CHOICE,
     .fallback = "conditional",
     .choices = "conditional | jaccard | lift",
     .help = "of units that pick one expert, the share that picks the other as well (n_ij/n_i); of "
             "units that pick either, the share that picks both (n_ij/(n_i+n_j-n_ij)); or how many "
             "times as many pick both as chance would have it, as a logarithm (log2 of n_ij "
             "T/(n_i n_j))"},
    SORT_FIELD("cluster", "cluster | index | load | domain"),
    {.name = "colours",
     .type = MOE_FIELD_CHOICE,
     .fallback = "viridis",
     .choices = "viridis | cividis | magma",
     .help = "colour map of conditional and jaccard"},
};

const MoeFigure moe__figure_coactivation = {
    .struct_size = sizeof(MoeFigure),
    .name = "coactivation",
    .title = "Experts picked together",
    .help = "matrix of expert by expert, a panel a layer: which experts units pick together",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS |
              MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_PAIRS,
    .build = build,
};
