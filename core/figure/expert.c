/* SPDX-License-Identifier: MIT
 *
 * One expert: what it takes, where, when, with whom. A panel a question; panels that nothing was
 * recorded for are left out.
 */
#include "figure/expert.h"

/* Beside the load, what panels show. */
#define TALLIES (MOE_TALLY_LOAD | MOE_TALLY_PLACES | MOE_TALLY_PAIRS | MOE_TALLY_TOKENS)

/* What can be counted: a summary may have been counted with less. */
static bool
init(Kit *kit, MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    static const MoeFigure of_loads = {.name = "expert",
                                       .common = MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
                                       .tallies = MOE_TALLY_LOAD};
    if (moe_figure_input_trace(input, 0))
        return moe__kit_init(kit, &moe__figure_expert, input, options, error);
    if (moe__kit_init(kit, &moe__figure_expert, input, options, NULL))
        return true;
    moe__kit_clear(kit);
    return moe__kit_init(kit, &of_loads, input, options, error);
}

/* --- Choosing ---------------------------------------------------------------------------------*/

/* The layer that the options name, or the middle one. */
static bool
choose_router(const Kit *kit, guint *chosen, GError **error)
{
    int layer = (int)moe_figure_options_real(kit->options, "layer");
    *chosen = kit->routers->len / 2;
    for (guint i = 0; i < kit->routers->len && layer >= 0; i++)
        if (moe__kit_info(kit, i)->layer == layer) {
            *chosen = i;
            return true;
        }
    if (layer < 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure expert: found layer=%d, expected one of the %u MoE layers of %s", layer,
                kit->routers->len, moe_figure_input_name(kit->input, 0));
    return false;
}

/* The expert that the options name, or the one with the most picks; -1 with an error. */
static int
choose_expert(const Kit *kit, int router, GError **error)
{
    const MoeSummaryCell *cell = moe_summary_cell(kit->summary, router, MOE_DOMAIN_ALL);
    int expert = (int)moe_figure_options_real(kit->options, "expert"), most = 0;
    if (cell->picks == 0) {
        moe__kit_missing(kit, "pick in this layer", "record some tokens", error);
        return -1;
    }
    if (expert >= cell->experts) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure expert: found expert=%d, expected less than the %d of the layer",
                    expert, cell->experts);
        return -1;
    }
    for (int e = 0; e < cell->experts; e++)
        if (cell->count[e] > cell->count[most])
            most = e;
    return expert < 0 ? most : expert;
}

/* --- The figure -------------------------------------------------------------------------------*/

static void
set_caption(const OneExpert *one)
{
    const MoeSummaryCell *cell = moe_summary_cell(one->kit->summary, one->router, MOE_DOMAIN_ALL);
    double share = (double)cell->count[one->expert] / (double)cell->picks;
    g_autofree char *own = moe__number_short(100 * share);
    g_autofree char *times = moe__number_short(share * cell->experts);
    g_autofree char *what = g_strdup_printf("Expert %d of layer %d, which takes %s" NBSP
                                            "%% of the picks: %s times a uniform share",
                                            one->expert, one->info->layer, own, times);
    moe__kit_caption(
        one->kit, one->scene, what,
        "lift: times as often as loads alone would bring, of tokens seen and pairs "
        "expected 10 times or more (dashed: a balanced router); whiskers: Wilson\xe2\x80\x99s "
        "95" NBSP "% interval");
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    guint chosen;
    if (!init(&kit, input, options, error) || !choose_router(&kit, &chosen, error))
        return NULL;
    OneExpert one = {.kit = &kit, .router = moe__kit_router(&kit, chosen)};
    one.expert = choose_expert(&kit, one.router, error);
    if (one.expert < 0)
        return NULL;
    one.info = moe__kit_info(&kit, chosen);
    one.title = g_strdup_printf("layer %d, expert %d", one.info->layer, one.expert);
    one.colour = moe_colour_qualitative(0);
    one.scene = moe_scene_new(moe__figure_expert.title);
    moe__expert_add_ranks(&one);
    moe__expert_add_domains(&one);
    moe__expert_add_positions(&one);
    moe__expert_add_history(&one);
    moe__expert_add_tokens(&one);
    moe__expert_add_partners(&one);
    set_caption(&one);
    g_free(one.title);
    return one.scene;
}

static const MoeField fields[] = {
    {.name = "layer",
     .type = MOE_FIELD_INT,
     .fallback = "-1",
     .min = -1,
     .max = G_MAXINT32,
     .help = "the layer, as the model counts; -1: the middle one"},
    {.name = "expert",
     .type = MOE_FIELD_INT,
     .fallback = "-1",
     .min = -1,
     .max = 65535,
     .help = "the expert; -1: the one with the most picks"},
};

const MoeFigure moe__figure_expert = {
    .struct_size = sizeof(MoeFigure),
    .name = "expert",
    .title = "One expert",
    .help = "what one expert takes: its rank, domains, positions, steps, tokens and partners",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = TALLIES,
    .build = build,
};
