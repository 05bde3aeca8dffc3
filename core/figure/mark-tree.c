/* SPDX-License-Identifier: MIT
 *
 * Trees above a panel: which bands were joined, and how far apart they were.
 */
#include "figure/mark.h"

#include <math.h>

/* Between the panel and the leaves, in sizes of the type. */
#define FOOT 0.25
/* Strokes leave most of a band free. */
#define THIN 0.22

static void
tree_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeTree *tree = &mark->tree;
    if (!moe__panel_whole(view->panel))
        return; /* of a part of the bands there is no tree */
    const Theme *theme = view->scene->theme;
    double bottom = view->frame->box.y - FOOT * theme->tick_size;
    double band = fabs(moe__scale_at(&view->x, 1) - moe__scale_at(&view->x, 0));
    double width = fmin(theme->thin, THIN * band);
    double tall = (TREE_ROOM - FOOT) * theme->tick_size - theme->thin;
    for (int i = 0; i < tree->n; i++) {
        double left = moe__scale_at(&view->x, tree->left[i]);
        double right = moe__scale_at(&view->x, tree->right[i]);
        double top = bottom - tall * tree->height[i];
        moe__drawing_path(drawing, theme->soft, width);
        moe__drawing_point(drawing, left, bottom - tall * tree->from_left[i]);
        moe__drawing_point(drawing, left, top);
        moe__drawing_point(drawing, right, top);
        moe__drawing_point(drawing, right, bottom - tall * tree->from_right[i]);
    }
}

static void
tree_dump(const Mark *mark, GString *out)
{
    const MoeTree *tree = &mark->tree;
    g_string_append_printf(out, " %d\n", tree->n);
    for (int i = 0; i < tree->n; i++) {
        const double values[] = {tree->left[i], tree->right[i], tree->from_left[i],
                                 tree->from_right[i], tree->height[i]};
        moe__dump_row(out, values, G_N_ELEMENTS(values), NULL);
    }
}

const MarkClass moe__mark_tree = {.name = "tree", .draw = tree_draw, .dump = tree_dump};
