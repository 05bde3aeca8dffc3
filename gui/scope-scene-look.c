/* SPDX-License-Identifier: MIT
 *
 * What a scene's panels show of their axes: closer, back, to the side, and after the caret.
 */
#include "scope-scene-private.h"

#include <float.h>
#include <math.h>

/* Cells this large along one axis wait for the other one. */
#define LARGE_PX 64.0

/* --- Views ------------------------------------------------------------------------------------*/

static MoePanelPlace
place_in_pixels(ScopeSceneView *self, double width, double height, int panel)
{
    double point = scope_scene_view_point(self);
    MoePanelPlace place = moe_scene_panel_place(self->scene, width, height, panel);
    double *lengths[] = {&place.x,      &place.y,      &place.width,
                         &place.height, &place.x_band, &place.y_band};
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
        *lengths[i] *= point;
    return place;
}

int
scope_scene_view_panel(ScopeSceneView *self, double x, double y, bool near, MoePanelPlace *place)
{
    double width, height, nearest = near ? INFINITY : DBL_MIN;
    int found = -1;
    if (!scope_scene_view_page(self, &width, &height))
        return -1;
    for (int i = 0; i < moe_scene_panels(self->scene); i++) {
        MoePanelPlace here = place_in_pixels(self, width, height, i);
        double aside = MAX(MAX(here.x - x, x - here.x - here.width), 0);
        double off = hypot(aside, MAX(MAX(here.y - y, y - here.y - here.height), 0));
        if (!here.fixed && off < nearest) {
            nearest = off;
            found = i;
            *place = here;
        }
    }
    return found;
}

bool
scope_scene_view_is_closer(ScopeSceneView *self)
{
    double width, height;
    for (int i = 0;
         scope_scene_view_page(self, &width, &height) && i < moe_scene_panels(self->scene); i++) {
        MoeSceneView view = moe_scene_panel_place(self->scene, width, height, i).view;
        if (view.left > 0 || view.right < 1 || view.top > 0 || view.bottom < 1)
            return true;
    }
    return false;
}

void
scope_scene_view_look(ScopeSceneView *self, int panel, MoeSceneView view)
{
    moe_scene_set_view(self->scene, panel, view);
    scope_scene_view_moved(self);
}

/* About `at`, a share of what is seen. */
static void
zoom_axis(double *from, double *to, double at, double factor)
{
    double size = (*to - *from) / factor, middle = *from + at * (*to - *from);
    *from = middle - at * size;
    *to = *from + size;
}

/* How much closer an axis comes. A map that is much longer than wide fills its panel first. */
static double
factor_of(double factor, double band, double other)
{
    bool waits = band > 0 && other > 0 && other < LARGE_PX && factor > 1;
    return waits ? CLAMP(LARGE_PX / band, 1, factor) : factor;
}

/* Values have no bands: they stay as they are beside an axis that has. */
bool
scope_scene_view_zoom(ScopeSceneView *view, double x, double y, double factor)
{
    MoePanelPlace place;
    int panel = scope_scene_view_panel(view, x, y, true, &place);
    if (panel < 0)
        return false;
    MoeSceneView to = place.view;
    double at_x = CLAMP((x - place.x) / place.width, 0, 1);
    double at_y = CLAMP((y - place.y) / place.height, 0, 1);
    if (place.x_band > 0 || place.y_band == 0)
        zoom_axis(&to.left, &to.right, at_x, factor_of(factor, place.x_band, place.y_band));
    if (place.y_band > 0 || place.x_band == 0)
        zoom_axis(&to.top, &to.bottom, at_y, factor_of(factor, place.y_band, place.x_band));
    scope_scene_view_look(view, panel, to);
    return true;
}

/* Moves a part of an axis by a share of itself, as far as the axis goes. */
static bool
pan_axis(double *from, double *to, double by)
{
    double moved = CLAMP(-by * (*to - *from), -*from, 1 - *to);
    *from += moved;
    *to += moved;
    return fabs(moved) > 1e-12;
}

bool
scope_scene_view_pan(ScopeSceneView *view, double x, double y, double dx, double dy)
{
    MoePanelPlace place;
    int panel = scope_scene_view_panel(view, x, y, true, &place);
    if (panel < 0)
        return false;
    bool across = pan_axis(&place.view.left, &place.view.right, dx / place.width);
    bool down = pan_axis(&place.view.top, &place.view.bottom, dy / place.height);
    if (across || down)
        scope_scene_view_look(view, panel, place.view);
    return across || down;
}

void
scope_scene_view_reset(ScopeSceneView *view)
{
    if (!view->scene || !scope_scene_view_is_closer(view))
        return;
    moe_scene_reset_view(view->scene);
    scope_scene_view_moved(view);
}

/* --- The caret --------------------------------------------------------------------------------*/

/* A part of an axis moved so that from … to, shares of what is seen, are within. */
static void
reveal_axis(double *low, double *high, double from, double to)
{
    if (from < 0 || to > 1)
        pan_axis(low, high, 0.5 - (from + to) / 2);
}

/* The page around the figure scrolls to the mark. */
static void
scroll_to(ScopeSceneView *self, const MoeDatum *datum)
{
    GtkWidget *window = gtk_widget_get_ancestor(GTK_WIDGET(self), GTK_TYPE_SCROLLED_WINDOW);
    double point = scope_scene_view_point(self);
    if (!window)
        return;
    GtkScrolledWindow *scrolled = GTK_SCROLLED_WINDOW(window);
    gtk_adjustment_clamp_page(gtk_scrolled_window_get_hadjustment(scrolled), datum->x * point,
                              (datum->x + datum->width) * point);
    gtk_adjustment_clamp_page(gtk_scrolled_window_get_vadjustment(scrolled), datum->y * point,
                              (datum->y + datum->height) * point);
}

void
scope_scene_view_walk(ScopeSceneView *self, MoeDirection direction)
{
    double width, height;
    if (!scope_scene_view_page(self, &width, &height) ||
        !moe_scene_walk(self->scene, width, height, direction, &self->datum))
        return;
    self->walked = true;
    const MoeDatum *datum = &self->datum;
    MoePanelPlace place = moe_scene_panel_place(self->scene, width, height, datum->panel);
    MoeSceneView view = place.view;
    reveal_axis(&view.left, &view.right, (datum->x - place.x) / place.width,
                (datum->x + datum->width - place.x) / place.width);
    reveal_axis(&view.top, &view.bottom, (datum->y - place.y) / place.height,
                (datum->y + datum->height - place.y) / place.height);
    if (view.left != place.view.left || view.top != place.view.top)
        scope_scene_view_look(self, datum->panel, view);
    scroll_to(self, datum);
    scope_scene_view_tell(self);
}

/* --- All views ---------------------------------------------------------------------------------*/

MoeSceneView *
scope_scene_views(MoeScene *scene)
{
    int n = moe_scene_panels(scene);
    double width, height;
    MoeSceneView *views = g_new(MoeSceneView, n + 1);
    moe_scene_size(scene, &width, &height);
    for (int i = 0; i < n; i++)
        views[i] = moe_scene_panel_place(scene, width, height, i).view;
    return views;
}

void
scope_scene_set_views(MoeScene *scene, const MoeSceneView *views)
{
    for (int i = 0; i < moe_scene_panels(scene); i++)
        moe_scene_set_view(scene, i, views[i]);
}
