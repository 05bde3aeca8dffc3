/* SPDX-License-Identifier: MIT
 *
 * Token maps too long to be read token by token: tokens across, layers downwards, and where there
 * are more tokens than columns several brought together in one.
 */
#include "figure/token-long.h"
#include "figure/expert-names.h"

#include <math.h>

/* Columns of `per` tokens each. */
typedef struct Long {
    const TokenSpan *span;
    int columns, per;
    double *expert, *share; /* [routers × columns] */
} Long;

static void
long_clear(Long *map)
{
    g_free(map->expert);
    g_free(map->share);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Long, long_clear)

/* The expert that most tokens of a column go to, of equals the one that is so first, and their
 * share. */
static void
fill_column(Long *map, int r, int column, int slot, int head, int *count)
{
    const SpanRouter *router = moe__span_router(map->span, r);
    int first = column * map->per, end = MIN(first + map->per, map->span->n), most = -1, picks = 0;
    for (int t = first; t < end; t++) {
        int expert = moe__span_expert(router, t * router->info->units_per_token + head, slot);
        if (expert < 0)
            continue;
        picks++;
        count[expert]++;
        if (most < 0 || count[expert] > count[most])
            most = expert;
    }
    gsize cell = (gsize)r * (gsize)map->columns + (gsize)column;
    map->expert[cell] = most < 0 ? NAN : most;
    map->share[cell] = most < 0 ? NAN : (double)count[most] / picks;
    for (int t = first; t < end; t++) {
        int expert = moe__span_expert(router, t * router->info->units_per_token + head, slot);
        if (expert >= 0)
            count[expert] = 0;
    }
}

static void
add_panel(const Long *map, MoeScene *scene, int from)
{
    int layers = (int)map->span->routers->len;
    g_auto(GStrv) names = g_new0(char *, (gsize)layers + 1);
    for (int r = 0; r < layers; r++)
        names[r] = g_strdup_printf("%d", moe__span_router(map->span, r)->info->layer);
    MoeAxis x = {.type = MOE_AXIS_BAND,
                 .label = "token",
                 .bands = map->columns,
                 .first = from,
                 .step = map->per};
    MoeAxis y = {.type = MOE_AXIS_BAND,
                 .label = "layer",
                 .bands = layers,
                 .names = (const char *const *)names,
                 .key = "layer"};
    MoeCells cells = {.rows = layers,
                      .columns = map->columns,
                      .values = map->expert,
                      .numbers = {map->share, NULL},
                      .words = map->per > 1 ? "tokens from {column}, layer {row}: expert {value} "
                                              "takes {0} of them"
                                            : "token {column}, layer {row}: expert {value}",
                      .categories = moe__span_experts(map->span)};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, NULL, NULL, &x, &y), &cells);
}

MoeScene *
moe__token_long(const TokenSpan *span, int slot, int head, int most, int *per, int *named)
{
    int layers = (int)span->routers->len;
    g_auto(Long) map = {.span = span, .per = (span->n + most - 1) / most};
    map.columns = (span->n + map.per - 1) / map.per;
    gsize cells = (gsize)layers * (gsize)map.columns;
    map.expert = g_new(double, cells);
    map.share = g_new(double, cells);
    g_autofree int *count = g_new0(int, (gsize)moe__span_experts(span));
    for (int r = 0; r < layers; r++)
        for (int column = 0; column < map.columns; column++)
            fill_column(&map, r, column, slot, head, count);
    MoeScene *scene = moe_scene_new(span->figure->title);
    add_panel(&map, scene, (int)moe_figure_options_real(span->options, "from"));
    *named = moe__expert_names(scene, 0, map.expert, (int)cells, moe__span_experts(span));
    *per = map.per;
    return scene;
}
