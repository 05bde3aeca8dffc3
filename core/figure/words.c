/* SPDX-License-Identifier: MIT
 *
 * Title, caption, titles of panels, labels of axes.
 */
#include "figure/parts.h"

static void
draw_title(const MoeScene *scene, Drawing *drawing)
{
    const Theme *theme = scene->theme;
    if (theme->title_size == 0 || !scene->title[0])
        return;
    TextStyle style = {theme->ink, theme->title_size, ANCHOR_START, true, false};
    moe__drawing_text(drawing, scene->title, theme->margin, theme->margin + theme->title_size,
                      style);
}

static void
draw_caption(const MoeScene *scene, const Layout *layout, Drawing *drawing)
{
    const Theme *theme = scene->theme;
    TextStyle style = {theme->soft, theme->tick_size, ANCHOR_START, false, false};
    int n = layout->caption ? (int)g_strv_length(layout->caption) : 0;
    double line = theme->tick_size * LINE_HEIGHT;
    double y = layout->height - theme->margin - (n - 1) * line - 0.25 * theme->tick_size;
    for (int i = 0; i < n; i++)
        moe__drawing_text(drawing, layout->caption[i], theme->margin, y + i * line, style);
}

double
moe__title_width(const Panel *panel, Ruler *ruler, const Theme *theme)
{
    double width = panel->note ? moe__ruler_width(ruler, panel->note, theme->tick_size, false) : 0;
    if (panel->title)
        width += moe__ruler_width(ruler, panel->title, theme->label_size, false) + theme->tick_size;
    return width;
}

/* Notes are set where all of them fit, beside their titles or below them, or nowhere. */
static bool
notes_fit(const MoeScene *scene, const Layout *layout, Ruler *ruler)
{
    const Theme *theme = scene->theme;
    for (int i = 0; i < (int)scene->panels->len; i++) {
        const Panel *panel = moe__scene_panel(scene, i);
        double width = layout->note == 0 ? moe__title_width(panel, ruler, theme)
                       : panel->note ? moe__ruler_width(ruler, panel->note, theme->tick_size, false)
                                     : 0;
        if (panel->note && width > layout->frames[i].box.width)
            return false;
    }
    return true;
}

/* A panel's note ends where the panel does, or begins below the title. */
static void
draw_note(const Panel *panel, Box box, const Layout *layout, const Theme *theme, Drawing *drawing)
{
    bool below = layout->note > 0;
    TextStyle style = {theme->soft, theme->tick_size, below ? ANCHOR_START : ANCHOR_END, false,
                       false};
    moe__drawing_text(drawing, panel->note, below ? box.x : box.x + box.width,
                      box.y - layout->head - 0.35 * theme->label_size, style);
}

static void
draw_panel_title(const Panel *panel, Box box, const Layout *layout, Ruler *ruler,
                 const Theme *theme, Drawing *drawing)
{
    TextStyle style = {theme->ink, theme->label_size, ANCHOR_START, false, false};
    g_autofree char *title = moe__ruler_fit_name(ruler, panel->title, theme->label_size, box.width);
    moe__drawing_text(drawing, title, box.x,
                      box.y - layout->head - layout->note - 0.35 * theme->label_size, style);
}

/* Baselines of the labels of axes around a box. */
static double
x_label_y(const Layout *layout, const Theme *theme, double bottom)
{
    return bottom + layout->last_foot + theme->label_size * 0.95;
}

static double
y_label_x(const Layout *layout, const Theme *theme, double left)
{
    return left - layout->y_ticks - 0.6 * theme->label_size; /* descenders point at the ticks */
}

static void
draw_axis_labels(const Panel *panel, Box box, bool x, bool y, const Layout *layout, Ruler *ruler,
                 const Theme *theme, Drawing *drawing)
{
    TextStyle style = {theme->ink, theme->label_size, ANCHOR_MIDDLE, false, false};
    if (x && panel->x.label) {
        double room = box.width + 2 * MIN(box.x, layout->width - box.x - box.width);
        g_autofree char *label = moe__ruler_fit(ruler, panel->x.label, theme->label_size, room);
        moe__drawing_text(drawing, label, box.x + box.width / 2,
                          x_label_y(layout, theme, box.y + box.height), style);
    }
    style.upwards = true;
    if (y && panel->y.label) {
        double room = box.height + 2 * MIN(box.y, layout->height - box.y - box.height);
        g_autofree char *label = moe__ruler_fit(ruler, panel->y.label, theme->label_size, room);
        moe__drawing_text(drawing, label, y_label_x(layout, theme, box.x), box.y + box.height / 2,
                          style);
    }
}

void
moe__words_draw(const MoeScene *scene, const Layout *layout, Ruler *ruler, Drawing *drawing)
{
    const Theme *theme = scene->theme;
    bool notes = notes_fit(scene, layout, ruler);
    draw_title(scene, drawing);
    for (int i = 0; i < (int)scene->panels->len; i++) {
        const Panel *panel = moe__scene_panel(scene, i);
        Box box = layout->frames[i].box;
        if (panel->title)
            draw_panel_title(panel, box, layout, ruler, theme, drawing);
        if (panel->note && notes)
            draw_note(panel, box, layout, theme, drawing);
        bool row = layout->y_label_by_row && i % layout->columns == 0;
        draw_axis_labels(panel, box, !layout->shared_x_label, !layout->shared_y_label || row,
                         layout, ruler, theme, drawing);
    }
    if (scene->panels->len > 0)
        draw_axis_labels(moe__scene_panel(scene, 0), layout->grid, layout->shared_x_label,
                         layout->shared_y_label && !layout->y_label_by_row, layout, ruler, theme,
                         drawing);
    draw_caption(scene, layout, drawing);
}
