/* SPDX-License-Identifier: MIT
 *
 * Lines that stand for layers.
 */
#include "figure/depth.h"

/* The lightest colours of viridis don't show as thin lines on paper, its darkest not on a dark
 * screen. */
#define LIGHTEST 0.88
#define DARKEST  0.24

static int
layer_of(const Kit *kit, guint i)
{
    return moe__kit_info(kit, i)->layer;
}

/* How far up layer `layer` lies between the lowest and the highest of the kit. */
static double
height(const Kit *kit, int layer)
{
    int low = layer_of(kit, 0), high = layer_of(kit, kit->routers->len - 1);
    return high > low ? (double)(layer - low) / (high - low) : 0;
}

MoeColour
moe__depth_colour(const Kit *kit, guint i)
{
    return moe_colour_at(MOE_COLOURS_VIRIDIS,
                         DARKEST + (LIGHTEST - DARKEST) * height(kit, layer_of(kit, i)));
}

MoeInk
moe__depth_ink(const Kit *kit, guint i, MoeColour *own, char **name)
{
    *own = moe__depth_colour(kit, i);
    *name = moe__kit_title(kit, i);
    return (MoeInk){.own = own,
                    .name = *name,
                    .unlisted = kit->routers->len > DEPTH_NAMED,
                    .key = {"layer", layer_of(kit, i), NULL}};
}

void
moe__depth_set_scale(const Kit *kit, MoeScene *scene)
{
    double low = layer_of(kit, 0), high = layer_of(kit, kit->routers->len - 1);
    if (kit->routers->len <= DEPTH_NAMED || high <= low)
        return;
    MoeColourScale scale = {.colours = MOE_COLOURS_VIRIDIS,
                            .min = low,
                            .max = high,
                            .label = "layer",
                            .first = DARKEST,
                            .last = LIGHTEST};
    moe_scene_set_colour_scale(scene, &scale);
}
