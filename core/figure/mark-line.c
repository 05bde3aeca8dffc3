/* SPDX-License-Identifier: MIT
 *
 * Lines through points.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

/* How near the pointer must come to a point. */
#define REACH 6.0

static bool
is_point(const MoeLine *line, int i)
{
    return i >= 0 && i < line->n && isfinite(line->x[i]) && isfinite(line->y[i]);
}

/* Dots on a line are smaller than those that stand alone. */
#define DOT_ON_LINE 0.8

static void
draw_dots(const MoeLine *line, const View *view, Drawing *drawing)
{
    double r = DOT_ON_LINE * MARK_DOT / 2 * view->scene->theme->line;
    for (int i = 0; i < line->n; i++) {
        Point at = {moe__scale_at(&view->x, line->x[i]), moe__scale_at(&view->y, line->y[i])};
        if (is_point(line, i))
            moe__draw_dot(at, r, moe__ink_colour(&line->ink, view->scene->theme), drawing);
    }
}

/* A point without neighbours is a line of no length: it gets a dot. */
static void
draw_dot(double x, double y, MoeColour colour, double width, Drawing *drawing)
{
    double side = 3 * width;
    moe__drawing_rect(drawing, (Box){x - side / 2, y - side / 2, side, side}, colour);
}

static void
line_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeLine *line = &mark->line;
    MoeColour colour = moe__ink_colour(&line->ink, view->scene->theme);
    drawing->opacity = moe__ink_opacity(&line->ink, view->scene->theme);
    double width = view->scene->theme->line;
    for (int i = 0; i < line->n; i++) {
        if (!is_point(line, i))
            continue;
        double x = moe__scale_at(&view->x, line->x[i]), y = moe__scale_at(&view->y, line->y[i]);
        bool first = !is_point(line, i - 1);
        if (first && !is_point(line, i + 1)) {
            if (!line->dots)
                draw_dot(x, y, colour, width, drawing);
            continue;
        }
        if (first && line->ink.dashed)
            moe__drawing_dashes(drawing, colour, width);
        else if (first)
            moe__drawing_path(drawing, colour, width);
        else if (line->steps)
            moe__drawing_point(drawing, x, moe__scale_at(&view->y, line->y[i - 1]));
        moe__drawing_point(drawing, x, y);
    }
    if (line->dots)
        draw_dots(line, view, drawing);
}

static int
line_hit(const Mark *mark, const View *view, double x, double y)
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
    return found;
}

static int
line_count(const Mark *mark)
{
    return mark->line.n;
}

static bool
line_place(const Mark *mark, const View *view, int piece, Place *place)
{
    const MoeLine *line = &mark->line;
    *place = (Place){
        {moe__scale_at(&view->x, line->x[piece]), moe__scale_at(&view->y, line->y[piece]), 0, 0},
        line->x[piece],
        line->y[piece]};
    return is_point(line, piece);
}

static void
line_tell(const Mark *mark, const View *view, int piece, MoeDatum *datum)
{
    const MoeLine *line = &mark->line;
    const MoeAxis *x_axis = &view->panel->x;
    g_autofree char *x_text = x_axis->type == MOE_AXIS_BAND
                                  ? moe__axis_band_label(x_axis, (int)line->x[piece])
                                  : moe__number_short(line->x[piece]);
    g_autofree char *y_text = moe__number_short(line->y[piece]);
    const WordsKey keys[] = {
        {"{x}", x_text}, {"{y}", y_text}, {"{name}", line->ink.name ? line->ink.name : ""}};
    datum->column = piece;
    datum->value = line->y[piece];
    datum->words = moe__words_fill(line->words, keys, G_N_ELEMENTS(keys));
}

static void
line_dump(const Mark *mark, GString *out)
{
    const MoeLine *line = &mark->line;
    g_string_append_printf(out, " %d points%s%s, colour %d \"%s\"", line->n,
                           line->steps ? " in steps" : "", line->dots ? " with dots" : "",
                           line->ink.colour, line->words ? line->words : "");
    moe__dump_name(out, &line->ink);
    for (int i = 0; i < line->n; i++) {
        const double values[] = {line->x[i], line->y[i]};
        moe__dump_row(out, values, G_N_ELEMENTS(values), NULL);
    }
}

const MarkClass moe__mark_line = {.name = "line",
                                  .draw = line_draw,
                                  .hit = line_hit,
                                  .dump = line_dump,
                                  .count = line_count,
                                  .place = line_place,
                                  .tell = line_tell};
