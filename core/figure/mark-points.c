/* SPDX-License-Identifier: MIT
 *
 * Dots, with names beside them where there is room.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

#define REACH 6.0

static double
radius(const MoePoints *points, const View *view, int i)
{
    double area = points->area ? points->area[i] : 1;
    return sqrt(MAX(area, 0)) * MARK_DOT / 2 * view->scene->theme->line;
}

static bool
is_there(const MoePoints *points, int i)
{
    return isfinite(points->x[i]) && isfinite(points->y[i]);
}

static Point
place(const MoePoints *points, const View *view, int i)
{
    return (Point){moe__scale_at(&view->x, points->x[i]), moe__scale_at(&view->y, points->y[i])};
}

static MoeColour
colour_of(const MoePoints *points, const View *view, int i)
{
    const Theme *theme = view->scene->theme;
    return points->each ? moe__colour_on(points->each[i], theme)
                        : moe__ink_colour(&points->ink, theme);
}

static bool
boxes_meet(Box a, Box b)
{
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

static bool
is_free(Box box, Box frame, const GArray *taken)
{
    if (box.x < frame.x || box.y < frame.y || box.x + box.width > frame.x + frame.width ||
        box.y + box.height > frame.y + frame.height)
        return false;
    for (guint i = 0; i < taken->len; i++)
        if (boxes_meet(box, g_array_index(taken, Box, i)))
            return false;
    return true;
}

/* Right of the dot, or left of it, above or below: the first that stays in the panel and off what
 * is there already. */
static bool
find_place(Point at, double r, double width, double size, Box frame, const GArray *taken, Box *out)
{
    double gap = 0.25 * size, tall = 0.8 * size;
    const Box places[] = {
        {at.x + r + gap, at.y - tall / 2, width, tall},
        {at.x - r - gap - width, at.y - tall / 2, width, tall},
        {at.x - width / 2, at.y - r - gap - tall, width, tall},
        {at.x - width / 2, at.y + r + gap, width, tall},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        if (is_free(places[i], frame, taken)) {
            *out = places[i];
            return true;
        }
    return false;
}

/* Labels without a place are left out. */
static void
draw_labels(const MoePoints *points, const View *view, Drawing *drawing)
{
    const Theme *theme = view->scene->theme;
    double size = theme->tick_size;
    g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(Box));
    for (int i = 0; i < points->n; i++) {
        if (!is_there(points, i))
            continue;
        Point at = place(points, view, i);
        double r = radius(points, view, i);
        Box box = {at.x - r, at.y - r, 2 * r, 2 * r};
        g_array_append_val(taken, box);
    }
    TextStyle style = {theme->soft, size, ANCHOR_START, false, false};
    for (int i = 0; i < points->n; i++) {
        Box box;
        if (!is_there(points, i) || !points->labels[i] ||
            !find_place(place(points, view, i), radius(points, view, i),
                        moe__ruler_width(view->ruler, points->labels[i], size, false), size,
                        view->frame->box, taken, &box))
            continue;
        g_array_append_val(taken, box);
        moe__drawing_text(drawing, points->labels[i], box.x,
                          box.y + box.height / 2 + size * view->ruler->digit / 2, style);
    }
}

static void
points_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoePoints *points = &mark->points;
    drawing->opacity = moe__ink_opacity(&points->ink, view->scene->theme);
    for (int i = 0; i < points->n; i++)
        if (is_there(points, i))
            moe__draw_dot(place(points, view, i), radius(points, view, i),
                          colour_of(points, view, i), drawing);
    drawing->opacity = 1;
    if (points->labels)
        draw_labels(points, view, drawing);
}

static char *
point_words(const MoePoints *points, int i)
{
    g_autofree char *x = moe__number_short(points->x[i]);
    g_autofree char *y = moe__number_short(points->y[i]);
    const char *label = points->labels ? points->labels[i] : NULL;
    const WordsKey keys[] = {{"{x}", x},
                             {"{y}", y},
                             {"{label}", label ? label : ""},
                             {"{note}", points->notes ? points->notes[i] : ""},
                             {"{name}", points->ink.name ? points->ink.name : ""}};
    return moe__words_fill(points->words, keys, G_N_ELEMENTS(keys));
}

static int
points_hit(const Mark *mark, const View *view, double x, double y)
{
    const MoePoints *points = &mark->points;
    double nearest = INFINITY;
    int found = -1;
    for (int i = 0; i < points->n; i++) {
        if (!is_there(points, i))
            continue;
        Point at = place(points, view, i);
        double distance = hypot(at.x - x, at.y - y);
        if (distance < MAX(REACH, radius(points, view, i)) && distance < nearest) {
            nearest = distance;
            found = i;
        }
    }
    return found;
}

static int
points_count(const Mark *mark)
{
    return mark->points.n;
}

static bool
points_place(const Mark *mark, const View *view, int piece, Place *out)
{
    const MoePoints *points = &mark->points;
    Point at = place(points, view, piece);
    double r = radius(points, view, piece);
    *out = (Place){{at.x - r, at.y - r, 2 * r, 2 * r}, points->x[piece], points->y[piece]};
    return is_there(points, piece);
}

static void
points_tell(const Mark *mark, const View *view, int piece, MoeDatum *datum)
{
    (void)view;
    datum->column = piece;
    datum->value = mark->points.y[piece];
    datum->words = point_words(&mark->points, piece);
}

static MoeKey
points_key(const Mark *mark, int piece, int which)
{
    const MoeKeys *keys = &mark->points.keys;
    bool has = which == 0 && keys->name;
    return (MoeKey){has ? keys->name : NULL, has ? keys->number[piece] : NAN, NULL};
}

static void
points_dump(const Mark *mark, GString *out)
{
    const MoePoints *points = &mark->points;
    g_string_append_printf(out, " %d, colour %d \"%s\"", points->n, points->ink.colour,
                           points->words ? points->words : "");
    moe__dump_name(out, &points->ink);
    for (int i = 0; i < points->n; i++) {
        const double values[] = {points->x[i], points->y[i], points->area ? points->area[i] : 1};
        moe__dump_row(out, values, G_N_ELEMENTS(values), points->labels ? points->labels[i] : NULL);
        if (points->notes)
            g_string_append_printf(out, "       %s\n", points->notes[i]);
    }
}

const MarkClass moe__mark_points = {.name = "points",
                                    .draw = points_draw,
                                    .hit = points_hit,
                                    .dump = points_dump,
                                    .count = points_count,
                                    .place = points_place,
                                    .tell = points_tell,
                                    .key = points_key};
