/* SPDX-License-Identifier: MIT
 *
 * A scene, what of it is seen closely, and what is pointed at. ScopePainter draws it,
 * scope-scene-input.c listens to pointer and keys.
 */
#include "scope-scene-private.h"

/* A figure smaller than this can't be read; the window scrolls instead. */
#define MIN_WIDTH     240.0 /* points */
#define MIN_OF_HEIGHT 0.6   /* of the height that suits it */
/* A movement is over when nothing moved for so long. */
#define REST_MS 150

G_DEFINE_FINAL_TYPE(ScopeSceneView, scope_scene_view, GTK_TYPE_WIDGET)

enum { PROP_WORDS = 1, PROP_CLOSER, N_PROPS };
static GParamSpec *props[N_PROPS];
enum { ACTIVATED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- Sizes ------------------------------------------------------------------------------------*/

/* Type of scenes goes with interfaces of up to this size, points. */
#define USUAL_FONT 11.0

/* A scene is in points, a window in pixels; the desktop's font resolution is the exchange rate, and
 * more where its font is larger than usual, so that a figure grows with the text around it. */
double
scope_scene_view_point(ScopeSceneView *self)
{
    int dpi = -1; /* in 1/1024 */
    PangoContext *context = gtk_widget_get_pango_context(GTK_WIDGET(self));
    const PangoFontDescription *font = pango_context_get_font_description(context);
    double size = pango_font_description_get_size(font) / (double)PANGO_SCALE;
    g_object_get(gtk_widget_get_settings(GTK_WIDGET(self)), "gtk-xft-dpi", &dpi, NULL);
    double point = (dpi > 0 ? dpi / 1024.0 : 96) / 72;
    if (pango_font_description_get_size_is_absolute(font))
        size /= point;
    return point * MAX(size / USUAL_FONT, 1);
}

bool
scope_scene_view_page(ScopeSceneView *self, double *width, double *height)
{
    double point = scope_scene_view_point(self);
    *width = gtk_widget_get_width(GTK_WIDGET(self)) / point;
    *height = gtk_widget_get_height(GTK_WIDGET(self)) / point;
    return self->scene && *width > 0 && *height > 0;
}

static void
scope_scene_view_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                         int *natural, int *minimum_baseline, int *natural_baseline)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(widget);
    *minimum_baseline = *natural_baseline = -1;
    if (orientation == GTK_ORIENTATION_HORIZONTAL) {
        *natural = (int)(self->width * scope_scene_view_point(self));
        *minimum = MIN(*natural, (int)(MIN_WIDTH * scope_scene_view_point(self)));
    } else {
        *natural = (int)(self->height * scope_scene_view_point(self));
        *minimum = (int)(*natural * MIN_OF_HEIGHT);
    }
}

/* --- Drawing ----------------------------------------------------------------------------------*/

static gboolean
draw_again(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    gtk_widget_queue_draw(widget);
    return G_SOURCE_REMOVE;
}

static void
scope_scene_view_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(widget);
    int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
    if (!self->scene || width < 1 || height < 1)
        return;
    scope_painter_set_size(self->painter, width, height, gtk_widget_get_scale_factor(widget),
                           scope_scene_view_point(self), scope_image_by_cairo(widget));
    if (scope_painter_snapshot(self->painter, snapshot, self->settling != 0) && !self->settling)
        gtk_widget_add_tick_callback(widget, draw_again, NULL, NULL);
    scope_scene_outlines(self, snapshot);
    if (gtk_widget_has_visible_focus(widget) && !self->datum.words)
        gtk_snapshot_render_focus(snapshot, gtk_widget_get_style_context(widget), 0, 0, width,
                                  height);
}

static void
forget_outlines(ScopeSceneView *self)
{
    g_clear_pointer(&self->outlines, g_free);
    self->n_outlines = 0;
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

static gboolean
on_rest(gpointer user)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(user);
    self->settling = 0;
    gtk_widget_queue_draw(GTK_WIDGET(self));
    return G_SOURCE_REMOVE;
}

static void
rest_later(ScopeSceneView *self)
{
    g_clear_handle_id(&self->settling, g_source_remove);
    self->settling = g_timeout_add(REST_MS, on_rest, self);
}

/* --- The datum --------------------------------------------------------------------------------*/

void
scope_scene_view_tell(ScopeSceneView *self)
{
    const char *words = self->datum.words;
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   words ? words : "", -1);
    gtk_widget_queue_draw(GTK_WIDGET(self));
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_WORDS]);
}

void
scope_scene_view_forget_datum(ScopeSceneView *self)
{
    self->walked = false;
    if (!self->datum.words)
        return;
    moe_datum_clear(&self->datum);
    self->datum = (MoeDatum){0};
    scope_scene_view_tell(self);
}

static bool
same_datum(const MoeDatum *a, const MoeDatum *b)
{
    return a->words && b->words && a->panel == b->panel && a->mark == b->mark &&
           a->piece == b->piece && a->x == b->x && a->y == b->y && a->width == b->width;
}

void
scope_scene_view_point_at(ScopeSceneView *self, double x, double y)
{
    g_auto(MoeDatum) found = {0};
    double point = scope_scene_view_point(self), width, height;
    bool hit = scope_scene_view_page(self, &width, &height) &&
               moe_scene_pick(self->scene, width, height, x / point, y / point, &found);
    if (!hit) {
        scope_scene_view_forget_datum(self);
    } else if (!same_datum(&found, &self->datum)) {
        MoeDatum before = self->datum;
        self->datum = found;
        found = before; /* to be cleared */
        self->walked = false;
        scope_scene_view_tell(self);
    }
}

void
scope_scene_view_activate(ScopeSceneView *self)
{
    if (self->datum.words)
        g_signal_emit(self, signals[ACTIVATED], 0, &self->datum);
}

/* What is pointed at moves below the pointer; the caret stays at its mark. */
static void
follow_view(ScopeSceneView *self)
{
    double width, height;
    if (self->walked && self->datum.words && scope_scene_view_page(self, &width, &height))
        moe_scene_locate(self->scene, width, height, &self->datum);
    else if (self->at_x >= 0)
        scope_scene_view_point_at(self, self->at_x, self->at_y);
    else
        scope_scene_view_forget_datum(self);
}

/* Of what a click or a drag would do. */
void
scope_scene_view_show_cursor(ScopeSceneView *self)
{
    bool label = self->at_x >= 0 && scope_scene_view_is_label(self, self->at_x, self->at_y);
    const char *name = label ? "pointer" : scope_scene_view_is_closer(self) ? "grab" : NULL;
    if (name != self->cursor)
        gtk_widget_set_cursor_from_name(GTK_WIDGET(self), name);
    self->cursor = name;
}

void
scope_scene_view_moved(ScopeSceneView *self)
{
    rest_later(self);
    follow_view(self);
    scope_scene_view_show_cursor(self);
    forget_outlines(self);
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_CLOSER]);
}

/* --- The theme --------------------------------------------------------------------------------*/

static void
forget_pictures(ScopeSceneView *self)
{
    if (self->painter)
        scope_painter_forget(self->painter);
    forget_outlines(self);
}

/* The theme follows the colours that GTK really uses: light text stands on a dark ground, whatever
 * setting or theme it came from. */
static const char *
theme_of_desktop(ScopeSceneView *self)
{
    static const char light[] = "screen", dark[] = "dark";
    GdkRGBA text;
    gtk_style_context_get_color(gtk_widget_get_style_context(GTK_WIDGET(self)), &text);
    float luma = 0.2126F * text.red + 0.7152F * text.green + 0.0722F * text.blue;
    return luma > 0.5F ? dark : light;
}

static void
follow_theme(ScopeSceneView *self)
{
    const char *theme = theme_of_desktop(self);
    if (!self->scene || theme == self->theme)
        return;
    self->theme = theme;
    moe_scene_set_theme(self->scene, theme, NULL); /* both are built in */
    moe_scene_size(self->scene, &self->width, &self->height);
    forget_pictures(self);
    scope_scene_view_forget_datum(self);
}

static void
scope_scene_view_css_changed(GtkWidget *widget, GtkCssStyleChange *change)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(widget);
    double point = scope_scene_view_point(self);
    GTK_WIDGET_CLASS(scope_scene_view_parent_class)->css_changed(widget, change);
    follow_theme(self);
    if (self->point != point) { /* the font is another */
        self->point = point;
        forget_outlines(self);
        gtk_widget_queue_resize(widget);
    }
}

static void
scope_scene_view_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(widget);
    double page_width, page_height;
    forget_outlines(self);
    /* Words that take a line more make the figure smaller: they still tell of the same mark. */
    if (self->datum.words && scope_scene_view_page(self, &page_width, &page_height))
        moe_scene_locate(self->scene, page_width, page_height, &self->datum);
    else
        scope_scene_view_forget_datum(self);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_scene_view_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(object);
    if (id == PROP_WORDS)
        g_value_set_string(value, self->datum.words);
    else if (id == PROP_CLOSER)
        g_value_set_boolean(value, scope_scene_view_is_closer(self));
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_scene_view_finalize(GObject *object)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(object);
    g_clear_handle_id(&self->settling, g_source_remove);
    g_free(self->outlines);
    moe_datum_clear(&self->datum);
    scope_painter_free(self->painter);
    moe_scene_free(self->scene);
    G_OBJECT_CLASS(scope_scene_view_parent_class)->finalize(object);
}

static void
scope_scene_view_class_init(ScopeSceneViewClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    object_class->get_property = scope_scene_view_get_property;
    object_class->finalize = scope_scene_view_finalize;
    widget_class->measure = scope_scene_view_measure;
    widget_class->snapshot = scope_scene_view_snapshot;
    widget_class->size_allocate = scope_scene_view_size_allocate;
    widget_class->css_changed = scope_scene_view_css_changed;
    props[PROP_WORDS] =
        g_param_spec_string("words", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    props[PROP_CLOSER] = g_param_spec_boolean("closer", NULL, NULL, FALSE,
                                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    signals[ACTIVATED] = g_signal_new("activated", SCOPE_TYPE_SCENE_VIEW, G_SIGNAL_RUN_LAST, 0,
                                      NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
    gtk_widget_class_set_css_name(widget_class, "scene");
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
scope_scene_view_init(ScopeSceneView *self)
{
    self->at_x = self->at_y = -1;
    scope_scene_input_attach(self);
    g_signal_connect(self, "notify::scale-factor", G_CALLBACK(forget_pictures), NULL);
}

/* --- The scene --------------------------------------------------------------------------------*/

void
scope_scene_view_set_scene(ScopeSceneView *view, MoeScene *scene, const char *name)
{
    if (scene && view->scene && moe_scene_panels(scene) == moe_scene_panels(view->scene) &&
        scope_scene_view_is_closer(view)) {
        g_autofree MoeSceneView *views = scope_scene_views(view->scene);
        scope_scene_set_views(scene, views);
    }
    g_clear_pointer(&view->painter, scope_painter_free);
    moe_scene_free(view->scene);
    view->scene = scene;
    view->painter = scene ? scope_painter_new(scene) : NULL;
    view->theme = NULL;
    view->width = view->height = 0;
    gtk_accessible_update_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   name ? name : "", -1);
    scope_scene_view_forget_datum(view);
    forget_outlines(view);
    follow_theme(view);
    gtk_widget_queue_resize(GTK_WIDGET(view));
    g_object_notify_by_pspec(G_OBJECT(view), props[PROP_CLOSER]);
}

bool
scope_scene_view_has_scene(ScopeSceneView *view)
{
    return view->scene != NULL;
}

const char *
scope_scene_view_get_words(ScopeSceneView *view)
{
    return view->datum.words;
}

const MoeDatum *
scope_scene_view_get_datum(ScopeSceneView *view)
{
    return view->datum.words ? &view->datum : NULL;
}

void
scope_scene_view_select(ScopeSceneView *view, const ScopeSelection *selections, int n)
{
    g_return_if_fail(n <= SCOPE_MOST_SELECTIONS);
    view->n_selections = n;
    for (int i = 0; i < n; i++)
        view->selections[i] = selections[i];
    forget_outlines(view);
}
