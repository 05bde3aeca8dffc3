/* SPDX-License-Identifier: MIT
 *
 * Expert load as a heat map: layers downwards, experts across, a panel a domain, one colour scale.
 * Differences between domains are what domain specialisation is (Muennighoff et al., OLMoE, 2024,
 * section 5); a row with few bright cells is a collapsing router.
 */
#include "figure/load.h"
#include "figure/number.h"

#include <math.h>

typedef enum {
    NORM_SHARE,
    NORM_RELATIVE,
    NORM_LOG2,
} Norm;

/* Beyond a factor of 16 either way, shades no longer tell. */
#define MOST_LOG2 4.0

#define MOST_REFERENCES 3

/* Keeps "k = 2" on one line. */
#define NBSP "\xc2\xa0"

/* The numbers of one panel, [layers × columns]; NaN where a layer has no such expert or no picks.
 */
typedef struct Numbers {
    double *share, *ratio, *value;
} Numbers;

typedef struct Look {
    Norm norm;
    MoeColours colours;
    bool caption;
    int columns;        /* experts of the layer that has most */
    double least, most; /* finite values */
    bool none;          /* whether log2 met an expert without picks */
} Look;

static void
numbers_clear(gpointer data)
{
    Numbers *numbers = data;
    g_free(numbers->share);
    g_free(numbers->ratio);
    g_free(numbers->value);
}

static Look
look_of(const MoeLoad *load, const MoeFigureOptions *options)
{
    Look look = {.least = INFINITY, .most = -INFINITY};
    look.norm = (Norm)moe_figure_options_choice(options, "norm");
    look.colours = (MoeColours)moe_figure_options_choice(options, "colours");
    look.caption = moe_figure_options_bool(options, "caption");
    for (int i = 0; i < load->layers; i++)
        look.columns = MAX(look.columns, load->experts[i]);
    return look;
}

static double
normed(Norm norm, double share, double ratio)
{
    return norm == NORM_SHARE ? share : norm == NORM_RELATIVE ? ratio : log2(ratio);
}

static void
fill_layer(const int64_t *counts, int experts, size_t at, Numbers *numbers, Look *look)
{
    double total = 0;
    for (int e = 0; e < experts; e++)
        total += (double)counts[e];
    if (total == 0)
        return;
    for (int e = 0; e < experts; e++) {
        double share = (double)counts[e] / total;
        double value = normed(look->norm, share, share * experts);
        numbers->share[at + e] = share;
        numbers->ratio[at + e] = share * experts;
        numbers->value[at + e] = value;
        if (isfinite(value)) {
            look->least = MIN(look->least, value);
            look->most = MAX(look->most, value);
        } else {
            look->none = true;
        }
    }
}

static Numbers
numbers_of(const MoeLoad *load, const MoeLoadPanel *panel, Look *look)
{
    size_t n = (size_t)load->layers * look->columns;
    Numbers numbers = {g_new(double, n), g_new(double, n), g_new(double, n)};
    for (size_t i = 0; i < n; i++)
        numbers.share[i] = numbers.ratio[i] = numbers.value[i] = NAN;
    for (int layer = 0; layer < load->layers; layer++)
        fill_layer(panel->counts[layer], load->experts[layer], (size_t)layer * look->columns,
                   &numbers, look);
    return numbers;
}

/* The distinct numbers of experts, ascending in order of appearance. */
static int
distinct_experts(const MoeLoad *load, int *out, int most)
{
    int n = 0;
    for (int i = 0; i < load->layers; i++) {
        int j = 0;
        while (j < n && out[j] != load->experts[i])
            j++;
        if (j < n)
            continue;
        if (n == most)
            return most + 1;
        out[n++] = load->experts[i];
    }
    return n;
}

static void
set_shares_scale(MoeScene *scene, const MoeLoad *load, const Look *look)
{
    MoeReference references[MOST_REFERENCES];
    char labels[MOST_REFERENCES][16];
    int experts[MOST_REFERENCES], n = distinct_experts(load, experts, MOST_REFERENCES);
    n = n > MOST_REFERENCES ? 0 : n;
    for (int i = 0; i < n; i++) {
        g_snprintf(labels[i], sizeof(labels[i]), "1/%d", experts[i]);
        references[i] = (MoeReference){1.0 / experts[i], n == 1 ? "uniform" : labels[i]};
    }
    MoeColourScale scale = {
        .colours = look->colours,
        .max = look->most,
        .label = "share of picks",
        .n_references = n,
        .references = references,
    };
    moe_scene_set_colour_scale(scene, &scale);
}

static void
set_scale(MoeScene *scene, const MoeLoad *load, const Look *look)
{
    static const MoeReference one = {1, "uniform"}, zero = {0, "uniform"};
    if (look->norm == NORM_SHARE) {
        set_shares_scale(scene, load, look);
        return;
    }
    MoeColourScale scale = {.colours = look->colours, .label = "load / uniform", .n_references = 1};
    if (look->norm == NORM_RELATIVE) {
        scale.max = look->most;
        scale.format = MOE_FORMAT_TIMES;
        scale.references = &one;
    } else {
        double limit = CLAMP(ceil(MAX(-look->least, look->most)), 1, MOST_LOG2);
        scale.colours = MOE_COLOURS_BLUE_RED;
        scale.min = -limit;
        scale.max = limit;
        scale.below = look->none || look->least < -limit;
        scale.above = look->most > limit;
        scale.format = MOE_FORMAT_LOG2;
        scale.references = &zero;
    }
    moe_scene_set_colour_scale(scene, &scale);
}

static char *
uniform_text(const MoeLoad *load)
{
    int experts[1];
    if (distinct_experts(load, experts, 1) > 1)
        return g_strdup("uniform load is 1/E, with E experts in a layer");
    g_autofree char *value = moe__number_short(1.0 / experts[0]);
    return g_strdup_printf("uniform load is 1/%d" NBSP "=" NBSP "%s", experts[0], value);
}

static void
set_caption(MoeScene *scene, const MoeLoad *load, const Look *look)
{
    static const char *const what[] = {
        [NORM_SHARE] = "Share of each layer\xe2\x80\x99s picks that an expert receives",
        [NORM_RELATIVE] = "Picks that an expert receives, as a multiple of uniform load",
        [NORM_LOG2] = "Picks that an expert receives, relative to uniform load, log scale",
    };
    const MoeLoadPanel *all = &load->panels[0];
    g_autofree char *tokens = moe__number_count(all->tokens);
    g_autofree char *picks = moe__number_count(all->picks);
    g_autofree char *uniform = uniform_text(load);
    GString *text = g_string_new(what[look->norm]);
    if (load->n_panels > 1)
        g_string_append(text, ", by domain");
    g_string_append(text, ". ");
    if (load->model)
        g_string_append_printf(text, "Model %s", load->model);
    if (load->k > 0)
        g_string_append_printf(text, "%sk" NBSP "=" NBSP "%d", load->model ? ", " : "", load->k);
    g_string_append_printf(
        text, "%sT" NBSP "=" NBSP "%s tokens, N" NBSP "=" NBSP "%s picks a layer before drops; %s.",
        load->model || load->k > 0 ? "; " : "", tokens, picks, uniform);
    moe_scene_set_caption(scene, text->str);
    g_string_free(text, TRUE);
}

/* Layers at equal distances are numbers, others names. Frees: `names` is the caller's. */
static MoeAxis
layer_axis(const MoeLoad *load, char **names)
{
    int step = load->layers > 1 ? load->layer[1] - load->layer[0] : 1;
    MoeAxis axis = {.type = MOE_AXIS_BAND, .label = "layer", .bands = load->layers};
    axis.first = load->layer[0];
    axis.step = step;
    bool regular = step > 0;
    for (int i = 0; i < load->layers; i++) {
        regular &= load->layer[i] == load->layer[0] + i * step;
        names[i] = g_strdup_printf("%d", load->layer[i]);
    }
    if (!regular) {
        axis.step = 1;
        axis.names = (const char *const *)names;
    }
    return axis;
}

static void
add_panel(MoeScene *scene, const MoeLoad *load, const MoeLoadPanel *panel, const Look *look,
          const Numbers *numbers)
{
    g_auto(GStrv) names = g_new0(char *, load->layers + 1);
    MoeAxis y = layer_axis(load, names);
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "expert", .bands = look->columns};
    g_autofree char *tokens = moe__number_count(panel->tokens);
    g_autofree char *note = g_strdup_printf("%s tokens", tokens);
    bool whole = panel == load->panels && load->n_panels > 1;
    g_autofree char *where =
        whole ? g_strdup("all domains") : g_strdup_printf("domain %s", panel->name);
    g_autofree char *words = g_strdup_printf(
        "layer {row}, expert {column}, %s: {0} of picks ({1}\xc3\x97 uniform)", where);
    MoeCells cells = {
        .rows = load->layers,
        .columns = look->columns,
        .values = numbers->value,
        .numbers = {numbers->share, numbers->ratio},
        .words = words,
    };
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, panel->name, note, &x, &y), &cells);
}

static MoeScene *
load_scene(const MoeLoad *load, Look *look, GError **error)
{
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(Numbers));
    g_array_set_clear_func(numbers, numbers_clear);
    for (int i = 0; i < load->n_panels; i++) {
        Numbers each = numbers_of(load, &load->panels[i], look);
        g_array_append_val(numbers, each);
    }
    if (!(look->least <= look->most)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure load: found no picks in %d layers, expected at least one",
                    load->layers);
        return NULL;
    }
    MoeScene *scene = moe_scene_new(moe__figure_load.title);
    set_scale(scene, load, look);
    for (int i = 0; i < load->n_panels; i++)
        add_panel(scene, load, &load->panels[i], look, &g_array_index(numbers, Numbers, i));
    if (look->caption)
        set_caption(scene, load, look);
    return scene;
}

MoeScene *
moe_figure_load_counts(const MoeLoad *load, const MoeFigureOptions *options, GError **error)
{
    if (load->layers < 1 || load->n_panels < 1) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure load: found %d MoE layers and %d panels, expected at least one of each",
                    load->layers, load->n_panels);
        return NULL;
    }
    g_autoptr(MoeFigureOptions) defaults = moe_figure_options_new(&moe__figure_load);
    Look look = look_of(load, options ? options : defaults);
    return load_scene(load, &look, error);
}
