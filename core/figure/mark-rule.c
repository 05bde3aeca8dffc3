/* SPDX-License-Identifier: MIT
 *
 * Values to compare with: a dashed line across the panel, or a band.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

/* How dark a band of values is. */
#define SHADE 0.25

static bool
is_band(const MoeRule *rule)
{
    return rule->high > rule->value; /* never true for NaN */
}

static void
draw_band(const MoeRule *rule, const View *view, Drawing *drawing)
{
    Box box = view->frame->box;
    const Scale *scale = rule->upright ? &view->x : &view->y;
    double a = moe__scale_at(scale, rule->value), b = moe__scale_at(scale, rule->high);
    if (rule->upright)
        box = (Box){a, box.y, b - a, box.height};
    else
        box = (Box){box.x, MIN(a, b), box.width, fabs(b - a)};
    drawing->opacity = SHADE;
    moe__drawing_rect(drawing, box, view->scene->theme->soft);
    drawing->opacity = 1;
}

/* With as much of the paper behind it as lets it be read over bars. */
static void
write_label(const char *label, double x, double y, Anchor anchor, const View *view,
            Drawing *drawing)
{
    const Theme *theme = view->scene->theme;
    double size = theme->tick_size, width = moe__ruler_width(view->ruler, label, size, false);
    double left = anchor == ANCHOR_START ? x : x - width, pad = 0.15 * size;
    drawing->opacity = 0.8;
    moe__drawing_rect(drawing,
                      (Box){left - pad, y - size * view->ruler->digit - 2 * pad, width + 2 * pad,
                            size * view->ruler->digit + 4 * pad},
                      theme->paper);
    drawing->opacity = 1;
    moe__drawing_text(drawing, label, x, y, (TextStyle){theme->soft, size, anchor, false, false});
}

static void
draw_label(const MoeRule *rule, const View *view, double at, Drawing *drawing)
{
    const Theme *theme = view->scene->theme;
    Box box = view->frame->box;
    double gap = 0.35 * theme->tick_size;
    if (!rule->upright) {
        /* Above the line, unless that leaves the panel. */
        bool above = at - gap - theme->tick_size > box.y;
        double y = above ? at - gap : at + gap + theme->tick_size * view->ruler->digit;
        write_label(rule->label, box.x + box.width - gap, y, ANCHOR_END, view, drawing);
        return;
    }
    double width = moe__ruler_width(view->ruler, rule->label, theme->tick_size, false);
    bool right = at + gap + width < box.x + box.width;
    write_label(rule->label, right ? at + gap : at - gap, box.y + theme->tick_size * 1.1,
                right ? ANCHOR_START : ANCHOR_END, view, drawing);
}

static void
rule_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeRule *rule = &mark->rule;
    const Theme *theme = view->scene->theme;
    Box box = view->frame->box;
    double at = moe__scale_at(rule->upright ? &view->x : &view->y, rule->value);
    if (is_band(rule)) {
        draw_band(rule, view, drawing);
    } else {
        moe__drawing_dashes(drawing, theme->soft, theme->thin * 1.6);
        moe__drawing_point(drawing, rule->upright ? at : box.x, rule->upright ? box.y : at);
        moe__drawing_point(drawing, rule->upright ? at : box.x + box.width,
                           rule->upright ? box.y + box.height : at);
    }
}

/* Over the other marks, or they would hide it. */
static void
rule_write(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeRule *rule = &mark->rule;
    double value = is_band(rule) ? rule->high : rule->value;
    if (rule->label)
        draw_label(rule, view, moe__scale_at(rule->upright ? &view->x : &view->y, value), drawing);
}

static void
rule_dump(const Mark *mark, GString *out)
{
    const MoeRule *rule = &mark->rule;
    const double values[] = {rule->value, is_band(rule) ? rule->high : NAN};
    g_string_append_printf(out, " of %s\n", rule->upright ? "x" : "y");
    moe__dump_row(out, values, G_N_ELEMENTS(values), rule->label);
}

const MarkClass moe__mark_rule = {
    .name = "rule", .draw = rule_draw, .dump = rule_dump, .write = rule_write};
