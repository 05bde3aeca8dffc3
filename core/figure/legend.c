/* SPDX-License-Identifier: MIT
 *
 * The legend: a row of swatches with names above the panels, broken where the width ends.
 */
#include "figure/mark.h"
#include "figure/parts.h"

#include <math.h>

/* In sizes of the type. */
#define SWATCH 1.5
#define GAP    1.4
#define LINE   1.6

typedef struct Entry {
    const MoeInk *ink;
    MarkType type; /* a line, a dot, else a patch */
} Entry;

const MoeInk *
moe__mark_ink(const Mark *mark)
{
    switch (mark->type) {
    case MARK_AREA:
        return &mark->area.ink;
    case MARK_BARS:
        return &mark->bars.ink;
    case MARK_FLOWS:
        return &mark->flows.ink;
    case MARK_LINE:
        return &mark->line.ink;
    case MARK_POINTS:
        return &mark->points.ink;
    default:
        return NULL;
    }
}

static bool
is_listed(const GArray *entries, const char *name)
{
    for (guint i = 0; i < entries->len; i++)
        if (strcmp(g_array_index(entries, Entry, i).ink->name, name) == 0)
            return true;
    return false;
}

/* Names in the order in which they come. */
static GArray *
entries_of(const MoeScene *scene)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    for (int i = 0; i < (int)scene->panels->len; i++) {
        const GArray *marks = moe__scene_panel(scene, i)->marks;
        for (guint j = 0; j < marks->len; j++) {
            const Mark *mark = &g_array_index(marks, Mark, j);
            const MoeInk *ink = moe__mark_ink(mark);
            Entry entry = {ink, mark->type};
            if (ink && ink->name && !ink->unlisted && !is_listed(entries, ink->name))
                g_array_append_val(entries, entry);
        }
    }
    return entries;
}

static void
draw_swatch(const Entry *entry, double x, double y, const Theme *theme, Drawing *drawing)
{
    double size = theme->tick_size, middle = y + LINE * size / 2;
    MoeColour colour = moe__ink_colour(entry->ink, theme);
    drawing->opacity = moe__ink_opacity(entry->ink, theme);
    if (entry->type == MARK_LINE) {
        if (entry->ink->dashed)
            moe__drawing_dashes(drawing, colour, theme->line);
        else
            moe__drawing_path(drawing, colour, theme->line);
        moe__drawing_point(drawing, x, middle);
        moe__drawing_point(drawing, x + SWATCH * size, middle);
    } else if (entry->type == MARK_POINTS && !entry->ink->exact) {
        Point at = {x + SWATCH * size / 2, middle};
        moe__draw_dot(at, MARK_DOT * theme->line / 2, colour, drawing);
    } else {
        moe__drawing_swatch(
            drawing, (Box){x + 0.3 * size, middle - 0.4 * size, (SWATCH - 0.6) * size, 0.8 * size},
            colour);
    }
    drawing->opacity = 1;
}

/* Lays the entries out from (x, y); `drawing` NULL: only measures. Returns the height. */
static double
run(const MoeScene *scene, Ruler *ruler, double x, double y, double width, Drawing *drawing)
{
    g_autoptr(GArray) entries = entries_of(scene);
    const Theme *theme = scene->theme;
    double size = theme->tick_size, left = x, top = y;
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = &g_array_index(entries, Entry, i);
        double swatch = (SWATCH + 0.4) * size;
        g_autofree char *name = moe__ruler_fit_name(ruler, entry->ink->name, size, width - swatch);
        double whole = swatch + moe__ruler_width(ruler, name, size, false);
        if (left > x && left + whole > x + width) {
            left = x;
            top += LINE * size;
        }
        if (drawing) {
            TextStyle style = {theme->ink, size, ANCHOR_START, false, false};
            draw_swatch(entry, left, top, theme, drawing);
            moe__drawing_text(drawing, name, left + swatch,
                              top + LINE * size / 2 + size * ruler->digit / 2, style);
        }
        left += whole + GAP * size;
    }
    return entries->len > 0 ? top - y + LINE * size : 0;
}

double
moe__legend_height(const MoeScene *scene, Ruler *ruler, double width)
{
    return run(scene, ruler, 0, 0, width, NULL);
}

void
moe__legend_draw(const MoeScene *scene, Ruler *ruler, double x, double y, double width,
                 Drawing *drawing)
{
    run(scene, ruler, x, y, width, drawing);
}
