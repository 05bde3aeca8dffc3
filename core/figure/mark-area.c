/* SPDX-License-Identifier: MIT
 *
 * Areas between two curves.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

static bool
is_there(const MoeArea *area, int i)
{
    return i < area->n && isfinite(area->at[i]) && isfinite(area->low[i]) &&
           isfinite(area->high[i]);
}

static Point
place(const MoeArea *area, const View *view, int i, double value)
{
    if (area->along_y)
        return (Point){moe__scale_at(&view->x, value), moe__scale_at(&view->y, area->at[i])};
    return (Point){moe__scale_at(&view->x, area->at[i]), moe__scale_at(&view->y, value)};
}

static void
area_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeArea *area = &mark->area;
    drawing->opacity = moe__ink_opacity(&area->ink, view->scene->theme);
    for (int first = 0, last; first < area->n; first = last + 1) {
        for (last = first; is_there(area, last); last++)
            ;
        if (last == first)
            continue;
        moe__drawing_shape(drawing, moe__ink_colour(&area->ink, view->scene->theme));
        for (int i = first; i < last; i++) {
            Point point = place(area, view, i, area->high[i]);
            moe__drawing_point(drawing, point.x, point.y);
        }
        for (int i = last; i-- > first;) {
            Point point = place(area, view, i, area->low[i]);
            moe__drawing_point(drawing, point.x, point.y);
        }
    }
}

static char *
area_words(const MoeArea *area, const View *view, int i)
{
    const MoeAxis *axis = area->along_y ? &view->panel->y : &view->panel->x;
    g_autofree char *at =
        axis->type == MOE_AXIS_BAND
            ? moe__axis_band_label(axis, CLAMP((int)area->at[i], 0, axis->bands - 1))
            : moe__number_short(area->at[i]);
    g_autofree char *low = moe__number_short(area->low[i]);
    g_autofree char *high = moe__number_short(area->high[i]);
    g_autofree char *width = moe__number_short(area->high[i] - area->low[i]);
    const WordsKey keys[] = {{"{at}", at},
                             {"{low}", low},
                             {"{high}", high},
                             {"{width}", width},
                             {"{name}", area->ink.name ? area->ink.name : ""}};
    return moe__words_fill(area->words, keys, G_N_ELEMENTS(keys));
}

/* The point nearest along the axis, if the pointer is between the curves there. */
static int
area_hit(const Mark *mark, const View *view, double x, double y)
{
    const MoeArea *area = &mark->area;
    double along = area->along_y ? y : x, across = area->along_y ? x : y, nearest = INFINITY;
    int found = -1;
    for (int i = 0; area->words && i < area->n; i++) {
        if (!is_there(area, i))
            continue;
        Point low = place(area, view, i, area->low[i]);
        double distance = fabs((area->along_y ? low.y : low.x) - along);
        if (distance < nearest) {
            nearest = distance;
            found = i;
        }
    }
    if (found < 0)
        return -1;
    Point a = place(area, view, found, area->low[found]);
    Point b = place(area, view, found, area->high[found]);
    double from = area->along_y ? MIN(a.x, b.x) : MIN(a.y, b.y);
    double to = area->along_y ? MAX(a.x, b.x) : MAX(a.y, b.y);
    return across >= from && across <= to ? found : -1;
}

static int
area_count(const Mark *mark)
{
    return mark->area.words ? mark->area.n : 0;
}

static bool
area_place(const Mark *mark, const View *view, int piece, Place *out)
{
    const MoeArea *area = &mark->area;
    if (!is_there(area, piece))
        return false;
    Point a = place(area, view, piece, area->low[piece]);
    Point b = place(area, view, piece, area->high[piece]);
    *out = (Place){{MIN(a.x, b.x), MIN(a.y, b.y), fabs(b.x - a.x), fabs(b.y - a.y)},
                   area->along_y ? (area->low[piece] + area->high[piece]) / 2 : area->at[piece],
                   area->along_y ? area->at[piece] : NAN};
    return true;
}

static void
area_tell(const Mark *mark, const View *view, int piece, MoeDatum *datum)
{
    datum->column = piece;
    datum->value = mark->area.high[piece] - mark->area.low[piece];
    datum->words = area_words(&mark->area, view, piece);
}

static void
area_dump(const Mark *mark, GString *out)
{
    const MoeArea *area = &mark->area;
    g_string_append_printf(out, " %d points%s, colour %d \"%s\"", area->n,
                           area->along_y ? " along y" : "", area->ink.colour,
                           area->words ? area->words : "");
    moe__dump_name(out, &area->ink);
    for (int i = 0; i < area->n; i++) {
        const double values[] = {area->at[i], area->low[i], area->high[i]};
        moe__dump_row(out, values, G_N_ELEMENTS(values), NULL);
    }
}

const MarkClass moe__mark_area = {.name = "area",
                                  .draw = area_draw,
                                  .hit = area_hit,
                                  .dump = area_dump,
                                  .count = area_count,
                                  .place = area_place,
                                  .tell = area_tell};
