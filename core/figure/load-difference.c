/* SPDX-License-Identifier: MIT
 *
 * How the load of two inputs differs: layers downwards, experts across, a panel a domain, in
 * diverging colours around 0. What the sampling of tokens alone would show is marked on the colour
 * bar and told of each panel: the standard error of a difference of two shares, pooled (Agresti
 * 2002, section 3.1).
 */
#include "figure/load-difference.h"

#include <math.h>

/* Beyond a factor of 16 either way, shades no longer tell. */
#define MOST_LOG2 4.0
/* Of the normal distribution, for 95 %. */
#define SIGMAS 1.959964

typedef struct Difference {
    const LoadPairs *of;
    Norm norm;
    double least, most; /* finite values */
    bool below, above;  /* whether log2 met experts without picks in the second, the first */
    GArray *noise;      /* of double: of every cell shown */
} Difference;

/* Of a cell: shares in both, what is shown, and 95 % of what chance would show. */
typedef struct Cell {
    double share[DIFFERENCE_INPUTS], value, noise;
} Cell;

static Cell
cell_value(const Difference *d, const MoeSummaryCell *const load[DIFFERENCE_INPUTS], int e)
{
    Cell cell;
    double units[DIFFERENCE_INPUTS], k[DIFFERENCE_INPUTS], picked = 0, all = 0;
    for (int side = 0; side < DIFFERENCE_INPUTS; side++) {
        units[side] = (double)load[side]->units;
        k[side] = (double)load[side]->picks / units[side];
        cell.share[side] = (double)load[side]->count[e] / (double)load[side]->picks;
        picked += (double)load[side]->count[e];
        all += units[side];
    }
    double p = MIN(picked / all, 1), odds = p * (1 - p);
    double share_error = sqrt(odds / units[0] / (k[0] * k[0]) + odds / units[1] / (k[1] * k[1]));
    double log_error = sqrt((1 - p) / p * (1 / units[0] + 1 / units[1])) / G_LN2;
    double difference = cell.share[1] - cell.share[0];
    switch (d->norm) {
    case NORM_SHARE:
        cell.value = difference;
        cell.noise = SIGMAS * share_error;
        break;
    case NORM_RELATIVE:
        cell.value = difference * load[0]->experts;
        cell.noise = SIGMAS * share_error * load[0]->experts;
        break;
    default:
        cell.value = picked > 0 ? log2(cell.share[1] / cell.share[0]) : NAN;
        cell.noise = picked > 0 ? SIGMAS * log_error : NAN;
    }
    return cell;
}

/* The numbers of one panel, [layers × experts]. */
typedef struct Panel {
    double *value, *share[DIFFERENCE_INPUTS];
    double noise; /* of its median cell */
} Panel;

static void
panel_clear(gpointer data)
{
    Panel *panel = data;
    g_free(panel->value);
    g_free(panel->share[0]);
    g_free(panel->share[1]);
}

static double
median(GArray *values)
{
    if (values->len == 0)
        return NAN;
    g_array_sort(values, moe__kit_by_number);
    return g_array_index(values, double, values->len / 2);
}

static void
note_value(Difference *d, const Cell *cell)
{
    d->below |= cell->value == -INFINITY;
    d->above |= cell->value == INFINITY;
    if (isfinite(cell->value)) {
        d->least = MIN(d->least, cell->value);
        d->most = MAX(d->most, cell->value);
    }
}

static Panel
panel_of(Difference *d, const char *domain)
{
    gsize n = (gsize)d->of->pairs->len * (gsize)d->of->shown->len;
    Panel panel = {g_new(double, n), {g_new(double, n), g_new(double, n)}, 0};
    g_autoptr(GArray) noise = g_array_new(FALSE, FALSE, sizeof(double));
    for (gsize i = 0; i < n; i++)
        panel.value[i] = panel.share[0][i] = panel.share[1][i] = NAN;
    for (guint i = 0; i < d->of->pairs->len; i++) {
        const LoadPair *pair = &g_array_index(d->of->pairs, LoadPair, i);
        const MoeSummaryCell *const load[DIFFERENCE_INPUTS] = {
            moe__load_pairs_cell(d->of, 0, pair, domain),
            moe__load_pairs_cell(d->of, 1, pair, domain)};
        for (guint column = 0; column < d->of->shown->len; column++) {
            gsize at = (gsize)i * (gsize)d->of->shown->len + (gsize)column;
            int e = g_array_index(d->of->shown, int, column);
            if (e >= pair->experts || load[0]->picks == 0 || load[1]->picks == 0)
                continue;
            Cell cell = cell_value(d, load, e);
            panel.value[at] = cell.value;
            panel.share[0][at] = cell.share[0];
            panel.share[1][at] = cell.share[1];
            note_value(d, &cell);
            if (isfinite(cell.noise))
                g_array_append_val(noise, cell.noise);
        }
    }
    panel.noise = median(noise);
    g_array_append_vals(d->noise, noise->data, noise->len);
    return panel;
}

/* --- The scene --------------------------------------------------------------------------------*/

static void
set_scale(const Difference *d, MoeScene *scene, double noise)
{
    static const char *const labels[] = {
        [NORM_SHARE] = "difference",
        [NORM_RELATIVE] = "difference / uniform",
        [NORM_LOG2] = "ratio of loads",
    };
    double limit = MAX(-d->least, d->most);
    MoeColourScale scale = {.colours = MOE_COLOURS_BLUE_RED, .label = labels[d->norm]};
    if (d->norm == NORM_LOG2) {
        scale.format = MOE_FORMAT_LOG2;
        limit = CLAMP(ceil(limit), 1, MOST_LOG2);
        scale.below = d->below || d->least < -limit;
        scale.above = d->above || d->most > limit;
    }
    limit = MAX(limit, 1.2 * noise);
    const MoeReference references[] = {{-noise, ""}, {noise, "chance"}};
    scale.max = limit > 0 ? limit : 1;
    scale.min = -scale.max;
    scale.n_references = isfinite(noise) ? G_N_ELEMENTS(references) : 0;
    scale.references = references;
    moe_scene_set_colour_scale(scene, &scale);
}

static void
add_panel(const Difference *d, MoeScene *scene, const char *domain, const Panel *numbers)
{
    int n = (int)d->of->pairs->len;
    g_autofree int *layers = g_new(int, (gsize)n);
    g_auto(GStrv) names = g_new0(char *, (gsize)n + 1);
    for (int i = 0; i < n; i++)
        layers[i] = g_array_index(d->of->pairs, LoadPair, i).layer;
    MoeAxis y = moe__load_layer_axis(layers, n, names);
    g_auto(GStrv) experts = NULL;
    MoeAxis x = moe__experts_axis(d->of->shown, "expert", &experts);
    bool ratio = d->norm == NORM_LOG2;
    g_autofree char *noise = moe__number_short(ratio ? exp2(numbers->noise) : numbers->noise);
    g_autofree char *note = g_strconcat("chance ", ratio ? "\xc3\x97" : "\xc2\xb1", noise, NULL);
    g_autofree char *words =
        g_strdup_printf("layer {row}, expert {column}%s%s: {1} of picks against {0}",
                        domain ? ", domain " : "", domain ? domain : "");
    MoeCells cells = {.rows = n,
                      .columns = (int)d->of->shown->len,
                      .values = numbers->value,
                      .numbers = {numbers->share[0], numbers->share[1]},
                      .words = words};
    int panel = moe_scene_add_panel(scene, domain ? domain : "all", note, &x, &y);
    if (domain)
        moe_scene_add_panel_key(scene, panel, (MoeKey){"domain", NAN, domain});
    moe_scene_add_cells(scene, panel, &cells);
}

/* "T = 7,881 tokens" of one input, of the layers that are shown. */
static void
count_sizes(const Difference *d, int side, int64_t *tokens, int64_t *low, int64_t *high)
{
    *low = G_MAXINT64;
    *high = *tokens = 0;
    for (guint i = 0; i < d->of->pairs->len; i++) {
        const LoadPair *pair = &g_array_index(d->of->pairs, LoadPair, i);
        const MoeSummaryCell *cell = moe__load_pairs_cell(d->of, side, pair, NULL);
        int parts = moe_summary_router(d->of->summary[side], pair->router[side])->units_per_token;
        *tokens = MAX(*tokens, cell->units / MAX(parts, 1));
        *low = MIN(*low, cell->picks);
        *high = MAX(*high, cell->picks);
    }
}

static char *
size_of(const Difference *d)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int side = 0; side < DIFFERENCE_INPUTS; side++) {
        int64_t tokens, low, high;
        count_sizes(d, side, &tokens, &low, &high);
        g_autofree char *name = moe__kit_input_name(d->of->kit->input, side);
        g_autofree char *t = moe__number_count(tokens), *n = moe__kit_counts(low, high);
        g_string_append_printf(text, "%s%s: T" NBSP "=" NBSP "%s tokens, N" NBSP "=" NBSP "%s%s",
                               side ? "; " : "", name, t, n, side ? "" : " picks a layer");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
set_caption(const Difference *d, MoeScene *scene, double noise)
{
    static const char *const whats[] = {
        [NORM_SHARE] =
            "Share of a layer\xe2\x80\x99s picks that an expert gets in %s, less that in %s",
        [NORM_RELATIVE] = "Load of each expert in multiples of uniform load, in %s less that in %s",
        [NORM_LOG2] = "Load of each expert in %s, divided by that in %s, log scale",
    };
    g_autofree char *a = moe__kit_input_name(d->of->kit->input, 0);
    g_autofree char *b = moe__kit_input_name(d->of->kit->input, 1);
    g_autofree char *of = g_strdup_printf(whats[d->norm], b, a);
    g_autofree char *what = g_strconcat(of, d->of->names->len > 1 ? ", by domain" : "", NULL);
    g_autofree char *size = size_of(d);
    g_autofree char *least = moe__number_short(d->norm == NORM_LOG2 ? exp2(noise) : noise);
    g_autofree char *chance = g_strdup_printf(
        "chance: 95" NBSP "%% of differences would lie within %s%s if both had the same load and "
        "tokens were independent (of the median cell)",
        d->norm == NORM_LOG2 ? "a factor of " : "\xc2\xb1", least);
    moe__kit_caption_sized(d->of->kit, scene, what, size, isfinite(noise) ? chance : NULL);
}

static MoeScene *
scene_of(Difference *d)
{
    MoeScene *scene = moe_scene_new(moe__figure_load_difference.title);
    g_autoptr(GArray) panels = g_array_new(FALSE, FALSE, sizeof(Panel));
    g_array_set_clear_func(panels, panel_clear);
    for (guint i = 0; i < d->of->names->len; i++) {
        Panel panel = panel_of(d, g_array_index(d->of->names, const char *, i));
        g_array_append_val(panels, panel);
    }
    double noise = median(d->noise);
    set_scale(d, scene, noise);
    for (guint i = 0; i < d->of->names->len; i++)
        add_panel(d, scene, g_array_index(d->of->names, const char *, i),
                  &g_array_index(panels, Panel, i));
    set_caption(d, scene, noise);
    return scene;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    g_auto(LoadPairs) pairs = {0};
    if (!moe__kit_init(&kit, &moe__figure_load_difference, input, options, error) ||
        !moe__load_pairs_init(&pairs, &kit, error))
        return NULL;
    g_autoptr(GArray) noise = g_array_new(FALSE, FALSE, sizeof(double));
    Difference d = {.of = &pairs,
                    .norm = (Norm)moe_figure_options_choice(options, "norm"),
                    .least = INFINITY,
                    .most = -INFINITY,
                    .noise = noise};
    return scene_of(&d);
}

static const MoeField fields[] = {
    {.name = "norm",
     .type = MOE_FIELD_CHOICE,
     .fallback = "share",
     .choices = "share | relative | log2",
     .help = "difference of shares of picks, of multiples of uniform load, or ratio of loads"},
};

const MoeFigure moe__figure_load_difference = {
    .struct_size = sizeof(MoeFigure),
    .name = "load-difference",
    .title = "Difference of expert load",
    .help = "heat map of layer by expert, a panel a domain: the load of the second input less that "
            "of the first, beside what sampling alone would show",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_DOMAINS | MOE_FIGURE_STEPS |
              MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_LOAD,
    .most_inputs = DIFFERENCE_INPUTS,
    .least_inputs = DIFFERENCE_INPUTS,
    .build = build,
};
