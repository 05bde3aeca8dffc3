/* SPDX-License-Identifier: MIT
 *
 * Texts at places of the data.
 */
#include "figure/mark.h"

#include <math.h>

static void
labels_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    static const Anchor anchors[] = {[MOE_ANCHOR_START] = ANCHOR_START,
                                     [MOE_ANCHOR_MIDDLE] = ANCHOR_MIDDLE,
                                     [MOE_ANCHOR_END] = ANCHOR_END};
    const MoeLabels *labels = &mark->labels;
    const Theme *theme = view->scene->theme;
    TextStyle style = {theme->ink, theme->tick_size, anchors[labels->anchor], false, false};
    for (int i = 0; i < labels->n; i++) {
        if (!labels->texts[i] || !isfinite(labels->x[i]) || !isfinite(labels->y[i]))
            continue;
        moe__drawing_text(drawing, labels->texts[i], moe__scale_at(&view->x, labels->x[i]),
                          moe__scale_at(&view->y, labels->y[i]) +
                              theme->tick_size * view->ruler->digit / 2,
                          style);
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
