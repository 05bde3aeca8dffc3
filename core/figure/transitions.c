/* SPDX-License-Identifier: MIT
 *
 * Where first choices go, or all picks by their gates: a matrix from the experts of one router to
 * those of the next, a panel a pair of neighbouring layers.
 */
#include "figure/kit.h"

#include <math.h>
#include <moescope/metrics.h>

/* So many pairs are shown where layers aren't chosen. */
#define PANELS 6

/* The option norm, in its order. */
typedef enum {
    CONDITIONAL, /* J_ij / J_i: rows sum to 1 */
    SHARE,       /* J_ij / N */
    LIFT,        /* log2 J_ij N / (J_i J_j) */
} Moving;

/* The option picks, in its order. */
typedef enum {
    FIRST,
    ALL,
} Picks;

/* What a figure shows. */
typedef struct Shown {
    Moving norm;
    Picks picks;
} Shown;

/* The moves that lead to a router, of either tally. */
typedef struct Moves {
    int from, experts;
    double units;
    const int64_t *cells; /* [from × experts] */
    double one;           /* what a whole move counts in them */
    double information;   /* nats, corrected */
} Moves;

typedef struct Matrix {
    int router;             /* that the moves lead to */
    GArray *rows, *columns; /* of int: experts before, and of this router */
    double *value, *chance, *count;
    double information; /* nats, corrected */
} Matrix;

static void
matrix_clear(gpointer data)
{
    Matrix *matrix = data;
    g_array_unref(matrix->rows);
    g_array_unref(matrix->columns);
    g_free(matrix->value);
    g_free(matrix->chance);
    g_free(matrix->count);
}

static double
normed(Moving norm, double both, double from, double to, double n)
{
    if (from == 0 || to == 0)
        return NAN;
    return norm == CONDITIONAL ? both / from
           : norm == SHARE     ? both / n
                               : log2(both * n / from / to);
}

/* Of one router; returns false if there are none. */
static bool
find_moves(const Kit *kit, int router, Picks picks, Moves *moves)
{
    const MoeMetric *information = moe_metric_find(picks == ALL ? "flow-information-picks-corrected"
                                                                : "flow-information-corrected");
    const MoeMetricCell cell = moe_metric_cell(kit->summary, NULL, router, kit->domain, NULL);
    const MoeFlowCell *flow = cell.flow;
    const MoeFlowPicksCell *all = cell.flow_picks;
    *moves = (Moves){0};
    if (picks == ALL && all)
        *moves = (Moves){all->from,  all->experts,         (double)all->units,
                         all->moves, (double)MOE_FLOW_ONE, 0};
    else if (picks == FIRST && flow)
        *moves = (Moves){flow->from, flow->experts, (double)flow->units, flow->moves, 1, 0};
    moves->information = moe_metric_value(information, &cell);
    return moves->units > 0;
}

/* Moves out of each expert, and into each. (transfer full, [from + to]) */
static double *
margins_of(const Moves *moves)
{
    gsize from = (gsize)moves->from, to = (gsize)moves->experts;
    double *margins = g_new0(double, from + to);
    for (gsize cell = 0; cell < from * to; cell++) {
        margins[cell / to] += (double)moves->cells[cell] / moves->one;
        margins[from + cell % to] += (double)moves->cells[cell] / moves->one;
    }
    return margins;
}

/* The experts of a router that the options choose, in their order. */
static GArray *
experts_of(const Kit *kit, int router)
{
    GArray *experts =
        moe__experts_chosen(kit->options, moe_summary_router(kit->summary, router)->experts);
    moe__experts_sort(experts, moe__sort(kit->options), kit->summary, router, kit->domain);
    return experts;
}

static Matrix
matrix_of(const Kit *kit, int router, const Moves *moves, Moving norm)
{
    GArray *rows = experts_of(kit, router - 1), *columns = experts_of(kit, router);
    gsize cells = (gsize)rows->len * (gsize)columns->len, cell = 0;
    Matrix matrix = {router,
                     rows,
                     columns,
                     g_new(double, cells),
                     g_new(double, cells),
                     g_new(double, cells),
                     moves->information};
    g_autofree double *margins = margins_of(moves);
    double n = moves->units;
    for (guint row = 0; row < rows->len; row++)
        for (guint column = 0; column < columns->len; column++, cell++) {
            int a = g_array_index(rows, int, row), b = g_array_index(columns, int, column);
            double both = (double)moves->cells[a * moves->experts + b] / moves->one;
            double i = margins[a], j = margins[moves->from + b];
            matrix.value[cell] = normed(norm, both, i, j, n);
            matrix.chance[cell] = norm == LIFT ? i * j / n : normed(norm, i * j / n, i, j, n);
            matrix.count[cell] = both;
        }
    return matrix;
}

/* --- Which pairs ------------------------------------------------------------------------------*/

/* Pairs whose second layer is picked; evenly chosen ones of them where all are. */
static GArray *
matrices_of(const Kit *kit, Shown shown)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(int));
    Moves moves;
    for (guint i = 0; i < kit->routers->len; i++) {
        int router = moe__kit_router(kit, i);
        if (find_moves(kit, router, shown.picks, &moves))
            g_array_append_val(pairs, router);
    }
    if (moe__kit_all_layers(kit))
        moe__kit_thin(pairs, PANELS);
    GArray *matrices = g_array_new(FALSE, FALSE, sizeof(Matrix));
    g_array_set_clear_func(matrices, matrix_clear);
    for (guint i = 0; i < pairs->len; i++) {
        int router = g_array_index(pairs, int, i);
        if (find_moves(kit, router, shown.picks, &moves)) {
            Matrix matrix = matrix_of(kit, router, &moves, shown.norm);
            g_array_append_val(matrices, matrix);
        }
    }
    return matrices;
}

/* --- The scene --------------------------------------------------------------------------------*/

/* Most experts lead to a few others, and some rows are of few units: the scale ends where 99 % of
 * the cells do, so that the others aren't all dark, and the bar says that some are above. */
static double
nearly_all(const GArray *matrices, double *most)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint m = 0; m < matrices->len; m++) {
        const Matrix *matrix = &g_array_index(matrices, Matrix, m);
        for (int i = 0; i < (int)(matrix->rows->len * matrix->columns->len); i++)
            if (isfinite(matrix->value[i]))
                g_array_append_val(all, matrix->value[i]);
    }
    g_array_sort(all, moe__kit_by_number);
    *most = all->len > 0 ? g_array_index(all, double, all->len - 1) : 0;
    return all->len > 0 ? g_array_index(all, double, (guint)((all->len - 1) * 0.99)) : 0;
}

static void
set_scale(const Kit *kit, MoeScene *scene, const GArray *matrices, Shown shown)
{
    static const MoeReference apart = {0, "independent"};
    double most, usual = nearly_all(matrices, &most);
    if (shown.norm == LIFT) {
        double limit = CLAMP(ceil(usual), 1, 5);
        MoeColourScale scale = {.colours = MOE_COLOURS_BLUE_RED,
                                .min = -limit,
                                .max = limit,
                                .below = true,
                                .above = most > limit,
                                .format = MOE_FORMAT_LOG2,
                                .label = "lift",
                                .n_references = 1,
                                .references = &apart};
        moe_scene_set_colour_scale(scene, &scale);
        return;
    }
    MoeColourScale scale = {.colours =
                                (MoeColours)moe_figure_options_choice(kit->options, "colours"),
                            .max = usual > 0  ? usual
                                   : most > 0 ? most
                                              : 1,
                            .label = shown.norm != SHARE  ? "share of the row"
                                     : shown.picks == ALL ? "share of gates"
                                                          : "share of units"};
    scale.above = most > scale.max;
    moe_scene_set_colour_scale(scene, &scale);
}

static void
add_panel(const Kit *kit, MoeScene *scene, const Matrix *matrix, Shown shown)
{
    static const char *const words[][3] = {
        [FIRST] = {[CONDITIONAL] = "of units that choose expert {row} first, {value} choose "
                                   "{column} next (independent: {0}; {1} units)",
                   [SHARE] = "expert {row}, then {column}: {value} of units (independent: {0}; {1} "
                             "units)",
                   [LIFT] = "expert {row}, then {column}: {value} doublings over independent ({1} "
                            "units, {0} expected)"},
        [ALL] = {[CONDITIONAL] = "of the gates of expert {row}, {value} go on to {column} "
                                 "(independent: {0}; {1} units\xe2\x80\x99 worth)",
                 [SHARE] = "expert {row}, then {column}: {value} of all gates (independent: {0}; "
                           "{1} units\xe2\x80\x99 worth)",
                 [LIFT] = "expert {row}, then {column}: {value} doublings over independent ({1} "
                          "units\xe2\x80\x99 worth, {0} expected)"}};
    int before = moe_summary_router(kit->summary, matrix->router - 1)->layer;
    int layer = moe_summary_router(kit->summary, matrix->router)->layer;
    g_autofree char *title = g_strdup_printf("layer %d \xe2\x86\x92 %d", before, layer);
    g_autofree char *information = moe__number_fixed(MAX(matrix->information, 0), 2);
    g_autofree char *note = g_strdup_printf("I" NBSP "=" NBSP "%s", information);
    g_autofree char *told = g_strconcat(title, ": ", words[shown.picks][shown.norm], NULL);
    g_auto(GStrv) x_names = NULL, y_names = NULL;
    MoeAxis x = moe__experts_axis(matrix->columns, "expert, next layer", &x_names);
    MoeAxis y = moe__experts_axis(matrix->rows, "expert", &y_names);
    y.square = true;
    MoeCells cells = {.rows = (int)matrix->rows->len,
                      .columns = (int)matrix->columns->len,
                      .values = matrix->value,
                      .numbers = {matrix->chance, matrix->count},
                      .words = told};
    int panel = moe_scene_add_panel(scene, title, note, &x, &y);
    moe_scene_add_panel_key(scene, panel, (MoeKey){"layer", before, NULL});
    moe_scene_add_cells(scene, panel, &cells);
}

static const char *
caption_of(Shown shown)
{
    static const char *const all[] = {
        [CONDITIONAL] = "All picks at the next layer (column) of the units that pick the "
                        "row\xe2\x80\x99s expert, by the product of their gates; rows sum to 1",
        [SHARE] = "Share of all pairs of a pick at one layer (row) and a pick at the next (column) "
                  "of the same unit, by the product of their gates",
        [LIFT] = "Pairs of a pick at one layer (row) and a pick at the next (column) of the same "
                 "unit, by the product of their gates, against what independent picks would give, "
                 "log scale",
    };
    static const char *const first[] = {
        [CONDITIONAL] = "First choices at the next layer (column) of the units whose first choice "
                        "is the row\xe2\x80\x99s expert; rows sum to 1",
        [SHARE] = "Share of units whose first choice is the row\xe2\x80\x99s expert at one layer "
                  "and the column\xe2\x80\x99s at the next",
        [LIFT] = "Units whose first choices are the row\xe2\x80\x99s expert and then the "
                 "column\xe2\x80\x99s, against what independent choices of the same loads would "
                 "give, log scale",
    };
    return shown.picks == ALL ? all[shown.norm] : first[shown.norm];
}

static bool
any_blank(const GArray *matrices)
{
    for (guint m = 0; m < matrices->len; m++) {
        const Matrix *matrix = &g_array_index(matrices, Matrix, m);
        for (guint i = 0; i < matrix->rows->len * matrix->columns->len; i++)
            if (isnan(matrix->value[i]))
                return true;
    }
    return false;
}

static void
set_caption(const Kit *kit, MoeScene *scene, Shown shown, const GArray *matrices)
{
    static const char *const blank[] = {
        [FIRST] = "; blank: experts that are nobody\xe2\x80\x99s first choice",
        [ALL] = "; blank: experts that nobody picks"};
    guint all = 0;
    Moves moves;
    for (guint i = 0; i < kit->routers->len; i++)
        all += find_moves(kit, moe__kit_router(kit, i), shown.picks, &moves);
    g_autofree char *chance =
        g_strdup_printf("I: information between the two %s in nats (Miller and Madow\xe2\x80\x99s "
                        "correction), 0 if independent%s%s",
                        shown.picks == ALL ? "layers\xe2\x80\x99 picks" : "choices",
                        any_blank(matrices) ? blank[shown.picks] : "",
                        matrices->len < all ? "; evenly chosen pairs of neighbouring layers" : "");
    moe__kit_caption(kit, scene, caption_of(shown), chance);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    const Shown shown = {(Moving)moe_figure_options_choice(options, "norm"),
                         (Picks)moe_figure_options_choice(options, "picks")};
    MoeFigure counted = moe__figure_transitions;
    if (shown.picks == ALL)
        counted.tallies = MOE_TALLY_FLOW_PICKS;
    if (!moe__kit_init(&kit, &counted, input, options, error))
        return NULL;
    g_autoptr(GArray) matrices = matrices_of(&kit, shown);
    if (matrices->len == 0) {
        moe__kit_missing(&kit, "moves from a layer to the next",
                         "record the picks of two neighbouring layers that split tokens alike",
                         error);
        return NULL;
    }
    MoeScene *scene =
        moe_scene_new(shown.picks == ALL ? "Picks from layer to layer" : counted.title);
    set_scale(&kit, scene, matrices, shown);
    for (guint i = 0; i < matrices->len; i++)
        add_panel(&kit, scene, &g_array_index(matrices, Matrix, i), shown);
    set_caption(&kit, scene, shown, matrices);
    return scene;
}

static const MoeField fields[] = {
    {.name = "norm",
     .type = MOE_FIELD_CHOICE,
     .fallback = "conditional",
     .choices = "conditional | share | lift",
     .help = "J_ij/J_i, J_ij/N, or the logarithm of J_ij N/(J_i J_j)"},
    {.name = "picks",
     .type = MOE_FIELD_CHOICE,
     .fallback = "first",
     .choices = "first | all",
     .help = "first choices, or all k \xc3\x97 k pairs of a unit\xe2\x80\x99s picks, by the "
             "product of their gates"},
    SORT_FIELD("index", "index | load | domain"),
    {.name = "colours",
     .type = MOE_FIELD_CHOICE,
     .fallback = "viridis",
     .choices = "viridis | cividis | magma",
     .help = "colour map of conditional and share"},
};

const MoeFigure moe__figure_transitions = {
    .struct_size = sizeof(MoeFigure),
    .name = "transitions",
    .title = "First choices from layer to layer",
    .help = "matrix of first choices from a layer's experts to the next layer's, a panel a pair",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS |
              MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_FLOW,
    .build = build,
};
