/* SPDX-License-Identifier: MIT
 *
 * Load at one recorded step of training: the heat map of "load", from what the run kept of every
 * step rather than from tokens.
 */
#include "figure/load.h"

#include "figure/figures.h"
#include "figure/order.h"

/* The loads of all routers at the step: counts that outlive the states they come from. */
typedef struct AtStep {
    int n;
    int *layer, *experts;
    int64_t **counts;
    int64_t step, picks;
} AtStep;

static void
at_step_clear(AtStep *at)
{
    for (int i = 0; i < at->n; i++)
        g_free(at->counts[i]);
    g_free(at->counts);
    g_free(at->layer);
    g_free(at->experts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AtStep, at_step_clear)

/* The last recorded step that isn't behind `step`; `step` < 0: the last of all. */
static int64_t
find_step(const MoeStates *states, int64_t step)
{
    int64_t found = 0;
    for (int64_t i = 0; i < moe_states_count(states); i++)
        if (step < 0 || moe_states_step(states, i) <= step)
            found = i;
    return found;
}

static bool
add_router(AtStep *at, const MoeTrace *trace, int router, int64_t step, GError **error)
{
    g_autoptr(MoeStates) states = moe_states_read(trace, router, error);
    if (!states)
        return false;
    int64_t i = find_step(states, step);
    const MoeSummaryCell *cell = moe_states_cell(states, i);
    at->layer[at->n] = moe_trace_router(trace, router)->layer;
    at->experts[at->n] = cell->experts;
    at->counts[at->n] = g_memdup2(cell->count, (gsize)cell->experts * sizeof *cell->count);
    at->step = moe_states_step(states, i);
    at->picks = cell->picks;
    at->n++;
    return true;
}

static bool
read_step(AtStep *at, const MoeTrace *trace, const MoeFigureOptions *options, GError **error)
{
    int n = moe_trace_routers(trace);
    int64_t step = (int64_t)moe_figure_options_real(options, "step");
    at->layer = g_new(int, (gsize)n);
    at->experts = g_new(int, (gsize)n);
    at->counts = g_new0(int64_t *, (gsize)n);
    for (int r = 0; r < n; r++)
        if (moe_figure_options_layer(options, moe_trace_router(trace, r)->layer) &&
            !add_router(at, trace, r, step, error))
            return false;
    return true;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(AtStep) at = {0};
    const MoeTrace *trace = moe__figure_trace(input, 0, error);
    if (!trace || !read_step(&at, trace, options, error))
        return NULL;
    int k = at.n > 0 ? moe_trace_router(trace, 0)->k : 0;
    g_autofree char *model = moe__figure_model(moe_figure_input_meta(input, 0));
    g_autofree char *name = g_strdup_printf("step %" G_GINT64_FORMAT, at.step);
    const MoeLoadPanel panel = {.name = name,
                                .tokens = k > 0 ? at.picks / k : at.picks,
                                .picks = at.picks,
                                .counts = (const int64_t *const *)at.counts};
    const MoeLoad load = {.model = model,
                          .layers = at.n,
                          .layer = at.layer,
                          .experts = at.experts,
                          .k = k,
                          .n_panels = 1,
                          .panels = &panel};
    return moe_figure_load_counts(&load, options, error);
}

static const MoeField fields[] = {
    {.name = "step",
     .type = MOE_FIELD_INT,
     .fallback = "-1",
     .min = -1,
     .max = G_MAXINT32,
     .help = "the step, or the last one recorded before it; -1: the last of all"},
    LOAD_FIELDS,
    SORT_FIELD("index", "index | load"),
};

const MoeFigure moe__figure_load_at_step = {
    .struct_size = sizeof(MoeFigure),
    .name = "load-at-step",
    .title = "Load at a step",
    .help = "heat map of layers and experts at one recorded step of training",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_LOAD,
    .build = build,
};
