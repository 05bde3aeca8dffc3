/* SPDX-License-Identifier: MIT
 *
 * The figure "load" of a trace: counts and names brought together.
 */
#include "figure/load.h"
#include "trace/meta.h"

#include <moescope/summary.h>

/* A MoeLoad with what it points to. */
typedef struct Filled {
    MoeLoad load;
    GArray *layer, *experts; /* of int */
    GArray *panels;          /* of MoeLoadPanel, counts owned */
    char *model;
} Filled;

static void
panel_clear(gpointer data)
{
    g_free((gpointer)((MoeLoadPanel *)data)->counts);
}

static void
filled_clear(Filled *filled)
{
    g_array_unref(filled->layer);
    g_array_unref(filled->experts);
    g_array_unref(filled->panels);
    g_free(filled->model);
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
add_routers(Filled *filled, const MoeSummary *summary)
{
    int n = moe_summary_routers(summary);
    for (int i = 0; i < n; i++) {
        const MoeRouterInfo *router = moe_summary_router(summary, i);
        g_array_append_val(filled->layer, router->layer);
        g_array_append_val(filled->experts, router->experts);
        int k = router->k ? router->k : k_counted(moe_summary_cell(summary, i, MOE_DOMAIN_ALL));
        filled->load.k = i == 0 || filled->load.k == k ? k : 0;
    }
    filled->load.layers = n;
    filled->load.layer = (const int *)(const void *)filled->layer->data;
    filled->load.experts = (const int *)(const void *)filled->experts->data;
}

static void
add_panel(Filled *filled, const MoeSummary *summary, int domain, const char *name)
{
    const MoeSummaryCell *first = moe_summary_cell(summary, 0, domain);
    if (first->picks == 0)
        return;
    const int64_t **counts = g_new(const int64_t *, filled->load.layers);
    for (int i = 0; i < filled->load.layers; i++)
        counts[i] = moe_summary_cell(summary, i, domain)->count;
    MoeLoadPanel panel = {
        .name = name,
        .tokens = first->units / MAX(moe_summary_router(summary, 0)->units_per_token, 1),
        .picks = first->picks,
        .counts = counts,
    };
    g_array_append_val(filled->panels, panel);
}

/* "all" is left out where one domain is all there is. */
static void
add_panels(Filled *filled, const MoeSummary *summary)
{
    add_panel(filled, summary, MOE_DOMAIN_ALL, "all");
    for (int i = 0; i < moe_summary_domains(summary); i++)
        add_panel(filled, summary, i, moe_summary_domain_name(summary, i));
    if (moe_summary_domains(summary) > 0)
        add_panel(filled, summary, MOE_DOMAIN_UNKNOWN, "no domain");
    if (filled->panels->len == 2)
        g_array_remove_index(filled->panels, 0);
    filled->load.n_panels = (int)filled->panels->len;
    filled->load.panels = (const MoeLoadPanel *)(const void *)filled->panels->data;
}

char *
moe__load_model(const MoeTrace *trace)
{
    JsonNode *root = moe__json_object_parse(moe_trace_meta_json(trace), NULL);
    if (!root)
        return NULL;
    static const char *const keys[] = {"model", "variant"};
    char *name = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && !name; i++) {
        JsonNode *node = json_object_get_member(json_node_get_object(root), keys[i]);
        if (node && json_node_get_value_type(node) == G_TYPE_STRING)
            name = g_strdup(json_node_get_string(node));
    }
    json_node_unref(root);
    return name;
}

MoeScene *
moe_figure_load(const MoeTrace *trace, const MoeSummary *summary, const MoeFigureOptions *options,
                GError **error)
{
    if (trace && (moe_trace_routers(trace) != moe_summary_routers(summary) ||
                  moe_trace_domains(trace) < moe_summary_domains(summary))) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure load: the summary has %d routers and %d domains, the trace %d and %d",
                    moe_summary_routers(summary), moe_summary_domains(summary),
                    moe_trace_routers(trace), moe_trace_domains(trace));
        return NULL;
    }
    g_auto(Filled) filled = {
        .layer = g_array_new(FALSE, FALSE, sizeof(int)),
        .experts = g_array_new(FALSE, FALSE, sizeof(int)),
        .panels = g_array_new(FALSE, FALSE, sizeof(MoeLoadPanel)),
        .model = trace ? moe__load_model(trace) : NULL,
    };
    g_array_set_clear_func(filled.panels, panel_clear);
    filled.load.model = filled.model;
    add_routers(&filled, summary);
    if (filled.load.layers > 0)
        add_panels(&filled, summary);
    return moe_figure_load_counts(&filled.load, options, error);
}

static MoeScene *
build(const MoeTrace *trace, const MoeFigureOptions *options, GError **error)
{
    static const MoeSteps steps[] = {MOE_STEPS_LAST, MOE_STEPS_ALL};
    MoeSummaryOptions count = {.steps = steps[moe_figure_options_choice(options, "steps")]};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &count, error);
    return summary ? moe_figure_load(trace, summary, options, error) : NULL;
}

static const MoeField fields[] = {
    LOAD_FIELDS,
    {.name = "steps",
     .type = MOE_FIELD_CHOICE,
     .fallback = "last",
     .choices = "last | all",
     .help = "which snapshots count, where a trace has several: the last, or all together"},
};

const MoeFigure moe__figure_load = {
    .struct_size = sizeof(MoeFigure),
    .name = "load",
    .title = "Expert load",
    .help = "heat map of layer by expert, a panel a domain: which experts each domain is sent to",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .build = build,
};
