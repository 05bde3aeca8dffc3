/* SPDX-License-Identifier: MIT
 *
 * How decided routers are: a violin a layer of the entropy of their probabilities, and of the
 * margin by which the last chosen expert won.
 */
#include "figure/scores.h"
#include "figure/depth.h"

#include <math.h>

#define HALF_WIDTH 0.44 /* of a band */

static double
entropy_edge(int bin)
{
    return (double)bin / MOE_SCORE_BINS;
}

static double
margin_edge(int bin)
{
    return exp2((bin - 48) / 3.0);
}

static Violin
entropy_of(const MoeScoreCell *cell)
{
    return (Violin){cell->entropy_bins, cell->entropies};
}

static Violin
margin_of(const MoeScoreCell *cell)
{
    return (Violin){cell->margin_bins, cell->margins};
}

static const Score scores[] = {
    {"entropy / ln E", "layer {name}: entropy around {at} ln E", entropy_edge, entropy_of},
    {"margin", "layer {name}: margin around {at}", margin_edge, margin_of},
};

/* The bin that holds quantile `q`, as a place between its edges. */
static double
quantile(const Score *score, Violin violin, double q)
{
    double left = q * (double)violin.n;
    for (int b = 0; b < MOE_SCORE_BINS; b++) {
        double here = (double)violin.bins[b];
        if (left <= here && here > 0) {
            double low = score->edge(b), high = score->edge(b + 1);
            return low + (high - low) * left / here;
        }
        left -= here;
    }
    return NAN;
}

/* The violin as the area of its histogram, a step a bin; violins of one panel have the same widest
 * place. */
static void
add_violin(MoeScene *scene, int panel, const Score *score, Violin violin, double middle,
           const char *words)
{
    double at[2 * MOE_SCORE_BINS], low[2 * MOE_SCORE_BINS], high[2 * MOE_SCORE_BINS];
    int64_t most = 1;
    int first = MOE_SCORE_BINS, last = -1, n = 0;
    for (int b = 0; b < MOE_SCORE_BINS; b++) {
        most = MAX(most, violin.bins[b]);
        if (violin.bins[b] > 0) {
            first = MIN(first, b);
            last = b;
        }
    }
    for (int b = first; b <= last; b++)
        for (int end = 0; end < 2; end++, n++) {
            double half = HALF_WIDTH * (double)violin.bins[b] / (double)most;
            at[n] = score->edge(b + end);
            low[n] = middle - half;
            high[n] = middle + half;
        }
    MoeArea area = {.n = n,
                    .at = at,
                    .low = low,
                    .high = high,
                    .ink = {.colour = 0, .opacity = 0.55},
                    .along_y = true,
                    .words = words};
    moe_scene_add_area(scene, panel, &area);
}

/* The middle half as a stroke, the median as a dot. */
static void
add_quartiles(MoeScene *scene, int panel, const Score *score, Violin violin, double middle,
              const char *words)
{
    double x[2] = {middle, middle};
    double y[2] = {quantile(score, violin, 0.25), quantile(score, violin, 0.75)};
    double median = quantile(score, violin, 0.5), small = 0.6;
    MoeLine stroke = {.n = 2, .x = x, .y = y, .ink = {.plain = true, .name = "middle half"}};
    MoePoints dot = {.n = 1,
                     .x = x,
                     .y = &median,
                     .area = &small,
                     .ink = {.plain = true, .name = "median"},
                     .words = words};
    moe_scene_add_line(scene, panel, &stroke);
    moe_scene_add_points(scene, panel, &dot);
}

/* --- Panels -----------------------------------------------------------------------------------*/

static const MoeScoreCell *
cell_at(const Kit *kit, guint i)
{
    return moe_summary_scores(kit->summary, moe__kit_router(kit, i), kit->domain);
}

Violin
moe__score_of(const Kit *kit, guint i, const Score *score)
{
    const MoeScoreCell *cell = cell_at(kit, i);
    return cell ? score->of(cell) : (Violin){0};
}

/* Whether any router has this score, and over which bins. */
static bool
bins_met(const Kit *kit, const Score *score, int *first, int *last)
{
    *first = MOE_SCORE_BINS;
    *last = -1;
    for (guint i = 0; i < kit->routers->len; i++) {
        const MoeScoreCell *cell = cell_at(kit, i);
        for (int b = 0; cell && b < MOE_SCORE_BINS; b++)
            if (score->of(cell).bins[b] > 0) {
                *first = MIN(*first, b);
                *last = MAX(*last, b);
            }
    }
    return *last >= 0;
}

MoeAxis
moe__score_axis(const Score *score, int first, int last)
{
    if (score->edge == entropy_edge)
        return (MoeAxis){.label = score->label,
                         .min = first > MOE_SCORE_BINS / 2 ? MIN(score->edge(first - 1), 0.75) : 0,
                         .max = 1.01};
    return (MoeAxis){.type = MOE_AXIS_LOG,
                     .label = score->label,
                     .min = score->edge(first),
                     .max = score->edge(last + 1)};
}

static void
add_router(const Kit *kit, MoeScene *scene, int panel, guint i, const Score *score)
{
    Violin violin = moe__score_of(kit, i, score);
    if (violin.n == 0)
        return;
    g_autofree char *layer = g_strdup_printf("%d", moe__kit_info(kit, i)->layer);
    g_auto(GStrv) parts = g_strsplit(score->words, "{name}", 2);
    g_autofree char *words = g_strjoinv(layer, parts);
    g_autofree char *median = g_strdup_printf("layer %s: median %s {y}", layer, score->label);
    add_violin(scene, panel, score, violin, i + 0.5, words);
    add_quartiles(scene, panel, score, violin, i + 0.5, median);
}

static void
add_violins(const Kit *kit, MoeScene *scene, const Score *score, int first, int last)
{
    guint n = kit->routers->len;
    g_auto(GStrv) names = g_new0(char *, (gsize)n + 1);
    for (guint i = 0; i < n; i++)
        names[i] = g_strdup_printf("%d", moe__kit_info(kit, i)->layer);
    MoeAxis x = {.type = MOE_AXIS_BAND,
                 .label = "layer",
                 .bands = (int)n,
                 .names = (const char *const *)names};
    MoeAxis y = moe__score_axis(score, first, last);
    int panel = moe_scene_add_panel(scene, NULL, NULL, &x, &y);
    if (score->edge == entropy_edge) {
        moe__kit_add_level(scene, panel, 0, n, 1, "uniform");
    }
    for (guint i = 0; i < n; i++)
        add_router(kit, scene, panel, i, score);
}

/* The option shape, in its order. */
typedef enum { VIOLIN, ECDF } Shape;

static bool
add_panel(const Kit *kit, MoeScene *scene, const Score *score, Shape shape)
{
    int first, last;
    if (!bins_met(kit, score, &first, &last))
        return false;
    if (shape == VIOLIN)
        add_violins(kit, scene, score, first, last);
    else
        moe__score_add_ecdf(kit, scene, score, first, last);
    return true;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_scores, input, options, error))
        return NULL;
    MoeScene *scene = moe_scene_new(moe__figure_scores.title);
    Shape shape = (Shape)moe_figure_options_choice(options, "shape");
    if (shape == ECDF)
        moe__depth_set_scale(&kit, scene);
    int show = moe_figure_options_choice(options, "score"), panels = 0;
    for (int s = 0; s < (int)G_N_ELEMENTS(scores); s++)
        if (show == 0 || show == s + 1)
            panels += add_panel(&kit, scene, &scores[s], shape);
    if (panels == 0) {
        moe_scene_free(scene);
        moe__kit_missing(&kit, "columns entropy, margin or logits",
                         "moescope record --stats writes the first two, training runs do so too",
                         error);
        return NULL;
    }
    moe__kit_caption(
        &kit, scene,
        shape == VIOLIN ? "How decided the routers are: entropy of the probabilities of all "
                          "experts, and the margin of the last chosen expert\xe2\x80\x99s score "
                          "over the next one\xe2\x80\x99s (log scale), a violin a layer"
                        : "How decided the routers are: share of units up to an entropy of the "
                          "probabilities of all experts, and up to a margin of the last chosen "
                          "expert\xe2\x80\x99s score over the next one\xe2\x80\x99s (log scale), a "
                          "line a layer",
        "a router without any preference has entropy ln" NBSP "E and margin 0");
    return scene;
}

static const MoeField fields[] = {
    {.name = "score",
     .type = MOE_FIELD_CHOICE,
     .fallback = "both",
     .choices = "both | entropy | margin",
     .help = "entropy over ln E, the margin of the last choice over the next expert, or both"},
    {.name = "shape",
     .type = MOE_FIELD_CHOICE,
     .fallback = "violin",
     .choices = "violin | ecdf",
     .help = "a violin a layer, or distribution functions, a line a layer"},
};

const MoeFigure moe__figure_scores = {
    .struct_size = sizeof(MoeFigure),
    .name = "scores",
    .title = "How decided the routers are",
    .help =
        "violins or distribution functions, by layer, of the router's entropy and of the margin of "
        "the last choice",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_SCORES,
    .build = build,
};
