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
    drawing->opacity = moe__ink_opacity(&mark->flows.ink);
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

static bool
flows_pick(const Mark *mark, const View *view, double x, double y, MoeDatum *datum)
{
    const MoeFlows *flows = &mark->flows;
    for (int i = flows->n; i-- > 0;) {
        if (!flow_at(flows, view, i, x, y))
            continue;
        g_autofree char *value = moe__number_short(flows->value[i]);
        const WordsKey keys[] = {{"{name}", flows->names ? flows->names[i] : ""},
                                 {"{value}", value}};
        *datum = (MoeDatum){.panel = datum->panel,
                            .column = i,
                            .value = flows->value[i],
                            .x = x,
                            .y = y,
                            .words = moe__words_fill(flows->words, keys, G_N_ELEMENTS(keys))};
        return true;
    }
    return false;
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

const MarkClass moe__mark_flows = {"flows", flows_draw, flows_pick, flows_dump, NULL};
