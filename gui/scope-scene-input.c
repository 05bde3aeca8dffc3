/* SPDX-License-Identifier: MIT
 *
 * Pointer and keys of a scene: wheel, pinch, drag, click, arrows.
 */
#include "scope-scene-private.h"

#include <math.h>

#define WHEEL_ZOOM 1.25 /* a notch */
#define WHEEL_PAN  60.0 /* pixels a notch */
#define KEY_PAN    0.2  /* of the panel */
#define KEY_ZOOM   1.5
#define DRAG_FROM  4.0 /* pixels: less is a click */

/* --- Wheel and pinch --------------------------------------------------------------------------*/

static void
on_motion(GtkEventControllerMotion *motion, double x, double y, gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    if (x == self->at_x && y == self->at_y)
        return; /* the pointer rests while the widget moves below it */
    self->at_x = x;
    self->at_y = y;
    scope_scene_view_point_at(self, x, y);
    scope_scene_view_show_cursor(self);
}

static void
on_leave(GtkEventControllerMotion *motion, gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    self->at_x = self->at_y = -1;
    if (!self->walked)
        scope_scene_view_forget_datum(self);
}

/* Without Ctrl the wheel moves what is seen closely; at its ends, and where all is seen, the page
 * around the figure. */
static gboolean
on_scroll(GtkEventControllerScroll *scroll, double dx, double dy, gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    GdkModifierType keys =
        gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(scroll));
    if (self->at_x < 0)
        return GDK_EVENT_PROPAGATE;
    if (keys & GDK_CONTROL_MASK)
        return scope_scene_view_zoom(self, self->at_x, self->at_y, pow(WHEEL_ZOOM, -dy));
    if (keys & GDK_SHIFT_MASK && dx == 0) {
        dx = dy;
        dy = 0;
    }
    return scope_scene_view_pan(self, self->at_x, self->at_y, -dx * WHEEL_PAN, -dy * WHEEL_PAN);
}

static void
on_pinch_begin(GtkGestureZoom *pinch, GdkEventSequence *sequence, gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    gtk_gesture_set_state(self->drag, GTK_EVENT_SEQUENCE_DENIED);
    self->dragged = true; /* and the first finger is no click */
    self->pinched = 1;
}

static void
on_pinch(GtkGestureZoom *pinch, double scale, gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    double x = self->at_x, y = self->at_y;
    GtkGesture *gesture = GTK_GESTURE(pinch);
    /* Fingers that are nowhere on the screen mean what the pointer is at. */
    if (gtk_gesture_is_active(gesture))
        gtk_gesture_get_bounding_box_center(gesture, &x, &y);
    if (x < 0 || scale <= 0)
        return;
    scope_scene_view_zoom(self, x, y, scale / self->pinched);
    self->pinched = scale;
}

/* --- Dragging ---------------------------------------------------------------------------------*/

static void
on_drag_begin(GtkGestureDrag *drag, double x, double y, gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    self->from_x = self->from_y = 0;
    self->dragged = self->banding = false;
}

static void
span(ScopeSceneView *self, double x, double y, double dx, double dy)
{
    MoePanelPlace place;
    if (scope_scene_view_panel(self, x, y, false, &place) < 0)
        return;
    graphene_rect_t panel =
        GRAPHENE_RECT_INIT((float)place.x, (float)place.y, (float)place.width, (float)place.height);
    self->band = GRAPHENE_RECT_INIT((float)x, (float)y, (float)dx, (float)dy);
    graphene_rect_normalize(&self->band);
    graphene_rect_intersection(&self->band, &panel, &self->band);
    self->banding = true;
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void
on_drag(GtkGestureDrag *drag, double dx, double dy, gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    double x, y;
    GdkModifierType keys = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(drag));
    if (!self->dragged && hypot(dx, dy) < DRAG_FROM)
        return;
    gtk_gesture_drag_get_start_point(drag, &x, &y);
    if (self->banding || (!self->dragged && keys & GDK_SHIFT_MASK))
        span(self, x, y, dx, dy);
    else
        scope_scene_view_pan(self, x, y, dx - self->from_x, dy - self->from_y);
    self->dragged = true;
    self->from_x = dx;
    self->from_y = dy;
}

/* The spanned rectangle fills the panel. */
static void
look_at_band(ScopeSceneView *self)
{
    MoePanelPlace place;
    graphene_rect_t band = self->band;
    int panel = scope_scene_view_panel(self, band.origin.x + band.size.width / 2,
                                       band.origin.y + band.size.height / 2, false, &place);
    if (panel < 0 || band.size.width < DRAG_FROM || band.size.height < DRAG_FROM)
        return;
    MoeSceneView view = place.view;
    double across = (view.right - view.left) / place.width;
    double down = (view.bottom - view.top) / place.height;
    view.left += (band.origin.x - place.x) * across;
    view.right = view.left + band.size.width * across;
    view.top += (band.origin.y - place.y) * down;
    view.bottom = view.top + band.size.height * down;
    scope_scene_view_look(self, panel, view);
}

static void
on_drag_end(GtkGestureDrag *drag, double dx, double dy, gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    if (self->banding) {
        self->banding = false;
        look_at_band(self);
        gtk_widget_queue_draw(GTK_WIDGET(self));
    }
}

static void
on_released(GtkGestureClick *click, int n, double x, double y, gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    gtk_widget_grab_focus(GTK_WIDGET(self));
    if (self->dragged)
        return;
    scope_scene_view_point_at(self, x, y);
    if (!scope_scene_view_activate_label(self, x, y))
        scope_scene_view_activate(self);
}

/* --- Keys -------------------------------------------------------------------------------------*/

/* Where keys zoom: at the mark that there is, or in the middle of the first panel. */
static void
caret(ScopeSceneView *self, double *x, double *y)
{
    MoePanelPlace place;
    double point = scope_scene_view_point(self);
    if (self->datum.words) {
        *x = (self->datum.x + self->datum.width / 2) * point;
        *y = (self->datum.y + self->datum.height / 2) * point;
    } else if (scope_scene_view_panel(self, 0, 0, true, &place) >= 0) {
        *x = place.x + place.width / 2;
        *y = place.y + place.height / 2;
    }
}

static bool
pan_by_key(ScopeSceneView *self, int across, int down)
{
    double x = 0, y = 0;
    MoePanelPlace place;
    caret(self, &x, &y);
    return scope_scene_view_panel(self, x, y, true, &place) >= 0 &&
           scope_scene_view_pan(self, x, y, -across * KEY_PAN * place.width,
                                -down * KEY_PAN * place.height);
}

static bool
on_arrow(ScopeSceneView *self, guint key, bool pans)
{
    static const struct {
        guint keys[2];
        MoeDirection direction;
        int across, down;
    } arrows[] = {{{GDK_KEY_Left, GDK_KEY_KP_Left}, MOE_LEFT, -1, 0},
                  {{GDK_KEY_Right, GDK_KEY_KP_Right}, MOE_RIGHT, 1, 0},
                  {{GDK_KEY_Up, GDK_KEY_KP_Up}, MOE_UP, 0, -1},
                  {{GDK_KEY_Down, GDK_KEY_KP_Down}, MOE_DOWN, 0, 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(arrows); i++) {
        if (key != arrows[i].keys[0] && key != arrows[i].keys[1])
            continue;
        if (pans)
            pan_by_key(self, arrows[i].across, arrows[i].down);
        else
            scope_scene_view_walk(self, arrows[i].direction);
        return true;
    }
    return false;
}

static bool
zoom_by_key(ScopeSceneView *self, double factor)
{
    double x = 0, y = 0;
    caret(self, &x, &y);
    return scope_scene_view_zoom(self, x, y, factor);
}

static gboolean
on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType keys,
       gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    if (keys & GDK_ALT_MASK || !self->scene)
        return GDK_EVENT_PROPAGATE;
    if (on_arrow(self, key, keys & GDK_CONTROL_MASK))
        return GDK_EVENT_STOP;
    switch (key) {
    case GDK_KEY_plus:
    case GDK_KEY_equal:
    case GDK_KEY_KP_Add:
        return zoom_by_key(self, KEY_ZOOM);
    case GDK_KEY_minus:
    case GDK_KEY_KP_Subtract:
        return zoom_by_key(self, 1 / KEY_ZOOM);
    case GDK_KEY_0:
    case GDK_KEY_KP_0:
        scope_scene_view_reset(self);
        return GDK_EVENT_STOP;
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_space:
        if (keys & (GDK_SHIFT_MASK | GDK_CONTROL_MASK))
            return scope_scene_view_activate_line(self, keys & GDK_SHIFT_MASK);
        scope_scene_view_activate(self);
        return self->datum.words != NULL;
    case GDK_KEY_Escape:
        if (!self->datum.words)
            return GDK_EVENT_PROPAGATE;
        scope_scene_view_forget_datum(self);
        return GDK_EVENT_STOP;
    default:
        return GDK_EVENT_PROPAGATE;
    }
}

/* ----------------------------------------------------------------------------------------------*/

void
scope_scene_input_attach(ScopeSceneView *self)
{
    GtkWidget *widget = GTK_WIDGET(self);
    GtkEventController *motion = gtk_event_controller_motion_new();
    GtkEventController *scroll =
        gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
    GtkEventController *key = gtk_event_controller_key_new();
    GtkGesture *pinch = gtk_gesture_zoom_new(), *drag = gtk_gesture_drag_new(),
               *click = gtk_gesture_click_new();
    self->drag = drag;
    g_signal_connect(motion, "motion", G_CALLBACK(on_motion), self);
    g_signal_connect(motion, "leave", G_CALLBACK(on_leave), self);
    g_signal_connect(scroll, "scroll", G_CALLBACK(on_scroll), self);
    g_signal_connect(key, "key-pressed", G_CALLBACK(on_key), self);
    g_signal_connect(pinch, "begin", G_CALLBACK(on_pinch_begin), self);
    g_signal_connect(pinch, "scale-changed", G_CALLBACK(on_pinch), self);
    g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
    g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag), self);
    g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), self);
    g_signal_connect(click, "released", G_CALLBACK(on_released), self);
    gtk_widget_add_controller(widget, motion);
    gtk_widget_add_controller(widget, scroll);
    gtk_widget_add_controller(widget, key);
    gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(pinch));
    gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(drag));
    gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(click));
    gtk_widget_set_focusable(widget, TRUE);
}
