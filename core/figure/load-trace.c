/* SPDX-License-Identifier: MIT
 *
 * The figure "load" of a summary: counts and names brought together.
 */
#include "figure/load.h"
#include "figure/order.h"
#include "trace/meta.h"

#include <moescope/summary.h>

/* A MoeLoad with what it points to. */
typedef struct Filled {
    MoeLoad load;
    GArray *router, *layer, *experts; /* of int */
    GArray *panels;                   /* of MoeLoadPanel, counts owned */
    GArray *domain;                   /* of int, a panel each */
} Filled;

static void
panel_clear(gpointer data)
{
    g_free((gpointer)((MoeLoadPanel *)data)->counts);
}

static void
filled_clear(Filled *filled)
{
    g_array_unref(filled->router);
    g_array_unref(filled->layer);
    g_array_unref(filled->experts);
    g_array_unref(filled->panels);
    g_array_unref(filled->domain);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Filled, filled_clear)

/* Picks that every unit counted made, 0 if they differ: a run whose k moves in training has
 * snapshots that were all taken with the k of evaluation. */
static int
k_counted(const MoeSummaryCell *cell)
{
    int k = cell->experts;
    while (k > 0 && cell->making[k] == 0)
        k--;
    return cell->making[k] == cell->units ? k : 0;
}

static void
add_routers(Filled *filled, const MoeSummary *summary, const MoeFigureOptions *options)
{
    int n = moe_summary_routers(summary);
    for (int i = 0; i < n; i++) {
        const MoeRouterInfo *router = moe_summary_router(summary, i);
        if (options && !moe_figure_options_layer(options, router->layer))
            continue;
        int k = router->k ? router->k : k_counted(moe_summary_cell(summary, i, MOE_DOMAIN_ALL));
        filled->load.k = filled->router->len == 0 || filled->load.k == k ? k : 0;
        g_array_append_val(filled->router, i);
        g_array_append_val(filled->layer, router->layer);
        g_array_append_val(filled->experts, router->experts);
    }
    filled->load.layers = (int)filled->router->len;
    filled->load.layer = (const int *)(const void *)filled->layer->data;
    filled->load.experts = (const int *)(const void *)filled->experts->data;
}

static void
add_panel(Filled *filled, const MoeSummary *summary, int domain, const char *name)
{
    const int *router = (const int *)(const void *)filled->router->data;
    const MoeSummaryCell *first = moe_summary_cell(summary, router[0], domain);
    if (first->picks == 0)
        return;
    const int64_t **counts = g_new(const int64_t *, filled->load.layers);
    for (int i = 0; i < filled->load.layers; i++)
        counts[i] = moe_summary_cell(summary, router[i], domain)->count;
    MoeLoadPanel panel = {
        .name = name,
        .tokens = first->units / MAX(moe_summary_router(summary, router[0])->units_per_token, 1),
        .picks = first->picks,
        .counts = counts,
    };
    g_array_append_val(filled->panels, panel);
    g_array_append_val(filled->domain, domain);
}

/* "all" is left out where one domain is all there is, and "no domain" where domains are chosen. */
static void
add_panels(Filled *filled, const MoeSummary *summary, const MoeFigureOptions *options)
{
    bool chosen = options && *moe_figure_options_text(options, "domains");
    bool alone = options && moe_figure_options_choice(options, "by") == 1;
    if (!chosen || alone)
        add_panel(filled, summary, MOE_DOMAIN_ALL, "all");
    for (int i = 0; i < moe_summary_domains(summary) && !alone; i++) {
        const char *name = moe_summary_domain_name(summary, i);
        if (!options || moe_figure_options_domain(options, name))
            add_panel(filled, summary, i, name);
    }
    if (moe_summary_domains(summary) > 0 && !chosen && !alone)
        add_panel(filled, summary, MOE_DOMAIN_UNKNOWN, "no domain");
    if (filled->panels->len == 2 && !chosen) {
        g_array_remove_index(filled->panels, 0);
        g_array_remove_index(filled->domain, 0);
    }
    filled->load.n_panels = (int)filled->panels->len;
    filled->load.panels = (const MoeLoadPanel *)(const void *)filled->panels->data;
}

char *
moe__figure_model(const char *meta_json)
{
    static const char *const keys[] = {"model", "variant", NULL};
    JsonNode *root = meta_json ? moe__json_object_shared(meta_json, keys, NULL) : NULL;
    if (!root)
        return NULL;
    char *name = NULL;
    for (size_t i = 0; keys[i] && !name; i++) {
        JsonNode *node = json_object_get_member(json_node_get_object(root), keys[i]);
        if (node && json_node_get_value_type(node) == G_TYPE_STRING)
            name = g_strdup(json_node_get_string(node));
    }
    json_node_unref(root);
    return name;
}

MoeScene *
moe_figure_load(const MoeSummary *summary, const char *model, const MoeFigureOptions *options,
                GError **error)
{
    g_auto(Filled) filled = {
        .router = g_array_new(FALSE, FALSE, sizeof(int)),
        .layer = g_array_new(FALSE, FALSE, sizeof(int)),
        .experts = g_array_new(FALSE, FALSE, sizeof(int)),
        .panels = g_array_new(FALSE, FALSE, sizeof(MoeLoadPanel)),
        .domain = g_array_new(FALSE, FALSE, sizeof(int)),
    };
    g_array_set_clear_func(filled.panels, panel_clear);
    filled.load.model = model;
    add_routers(&filled, summary, options);
    if (filled.load.layers > 0)
        add_panels(&filled, summary, options);
    const LoadIntervals intervals = {summary, (const int *)(const void *)filled.router->data,
                                     (const int *)(const void *)filled.domain->data};
    return moe__load_scene(&filled.load, &intervals, options, error);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    int32_t step = 0;
    MoeSteps steps = moe_figure_options_steps(options, &step);
    const MoeSummary *summary =
        moe_figure_input_summary(input, 0, MOE_TALLY_LOAD, steps, step, error);
    g_autofree char *model = moe__figure_model(moe_figure_input_meta(input, 0));
    return summary ? moe_figure_load(summary, model, options, error) : NULL;
}

static const MoeField fields[] = {
    LOAD_FIELDS,
    SORT_FIELD("index", "index | load | domain"),
    {.name = "by",
     .type = MOE_FIELD_CHOICE,
     .fallback = "domain",
     .choices = "domain | all",
     .help = "a panel a domain beside that of all tokens, or that one alone"},
};

const MoeFigure moe__figure_load = {
    .struct_size = sizeof(MoeFigure),
    .name = "load",
    .title = "Expert load",
    .help = "heat map of layer by expert, a panel a domain: which experts each domain is sent to",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_DOMAINS | MOE_FIGURE_STEPS |
              MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_LOAD,
    .build = build,
};
