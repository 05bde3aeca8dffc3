/* SPDX-License-Identifier: MIT
 *
 * A trace to look at, and eyes and hands for the app.
 */
#include "support.h"

#include <gdk/x11/gdkx.h>
#include <glib/gstdio.h>
#include <moescope/trace.h>

/* --- Folders ----------------------------------------------------------------------------------*/

void
keep_state_in(const char *folder)
{
    static const char *const names[] = {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_setenv(names[i], path, TRUE);
    }
}

void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inside = g_build_filename(path, name, NULL);
        if (g_file_test(inside, G_FILE_TEST_IS_DIR))
            remove_tree(inside);
        else
            g_unlink(inside);
    }
    g_rmdir(path);
}

/* --- A trace ----------------------------------------------------------------------------------*/

enum { LAYERS = 3, EXPERTS = 8, K = 2, TOKENS = 600, DOCUMENT = 50 };

static void
fill_picks(int layer, const int32_t *domain, int32_t *expert)
{
    for (int i = 0; i < TOKENS; i++) {
        int first = domain[i] ? (i * i + layer) % EXPERTS : i % (2 + layer);
        expert[i * K] = first;
        expert[i * K + 1] = (first + 1 + i % 3) % EXPERTS;
    }
}

void
write_trace(const char *path)
{
    static const char *const domains[] = {"english", "german"};
    static int32_t id[TOKENS], domain[TOKENS], doc[TOKENS], pos[TOKENS];
    static int32_t expert[LAYERS][TOKENS * K];
    MoeRouterInfo routers[LAYERS];
    MoeTracePicks picks[LAYERS] = {0};
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < TOKENS; i++) {
        id[i] = i;
        doc[i] = i / DOCUMENT;
        pos[i] = i % DOCUMENT;
        domain[i] = doc[i] % 2;
    }
    for (int r = 0; r < LAYERS; r++) {
        routers[r] = (MoeRouterInfo){.layer = r,
                                     .experts = EXPERTS,
                                     .k = K,
                                     .units_per_token = 1,
                                     .score = "linear",
                                     .select = "topk",
                                     .gate = "softmax-selected"};
        fill_picks(r, domain, expert[r]);
        picks[r].expert = expert[r];
    }
    g_autofree char *meta = moe_trace_meta(routers, LAYERS, domains, 2, NULL);
    MoeTraceOptions options = {.compression = 1};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, LAYERS, &options, &error);
    g_assert_no_error(error);
    MoeTraceTokens tokens = {.n = TOKENS, .id = id, .doc = doc, .pos = pos, .domain = domain};
    moe_trace_writer_append(writer, &tokens, picks, &error);
    g_assert_no_error(error);
    moe_trace_writer_close(writer, &error);
    g_assert_no_error(error);
}

/* --- Waiting ----------------------------------------------------------------------------------*/

/* Seconds: far more than anything takes, also under sanitizers on a busy machine. */
enum { LATE = 60 };

static gboolean
on_late(gpointer late)
{
    *(bool *)late = true;
    return G_SOURCE_REMOVE;
}

bool
wait_a_while(bool (*condition)(gpointer user), gpointer user, int seconds)
{
    bool late = false;
    guint timeout = g_timeout_add_seconds((guint)seconds, on_late, &late);
    while (!late && !condition(user))
        g_main_context_iteration(NULL, TRUE);
    if (!late)
        g_source_remove(timeout);
    return !late;
}

void
wait_until(bool (*condition)(gpointer user), gpointer user)
{
    g_assert_true(wait_a_while(condition, user, LATE));
}

static gboolean
count_frame(GtkWidget *widget, GdkFrameClock *clock, gpointer left)
{
    return --*(int *)left > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static bool
no_frame_left(gpointer left)
{
    return *(int *)left <= 0;
}

void
settle(GtkWidget *widget)
{
    int left = 3;
    while (g_main_context_iteration(NULL, FALSE))
        ;
    gtk_widget_add_tick_callback(widget, count_frame, &left, NULL);
    wait_until(no_frame_left, &left);
}

/* --- Finding ----------------------------------------------------------------------------------*/

typedef bool (*WidgetTest)(GtkWidget *widget, gconstpointer user);

static GtkWidget *
first_that(GtkWidget *root, WidgetTest test, gconstpointer user)
{
    if (!gtk_widget_get_mapped(root))
        return NULL;
    if (test(root, user))
        return root;
    for (GtkWidget *i = gtk_widget_get_first_child(root); i; i = gtk_widget_get_next_sibling(i)) {
        GtkWidget *found = first_that(i, test, user);
        if (found)
            return found;
    }
    return NULL;
}

typedef struct Wanted {
    GType type;
    const char *name;
} Wanted;

static bool
is_wanted(GtkWidget *widget, gconstpointer user)
{
    const Wanted *wanted = user;
    return g_type_is_a(G_OBJECT_TYPE(widget), wanted->type) &&
           (!wanted->name || g_str_equal(gtk_widget_get_name(widget), wanted->name));
}

GtkWidget *
find(GtkWidget *root, GType type, const char *name)
{
    return first_that(root, is_wanted, &(Wanted){type, name});
}

static bool
label_says(GtkWidget *widget, gconstpointer text)
{
    return GTK_IS_LABEL(widget) && strstr(gtk_label_get_text(GTK_LABEL(widget)), text);
}

bool
says(GtkWidget *root, const char *text)
{
    return first_that(root, label_says, text) != NULL;
}

/* --- Looking ----------------------------------------------------------------------------------*/

static void
keep_picture(GdkTexture *texture, const char *name)
{
    const char *folder = g_getenv("MOESCOPE_GUI_PICTURES");
    if (!folder)
        return;
    g_autofree char *file = g_strconcat(name, ".png", NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_assert_true(gdk_texture_save_to_png(texture, path));
}

Picture
look_at(GtkWidget *widget, const char *name)
{
    settle(widget);
    g_autoptr(GdkPaintable) paintable = gtk_widget_paintable_new(widget);
    g_autoptr(GtkSnapshot) snapshot = gtk_snapshot_new();
    Picture picture = {gtk_widget_get_width(widget), gtk_widget_get_height(widget), NULL};
    gdk_paintable_snapshot(paintable, snapshot, picture.width, picture.height);
    GskRenderNode *node = gtk_snapshot_to_node(snapshot);
    g_assert_nonnull(node);
    GskRenderer *renderer = gtk_native_get_renderer(gtk_widget_get_native(widget));
    graphene_rect_t all = GRAPHENE_RECT_INIT(0, 0, (float)picture.width, (float)picture.height);
    g_autoptr(GdkTexture) texture = gsk_renderer_render_texture(renderer, node, &all);
    picture.pixels = g_new(guint32, (gsize)picture.width * (gsize)picture.height);
    gdk_texture_download(texture, (guchar *)picture.pixels, (gsize)picture.width * 4);
    keep_picture(texture, name);
    gsk_render_node_unref(node);
    return picture;
}

void
picture_clear(Picture *picture)
{
    g_free(picture->pixels);
}

void
assert_drawn(GtkWidget *widget, const char *name)
{
    g_auto(Picture) picture = look_at(widget, name);
    g_autoptr(GHashTable) colours = g_hash_table_new(NULL, NULL);
    for (int i = 0; i < picture.width * picture.height; i++)
        g_hash_table_add(colours, GUINT_TO_POINTER(picture.pixels[i]));
    g_assert_cmpuint(g_hash_table_size(colours), >, 50);
}

double
picture_brightness(const Picture *picture)
{
    double sum = 0;
    int n = picture->width * picture->height;
    for (int i = 0; i < n; i++) {
        guint32 pixel = picture->pixels[i];
        sum += (double)((pixel & 0xff) + (pixel >> 8 & 0xff) + (pixel >> 16 & 0xff)) / 765;
    }
    return sum / n;
}

/* Where a place in a widget is on its surface. Without a window manager one pixel of the X server
 * is one of the surface. (transfer none) */
static GdkSurface *
place_on_surface(GtkWidget *widget, double x, double y, int *at_x, int *at_y)
{
    GtkNative *native = gtk_widget_get_native(widget);
    double left, top;
    graphene_point_t at;
    g_assert_true(gtk_widget_compute_point(widget, GTK_WIDGET(native),
                                           &GRAPHENE_POINT_INIT((float)x, (float)y), &at));
    gtk_native_get_surface_transform(native, &left, &top);
    *at_x = (int)(at.x + left);
    *at_y = (int)(at.y + top);
    return gtk_native_get_surface(native);
}

/* The X server moves its pointer, and GTK gets the events that a mouse would cause. */
void
point_at(GtkWidget *widget, double x, double y)
{
    int at_x, at_y;
    GdkSurface *surface = place_on_surface(widget, x, y, &at_x, &at_y);
    XWarpPointer(gdk_x11_display_get_xdisplay(gdk_surface_get_display(surface)), None,
                 gdk_x11_surface_get_xid(surface), 0, 0, 0, 0, at_x, at_y);
}

/* Whether it is still there: surfaces that have just been shown may not be seen yet, or be moved.
 */
static bool
points_at(GtkWidget *widget, double x, double y)
{
    Window root, child;
    int at_x, at_y, root_x, root_y, found_x, found_y;
    unsigned mask;
    XWindowAttributes attributes;
    GdkSurface *surface = place_on_surface(widget, x, y, &at_x, &at_y);
    Display *display = gdk_x11_display_get_xdisplay(gdk_surface_get_display(surface));
    Window window = gdk_x11_surface_get_xid(surface);
    return XGetWindowAttributes(display, window, &attributes) &&
           attributes.map_state == IsViewable &&
           XQueryPointer(display, window, &root, &child, &root_x, &root_y, &found_x, &found_y,
                         &mask) &&
           found_x == at_x && found_y == at_y;
}

/* --- Hands ------------------------------------------------------------------------------------*/

static void
on_done(GObject *source, GAsyncResult *result, gpointer done)
{
    g_autoptr(GError) error = NULL;
    g_subprocess_wait_check_finish(G_SUBPROCESS(source), result, &error);
    g_assert_no_error(error);
    *(bool *)done = true;
}

static bool
is_done(gpointer done)
{
    return *(bool *)done;
}

/* The events come through the X server, so that the main loop has to run meanwhile. */
static void
xdotool(const char *const *words)
{
    bool done = false;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child = g_subprocess_newv(words, G_SUBPROCESS_FLAGS_NONE, &error);
    g_assert_no_error(error);
    g_subprocess_wait_check_async(child, NULL, on_done, &done);
    wait_until(is_done, &done);
}

bool
have_hands(void)
{
    g_autofree char *path = g_find_program_in_path("xdotool");
    return path != NULL;
}

/* Without a window manager nobody gives a window the keyboard. */
static void
give_keyboard(GtkWidget *window)
{
    GdkSurface *surface = gtk_native_get_surface(gtk_widget_get_native(window));
    Display *display = gdk_x11_display_get_xdisplay(gdk_surface_get_display(surface));
    XSetInputFocus(display, gdk_x11_surface_get_xid(surface), RevertToParent, CurrentTime);
    XSync(display, False);
    settle(window);
}

static bool
click_where_seen(GtkWidget *widget, double x, double y)
{
    /* As long as a hand takes: GTK may miss a release that comes within the same millisecond. */
    const char *const words[] = {"xdotool", "mousedown", "1", "sleep",
                                 "0.03",    "mouseup",   "1", NULL};
    bool there = false;
    for (int i = 0; i < 100 && !there && gtk_widget_get_mapped(widget); i++) {
        point_at(widget, x, y);
        settle(widget);
        there = points_at(widget, x, y);
    }
    if (!there)
        return false;
    xdotool(words);
    settle(widget);
    return true;
}

void
click_at(GtkWidget *widget, double x, double y)
{
    g_assert_true(click_where_seen(widget, x, y));
}

bool
click_if_seen(GtkWidget *widget)
{
    return click_where_seen(widget, gtk_widget_get_width(widget) / 2.0,
                            gtk_widget_get_height(widget) / 2.0);
}

void
click(GtkWidget *widget)
{
    click_at(widget, gtk_widget_get_width(widget) / 2.0, gtk_widget_get_height(widget) / 2.0);
}

void
press(GtkWidget *window, const char *keys)
{
    const char *const words[] = {"xdotool", "key", "--clearmodifiers", keys, NULL};
    give_keyboard(window);
    xdotool(words);
    settle(window);
}

void
type_text(GtkWidget *window, const char *text)
{
    const char *const words[] = {"xdotool", "type", "--delay", "2", text, NULL};
    give_keyboard(window);
    xdotool(words);
    settle(window);
}

void
do_by_hand(GtkWidget *window, const char *words)
{
    g_autofree char *all = g_strconcat("xdotool ", words, NULL);
    g_auto(GStrv) list = g_strsplit(all, " ", -1);
    give_keyboard(window);
    xdotool((const char *const *)list);
    settle(window);
}
