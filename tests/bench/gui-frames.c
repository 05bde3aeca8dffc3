/* SPDX-License-Identifier: MIT
 *
 * bench-gui-frames [TOKENS]
 *
 * What a frame costs the app while one zooms and pans: a map of tokens × 16 layers whose cells are
 * one of 256 experts (100,000 tokens unless told otherwise), and load maps of 16 layers × 256
 * experts, six domains beside each other. The app's own work from the frame clock's "before-paint"
 * to its "after-paint", as the processor's time, in a window of 1280 × 800; and how long that took,
 * which includes waiting for the X server and for other programs. Under Xvfb:
 *
 *   GSK_RENDERER=cairo xvfb-run -a -s '-screen 0 1920x1200x24' bench-gui-frames
 */
#include "scope-scene-view.h"

#include <math.h>
#include <moescope/base.h>
#include <stdbool.h>
#include <time.h>

enum { LAYERS = 16, EXPERTS = 256, DOMAINS = 6 };
/* Frames that move, a third each in, to and fro, and out again. After
 * each stretch of moving one looks for a while. */
enum { MOVES = 450, STRETCH = 50, LOOK = 25, FRAMES = MOVES / STRETCH * (STRETCH + LOOK) };
#define IDLE_MS 0.5 /* less is a frame in which nothing was drawn */

/* --- Scenes -----------------------------------------------------------------------------------*/

/* Tokens often go where the one before went, as they do. */
static MoeScene *
token_map(int tokens)
{
    MoeRng rng = moe_rng(7, 0);
    g_autofree double *expert = g_new(double, (gsize)tokens *LAYERS);
    g_autofree double *row = g_new(double, (gsize)tokens);
    g_auto(GStrv) names = g_new0(char *, (gsize)tokens + 1);
    for (int t = 0; t < tokens; t++) {
        row[t] = t;
        names[t] = g_strdup_printf("w%d", (int)moe_rng_below(&rng, 50000));
        for (int l = 0; l < LAYERS; l++)
            expert[t * LAYERS + l] = t > 0 && moe_rng_uniform(&rng) < 0.3
                                         ? expert[(t - 1) * LAYERS + l]
                                         : (double)moe_rng_below(&rng, EXPERTS);
    }
    MoeScene *scene = moe_scene_new("Experts of each token");
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "layer", .bands = LAYERS};
    MoeAxis y = {.type = MOE_AXIS_BAND,
                 .bands = tokens,
                 .names = (const char *const *)names,
                 .key = "token",
                 .numbers = row};
    MoeCells cells = {.rows = tokens,
                      .columns = LAYERS,
                      .values = expert,
                      .categories = EXPERTS,
                      .words = "{row}, layer {column}: expert {value}",
                      .keys = {"expert", expert}};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, NULL, NULL, &x, &y), &cells);
    return scene;
}

static MoeScene *
load_maps(void)
{
    MoeRng rng = moe_rng(8, 0);
    MoeScene *scene = moe_scene_new("Expert load");
    MoeColourScale scale = {.max = 4, .format = MOE_FORMAT_TIMES, .label = "load"};
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "expert", .bands = EXPERTS};
    MoeAxis y = {.type = MOE_AXIS_BAND, .label = "layer", .bands = LAYERS};
    moe_scene_set_colour_scale(scene, &scale);
    for (int d = 0; d < DOMAINS; d++) {
        double load[LAYERS * EXPERTS];
        g_autofree char *name = g_strdup_printf("domain %d", d);
        for (int i = 0; i < LAYERS * EXPERTS; i++)
            load[i] = -log(1 - moe_rng_uniform(&rng));
        MoeCells cells = {.rows = LAYERS, .columns = EXPERTS, .values = load, .words = "{value}"};
        moe_scene_add_cells(scene, moe_scene_add_panel(scene, name, NULL, &x, &y), &cells);
    }
    return scene;
}

/* --- Moving -----------------------------------------------------------------------------------*/

/* Milliseconds: of the processor, and of the clock on the wall. */
typedef struct Cost {
    double work, wall;
} Cost;

static Cost
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (Cost){(double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6,
                  (double)g_get_monotonic_time() / 1e3};
}

typedef struct Bench {
    ScopeSceneView *view;
    int frame;
    bool moved; /* in this frame */
    Cost begun;
    GArray *moving, *looking; /* of Cost */
} Bench;

static void
move(ScopeSceneView *view, int i)
{
    double width = gtk_widget_get_width(GTK_WIDGET(view));
    double height = gtk_widget_get_height(GTK_WIDGET(view));
    double x = width * 0.4, y = height * 0.45;
    if (i < MOVES / 3)
        scope_scene_view_zoom(view, x, y, 1.07);
    else if (i < 2 * MOVES / 3)
        scope_scene_view_pan(view, x, y, 18 * sin(i * 0.2), 25 * cos(i * 0.13));
    else
        scope_scene_view_zoom(view, x + i % 50, y, 1 / 1.07);
}

static gboolean
on_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer user)
{
    Bench *bench = user;
    int stretch = bench->frame / (STRETCH + LOOK), i = bench->frame % (STRETCH + LOOK);
    bench->moved = i < STRETCH;
    if (bench->moved)
        move(bench->view, stretch * STRETCH + i);
    return ++bench->frame < FRAMES ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
on_before(GdkFrameClock *clock, gpointer user)
{
    ((Bench *)user)->begun = now();
}

static void
on_after(GdkFrameClock *clock, gpointer user)
{
    Bench *bench = user;
    Cost cost = now();
    cost.work -= bench->begun.work;
    cost.wall -= bench->begun.wall;
    if (bench->frame > 0 && bench->frame < FRAMES && (bench->moved || cost.work > IDLE_MS))
        g_array_append_val(bench->moved ? bench->moving : bench->looking, cost);
}

/* --- Counting ---------------------------------------------------------------------------------*/

static int
by_number(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Half, 99 of 100, and all of the numbers are below. */
static void
print_quantiles(GArray *numbers)
{
    static const double shares[] = {0.5, 0.99, 1};
    g_array_sort(numbers, by_number);
    for (size_t i = 0; i < G_N_ELEMENTS(shares) && numbers->len > 0; i++)
        g_print(" %7.2f", g_array_index(numbers, double, (guint)((numbers->len - 1) * shares[i])));
}

static void
report(const char *what, GArray *costs)
{
    g_autoptr(GArray) work = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GArray) wall = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < costs->len; i++) {
        g_array_append_val(work, g_array_index(costs, Cost, i).work);
        g_array_append_val(wall, g_array_index(costs, Cost, i).wall);
    }
    g_print("  %-8s %4u frames; ms, median, 99th percentile, worst: work", what, costs->len);
    print_quantiles(work);
    g_print("; waiting included");
    print_quantiles(wall);
    g_print("\n");
}

static void
run(GtkWindow *window, const char *name, MoeScene *scene)
{
    ScopeSceneView *view = g_object_new(SCOPE_TYPE_SCENE_VIEW, NULL);
    Bench bench = {.view = view,
                   .moving = g_array_new(FALSE, FALSE, sizeof(Cost)),
                   .looking = g_array_new(FALSE, FALSE, sizeof(Cost))};
    gtk_window_set_child(window, GTK_WIDGET(view));
    gtk_window_present(window);
    scope_scene_view_set_scene(view, scene, name);
    for (gint64 end = g_get_monotonic_time() + 500000; g_get_monotonic_time() < end;)
        g_main_context_iteration(NULL, FALSE);
    GdkFrameClock *clock = gtk_widget_get_frame_clock(GTK_WIDGET(view));
    gulong before = g_signal_connect(clock, "before-paint", G_CALLBACK(on_before), &bench);
    gulong after = g_signal_connect_after(clock, "after-paint", G_CALLBACK(on_after), &bench);
    gtk_widget_add_tick_callback(GTK_WIDGET(view), on_tick, &bench, NULL);
    while (bench.frame < FRAMES)
        g_main_context_iteration(NULL, TRUE);
    g_signal_handler_disconnect(clock, before);
    g_signal_handler_disconnect(clock, after);
    GtkNative *native = gtk_widget_get_native(GTK_WIDGET(view));
    g_print("%s, %d x %d, %s\n", name, gtk_widget_get_width(GTK_WIDGET(view)),
            gtk_widget_get_height(GTK_WIDGET(view)),
            G_OBJECT_TYPE_NAME(gtk_native_get_renderer(native)));
    report("moving", bench.moving);
    report("looking", bench.looking);
    g_array_unref(bench.moving);
    g_array_unref(bench.looking);
    gtk_window_set_child(window, NULL);
}

int
main(int argc, char **argv)
{
    int tokens = argc > 1 ? (int)g_ascii_strtoll(argv[1], NULL, 10) : 100000;
    if (!gtk_init_check()) {
        g_printerr("bench-gui-frames: no display; see its head\n");
        return 1;
    }
    GtkWindow *window = GTK_WINDOW(gtk_window_new());
    gtk_window_set_default_size(window, 1280, 800);
    run(window, "token map", token_map(CLAMP(tokens, 1, 10000000)));
    run(window, "load maps", load_maps());
    gtk_window_destroy(window);
    return 0;
}
