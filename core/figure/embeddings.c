/* SPDX-License-Identifier: MIT
 *
 * A map of the experts of each layer: the plane in which their vectors (rows of the router,
 * weights, outputs, embeddings, what they are picked for) spread most, a dot an expert, coloured by
 * load or by the domain that prefers it.
 */
#include "figure/kit.h"
#include "figure/likeness.h"
#include "figure/principal.h"

#include <math.h>

/* So many layers are shown where they aren't chosen. */
#define PANELS 6
/* Height over width that layout gives a panel: with it, units are as long both ways. */
#define SHAPE 0.62
#define ROOM  1.12
/* More dots than this are smaller. */
#define CROWD 48
/* The lightest colours don't show on paper. */
#define LIGHTEST 0.88

/* The option colour, in its order. */
typedef enum { BY_AUTO, BY_LOAD, BY_DOMAIN, BY_NONE } Colour;

/* One layer's map. */
typedef struct Map {
    const Likeness *likeness;
    int axes;
    double *x, *y, share[2];
    GArray *experts; /* of int: those that are shown */
} Map;

static void
map_clear(gpointer data)
{
    Map *map = data;
    g_free(map->x);
    g_free(map->y);
    g_array_unref(map->experts);
}

static Map
map_of(const Likenesses *likenesses, const Likeness *likeness, const MoeFigureOptions *options)
{
    gsize n = (gsize)likeness->experts;
    Map map = {.likeness = likeness, .x = g_new(double, n), .y = g_new(double, n)};
    map.axes = moe__principal(likeness->gram, likeness->experts, map.x, map.y, map.share);
    map.experts = moe__likeness_experts(likenesses, likeness, options);
    return map;
}

/* --- Colours ----------------------------------------------------------------------------------*/

static double
load_of(const Likenesses *likenesses, const Map *map, int expert)
{
    const MoeSummaryCell *cell =
        moe_summary_cell(likenesses->summary, map->likeness->router, MOE_DOMAIN_ALL);
    return cell->picks > 0
               ? (double)cell->count[expert] / (double)cell->picks * map->likeness->experts
               : NAN;
}

static bool
has_load(const Likenesses *likenesses, const GArray *maps)
{
    bool all = likenesses->summary != NULL;
    for (guint i = 0; i < maps->len; i++)
        all = all && g_array_index(maps, Map, i).likeness->router >= 0;
    return all;
}

/* What colours tell; an error where the inputs can't tell what was asked for. */
static bool
choose_colour(const Likenesses *likenesses, const GArray *maps, const MoeFigureOptions *options,
              Colour *colour, GError **error)
{
    bool load = has_load(likenesses, maps);
    int domains = load ? moe_summary_domains(likenesses->summary) : 0;
    *colour = (Colour)moe_figure_options_choice(options, "colour");
    if (*colour == BY_AUTO)
        *colour = load ? BY_LOAD : BY_NONE;
    if (*colour == BY_NONE || (load && (*colour == BY_LOAD || domains > 1)))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure embeddings: no input has %s at these layers; give the trace or summary as "
                "a second input, or choose another colour",
                *colour == BY_LOAD ? "loads of experts" : "loads of two domains");
    return false;
}

/* The highest load of all that is shown. */
static double
most_load(const Likenesses *likenesses, const GArray *maps)
{
    double most = 1;
    for (guint i = 0; i < maps->len; i++) {
        const Map *map = &g_array_index(maps, Map, i);
        for (guint e = 0; e < map->experts->len; e++)
            most = fmax(most, load_of(likenesses, map, g_array_index(map->experts, int, e)));
    }
    return most;
}

static void
set_scale(MoeScene *scene, double most)
{
    static const MoeReference uniform = {1, "uniform"};
    MoeColourScale scale = {.colours = MOE_COLOURS_VIRIDIS,
                            .max = most,
                            .last = LIGHTEST,
                            .format = MOE_FORMAT_TIMES,
                            .label = "load / uniform",
                            .n_references = 1,
                            .references = &uniform};
    moe_scene_set_colour_scale(scene, &scale);
}

/* --- Dots -------------------------------------------------------------------------------------*/

/* What a layer's dots look like. */
typedef struct Look {
    Colour colour;
    double most; /* load */
} Look;

static MoeColour
colour_of(const Likenesses *likenesses, const Map *map, const Look *look, int expert)
{
    static const MoeColour grey = {0.6, 0.6, 0.6};
    const MoeSummary *summary = likenesses->summary;
    if (look->colour == BY_NONE)
        return moe_colour_qualitative(0);
    if (look->colour == BY_LOAD)
        return moe_colour_at(MOE_COLOURS_VIRIDIS,
                             load_of(likenesses, map, expert) / look->most * LIGHTEST);
    int domain = moe__preferred_domain(summary, map->likeness->router, expert);
    return domain < 0 ? grey : moe_colour_category(domain, moe_summary_domains(summary));
}

/* What a reader is told beside the number: ": load 1.3× uniform, preferred by law". (transfer full)
 */
static char *
note_of(const Likenesses *likenesses, const Map *map, int expert)
{
    const MoeSummary *summary = likenesses->summary;
    if (!summary || map->likeness->router < 0)
        return g_strdup("");
    g_autofree char *load = moe__number_short(load_of(likenesses, map, expert));
    int domain = moe__preferred_domain(summary, map->likeness->router, expert);
    bool several = moe_summary_domains(summary) > 1;
    return g_strdup_printf(": load %s\xc3\x97 uniform%s%s", load,
                           several && domain >= 0 ? ", preferred by " : "",
                           several && domain >= 0 ? moe_summary_domain_name(summary, domain) : "");
}

/* Names of the domains, as points that are nowhere. */
static void
add_legend(const MoeSummary *summary, MoeScene *scene, int panel)
{
    static const double nowhere = NAN;
    int domains = moe_summary_domains(summary);
    for (int d = 0; d < domains; d++) {
        MoeColour own = moe_colour_category(d, domains);
        MoePoints name = {.n = 1,
                          .x = &nowhere,
                          .y = &nowhere,
                          .ink = {.own = &own, .name = moe_summary_domain_name(summary, d)}};
        moe_scene_add_points(scene, panel, &name);
    }
}

static void
add_dots(const Likenesses *likenesses, const Map *map, MoeScene *scene, int panel, const Look *look)
{
    gsize n = map->experts->len;
    g_autofree double *x = g_new(double, n), *y = g_new(double, n), *area = g_new(double, n);
    g_autofree MoeColour *each = g_new(MoeColour, n);
    g_auto(GStrv) labels = g_new0(char *, n + 1), notes = g_new0(char *, n + 1);
    for (gsize i = 0; i < n; i++) {
        int expert = g_array_index(map->experts, int, i);
        x[i] = map->x[expert];
        y[i] = map->y[expert];
        area[i] = n > CROWD ? 0.5 : 1;
        each[i] = colour_of(likenesses, map, look, expert);
        labels[i] = g_strdup_printf("%d", expert);
        notes[i] = note_of(likenesses, map, expert);
    }
    g_autofree char *words =
        g_strdup_printf("layer %d, expert {label}{note}", map->likeness->layer);
    MoePoints points = {.n = (int)n,
                        .x = x,
                        .y = y,
                        .area = area,
                        .each = each,
                        .labels = (const char *const *)labels,
                        .ink = {.opacity = 0.9},
                        .words = words,
                        .notes = (const char *const *)notes};
    moe_scene_add_points(scene, panel, &points);
}

/* --- The scene --------------------------------------------------------------------------------*/

/* Axes around all dots of a map, units as long on both in a panel of the usual shape. */
static void
fit(const Map *map, MoeAxis *x, MoeAxis *y)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    const double *const at[2] = {map->x, map->y};
    for (int c = 0; c < 2; c++)
        for (int e = 0; e < map->likeness->experts; e++) {
            low[c] = fmin(low[c], at[c][e]);
            high[c] = fmax(high[c], at[c][e]);
        }
    double half = ROOM * fmax((high[1] - low[1]) / 2, (high[0] - low[0]) / 2 * SHAPE);
    double across = (low[0] + high[0]) / 2, up = (low[1] + high[1]) / 2;
    x->min = across - half / SHAPE;
    x->max = across + half / SHAPE;
    y->min = up - half;
    y->max = up + half;
}

static int
add_panel(const Map *map, MoeScene *scene)
{
    g_autofree char *first = moe__number_fixed(100 * map->share[0], 0);
    g_autofree char *second = moe__number_fixed(100 * map->share[1], 0);
    g_autofree char *x_label = g_strdup_printf("PC" NBSP "1 (%s" NBSP "%%)", first);
    g_autofree char *y_label = g_strdup_printf("PC" NBSP "2 (%s" NBSP "%%)", second);
    g_autofree char *title = g_strdup_printf("layer %d", map->likeness->layer);
    MoeAxis x = {.label = x_label}, y = {.label = y_label};
    fit(map, &x, &y);
    return moe_scene_add_panel(scene, title, NULL, &x, &y);
}

/* Mean of the largest eigenvalue of n random vectors' Gram matrix, as a share of all (Johnstone
 * 2001): (sqrt(n - ½) + sqrt(d - ½))² moved by the mean of the Tracy-Widom law, over n d. */
static double
largest_share(double n, double d)
{
    double a = sqrt(n - 0.5), b = sqrt(d - 0.5), width = (a + b) * cbrt(1 / a + 1 / b);
    return fmin(((a + b) * (a + b) - 1.2065 * width) / (n * d), 1);
}

/* The share of component 1 that nothing but chance would give. Of random vectors, n - 1 dimensions
 * are left after the mean is taken off; experts that are picked apart from each other are at right
 * angles, each as long as its picks make it. NaN: not known. */
static double
chance_of(const Map *map, Of of)
{
    double n = map->likeness->experts - 1, d = map->likeness->dimensions, sum = 0, most = 0;
    if (of != OF_TOKENS)
        return d > 0 ? largest_share(n, d) : NAN;
    for (int e = 0; e <= (int)n; e++) {
        double picks = map->likeness->gram[e * (map->likeness->experts + 1)];
        sum += picks;
        most = fmax(most, picks);
    }
    return most / sum;
}

static char *
null_of(const Map *map, Of of)
{
    double share = chance_of(map, of);
    if (isnan(share))
        return g_strdup("random vectors would spread about alike along all components");
    g_autofree char *percent = moe__number_fixed(100 * share, 0);
    if (of == OF_TOKENS)
        return g_strdup_printf("if experts were picked apart from each other, PC" NBSP "1 would "
                               "have about %s" NBSP "%%",
                               percent);
    return g_strdup_printf("of random vectors of d" NBSP "=" NBSP "%.0f dimensions PC" NBSP "1 "
                           "would have about %s" NBSP "%%",
                           map->likeness->dimensions, percent);
}

static void
set_caption(const Likenesses *likenesses, const GArray *maps, MoeScene *scene, Colour colour,
            const MoeFigureOptions *options)
{
    static const char *const tells[] = {[BY_LOAD] = "; colour: load",
                                        [BY_DOMAIN] = "; colour: the domain that prefers the "
                                                      "expert most",
                                        [BY_NONE] = ""};
    if (!moe_figure_options_bool(options, "caption"))
        return;
    const Map *first = &g_array_index(maps, Map, 0);
    g_autofree char *source = moe__likeness_source(likenesses);
    g_autofree char *null = null_of(first, likenesses->of);
    g_autofree char *caption =
        g_strdup_printf("Experts by the first two principal components (PC) of %s, with the share "
                        "of the variance that each "
                        "has%s. %s; %s%s.",
                        moe__likeness_what(likenesses->of), tells[colour], source, null,
                        maps->len < likenesses->layers->len ? "; evenly chosen layers" : "");
    moe_scene_set_caption(scene, caption);
}

static MoeScene *
scene_of(const Likenesses *likenesses, const GArray *maps, Colour colour,
         const MoeFigureOptions *options)
{
    MoeScene *scene = moe_scene_new(moe__figure_embeddings.title);
    Look look = {colour, colour == BY_LOAD ? most_load(likenesses, maps) : 1};
    if (colour == BY_LOAD)
        set_scale(scene, look.most);
    for (guint i = 0; i < maps->len; i++) {
        const Map *map = &g_array_index(maps, Map, i);
        int panel = add_panel(map, scene);
        add_dots(likenesses, map, scene, panel, &look);
    }
    if (colour == BY_DOMAIN)
        add_legend(likenesses->summary, scene, 0);
    set_caption(likenesses, maps, scene, colour, options);
    return scene;
}

/* Layers whose experts are all the same point have no map. */
static GArray *
maps_of(const Likenesses *likenesses, const MoeFigureOptions *options)
{
    g_autoptr(GArray) shown = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < (int)likenesses->layers->len; i++)
        g_array_append_val(shown, i);
    if (*moe_figure_options_text(options, "layers") == 0)
        moe__kit_thin(shown, PANELS);
    GArray *maps = g_array_new(FALSE, FALSE, sizeof(Map));
    g_array_set_clear_func(maps, map_clear);
    for (guint i = 0; i < shown->len; i++) {
        int layer = g_array_index(shown, int, i);
        Map map = map_of(likenesses, &g_array_index(likenesses->layers, Likeness, layer), options);
        if (map.axes > 0 && map.experts->len > 0)
            g_array_append_val(maps, map);
        else
            map_clear(&map);
    }
    return maps;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Likenesses) likenesses = {0};
    if (!moe__likenesses_read(&likenesses, &moe__figure_embeddings, input, options, true, error))
        return NULL;
    g_autoptr(GArray) maps = maps_of(&likenesses, options);
    if (maps->len == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure embeddings: %s has no chosen experts that differ in %s",
                    moe_figure_input_name(input, 0), moe__likeness_what(likenesses.of));
        return NULL;
    }
    Colour colour;
    if (!choose_colour(&likenesses, maps, options, &colour, error))
        return NULL;
    return scene_of(&likenesses, maps, colour, options);
}

static const MoeField fields[] = {
    OF_FIELD,
    {.name = "colour",
     .type = MOE_FIELD_CHOICE,
     .fallback = "auto",
     .choices = "auto | load | domain | none",
     .help = "what colours tell: load, or the domain that prefers the expert; auto: load where an "
             "input has it"},
};

const MoeFigure moe__figure_embeddings = {
    .struct_size = sizeof(MoeFigure),
    .name = "embeddings",
    .title = "Map of experts",
    .help = "map of experts, a panel a layer: principal components of router rows, weights, "
            "outputs, embeddings, or of what experts are picked for; takes a model's weights as "
            "well",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_LOAD,
    .most_inputs = 2,
    .build = build,
};
