/* SPDX-License-Identifier: MIT
 *
 * Which experts are picked together: a matrix a layer, of all pairs of a unit's picks.
 */
#include "figure/cluster.h"
#include "figure/kit.h"

#include <math.h>

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

/* By Jaccard's index, which is symmetric whatever is shown. */
static int *
order_of(const MoePairCell *pairs, bool clustered)
{
    int n = pairs->experts;
    int *order = g_new(int, (gsize)n);
    for (int i = 0; i < n; i++)
        order[i] = i;
    if (!clustered)
        return order;
    g_autofree double *alike = g_new(double, (gsize)n *(gsize)n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double value = normed(pairs, JACCARD, i, j);
            alike[i * n + j] = isnan(value) ? -1 : value;
        }
    moe__cluster_order(alike, n, order);
    return order;
}

typedef struct Matrix {
    int n;
    int *order;
    double *value, *chance, *count;
} Matrix;

static void
matrix_clear(gpointer data)
{
    Matrix *matrix = data;
    g_free(matrix->order);
    g_free(matrix->value);
    g_free(matrix->chance);
    g_free(matrix->count);
}

/* What the cell would be if experts were picked apart from each other, at their loads: n_i n_j / T
 * pairs. */
static double
expected(const MoePairCell *pairs, Pairing norm, int i, int j)
{
    double ni = at(pairs, i, i), nj = at(pairs, j, j), both = ni * nj / (double)pairs->units;
    return norm == CONDITIONAL ? both / ni : norm == JACCARD ? both / (ni + nj - both) : 0;
}

static Matrix
matrix_of(const MoePairCell *pairs, Pairing norm, bool clustered)
{
    int n = pairs->experts;
    gsize cells = (gsize)n * (gsize)n;
    Matrix matrix = {n, order_of(pairs, clustered), g_new(double, cells), g_new(double, cells),
                     g_new(double, cells)};
    for (int row = 0; row < n; row++)
        for (int column = 0; column < n; column++) {
            int i = matrix.order[row], j = matrix.order[column];
            gsize cell = (gsize)row * (gsize)n + (gsize)column;
            matrix.value[cell] = normed(pairs, norm, i, j);
            matrix.chance[cell] = expected(pairs, norm, i, j);
            matrix.count[cell] = at(pairs, i, j);
        }
    return matrix;
}

static void
set_scale(const Kit *kit, MoeScene *scene, const GArray *matrices, Pairing norm)
{
    double most = 0, least = 0;
    bool none = false;
    for (guint m = 0; m < matrices->len; m++) {
        const Matrix *matrix = &g_array_index(matrices, Matrix, m);
        for (int i = 0; i < matrix->n * matrix->n; i++) {
            none |= isinf(matrix->value[i]);
            if (isfinite(matrix->value[i])) {
                most = MAX(most, matrix->value[i]);
                least = MIN(least, matrix->value[i]);
            }
        }
    }
    static const MoeReference apart = {0, "independent"};
    MoeColourScale scale = {.colours =
                                (MoeColours)moe_figure_options_choice(kit->options, "colours"),
                            .max = most > 0 ? most : 1,
                            .label = norm == CONDITIONAL ? "n_ij / n_i" : "Jaccard index"};
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
add_panel(const Kit *kit, MoeScene *scene, guint i, const Matrix *matrix, Pairing norm)
{
    static const char *const words[] = {
        [CONDITIONAL] = "%s: of units that pick expert {row}, {value} pick {column} too "
                        "(independent: {0}; {1} units)",
        [JACCARD] = "%s, experts {row} and {column}: {value} of units with either have both "
                    "(independent: {0}; {1} units)",
        [LIFT] = "%s, experts {row} and {column}: {value} doublings over independent ({1} units)"};
    g_auto(GStrv) names = g_new0(char *, (gsize)matrix->n + 1);
    for (int e = 0; e < matrix->n; e++)
        names[e] = g_strdup_printf("%d", matrix->order[e]);
    MoeAxis axis = {.type = MOE_AXIS_BAND, .label = "expert", .bands = matrix->n};
    if (moe_figure_options_choice(kit->options, "sort") == 0)
        axis.names = (const char *const *)names;
    g_autofree char *title = moe__kit_title(kit, i);
    g_auto(GStrv) parts = g_strsplit(words[norm], "%s", 2);
    g_autofree char *told = g_strconcat(parts[0], title, parts[1], NULL);
    MoeCells cells = {.rows = matrix->n,
                      .columns = matrix->n,
                      .values = matrix->value,
                      .numbers = {matrix->chance, matrix->count},
                      .words = told};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, title, NULL, &axis, &axis), &cells);
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

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_coactivation, input, options, error))
        return NULL;
    Pairing norm = (Pairing)moe_figure_options_choice(options, "norm");
    bool clustered = moe_figure_options_choice(options, "sort") == 0;
    g_autoptr(GArray) matrices = g_array_new(FALSE, FALSE, sizeof(Matrix));
    g_array_set_clear_func(matrices, matrix_clear);
    for (guint i = 0; i < kit.routers->len; i++) {
        const MoePairCell *pairs =
            moe_summary_pairs(kit.summary, moe__kit_router(&kit, i), MOE_DOMAIN_ALL);
        if (!pairs || pairs->units == 0) {
            moe__kit_missing(&kit, "pairs of experts", "there are too many experts, or no picks",
                             error);
            return NULL;
        }
        Matrix matrix = matrix_of(pairs, norm, clustered);
        g_array_append_val(matrices, matrix);
    }
    MoeScene *scene = moe_scene_new(moe__figure_coactivation.title);
    set_scale(&kit, scene, matrices, norm);
    for (guint i = 0; i < kit.routers->len; i++)
        add_panel(&kit, scene, i, &g_array_index(matrices, Matrix, i), norm);
    moe__kit_caption(&kit, scene, caption_of(norm),
                     clustered ? "experts in the order of average linkage by Jaccard index" : NULL);
    return scene;
}

static const MoeField fields[] = {
    {.name = "norm",
     .type = MOE_FIELD_CHOICE,
     .fallback = "conditional",
     .choices = "conditional | jaccard | lift",
     .help = "n_ij/n_i, n_ij/(n_i+n_j-n_ij), or the logarithm of n_ij T/(n_i n_j)"},
    {.name = "sort",
     .type = MOE_FIELD_CHOICE,
     .fallback = "cluster",
     .choices = "cluster | expert",
     .help = "like experts beside each other (average linkage), or in their order"},
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
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_PAIRS,
    .build = build,
};
