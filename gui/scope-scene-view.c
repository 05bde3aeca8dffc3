/* SPDX-License-Identifier: MIT
 *
 * Draws a scene once for a size and keeps the picture: moving the pointer redraws an outline, not
 * the figure.
 */
#include "scope-scene-view.h"

/* A figure smaller than this can't be read; the window scrolls instead. */
#define MIN_WIDTH_PX  320
#define MIN_OF_HEIGHT 0.6 /* of the height that suits it */

struct _ScopeSceneView {
    GtkWidget parent_instance;
    MoeScene *scene;      /* or NULL */
    const char *theme;    /* that the scene has, or NULL if that isn't known */
    double width, height; /* that suit the scene, points */
    GdkTexture *picture;  /* the scene at the size of the widget, or NULL */
    MoeDatum datum;       /* under the pointer, if datum.words */
};

G_DEFINE_FINAL_TYPE(ScopeSceneView, scope_scene_view, GTK_TYPE_WIDGET)

enum { PROP_WORDS = 1, N_PROPS };
static GParamSpec *props[N_PROPS];

/* --- Sizes ------------------------------------------------------------------------------------*/

/* A scene is in points, a window in pixels; the desktop's font resolution is the exchange rate, so
 * that a figure grows with the text around it. */
static double
pixels_per_point(ScopeSceneView *self)
{
    int dpi = -1; /* in 1/1024 */
    g_object_get(gtk_widget_get_settings(GTK_WIDGET(self)), "gtk-xft-dpi", &dpi, NULL);
    return (dpi > 0 ? dpi / 1024.0 : 96) / 72;
}

static void
scope_scene_view_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                         int *natural, int *minimum_baseline, int *natural_baseline)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(widget);
    *minimum_baseline = *natural_baseline = -1;
    if (orientation == GTK_ORIENTATION_HORIZONTAL) {
        *natural = (int)(self->width * pixels_per_point(self));
        *minimum = MIN(*natural, MIN_WIDTH_PX);
    } else {
        *natural = (int)(self->height * pixels_per_point(self));
        *minimum = (int)(*natural * MIN_OF_HEIGHT);
    }
}

/* --- Drawing ----------------------------------------------------------------------------------*/

static GdkTexture *
texture_of(cairo_surface_t *surface)
{
    int height = cairo_image_surface_get_height(surface);
    int stride = cairo_image_surface_get_stride(surface);
    cairo_surface_flush(surface);
    g_autoptr(GBytes) bytes = g_bytes_new_with_free_func(
        cairo_image_surface_get_data(surface), (gsize)stride * (gsize)height,
        (GDestroyNotify)cairo_surface_destroy, cairo_surface_reference(surface));
    return gdk_memory_texture_new(cairo_image_surface_get_width(surface), height,
                                  GDK_MEMORY_DEFAULT, bytes, (gsize)stride);
}

static GdkTexture *
render_picture(ScopeSceneView *self, int width, int height, int scale)
{
    double points = pixels_per_point(self);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width * scale, height * scale);
    cairo_t *cr = cairo_create(surface);
    cairo_scale(cr, scale * points, scale * points);
    moe_scene_render(self->scene, cr, width / points, height / points);
    cairo_destroy(cr);
    GdkTexture *texture = texture_of(surface);
    cairo_surface_destroy(surface);
    return texture;
}

/* Two lines, one of which stands out from any colour. */
static void
outline_datum(ScopeSceneView *self, GtkSnapshot *snapshot)
{
    static const float thin[4] = {1.5F, 1.5F, 1.5F, 1.5F};
    static const GdkRGBA black = {0, 0, 0, 1}, white = {1, 1, 1, 1};
    const GdkRGBA outer[4] = {black, black, black, black};
    const GdkRGBA inner[4] = {white, white, white, white};
    double points = pixels_per_point(self);
    const MoeDatum *datum = &self->datum;
    graphene_rect_t rect =
        GRAPHENE_RECT_INIT((float)(datum->x * points), (float)(datum->y * points),
                           (float)(datum->width * points), (float)(datum->height * points));
    GskRoundedRect outline;
    graphene_rect_inset(&rect, -1.5F, -1.5F);
    gsk_rounded_rect_init_from_rect(&outline, &rect, 2);
    gtk_snapshot_append_border(snapshot, &outline, thin, outer);
    gsk_rounded_rect_shrink(&outline, 1.5F, 1.5F, 1.5F, 1.5F);
    gtk_snapshot_append_border(snapshot, &outline, thin, inner);
}

static void
scope_scene_view_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(widget);
    int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
    if (!self->scene || width < 1 || height < 1)
        return;
    if (!self->picture)
        self->picture = render_picture(self, width, height, gtk_widget_get_scale_factor(widget));
    gtk_snapshot_append_texture(snapshot, self->picture,
                                &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
    if (self->datum.words)
        outline_datum(self, snapshot);
}

/* --- Pointing ---------------------------------------------------------------------------------*/

static void
forget_datum(ScopeSceneView *self)
{
    if (!self->datum.words)
        return;
    moe_datum_clear(&self->datum);
    self->datum = (MoeDatum){0};
    gtk_widget_queue_draw(GTK_WIDGET(self));
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_WORDS]);
}

static bool
same_datum(const MoeDatum *a, const MoeDatum *b)
{
    return a->panel == b->panel && a->row == b->row && a->column == b->column &&
           g_strcmp0(a->words, b->words) == 0;
}

static void
point_at(ScopeSceneView *self, double x, double y)
{
    g_auto(MoeDatum) found = {0};
    double points = pixels_per_point(self);
    double width = gtk_widget_get_width(GTK_WIDGET(self)) / points;
    double height = gtk_widget_get_height(GTK_WIDGET(self)) / points;
    bool hit = self->scene && width > 0 && height > 0 &&
               moe_scene_pick(self->scene, width, height, x / points, y / points, &found);
    if (!hit) {
        forget_datum(self);
    } else if (!same_datum(&found, &self->datum)) {
        moe_datum_clear(&self->datum);
        self->datum = found;
        found = (MoeDatum){0};
        gtk_widget_queue_draw(GTK_WIDGET(self));
        g_object_notify_by_pspec(G_OBJECT(self), props[PROP_WORDS]);
    }
}

static void
on_motion(GtkEventControllerMotion *motion, double x, double y, gpointer user)
{
    point_at(SCOPE_SCENE_VIEW(user), x, y);
}

static void
on_leave(GtkEventControllerMotion *motion, gpointer user)
{
    forget_datum(SCOPE_SCENE_VIEW(user));
}

/* --- What changes the picture -----------------------------------------------------------------*/

static void
forget_picture(ScopeSceneView *self)
{
    g_clear_object(&self->picture);
    forget_datum(self);
    gtk_widget_queue_draw(GTK_WIDGET(self));
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
    forget_picture(self);
}

static void
scope_scene_view_css_changed(GtkWidget *widget, GtkCssStyleChange *change)
{
    GTK_WIDGET_CLASS(scope_scene_view_parent_class)->css_changed(widget, change);
    follow_theme(SCOPE_SCENE_VIEW(widget));
}

static void
scope_scene_view_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    forget_picture(SCOPE_SCENE_VIEW(widget));
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_scene_view_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_WORDS)
        g_value_set_string(value, SCOPE_SCENE_VIEW(object)->datum.words);
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_scene_view_finalize(GObject *object)
{
    ScopeSceneView *self = SCOPE_SCENE_VIEW(object);
    moe_datum_clear(&self->datum);
    g_clear_object(&self->picture);
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
    g_object_class_install_properties(object_class, N_PROPS, props);
    gtk_widget_class_set_css_name(widget_class, "scene");
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
scope_scene_view_init(ScopeSceneView *self)
{
    GtkEventController *motion = gtk_event_controller_motion_new();
    g_signal_connect(motion, "motion", G_CALLBACK(on_motion), self);
    g_signal_connect(motion, "leave", G_CALLBACK(on_leave), self);
    gtk_widget_add_controller(GTK_WIDGET(self), motion);
    g_signal_connect(self, "notify::scale-factor", G_CALLBACK(forget_picture), NULL);
}

void
scope_scene_view_set_scene(ScopeSceneView *view, MoeScene *scene, const char *name)
{
    moe_scene_free(view->scene);
    view->scene = scene;
    view->theme = NULL;
    view->width = view->height = 0;
    gtk_accessible_update_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   name ? name : "", -1);
    forget_picture(view);
    follow_theme(view);
    gtk_widget_queue_resize(GTK_WIDGET(view));
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

bool
scope_scene_view_save(ScopeSceneView *view, const char *path, const char *theme, GError **error)
{
    g_return_val_if_fail(view->scene, FALSE);
    bool good = moe_scene_set_theme(view->scene, theme, error) &&
                moe_scene_save(view->scene, path, 0, error);
    view->theme = NULL;
    follow_theme(view);
    return good;
}
