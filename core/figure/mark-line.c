/* SPDX-License-Identifier: MIT
 *
 * Lines through points.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

/* How near the pointer must come to a point. */
#define REACH 6.0

static void
line_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeLine *line = &mark->line;
    bool pen_down = false;
    for (int i = 0; i < line->n; i++) {
        if (!isfinite(line->x[i]) || !isfinite(line->y[i])) {
            pen_down = false;
            continue;
        }
        if (!pen_down)
            moe__drawing_path(drawing, moe_colour_qualitative(line->colour),
                              view->scene->theme->line);
        pen_down = true;
        moe__drawing_point(drawing, moe__scale_at(&view->x, line->x[i]),
                           moe__scale_at(&view->y, line->y[i]));
    }
}

static bool
line_pick(const Mark *mark, const View *view, double x, double y, MoeDatum *datum)
{
    const MoeLine *line = &mark->line;
    double nearest = REACH;
    int found = -1;
    for (int i = 0; i < line->n; i++) {
        double distance =
            hypot(moe__scale_at(&view->x, line->x[i]) - x, moe__scale_at(&view->y, line->y[i]) - y);
        if (distance < nearest) { /* never true for NaN */
            nearest = distance;
            found = i;
        }
    }
    if (found < 0)
        return false;
    g_autofree char *x_text = moe__number_short(line->x[found]);
    g_autofree char *y_text = moe__number_short(line->y[found]);
    const WordsKey keys[] = {{"{x}", x_text}, {"{y}", y_text}};
    datum->row = 0;
    datum->column = found;
    datum->value = line->y[found];
    datum->x = moe__scale_at(&view->x, line->x[found]);
    datum->y = moe__scale_at(&view->y, line->y[found]);
    datum->width = datum->height = 0;
    datum->words = moe__words_fill(line->words, keys, G_N_ELEMENTS(keys));
    return true;
}

static void
line_dump(const Mark *mark, GString *out)
{
    const MoeLine *line = &mark->line;
    g_string_append_printf(out, " %d points, colour %d \"%s\"\n", line->n, line->colour,
                           line->words ? line->words : "");
    for (int i = 0; i < line->n; i++) {
        g_string_append(out, "      ");
        moe__number_append(out, line->x[i], 6);
        g_string_append_c(out, ' ');
        moe__number_append(out, line->y[i], 6);
        g_string_append_c(out, '\n');
    }
}

const MarkClass moe__mark_line = {"line", line_draw, line_pick, line_dump};
