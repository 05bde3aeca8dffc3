/* SPDX-License-Identifier: MIT
 *
 * depth.h: lines that stand for layers: a colour by depth, and what tells the layers apart.
 */
#ifndef FIGURE_DEPTH_H
#define FIGURE_DEPTH_H

#include "figure/kit.h"

/* Up to so many layers are named in a legend; more are read off a colour bar. */
#define DEPTH_NAMED 6

/* The colour of router i of the kit: dark at the bottom of the model, light at its top. */
MoeColour moe__depth_colour(const Kit *kit, guint i);
/* A line of router i, in the legend where that names layers; `own` and `name` have to outlive it.
 */
MoeInk moe__depth_ink(const Kit *kit, guint i, MoeColour *own, char **name);
/* The colour bar, where there are more layers than the legend names. */
void moe__depth_set_scale(const Kit *kit, MoeScene *scene);

#endif
