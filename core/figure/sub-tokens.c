/* SPDX-License-Identifier: MIT
 *
 * Which experts the sub-tokens of each token go to: tokens downwards, heads across, a panel a
 * layer (Wu et al., Multi-Head Mixture-of-Experts, 2024, arXiv 2404.15045, figure 6).
 */
#include "figure/load.h"
#include "figure/number.h"
#include "figure/token-grid.h"

static int
heads_of(const SpanRouter *router)
{
    return router->info->units_per_token;
}

static void
add_panel(MoeScene *scene, const TokenSpan *span, const SpanRouter *router)
{
    int heads = heads_of(router);
    g_auto(TokenGrid) grid = moe__token_grid(span->n, heads);
    for (int t = 0; t < span->n; t++)
        for (int head = 0; head < heads; head++)
            moe__token_grid_set(&grid, t, head, router, t * heads + head, 0);
    g_autofree char *title = g_strdup_printf("layer %d", router->info->layer);
    g_autofree char *words =
        g_strdup_printf("\xe2\x80\x9c{row}\xe2\x80\x9d, %s, sub-token {column}: expert {text}%s",
                        title, router->gate ? ", gate {0}" : "");
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "sub-token", .bands = heads, .key = "head"};
    moe__token_grid_panel(scene, &grid, span, 0, span->n, title, &x, words);
}

/* Distinct first choices of all tokens shown, and how many there were tokens. */
static void
count_distinct(const TokenSpan *span, const SpanRouter *router, double *distinct, double *tokens)
{
    int heads = heads_of(router);
    for (int t = 0; t < span->n; t++) {
        g_autofree bool *met = g_new0(bool, (gsize)router->info->experts);
        for (int head = 0; head < heads; head++) {
            int expert = moe__span_expert(router, t * heads + head, 0);
            if (expert >= 0 && !met[expert]) {
                met[expert] = true;
                *distinct += 1;
            }
        }
        *tokens += 1;
    }
}

/* E (1 - (1 - 1/E)^H) of H draws from E. */
static double
expected_distinct(int experts, int heads)
{
    double missed = 1;
    for (int i = 0; i < heads; i++)
        missed *= 1 - 1.0 / experts;
    return experts * (1 - missed);
}

static char *
chance_of(const TokenSpan *span)
{
    double distinct = 0, tokens = 0, expected = 0;
    for (guint r = 0; r < span->routers->len; r++) {
        const SpanRouter *router = moe__span_router(span, (int)r);
        count_distinct(span, router, &distinct, &tokens);
        expected += expected_distinct(router->info->experts, heads_of(router)) / span->routers->len;
    }
    g_autofree char *found = moe__number_short(distinct / tokens);
    g_autofree char *chance = moe__number_short(expected);
    return g_strdup_printf(
        "the sub-tokens of a token go to %s experts in the mean (uniformly random: %s)", found,
        chance);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    const MoeTrace *trace = moe__figure_trace(input, 0, error);
    if (!trace)
        return NULL;
    g_autoptr(GArray) routers = moe__span_routers(trace, options, 2);
    if (routers->len == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure sub-tokens: %s has no chosen layer that splits tokens into sub-tokens "
                    "(units_per_token above 1); models such as mhmoe have",
                    moe_figure_input_name(input, 0));
        return NULL;
    }
    g_auto(TokenSpan) span = {0};
    if (!moe__span_read(&span, &moe__figure_sub_tokens, input, options,
                        (int *)(void *)routers->data, (int)routers->len, error))
        return NULL;
    MoeScene *scene = moe_scene_new(moe__figure_sub_tokens.title);
    for (guint r = 0; r < span.routers->len; r++)
        add_panel(scene, &span, moe__span_router(&span, (int)r));
    g_autofree char *chance = chance_of(&span);
    moe__span_caption(&span, input, scene,
                      "First choice of expert for the sub-tokens of each token of a text", chance);
    return scene;
}

static const MoeField fields[] = {SPAN_FIELDS("32", 4096)};

const MoeFigure moe__figure_sub_tokens = {
    .struct_size = sizeof(MoeFigure),
    .name = "sub-tokens",
    .title = "Experts of each sub-token",
    .help = "tokens of a text by head, coloured by the expert that each sub-token goes to, a panel "
            "a layer",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .build = build,
};
