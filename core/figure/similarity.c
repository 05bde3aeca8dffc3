/* SPDX-License-Identifier: MIT
 *
 * How alike experts are: a matrix a layer of cosines between experts, told by their routers' rows,
 * weights, outputs, embeddings, or by what they are picked for.
 */
#include "moe/similarity.h"
#include "figure/kit.h"
#include "figure/likeness.h"
#include "figure/square.h"

#include <math.h>

/* So many layers are shown where they aren't chosen. */
#define PANELS 6

typedef struct Alike {
    const Likenesses *likenesses;
    GArray *shown;   /* of int: which of their layers */
    GArray *squares; /* of Square */
    GArray *means;   /* of double: of cosines beside the diagonal */
} Alike;

static void
alike_clear(Alike *alike)
{
    g_array_unref(alike->shown);
    g_array_unref(alike->squares);
    g_array_unref(alike->means);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Alike, alike_clear)

static const Likeness *
layer_at(const Likenesses *likenesses, guint i)
{
    return &g_array_index(likenesses->layers, Likeness, i);
}

/* --- Matrices ---------------------------------------------------------------------------------*/

/* What experts picked apart from each other, at their loads, would show: sqrt(n_i n_j) / T. Of
 * other kinds there is no such number a pair. (transfer full) */
static double *
chance_of(const Likeness *likeness, Of of)
{
    gsize n = (gsize)likeness->experts;
    double *chance = g_new(double, n *n);
    for (gsize i = 0; i < n * n; i++) {
        double ni = likeness->gram[i / n * (n + 1)], nj = likeness->gram[i % n * (n + 1)];
        chance[i] = of == OF_TOKENS ? sqrt(ni * nj) / likeness->dimensions : 0;
    }
    return chance;
}

static Square
square_of(const Likenesses *likenesses, const Likeness *likeness, const MoeFigureOptions *options)
{
    int n = likeness->experts;
    g_autofree double *cosines = moe__likeness_cosines(likeness);
    g_autofree double *near = g_memdup2(cosines, sizeof(double) * (gsize)n * (gsize)n);
    g_autofree double *chance = chance_of(likeness, likenesses->of);
    for (int i = 0; i < n * n; i++) {
        near[i] = isnan(near[i]) ? -2 : near[i];
        if (i % (n + 1) == 0)
            cosines[i] = NAN;
    }
    Square square = moe__square(moe__likeness_experts(likenesses, likeness, options),
                                moe__sort(options), near, n);
    square.value = moe__square_take(&square, cosines, n);
    square.number[0] = moe__square_take(&square, chance, n);
    return square;
}

static double
mean_of(const double *values, gsize n)
{
    double sum = 0, counted = 0;
    for (gsize i = 0; i < n; i++)
        if (isfinite(values[i])) {
            sum += values[i];
            counted++;
        }
    return counted > 0 ? sum / counted : NAN;
}

static gsize
cells_of(const Square *square)
{
    return (gsize)square->experts->len * square->experts->len;
}

/* Whether every layer shown has one of the experts chosen, which are known then. */
static bool
make_squares(Alike *alike, const MoeFigureOptions *options, GError **error)
{
    for (guint i = 0; i < alike->shown->len; i++) {
        const Likeness *likeness =
            layer_at(alike->likenesses, (guint)g_array_index(alike->shown, int, i));
        Square square = square_of(alike->likenesses, likeness, options);
        g_array_append_val(alike->squares, square);
        double mean = mean_of(square.value, cells_of(&square));
        g_array_append_val(alike->means, mean);
        if (square.experts->len > 1)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure similarity: experts=%s picks %u of the %d experts of layer %d, "
                    "expected two or more",
                    moe_figure_options_text(options, "experts"), square.experts->len,
                    likeness->experts, likeness->layer);
        return false;
    }
    return true;
}

/* --- The scene --------------------------------------------------------------------------------*/

/* Kinds that can't be negative have a sequential scale. */
static bool
is_positive(Of of)
{
    return of == OF_TOKENS || of == OF_OUTPUTS;
}

static void
set_scale(const Alike *alike, MoeScene *scene, const MoeFigureOptions *options)
{
    Of of = alike->likenesses->of;
    double least = 0, most = 0, chance = 0;
    for (guint i = 0; i < alike->squares->len; i++) {
        const Square *square = &g_array_index(alike->squares, Square, i);
        moe__square_range(square, &least, &most);
        chance += mean_of(square->number[0], cells_of(square)) / alike->squares->len;
    }
    if (of == OF_OUTPUTS)
        chance = layer_at(alike->likenesses, 0)->shuffled;
    MoeReference reference = {chance, of == OF_TOKENS    ? "independent"
                                      : of == OF_OUTPUTS ? "shuffled"
                                                         : "random"};
    MoeColourScale scale = {.max = most > 0 ? most : 1,
                            .label = of == OF_OUTPUTS ? "CKA" : "cosine",
                            .n_references = isfinite(chance),
                            .references = &reference};
    if (is_positive(of)) {
        scale.colours = (MoeColours)moe_figure_options_choice(options, "colours");
    } else {
        double end = MAX(MAX(most, -least), 0.05);
        scale.colours = MOE_COLOURS_BLUE_RED;
        scale.min = -end;
        scale.max = end;
    }
    moe_scene_set_colour_scale(scene, &scale);
}

static void
add_panel(const Alike *alike, MoeScene *scene, guint i)
{
    const Likeness *likeness =
        layer_at(alike->likenesses, (guint)g_array_index(alike->shown, int, i));
    g_autofree char *mean = moe__number_fixed(g_array_index(alike->means, double, i), 2);
    g_autofree char *note = g_strdup_printf("mean %s", mean);
    g_autofree char *title = g_strdup_printf("layer %d", likeness->layer);
    Of of = alike->likenesses->of;
    g_autofree char *words = g_strdup_printf("%s, experts {row} and {column}: %s {value}%s", title,
                                             of == OF_OUTPUTS ? "CKA" : "cosine",
                                             of == OF_TOKENS ? " (independent: {0})" : "");
    moe__square_panel(scene, &g_array_index(alike->squares, Square, i), title, note, words);
}

static char *
null_of_outputs(double shuffled)
{
    if (isnan(shuffled))
        return g_strdup("1: the same up to turning and scale");
    g_autofree char *chance = moe__number_short(shuffled);
    return g_strdup_printf("1: the same up to turning and scale; with inputs in any order: %s",
                           chance);
}

/* Cosines of vectors at random spread by 1 / sqrt(dimensions). */
static char *
null_of(const Likenesses *likenesses)
{
    double dimensions = layer_at(likenesses, 0)->dimensions;
    if (likenesses->of == OF_OUTPUTS)
        return null_of_outputs(layer_at(likenesses, 0)->shuffled);
    if (likenesses->of == OF_TOKENS)
        return g_strdup("independent: what picks that don\xe2\x80\x99t regard each other show, "
                        "\xe2\x88\x9a(n\xe1\xb5\xa2n\xe2\xb1\xbc)/T, in the mean");
    if (dimensions == 0)
        return g_strdup("random vectors of d dimensions: 0 \xc2\xb1 1/\xe2\x88\x9a"
                        "d");
    g_autofree char *spread = moe__number_short(1 / sqrt(dimensions));
    return g_strdup_printf("random vectors of d" NBSP "=" NBSP "%.0f dimensions: 0 \xc2\xb1 %s "
                           "(1/\xe2\x88\x9a"
                           "d)",
                           dimensions, spread);
}

static void
set_caption(const Alike *alike, MoeScene *scene, const MoeFigureOptions *options)
{
    if (!moe_figure_options_bool(options, "caption"))
        return;
    const Likenesses *likenesses = alike->likenesses;
    g_autofree char *source = moe__likeness_source(likenesses);
    g_autofree char *null = null_of(likenesses);
    g_autofree char *caption = g_strdup_printf(
        "Likeness of experts: %s %s%s. %s; %s%s.",
        likenesses->of == OF_OUTPUTS ? "of" : "cosines of", moe__likeness_what(likenesses->of),
        moe__sort(options) == SORT_CLUSTER ? ", in the order of average linkage, with its tree"
                                           : "",
        source, null, alike->shown->len < likenesses->layers->len ? "; evenly chosen layers" : "");
    moe_scene_set_caption(scene, caption);
}

/* Loads have to be known to sort by them. */
static bool
can_sort(const Likenesses *likenesses, const MoeFigureOptions *options, GError **error)
{
    Sort sort = moe__sort(options);
    int domains = likenesses->summary ? moe_summary_domains(likenesses->summary) : 0;
    if (sort == SORT_CLUSTER || sort == SORT_INDEX ||
        (likenesses->summary && (sort == SORT_LOAD || domains > 1)))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure similarity: %s has no %s to sort by; give a trace or summary that has them "
                "as a second input, or choose another order with sort",
                moe_figure_input_name(likenesses->input, 0),
                sort == SORT_LOAD ? "loads" : "two domains");
    return false;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Likenesses) likenesses = {0};
    if (!moe__likenesses_read(&likenesses, &moe__figure_similarity, input, options, false, error))
        return NULL;
    if (!can_sort(&likenesses, options, error))
        return NULL;
    g_auto(Alike) alike = {&likenesses, g_array_new(FALSE, FALSE, sizeof(int)),
                           g_array_new(FALSE, FALSE, sizeof(Square)),
                           g_array_new(FALSE, FALSE, sizeof(double))};
    g_array_set_clear_func(alike.squares, moe__square_clear);
    for (int i = 0; i < (int)likenesses.layers->len; i++)
        g_array_append_val(alike.shown, i);
    if (*moe_figure_options_text(options, "layers") == 0)
        moe__kit_thin(alike.shown, PANELS);
    if (!make_squares(&alike, options, error))
        return NULL;
    MoeScene *scene = moe_scene_new(moe__figure_similarity.title);
    set_scale(&alike, scene, options);
    for (guint i = 0; i < alike.shown->len; i++)
        add_panel(&alike, scene, i);
    set_caption(&alike, scene, options);
    return scene;
}

static const MoeField fields[] = {
    OF_FIELD,
    SORT_FIELD("cluster", "cluster | index | load | domain"),
    {.name = "colours",
     .type = MOE_FIELD_CHOICE,
     .fallback = "viridis",
     .choices = "viridis | cividis | magma",
     .help = "colour map of outputs and tokens, which are never negative"},
};

const MoeFigure moe__figure_similarity = {
    .struct_size = sizeof(MoeFigure),
    .name = "similarity",
    .title = "Likeness of experts",
    .help =
        "matrix of expert by expert, a panel a layer: cosines of router rows, weights, outputs, "
        "embeddings, or of what experts are picked for; takes a model's weights as well",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_PAIRS,
    .most_inputs = 2,
    .build = build,
};
