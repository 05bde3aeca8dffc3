/* SPDX-License-Identifier: MIT
 *
 * Texts at places of the data.
 */
#include "figure/mark.h"

#include <math.h>

#define GROUND 0.78 /* opacity */

static bool
boxes_meet(Box a, Box b)
{
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

/* Keeps the place of a text, unless one before it has it. */
static bool
take_place(GArray *taken, Box box)
{
    for (guint i = 0; i < taken->len; i++)
        if (boxes_meet(box, g_array_index(taken, Box, i)))
            return false;
    g_array_append_val(taken, box);
    return true;
}

/* Where there are no axes, a text may stand on marks of any colour: paper shines through below it.
 */
static void
draw_ground(const View *view, Box box, Drawing *drawing)
{
    double before = drawing->opacity, pad = 0.14 * view->scene->theme->tick_size;
    if (!view->x.axis->bare || !view->y.axis->bare)
        return;
    drawing->opacity = GROUND;
    moe__drawing_rect(drawing,
                      (Box){box.x - pad, box.y - pad, box.width + 2 * pad, box.height + 2 * pad},
                      view->scene->theme->paper);
    drawing->opacity = before;
}

static void
labels_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    static const Anchor anchors[] = {[MOE_ANCHOR_START] = ANCHOR_START,
                                     [MOE_ANCHOR_MIDDLE] = ANCHOR_MIDDLE,
                                     [MOE_ANCHOR_END] = ANCHOR_END};
    static const double before[] = {
        [MOE_ANCHOR_START] = 0, [MOE_ANCHOR_MIDDLE] = 0.5, [MOE_ANCHOR_END] = 1};
    const MoeLabels *labels = &mark->labels;
    const Theme *theme = view->scene->theme;
    TextStyle style = {theme->ink, theme->tick_size, anchors[labels->anchor], false, false};
    double height = theme->tick_size * view->ruler->digit;
    g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(Box));
    for (int i = 0; i < labels->n; i++) {
        if (!labels->texts[i] || !isfinite(labels->x[i]) || !isfinite(labels->y[i]))
            continue;
        double x = moe__scale_at(&view->x, labels->x[i]), y = moe__scale_at(&view->y, labels->y[i]);
        double width = moe__ruler_width(view->ruler, labels->texts[i], theme->tick_size, false);
        Box box = {x - before[labels->anchor] * width, y - height / 2, width, height};
        if (!take_place(taken, box))
            continue;
        draw_ground(view, box, drawing);
        moe__drawing_text(drawing, labels->texts[i], x, y + height / 2, style);
    }
}

static void
labels_dump(const Mark *mark, GString *out)
{
    const MoeLabels *labels = &mark->labels;
    g_string_append_printf(out, " %d\n", labels->n);
    for (int i = 0; i < labels->n; i++) {
        const double values[] = {labels->x[i], labels->y[i]};
        moe__dump_row(out, values, G_N_ELEMENTS(values), labels->texts[i]);
    }
}

const MarkClass moe__mark_labels = {.name = "labels", .draw = labels_draw, .dump = labels_dump};
