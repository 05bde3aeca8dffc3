/* SPDX-License-Identifier: MIT
 *
 * Bands that flow from left to right.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

/* Pieces that each edge of a band is drawn in. */
#define PIECES 24

/* From 0 to 1 with level ends: the cubic Bézier curve that alluvial diagrams use. */
static double
ease(double t)
{
    return t * t * (3 - 2 * t);
}

static double
edge(const View *view, double left, double right, double t)
{
    double a = moe__scale_at(&view->y, left), b = moe__scale_at(&view->y, right);
    return a + (b - a) * ease(t);
}

static void
draw_flow(const MoeFlows *flows, const View *view, int i, Drawing *drawing)
{
    double x0 = moe__scale_at(&view->x, flows->x0[i]), x1 = moe__scale_at(&view->x, flows->x1[i]);
    moe__drawing_shape(drawing, flows->each ? flows->each[i]
                                            : moe__ink_colour(&flows->ink, view->scene->theme));
    for (int j = 0; j <= PIECES; j++) {
        double t = (double)j / PIECES;
        moe__drawing_point(drawing, x0 + (x1 - x0) * t,
                           edge(view, flows->high0[i], flows->high1[i], t));
    }
    for (int j = PIECES; j >= 0; j--) {
        double t = (double)j / PIECES;
        moe__drawing_point(drawing, x0 + (x1 - x0) * t,
                           edge(view, flows->low0[i], flows->low1[i], t));
    }
}

static void
flows_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    drawing->opacity = moe__ink_opacity(&mark->flows.ink, view->scene->theme);
    for (int i = 0; i < mark->flows.n; i++)
        draw_flow(&mark->flows, view, i, drawing);
}

static bool
flow_at(const MoeFlows *flows, const View *view, int i, double x, double y)
{
    double x0 = moe__scale_at(&view->x, flows->x0[i]), x1 = moe__scale_at(&view->x, flows->x1[i]);
    if (x < x0 || x > x1 || !(x0 < x1))
        return false;
    double t = (x - x0) / (x1 - x0);
    double a = edge(view, flows->low0[i], flows->low1[i], t);
    double b = edge(view, flows->high0[i], flows->high1[i], t);
    return y >= MIN(a, b) && y <= MAX(a, b);
}

static int
flows_hit(const Mark *mark, const View *view, double x, double y)
{
    for (int i = mark->flows.n; i-- > 0;)
        if (flow_at(&mark->flows, view, i, x, y))
            return i;
    return -1;
}

static int
flows_count(const Mark *mark)
{
    return mark->flows.n;
}

/* Halfway, where it is told from its neighbours most easily. */
static bool
flows_place(const Mark *mark, const View *view, int piece, Place *place)
{
    const MoeFlows *flows = &mark->flows;
    double x0 = moe__scale_at(&view->x, flows->x0[piece]);
    double x1 = moe__scale_at(&view->x, flows->x1[piece]);
    double a = edge(view, flows->low0[piece], flows->low1[piece], 0.5);
    double b = edge(view, flows->high0[piece], flows->high1[piece], 0.5);
    *place = (Place){{(x0 + x1) / 2, MIN(a, b), 0, fabs(b - a)}, NAN, NAN};
    return x0 < x1;
}

static void
flows_tell(const Mark *mark, const View *view, int piece, MoeDatum *datum)
{
    (void)view;
    const MoeFlows *flows = &mark->flows;
    g_autofree char *value = moe__number_short(flows->value[piece]);
    const WordsKey keys[] = {{"{name}", flows->names ? flows->names[piece] : ""},
                             {"{value}", value}};
    datum->column = piece;
    datum->value = flows->value[piece];
    datum->words = moe__words_fill(flows->words, keys, G_N_ELEMENTS(keys));
}

static MoeKey
flows_key(const Mark *mark, int piece, int which)
{
    const MoeKeys *keys = &mark->flows.keys[which];
    return (MoeKey){keys->name, keys->name ? keys->number[piece] : NAN, NULL};
}

static void
flows_dump(const Mark *mark, GString *out)
{
    const MoeFlows *flows = &mark->flows;
    g_string_append_printf(out, " %d \"%s\"", flows->n, flows->words ? flows->words : "");
    moe__dump_name(out, &flows->ink);
    for (int i = 0; i < flows->n; i++) {
        const double values[] = {flows->x0[i],   flows->low0[i],  flows->high0[i], flows->x1[i],
                                 flows->low1[i], flows->high1[i], flows->value[i]};
        moe__dump_row(out, values, G_N_ELEMENTS(values), flows->names ? flows->names[i] : NULL);
    }
}

const MarkClass moe__mark_flows = {.name = "flows",
                                   .draw = flows_draw,
                                   .hit = flows_hit,
                                   .dump = flows_dump,
                                   .count = flows_count,
                                   .place = flows_place,
                                   .tell = flows_tell,
                                   .key = flows_key};
