/* SPDX-License-Identifier: MIT */
#include "steps.h"

#include "progress.h"

static gint
ascending(gconstpointer a, gconstpointer b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Adds the steps of one chunk that aren't there yet; a chunk without the column is at step 0. */
static bool
add_steps(const MoeTrace *trace, int chunk, GHashTable *seen, GError **error)
{
    g_autofree char *name = g_strdup_printf("tokens/%05d.step", chunk);
    MoeArray column;
    if (moe_trace_tokens(trace, chunk) == 0)
        return true;
    if (!moe_trace_has(trace, name)) {
        g_hash_table_add(seen, GINT_TO_POINTER(0));
        return true;
    }
    if (!moe_trace_read(trace, name, &column, error))
        return false;
    int32_t last = -1;
    for (int64_t i = 0; i < moe_array_count(&column); i++) {
        int32_t step = (int32_t)moe_array_value(&column, i);
        if (i == 0 || step != last)
            g_hash_table_add(seen, GINT_TO_POINTER(step));
        last = step;
    }
    g_free((gpointer)column.data);
    return true;
}

/* Ascending; NULL with *error. (transfer full, of int32_t) */
static GArray *
token_steps(const MoeTrace *trace, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (int i = 0; i < moe_trace_chunks(trace); i++)
        if (!add_steps(trace, i, seen, error))
            return NULL;
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(int32_t));
    GHashTableIter iterator;
    gpointer key;
    g_hash_table_iter_init(&iterator, seen);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        int32_t step = GPOINTER_TO_INT(key);
        g_array_append_val(steps, step);
    }
    g_array_sort(steps, ascending);
    return steps;
}

static bool
measure_tokens(MetricsReport *report, MetricsInput *input, const MoeTrace *trace, unsigned tallies,
               GError **error)
{
    g_autoptr(GArray) steps = token_steps(trace, error);
    bool good = steps != NULL;
    for (guint i = 0; good && i < steps->len; i++) {
        int32_t step = g_array_index(steps, int32_t, i);
        gint64 wide = step;
        const MoeSummaryOptions options = {
            .steps = MOE_STEPS_ONE,
            .step = step,
            .filter = report->query.filter,
            .tallies = tallies,
            .progress = cmd_progress_begin(),
        };
        g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, error);
        cmd_progress_end();
        good = summary && cmd_metrics_measure(report, input, summary, NULL, &wide, error);
    }
    return good;
}

/* --- State ------------------------------------------------------------------------------------*/

/* Adds the load of a step to that of no known domain. */
static void
fill(MoeSummary *summary, int router, const MoeSummaryCell *from)
{
    MoeSummaryCell *cell = moe_summary_fill(summary, router, MOE_DOMAIN_UNKNOWN);
    cell->units = from->units;
    cell->picks = from->picks;
    cell->dropped = from->dropped;
    for (int e = 0; e < cell->experts; e++)
        cell->count[e] = from->count[e];
    for (int j = 0; j <= cell->experts; j++)
        cell->making[j] = from->making[j];
}

/* The load of the i-th step of all routers. states: of MoeStates. */
static MoeSummary *
summary_at(const MoeTrace *trace, const GPtrArray *states, int64_t i)
{
    g_autofree MoeRouterInfo *routers = g_new(MoeRouterInfo, states->len);
    for (guint r = 0; r < states->len; r++)
        routers[r] = *moe_trace_router(trace, (int)r);
    MoeSummary *summary = moe_summary_new(routers, (int)states->len, NULL, 0, 0);
    for (guint r = 0; r < states->len; r++)
        fill(summary, (int)r, moe_states_cell(states->pdata[r], i));
    moe_summary_settle(summary);
    return summary;
}

static void
free_states(gpointer states)
{
    moe_states_free(states);
}

static bool
measure_state(MetricsReport *report, MetricsInput *input, const MoeTrace *trace, GError **error)
{
    g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func(free_states);
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        MoeStates *own = moe_states_read(trace, r, error);
        if (!own)
            return false;
        g_ptr_array_add(states, own);
    }
    int64_t steps = states->len > 0 ? moe_states_count(states->pdata[0]) : 0;
    bool good = true;
    for (int64_t i = 0; good && i < steps; i++) {
        gint64 step = moe_states_step(states->pdata[0], i);
        g_autoptr(MoeSummary) summary = summary_at(trace, states, i);
        good = cmd_metrics_measure(report, input, summary, NULL, &step, error);
    }
    return good;
}

bool
cmd_steps_measure(MetricsReport *report, MetricsInput *input, const CmdSource *source,
                  unsigned tallies, bool state, GError **error)
{
    if (!source->trace) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found a summary, which doesn't tell steps apart; --steps takes a trace");
        return false;
    }
    return state ? measure_state(report, input, source->trace, error)
                 : measure_tokens(report, input, source->trace, tallies, error);
}
