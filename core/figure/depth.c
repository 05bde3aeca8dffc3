/* SPDX-License-Identifier: MIT
 *
 * Lines that stand for layers.
 */
#include "figure/depth.h"

/* The lightest colours of viridis don't show as thin lines on paper, its darkest not on a dark
 * screen; a colour bar begins with those all the same. */
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
    double from = kit->routers->len <= DEPTH_NAMED ? DARKEST : 0;
    double up = height(kit, layer_of(kit, i));
    return moe_colour_at(MOE_COLOURS_VIRIDIS, from + (LIGHTEST - from) * up);
}

MoeInk
moe__depth_ink(const Kit *kit, guint i, MoeColour *own, char **name)
{
    *own = moe__depth_colour(kit, i);
    *name = kit->routers->len <= DEPTH_NAMED ? moe__kit_title(kit, i) : NULL;
    return (MoeInk){.own = own, .name = *name, .key = {"layer", layer_of(kit, i), NULL}};
}

void
moe__depth_set_scale(const Kit *kit, MoeScene *scene)
{
    if (kit->routers->len <= DEPTH_NAMED)
        return;
    double low = layer_of(kit, 0), high = layer_of(kit, kit->routers->len - 1);
    MoeColourScale scale = {.colours = MOE_COLOURS_VIRIDIS,
                            .min = low,
                            .max = low + (high - low) / LIGHTEST,
                            .label = "layer"};
    moe_scene_set_colour_scale(scene, &scale);
}
