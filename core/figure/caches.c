/* SPDX-License-Identifier: MIT
 *
 * How often a pick finds its expert in a cache, by the cache's size: the usual policies and the
 * optimum, a panel a layer, beside the share of experts that the cache holds.
 */
#include "figure/kit.h"

#include <math.h>

/* So many layers are shown where they aren't chosen. */
#define PANELS 6

/* No cache at all, the sizes that are counted, and room for all experts. */
#define SIZES (MOE_CACHES + 2)

typedef struct Policy {
    const char *name;
    int colour;
    gsize found; /* offset in MoeCacheCell */
} Policy;

static const Policy policies[] = {
    {"Belady (optimum)", 2, offsetof(MoeCacheCell, belady)},
    {"LRU", 0, offsetof(MoeCacheCell, lru)},
    {"LFU", 1, offsetof(MoeCacheCell, lfu)},
};

static const MoeCacheCell *
cell_of(const Kit *kit, int router)
{
    const MoeCacheCell *cell = moe_summary_caches(kit->summary, router, kit->domain);
    return cell && cell->lookups > 0 ? cell : NULL;
}

static void
add_policy(MoeScene *scene, int panel, const char *title, const MoeCacheCell *cell,
           const Policy *policy)
{
    const int64_t *found = G_STRUCT_MEMBER(const int64_t *, cell, policy->found);
    double size[MOE_CACHES], rate[MOE_CACHES];
    for (int i = 0; i < MOE_CACHES; i++) {
        size[i] = moe_cache_size(i, cell->experts);
        rate[i] = (double)found[i] / (double)cell->lookups;
    }
    g_autofree char *words =
        g_strdup_printf("%s, a cache of {x} of %d experts, %s: finds {y} of picks", title,
                        cell->experts, policy->name);
    MoeInk ink = {.colour = policy->colour, .name = policy->name};
    MoeLine line = {.n = MOE_CACHES, .x = size, .y = rate, .ink = ink};
    MoePoints points = {.n = MOE_CACHES, .x = size, .y = rate, .ink = ink, .words = words};
    points.ink.name = NULL;
    moe_scene_add_line(scene, panel, &line);
    moe_scene_add_points(scene, panel, &points);
}

static void
add_panel(const Kit *kit, MoeScene *scene, int router)
{
    static const MoeColour grey = {0.45, 0.45, 0.45};
    const MoeCacheCell *cell = cell_of(kit, router);
    double ends[2] = {0, cell->experts};
    const double share[2] = {0, 1};
    g_autofree char *title =
        g_strdup_printf("layer %d", moe_summary_router(kit->summary, router)->layer);
    MoeAxis x = {.label = "experts in the cache", .min = 0, .max = cell->experts};
    MoeAxis y = {.label = "picks found", .min = 0, .max = 1};
    int panel = moe_scene_add_panel(scene, title, NULL, &x, &y);
    MoeLine chance = {
        .n = 2, .x = ends, .y = share, .ink = {.own = &grey, .dashed = true, .name = "c/E"}};
    moe_scene_add_line(scene, panel, &chance);
    for (gsize i = 0; i < G_N_ELEMENTS(policies); i++)
        add_policy(scene, panel, title, cell, &policies[i]);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_caches, input, options, error))
        return NULL;
    g_autoptr(GArray) routers = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < kit.routers->len; i++) {
        int router = moe__kit_router(&kit, i);
        if (cell_of(&kit, router))
            g_array_append_val(routers, router);
    }
    if (routers->len == 0) {
        moe__kit_missing(&kit, "lookups of experts", "record the picks of tokens in their order",
                         error);
        return NULL;
    }
    guint all = routers->len;
    if (moe__kit_all_layers(&kit))
        moe__kit_thin(routers, PANELS);
    MoeScene *scene = moe_scene_new(moe__figure_caches.title);
    for (guint i = 0; i < routers->len; i++)
        add_panel(&kit, scene, g_array_index(routers, int, i));
    g_autofree char *what = g_strdup_printf(
        "Share of picks whose expert is in a cache of c of the layer\xe2\x80\x99s experts, empty "
        "where a document begins%s",
        routers->len < all ? "; evenly chosen layers" : "");
    moe__kit_caption(&kit, scene, what, "dashed: uniformly random picks, c/E in a full cache");
    return scene;
}

const MoeFigure moe__figure_caches = {
    .struct_size = sizeof(MoeFigure),
    .name = "caches",
    .title = "Caches of experts",
    .help = "hit rate of LRU, LFU and optimal caches of experts by their size, a panel a layer",
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_CACHES,
    .build = build,
};
