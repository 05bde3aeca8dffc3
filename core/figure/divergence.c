/* SPDX-License-Identifier: MIT
 *
 * How far the sub-tokens of a token part: a histogram a layer of how many experts they go to,
 * beside what uniformly random choices would give (the divergence of sub-tokens of Wu et al.,
 * Multi-Head Mixture-of-Experts, 2024, arXiv 2404.15045).
 */
#include "figure/kit.h"

#include <math.h>

/* P(d distinct among `heads` uniform draws from `experts`), for d = 0 … heads: one draw after the
 * other meets a new expert with chance 1 - d/E. chance[heads + 1] */
static void
occupancy(int experts, int heads, double *chance)
{
    for (int d = 0; d <= heads; d++)
        chance[d] = d == 0;
    for (int draw = 0; draw < heads; draw++)
        for (int d = heads; d >= 0; d--) {
            double again = chance[d] * d / experts;
            double fresh = d > 0 ? chance[d - 1] * (1 - (d - 1.0) / experts) : 0;
            chance[d] = again + MAX(fresh, 0);
        }
}

static double
mean_of(const double *share, int heads)
{
    double mean = 0;
    for (int d = 1; d <= heads; d++)
        mean += d * share[d];
    return mean;
}

static void
add_bars(MoeScene *scene, int panel, const char *title, const double *share, const double *chance,
         int heads)
{
    g_autofree char *found =
        g_strdup_printf("%s: the sub-tokens of {value} of the tokens go to {band} experts", title);
    g_autofree char *random =
        g_strdup_printf("%s, uniformly random: {value} of the tokens go to {band} experts", title);
    MoeBars bars = {.n = heads,
                    .value = share + 1,
                    .ink = {.colour = 0, .name = "recorded"},
                    .places = 2,
                    .words = found};
    MoeBars null = {.n = heads,
                    .value = chance + 1,
                    .ink = {.colour = 1, .opacity = 0.45, .name = "uniformly random"},
                    .place = 1,
                    .places = 2,
                    .words = random};
    moe_scene_add_bars(scene, panel, &bars);
    moe_scene_add_bars(scene, panel, &null);
}

static void
add_panel(const Kit *kit, MoeScene *scene, guint i, const MoeHeadCell *cell)
{
    int heads = cell->heads;
    g_autofree double *share = g_new(double, (gsize)heads + 1),
                      *chance = g_new(double, (gsize)heads + 1);
    occupancy(cell->experts, heads, chance);
    for (int d = 0; d <= heads; d++)
        share[d] = (double)cell->distinct[d] / (double)cell->tokens;
    g_autofree char *mean = moe__number_short(mean_of(share, heads));
    g_autofree char *expected = moe__number_short(mean_of(chance, heads));
    g_autofree char *title = moe__kit_title(kit, i);
    g_autofree char *note = g_strdup_printf("mean %s (random %s)", mean, expected);
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "experts a token", .bands = heads, .first = 1};
    MoeAxis y = {.label = "share of tokens", .max = 1};
    int panel = moe_scene_add_panel(scene, title, note, &x, &y);
    add_bars(scene, panel, title, share, chance, heads);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_divergence, input, options, error))
        return NULL;
    MoeScene *scene = moe_scene_new(moe__figure_divergence.title);
    int panels = 0;
    for (guint i = 0; i < kit.routers->len; i++) {
        const MoeHeadCell *cell =
            moe_summary_heads(kit.summary, moe__kit_router(&kit, i), kit.domain);
        if (!cell || cell->tokens == 0)
            continue;
        add_panel(&kit, scene, i, cell);
        panels++;
    }
    if (panels == 0) {
        moe_scene_free(scene);
        moe__kit_missing(&kit, "layer that splits tokens into sub-tokens (units_per_token above 1)",
                         "models such as mhmoe have", error);
        return NULL;
    }
    moe__kit_caption(&kit, scene,
                     "How many experts the sub-tokens of a token go to, by their first choices",
                     "uniformly random: as many draws from all experts alike");
    return scene;
}

const MoeFigure moe__figure_divergence = {
    .struct_size = sizeof(MoeFigure),
    .name = "divergence",
    .title = "Experts that the sub-tokens of a token go to",
    .help = "histogram of how many experts the sub-tokens of a token go to, beside uniformly "
            "random choices, a panel a layer",
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_HEADS,
    .build = build,
};
