/* SPDX-License-Identifier: MIT
 *
 * Which expert stands in which column of a heat map of loads: the same one for all layers, or,
 * where experts are arranged by what they do, each layer's own, by rank.
 */
#include "figure/load-columns.h"

#include <math.h>

static int
most_experts(const MoeLoad *load)
{
    int most = 0;
    for (int i = 0; i < load->layers; i++)
        most = MAX(most, load->experts[i]);
    return most;
}

static double
share_of(const MoeLoad *load, int panel, int layer, int expert)
{
    double total = 0;
    for (int e = 0; e < load->experts[layer]; e++)
        total += (double)load->panels[panel].counts[layer][e];
    return total > 0 ? (double)load->panels[panel].counts[layer][expert] / total : 0;
}

/* The panel, beyond the first, whose share of the expert is the greatest multiple of that of all
 * tokens. */
static Rank
preferred(const MoeLoad *load, int layer, int expert)
{
    double all = share_of(load, 0, layer, expert);
    Rank rank = {expert, G_MAXINT, 0};
    for (int panel = 1; all > 0 && panel < load->n_panels; panel++) {
        double lift = share_of(load, panel, layer, expert) / all;
        if (lift > rank.weight)
            rank = (Rank){expert, panel, lift};
    }
    return rank;
}

static void
arrange(const MoeLoad *load, int layer, Sort sort, GArray *experts)
{
    g_autofree Rank *ranks = g_new(Rank, (gsize)experts->len + 1);
    for (guint i = 0; i < experts->len; i++) {
        int expert = g_array_index(experts, int, i);
        ranks[i] = sort == SORT_LOAD ? (Rank){expert, 0, share_of(load, 0, layer, expert)}
                                     : preferred(load, layer, expert);
    }
    moe__experts_rank(experts, ranks);
}

/* The experts of the widest layer, for all of them. */
static void
fill_alike(LoadColumns *columns, const MoeLoad *load, const GArray *experts)
{
    for (int layer = 0; layer < load->layers; layer++)
        for (int i = 0; i < columns->n; i++) {
            int expert = g_array_index(experts, int, i);
            columns->expert[layer * columns->n + i] = expert < load->experts[layer] ? expert : -1;
        }
    columns->axis = moe__experts_axis(experts, "expert", &columns->names);
}

/* Each layer's own, by rank, whose numbers stand in the cells. */
static void
fill_ranked(LoadColumns *columns, const MoeLoad *load, const MoeFigureOptions *options, Sort sort)
{
    columns->texts = g_new0(char *, (gsize)load->layers *(gsize)columns->n + 1);
    for (int layer = 0; layer < load->layers; layer++) {
        g_autoptr(GArray) experts = moe__experts_chosen(options, load->experts[layer]);
        arrange(load, layer, sort, experts);
        for (int i = 0; i < columns->n; i++) {
            int at = layer * columns->n + i;
            columns->expert[at] = i < (int)experts->len ? g_array_index(experts, int, i) : -1;
            columns->texts[at] =
                g_strdup_printf("%d", columns->expert[at]); /* of no cell where there is none */
        }
    }
    columns->axis = (MoeAxis){.type = MOE_AXIS_BAND,
                              .label = sort == SORT_LOAD ? "expert, by rank of load"
                                                         : "expert, by preferred domain",
                              .bands = columns->n,
                              .first = 1};
}

bool
moe__load_columns(LoadColumns *columns, const MoeLoad *load, const MoeFigureOptions *options,
                  GError **error)
{
    int most = most_experts(load);
    g_autoptr(GArray) experts = moe__experts_chosen(options, most);
    Sort sort = moe__sort(options);
    if (experts->len == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure load: experts=%s picks none of the %d experts of a layer",
                    moe_figure_options_text(options, "experts"), most);
        return false;
    }
    if (sort == SORT_DOMAIN && load->n_panels < 3) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure load: found %d domains, expected two or more for sort=domain",
                    MAX(load->n_panels - 1, 0));
        return false;
    }
    *columns = (LoadColumns){.n = (int)experts->len};
    columns->expert = g_new(int, (gsize)load->layers *(gsize)columns->n);
    if (sort == SORT_INDEX)
        fill_alike(columns, load, experts);
    else
        fill_ranked(columns, load, options, sort);
    return true;
}

void
moe__load_columns_clear(LoadColumns *columns)
{
    g_free(columns->expert);
    g_strfreev(columns->names);
    g_strfreev(columns->texts);
}

double *
moe__load_column_keys(const LoadColumns *columns, int layers)
{
    int n = layers * columns->n;
    double *keys = g_new(double, n + 1);
    for (int i = 0; i < n; i++)
        keys[i] = columns->expert[i] < 0 ? NAN : columns->expert[i];
    return keys;
}
