/* SPDX-License-Identifier: MIT
 *
 * From a layout to the list that writers draw, in parts or as a whole; and what of its axes a panel
 * shows.
 */
#include "figure/picture.h"
#include "figure/parts.h"

static Drawing *
drawing_new(const MoeScene *scene, const Layout *layout)
{
    return moe__drawing_new(layout->width, layout->height, scene->theme->family);
}

static void
draw_paper(const MoeScene *scene, const Layout *layout, Drawing *drawing)
{
    moe__drawing_rect(drawing, (Box){0, 0, layout->width, layout->height}, scene->theme->paper);
}

static void
draw_axes(const MoeScene *scene, const Layout *layout, int i, Drawing *drawing)
{
    const Panel *panel = moe__scene_panel(scene, i);
    moe__axis_draw_y(panel, &layout->frames[i], layout->ruler, scene->theme, drawing);
    moe__axis_draw_x(panel, &layout->frames[i], layout->ruler, scene->theme, drawing);
}

static void
draw_marks(const MoeScene *scene, const Layout *layout, int i, Drawing *drawing)
{
    bool whole = moe__panel_whole(moe__scene_panel(scene, i));
    if (!whole)
        moe__drawing_clip(drawing, layout->frames[i].box);
    moe__marks_draw(scene, i, &layout->frames[i], layout->ruler, drawing);
    if (!whole)
        moe__drawing_unclip(drawing);
}

static void
draw_around(const MoeScene *scene, const Layout *layout, Drawing *drawing)
{
    const Theme *theme = scene->theme;
    if (layout->legend > 0)
        moe__legend_draw(scene, layout->ruler, theme->margin, layout->legend,
                         layout->width - 2 * theme->margin, drawing);
    if (layout->bar.width > 0)
        moe__colour_bar_draw(&scene->colours, layout->bar, layout->ruler, theme, drawing);
    moe__words_draw(scene, layout, layout->ruler, drawing);
}

const Drawing *
moe__picture(MoeScene *scene, double width, double height)
{
    Layout *layout = moe__layout(scene, width, height);
    if (layout->drawing)
        return layout->drawing;
    layout->drawing = drawing_new(scene, layout);
    draw_paper(scene, layout, layout->drawing);
    for (int i = 0; i < layout->n_frames; i++) {
        draw_axes(scene, layout, i, layout->drawing);
        draw_marks(scene, layout, i, layout->drawing);
    }
    draw_around(scene, layout, layout->drawing);
    return layout->drawing;
}

void
moe_scene_render_part(MoeScene *scene, cairo_t *cr, double width, double height, MoeScenePart part,
                      int panel)
{
    g_return_if_fail(width > 0 && height > 0);
    const Layout *layout = moe__layout(scene, width, height);
    g_return_if_fail(part == MOE_PART_AROUND || (panel >= 0 && panel < layout->n_frames));
    Drawing *drawing = drawing_new(scene, layout);
    if (part == MOE_PART_AXES) {
        draw_axes(scene, layout, panel, drawing);
    } else if (part == MOE_PART_MARKS) {
        draw_marks(scene, layout, panel, drawing);
    } else {
        draw_paper(scene, layout, drawing);
        draw_around(scene, layout, drawing);
    }
    moe__cairo_draw(drawing, cr);
    moe__drawing_free(drawing);
}

/* --- Views ------------------------------------------------------------------------------------*/

bool
moe__panel_whole(const Panel *panel)
{
    MoeSceneView view = panel->view;
    return view.left == 0 && view.right == 1 && view.top == 0 && view.bottom == 1;
}

static bool
is_fixed(const Panel *panel)
{
    for (guint i = 0; i < panel->marks->len; i++)
        if (g_array_index(panel->marks, Mark, i).type == MARK_PROSE)
            return true;
    return false;
}

int
moe_scene_panels(const MoeScene *scene)
{
    return (int)scene->panels->len;
}

/* How near one may come: to a band, or so near that nobody needs to come nearer. */
static double
least_part(const MoeAxis *axis)
{
    return axis->type == MOE_AXIS_BAND ? 1.0 / axis->bands : 1e-4;
}

/* Moves a part of an axis between its ends; where it is too large or too small, about its middle.
 */
static void
hold(double *from, double *to, double least)
{
    double size = CLAMP(*to - *from, least, 1), middle = (*from + *to) / 2;
    if (size == *to - *from && *from >= 0 && *to <= 1)
        return;
    *from = CLAMP(middle - size / 2, 0, 1 - size);
    *to = size == 1 ? 1 : *from + size;
}

void
moe_scene_set_view(MoeScene *scene, int number, MoeSceneView view)
{
    const Panel *panel = moe__scene_panel(scene, number);
    g_return_if_fail(panel && view.left < view.right && view.top < view.bottom);
    if (is_fixed(panel))
        return;
    hold(&view.left, &view.right, least_part(&panel->x));
    hold(&view.top, &view.bottom, least_part(&panel->y));
    for (int i = 0; i < moe_scene_panels(scene); i++) {
        Panel *other = moe__scene_panel(scene, i);
        if (is_fixed(other))
            continue;
        if (other->like_x == panel->like_x) {
            other->view.left = view.left;
            other->view.right = view.right;
        }
        if (other->like_y == panel->like_y) {
            other->view.top = view.top;
            other->view.bottom = view.bottom;
        }
    }
    if (scene->layout)
        g_clear_pointer(&scene->layout->drawing, moe__drawing_free);
}

void
moe_scene_reset_view(MoeScene *scene)
{
    for (int i = 0; i < moe_scene_panels(scene); i++)
        moe__scene_panel(scene, i)->view = MOE_SCENE_WHOLE;
    if (scene->layout)
        g_clear_pointer(&scene->layout->drawing, moe__drawing_free);
}

static double
band_size(const MoeAxis *axis, double length, double part)
{
    return axis->type == MOE_AXIS_BAND ? length / part / axis->bands : 0;
}

MoePanelPlace
moe_scene_panel_place(MoeScene *scene, double width, double height, int number)
{
    const Panel *panel = moe__scene_panel(scene, number);
    g_return_val_if_fail(panel, (MoePanelPlace){0});
    const Layout *layout = moe__layout(scene, width, height);
    const Frame *frame = &layout->frames[number];
    MoeSceneView view = panel->view;
    MoePanelPlace place = {frame->box.x,      frame->box.y, frame->box.width,
                           frame->box.height, view,         .fixed = is_fixed(panel)};
    const Mark *mark = panel->marks->len == 1 ? &g_array_index(panel->marks, Mark, 0) : NULL;
    if (mark && mark->type == MARK_CELLS) {
        place.rows = mark->cells.rows;
        place.columns = mark->cells.columns;
    }
    place.x_band = band_size(&panel->x, place.width, view.right - view.left);
    place.y_band = band_size(&panel->y, place.height, view.bottom - view.top);
    place.y_ticks = frame->y_ticks ? layout->y_ticks : 0;
    place.x_foot = frame->x_ticks ? layout->last_foot : 0;
    return place;
}
