/* SPDX-License-Identifier: MIT
 *
 * Distribution functions of scores: the share of units up to each value, a line a layer.
 */
#include "figure/depth.h"
#include "figure/scores.h"

/* What a histogram knows: the share up to the end of each bin, straight in between. */
static void
add_line(const Kit *kit, MoeScene *scene, int panel, guint i, const Score *score, Violin violin)
{
    double x[MOE_SCORE_BINS + 1], y[MOE_SCORE_BINS + 1], below = 0;
    int n = 0;
    for (int b = 0; b < MOE_SCORE_BINS; b++) {
        if (violin.bins[b] > 0 && n == 0) {
            x[n] = score->edge(b);
            y[n++] = 0;
        }
        below += (double)violin.bins[b];
        if (n > 0) {
            x[n] = score->edge(b + 1);
            y[n++] = below / (double)violin.n;
        }
        if (below >= (double)violin.n)
            break;
    }
    MoeColour own;
    g_autofree char *name = NULL;
    MoeInk ink = moe__depth_ink(kit, i, &own, &name);
    g_autofree char *words = g_strdup_printf("layer %d: {y} of units have %s up to {x}",
                                             moe__kit_info(kit, i)->layer, score->label);
    MoeLine line = {.n = n, .x = x, .y = y, .ink = ink, .words = words};
    moe_scene_add_line(scene, panel, &line);
}

void
moe__score_add_ecdf(const Kit *kit, MoeScene *scene, const Score *score, int first, int last)
{
    MoeAxis x = moe__score_axis(score, first, last);
    MoeAxis y = {.label = "share of units up to it", .max = 1.02};
    int panel = moe_scene_add_panel(scene, NULL, NULL, &x, &y);
    for (guint i = 0; i < kit->routers->len; i++) {
        Violin violin = moe__score_of(kit, i, score);
        if (violin.n > 0)
            add_line(kit, scene, panel, i, score, violin);
    }
}
