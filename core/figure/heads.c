/* SPDX-License-Identifier: MIT
 *
 * Which experts the sub-tokens at each place of a token go to: heads downwards, experts across, a
 * panel a layer. Heads that split the work show as rows that differ.
 */
#include "figure/kit.h"

#include <math.h>

/* Shares of one router: [heads × experts]. */
typedef struct Shares {
    int heads, experts;
    double *share, *ratio;
} Shares;

static void
shares_clear(Shares *shares)
{
    g_free(shares->share);
    g_free(shares->ratio);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Shares, shares_clear)

static Shares
shares_of(const MoeHeadCell *cell)
{
    gsize n = (gsize)cell->heads * (gsize)cell->experts;
    Shares shares = {cell->heads, cell->experts, g_new(double, n), g_new(double, n)};
    for (gsize i = 0; i < n; i++) {
        shares.share[i] = (double)cell->first[i] / (double)cell->tokens;
        shares.ratio[i] = shares.share[i] * cell->experts;
    }
    return shares;
}

static const MoeHeadCell *
cell_of(const Kit *kit, guint i)
{
    const MoeHeadCell *cell = moe_summary_heads(kit->summary, moe__kit_router(kit, i), kit->domain);
    return cell && cell->tokens > 0 ? cell : NULL;
}

static void
add_panel(const Kit *kit, MoeScene *scene, guint i, const Shares *shares)
{
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "expert", .bands = shares->experts};
    MoeAxis y = {.type = MOE_AXIS_BAND, .label = "head", .bands = shares->heads};
    g_autofree char *title = moe__kit_title(kit, i);
    g_autofree char *words = g_strdup_printf(
        "%s, head {row}: {value} of its sub-tokens go to expert {column} ({0}\xc3\x97 uniform)",
        title);
    MoeCells cells = {.rows = shares->heads,
                      .columns = shares->experts,
                      .values = shares->share,
                      .numbers = {shares->ratio},
                      .words = words};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, title, NULL, &x, &y), &cells);
}

/* Over all panels, which share it; false: no layer splits tokens. */
static bool
set_scale(const Kit *kit, MoeScene *scene)
{
    double most = 0;
    int experts = 0;
    for (guint i = 0; i < kit->routers->len; i++) {
        const MoeHeadCell *cell = cell_of(kit, i);
        for (int j = 0; cell && j < cell->heads * cell->experts; j++)
            most = fmax(most, (double)cell->first[j] / (double)cell->tokens);
        experts = cell ? MAX(experts, cell->experts) : experts;
    }
    if (experts == 0)
        return false;
    const MoeReference uniform = {1.0 / experts, "uniform"};
    MoeColourScale scale = {.colours = MOE_COLOURS_VIRIDIS,
                            .max = most,
                            .label = "share of first choices",
                            .n_references = 1,
                            .references = &uniform};
    moe_scene_set_colour_scale(scene, &scale);
    return true;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_heads, input, options, error))
        return NULL;
    g_autoptr(MoeScene) scene = moe_scene_new(moe__figure_heads.title);
    if (!set_scale(&kit, scene)) {
        moe__kit_missing(&kit, "layer that splits tokens into sub-tokens (units_per_token above 1)",
                         "models such as mhmoe have", error);
        return NULL;
    }
    for (guint i = 0; i < kit.routers->len; i++) {
        const MoeHeadCell *cell = cell_of(&kit, i);
        if (!cell)
            continue;
        g_auto(Shares) shares = shares_of(cell);
        add_panel(&kit, scene, i, &shares);
    }
    moe__kit_caption(&kit, scene,
                     "Which experts the sub-tokens of each head go to, by their first choices",
                     "uniform: all experts alike");
    return g_steal_pointer(&scene);
}

const MoeFigure moe__figure_heads = {
    .struct_size = sizeof(MoeFigure),
    .name = "heads",
    .title = "Load of heads",
    .help = "heat map of heads and experts, a panel a layer: where the parts of a token go",
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_HEADS,
    .build = build,
};
