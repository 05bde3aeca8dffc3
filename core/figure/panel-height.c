/* SPDX-License-Identifier: MIT
 *
 * How high panels want to be at a width: cells as high as wide where they can be read so, lists a
 * line an entry, running text as it breaks, all else in the shape of a landscape.
 */
#include "figure/mark.h"
#include "figure/parts.h"

#define LARGEST_SQUARE 4.0 /* a cell of a square matrix, in sizes of the type */
#define LIST_LINE      1.3 /* a line of a list, in sizes of the type */

/* Height of a row of cells: that of a square where that leaves rows that can be read, less where
 * there are many. */
static double
natural_row_height(const Panel *panel, double panel_width, double size)
{
    double columns = panel->x.type == MOE_AXIS_BAND ? panel->x.bands : G_MAXINT;
    double least = CLAMP(0.25 * panel_width / panel->y.bands, 0.55 * size, 1.15 * size);
    return CLAMP(panel_width / columns, least, 1.9 * size);
}

/* Of the running text in a panel; 0: there is none. */
static double
prose_height(const MoeScene *scene, Ruler *ruler, const Panel *panel, double panel_width)
{
    double height = 0;
    for (guint i = 0; i < panel->marks->len; i++) {
        const Mark *mark = &g_array_index(panel->marks, Mark, i);
        if (mark->type == MARK_PROSE)
            height = MAX(height, moe__prose_height(&mark->prose, ruler, scene->theme, panel_width));
    }
    return height;
}

static bool
is_square(const Panel *panel)
{
    return panel->y.square && panel->x.type == MOE_AXIS_BAND && panel->y.type == MOE_AXIS_BAND;
}

/* Few cells needn't be as wide as they could be. */
static double
square_height(const Panel *panel, double panel_width, double size)
{
    double row = MIN(panel_width / panel->x.bands, LARGEST_SQUARE * size);
    return MIN(row * panel->y.bands, panel_width);
}

double
moe__panel_height(const MoeScene *scene, Ruler *ruler, double panel_width)
{
    double size = scene->theme->tick_size, height = 4 * size;
    for (int i = 0; i < (int)scene->panels->len; i++) {
        const Panel *panel = moe__scene_panel(scene, i);
        double natural = 0.62 * panel_width, prose = prose_height(scene, ruler, panel, panel_width);
        if (prose > 0)
            natural = prose;
        if (is_square(panel))
            natural = square_height(panel, panel_width, size);
        else if (panel->y.type == MOE_AXIS_BAND && panel->y.every)
            natural = LIST_LINE * size * panel->y.bands;
        else if (panel->y.type == MOE_AXIS_BAND)
            natural =
                MIN(natural_row_height(panel, panel_width, size) * panel->y.bands, panel_width);
        height = MAX(height, natural);
    }
    return height;
}
