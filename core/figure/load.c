/* SPDX-License-Identifier: MIT
 *
 * Expert load as a heat map: layers downwards, experts across, a panel a domain, one colour scale.
 * Differences between domains are what domain specialisation is (Muennighoff et al., OLMoE, 2024,
 * section 5); a row with few bright cells is a collapsing router.
 */
#include "figure/kit.h"
#include "figure/load-columns.h"
#include "stats/share-interval.h"

#include <math.h>

/* Picks of a layer over all tokens; layers that cut tokens into more parts make more. (transfer
 * full) */
static char *
picks_of(const MoeLoad *load)
{
    int64_t low = G_MAXINT64, high = 0;
    for (int layer = 0; layer < load->layers; layer++) {
        int64_t picks = 0;
        for (int e = 0; e < load->experts[layer]; e++)
            picks += load->panels[0].counts[layer][e];
        low = MIN(low, picks);
        high = MAX(high, picks);
    }
    return moe__kit_counts(low, high);
}

static void
set_caption(MoeScene *scene, const MoeLoad *load, const LoadLook *look)
{
    const MoeLoadPanel *all = &load->panels[0];
    g_autofree char *tokens = moe__number_count(all->tokens);
    g_autofree char *picks = picks_of(load);
    g_autofree char *uniform = moe__load_uniform(load->experts, load->layers);
    g_autoptr(GString) text = g_string_new(moe__load_what(look->norm));
    if (load->n_panels > 1)
        g_string_append(text, ", by domain");
    g_string_append(text, ". ");
    if (load->model)
        g_string_append_printf(text, "Model %s, ", load->model);
    if (load->k > 0)
        g_string_append_printf(text, "k" NBSP "=" NBSP "%d; ", load->k);
    else
        g_string_append(text, "k varies; ");
    g_string_append_printf(
        text, "T" NBSP "=" NBSP "%s tokens, N" NBSP "=" NBSP "%s picks a layer before drops; %s.",
        tokens, picks, uniform);
    moe_scene_set_caption(scene, text->str);
}

MoeAxis
moe__load_layer_axis(const int *layer, int n, char **names)
{
    int step = n > 1 ? layer[1] - layer[0] : 1;
    MoeAxis axis = {.type = MOE_AXIS_BAND, .label = "layer", .bands = n};
    axis.first = layer[0];
    axis.step = step;
    bool regular = step > 0;
    for (int i = 0; i < n; i++) {
        regular &= layer[i] == layer[0] + i * step;
        names[i] = g_strdup_printf("%d", layer[i]);
    }
    if (!regular) {
        axis.step = 1;
        axis.names = (const char *const *)names;
    }
    return axis;
}

static LoadNumbers
numbers_of(const MoeLoad *load, const MoeLoadPanel *panel, const LoadColumns *columns,
           LoadLook *look)
{
    size_t n = (size_t)columns->n;
    LoadNumbers numbers = moe__load_numbers((size_t)load->layers * n);
    for (size_t layer = 0; layer < (size_t)load->layers; layer++)
        moe__load_place(&numbers, layer * n, 1, panel->counts[layer], load->experts[layer],
                        columns->expert + layer * n, columns->n, look);
    return numbers;
}

/* --- Intervals --------------------------------------------------------------------------------*/

/* Of the cells of a panel, in the units of their values; both NULL: there are none. */
typedef struct Bounds {
    double *low, *high;
} Bounds;

static void
bounds_clear(Bounds *bounds)
{
    g_free(bounds->low);
    g_free(bounds->high);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bounds, bounds_clear)

/* Of one layer's cells; whether there are any. */
static bool
fill_bounds(Bounds *bounds, const MoeLoad *load, const LoadIntervals *intervals, int panel,
            int layer, const LoadColumns *columns, Norm norm)
{
    int experts = load->experts[layer];
    double scale = norm == NORM_SHARE ? 1 : experts;
    g_autofree double *low = g_new(double, (gsize)experts), *high = g_new(double, (gsize)experts);
    bool any = moe__share_intervals(intervals->summary, intervals->router[layer],
                                    intervals->domain[panel], low, high);
    for (int i = layer * columns->n; i < (layer + 1) * columns->n; i++) {
        int expert = columns->expert[i];
        bounds->low[i] = expert < 0 ? NAN : scale * low[expert];
        bounds->high[i] = expert < 0 ? NAN : scale * high[expert];
    }
    return any;
}

/* None on the log scale, which says nothing of experts that may have no picks. */
static Bounds
bounds_of(const MoeLoad *load, const LoadIntervals *intervals, int panel,
          const LoadColumns *columns, Norm norm)
{
    Bounds bounds = {0};
    if (!intervals || norm == NORM_LOG2)
        return bounds;
    gsize n = (gsize)load->layers * (gsize)columns->n;
    bounds = (Bounds){g_new(double, n), g_new(double, n)};
    bool any = false;
    for (int layer = 0; layer < load->layers; layer++)
        any |= fill_bounds(&bounds, load, intervals, panel, layer, columns, norm);
    if (!any) {
        g_clear_pointer(&bounds.low, g_free);
        g_clear_pointer(&bounds.high, g_free);
    }
    return bounds;
}

/* What is told of a cell's number, beside what chance would show. (transfer full) */
static char *
number_words(const MoeLoad *load, const Bounds *bounds, Norm norm)
{
    if (!bounds->low)
        return g_strdup("{0} of picks ({1}\xc3\x97 uniform)");
    if (norm == NORM_RELATIVE)
        return g_strdup("{1}\xc3\x97 uniform load (95" NBSP "% interval {interval}), {0} of picks");
    g_autofree char *uniform = moe__load_uniform(load->experts, load->layers);
    return g_strdup_printf(
        "{0} of picks (95" NBSP "%% interval {interval}), {1}\xc3\x97 uniform; %s", uniform);
}

static void
add_panel(MoeScene *scene, const MoeLoad *load, int i, const LoadNumbers *numbers,
          const LoadColumns *columns, const Bounds *bounds, Norm norm)
{
    const MoeLoadPanel *panel = &load->panels[i];
    g_auto(GStrv) names = g_new0(char *, load->layers + 1);
    MoeAxis y = moe__load_layer_axis(load->layer, load->layers, names);
    g_autofree char *tokens = moe__number_count(panel->tokens);
    g_autofree char *note = g_strdup_printf("%s tokens", tokens);
    bool all = i == 0 && load->n_panels > 1;
    g_autofree char *where =
        all ? g_strdup("all domains") : g_strdup_printf("domain %s", panel->name);
    g_autofree char *told = number_words(load, bounds, norm);
    g_autofree char *words =
        g_strdup_printf("layer {row}, expert %s, %s: %s",
                        columns->texts ? "{text} (rank {column})" : "{column}", where, told);
    g_autofree double *experts = moe__load_column_keys(columns, load->layers);
    MoeCells cells = {
        .rows = load->layers,
        .columns = columns->n,
        .values = numbers->value,
        .numbers = {numbers->share, numbers->ratio},
        .words = words,
        .texts = (const char *const *)columns->texts,
        .keys = {columns->texts ? "expert" : NULL, experts},
        .low = bounds->low,
        .high = bounds->high,
    };
    int number = moe_scene_add_panel(scene, panel->name, note, &columns->axis, &y);
    if (!all && load->n_panels > 1)
        moe_scene_add_panel_key(scene, number, (MoeKey){"domain", NAN, panel->name});
    moe_scene_add_cells(scene, number, &cells);
}

static bool
load_valid(const MoeLoad *load, GError **error)
{
    if (load->layers > 0 && load->n_panels > 0 && load->experts[0] > 0)
        return true;
    if (load->layers > 0 && load->experts[0] > 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure load: found no counts of picks in %d MoE layers (shares of the load "
                    "stand as gate sums), expected some",
                    load->layers);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure load: found %d MoE layers, %d panels, expected at least one of each",
                    load->layers, load->n_panels);
    return false;
}

MoeScene *
moe__load_scene(const MoeLoad *load, const LoadIntervals *intervals,
                const MoeFigureOptions *options, GError **error)
{
    if (!load_valid(load, error))
        return NULL;
    g_autoptr(MoeFigureOptions) defaults = moe_figure_options_new(&moe__figure_load);
    if (!options)
        options = defaults;
    LoadLook look = moe__load_look(options);
    g_auto(LoadColumns) columns = {0};
    if (!moe__load_columns(&columns, load, options, error))
        return NULL;
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(LoadNumbers));
    g_array_set_clear_func(numbers, (GDestroyNotify)moe__load_numbers_clear);
    for (int i = 0; i < load->n_panels; i++) {
        LoadNumbers each = numbers_of(load, &load->panels[i], &columns, &look);
        g_array_append_val(numbers, each);
    }
    if (!moe__load_found(&look, moe__figure_load.name, error))
        return NULL;
    MoeScene *scene = moe_scene_new(moe__figure_load.title);
    moe__load_set_scale(scene, &look, load->experts, load->layers);
    for (int i = 0; i < load->n_panels; i++) {
        g_auto(Bounds) bounds = bounds_of(load, intervals, i, &columns, look.norm);
        add_panel(scene, load, i, &g_array_index(numbers, LoadNumbers, i), &columns, &bounds,
                  look.norm);
    }
    if (look.caption)
        set_caption(scene, load, &look);
    return scene;
}

MoeScene *
moe_figure_load_counts(const MoeLoad *load, const MoeFigureOptions *options, GError **error)
{
    return moe__load_scene(load, NULL, options, error);
}
