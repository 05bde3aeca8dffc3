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

/* Columns of the state, a row a step. */
typedef struct State {
    MoeArray step;
    int n_routers;
    MoeArray *load, *dropped; /* [n_routers]; data NULL: not there */
} State;

static void
state_clear(State *state)
{
    g_free((gpointer)state->step.data);
    for (int r = 0; r < state->n_routers; r++) {
        g_free((gpointer)state->load[r].data);
        g_free((gpointer)state->dropped[r].data);
    }
    g_free(state->load);
    g_free(state->dropped);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(State, state_clear)

/* One that isn't there leaves *out empty. */
static bool
read_column(const MoeTrace *trace, int router, const char *column, MoeArray *out, GError **error)
{
    g_autofree char *name = g_strdup_printf("state/r%03d.%s", router, column);
    g_autoptr(GError) problem = NULL;
    if (moe_trace_join(trace, name, out, &problem))
        return true;
    *out = (MoeArray){0};
    if (g_error_matches(problem, MOE_ERROR, MOE_ERROR_DATA))
        return true;
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static bool
read_state(State *state, const MoeTrace *trace, GError **error)
{
    int n = moe_trace_routers(trace);
    *state = (State){
        .n_routers = n, .load = g_new0(MoeArray, (gsize)n), .dropped = g_new0(MoeArray, (gsize)n)};
    if (!moe_trace_join(trace, "state/step", &state->step, NULL)) {
        state->step = (MoeArray){0};
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found no state of a training run, which --steps state shows");
        return false;
    }
    int64_t steps = moe_array_count(&state->step);
    for (int r = 0; r < n; r++) {
        int64_t expected = steps * moe_trace_router(trace, r)->experts;
        if (!read_column(trace, r, "load", &state->load[r], error) ||
            !read_column(trace, r, "dropped", &state->dropped[r], error))
            return false;
        if (!state->load[r].data || moe_array_count(&state->load[r]) != expected ||
            (state->dropped[r].data && moe_array_count(&state->dropped[r]) != expected)) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                        "state of router %d: found no load of %" G_GINT64_FORMAT " steps", r,
                        steps);
            return false;
        }
    }
    return true;
}

/* Units aren't in the state: as many as make these picks, k each (1 where k varies). */
static void
fill_cell(MoeSummaryCell *cell, const State *state, int router, int64_t row, int k)
{
    for (int e = 0; e < cell->experts; e++) {
        int64_t at = row * cell->experts + e;
        cell->count[e] = (int64_t)moe_array_value(&state->load[router], at);
        cell->picks += cell->count[e];
        if (state->dropped[router].data)
            cell->dropped += (int64_t)moe_array_value(&state->dropped[router], at);
    }
    cell->units = cell->picks / MAX(k, 1);
    cell->making[CLAMP(k, 1, cell->experts)] = cell->units;
}

static MoeSummary *
summary_at(const MoeTrace *trace, const State *state, int64_t row)
{
    g_autofree MoeRouterInfo *routers = g_new(MoeRouterInfo, (gsize)state->n_routers);
    for (int r = 0; r < state->n_routers; r++)
        routers[r] = *moe_trace_router(trace, r);
    MoeSummary *summary = moe_summary_new(routers, state->n_routers, NULL, 0, 0);
    for (int r = 0; r < state->n_routers; r++)
        fill_cell(moe_summary_fill(summary, r, MOE_DOMAIN_UNKNOWN), state, r, row, routers[r].k);
    moe_summary_settle(summary);
    return summary;
}

static bool
measure_state(MetricsReport *report, MetricsInput *input, const MoeTrace *trace, GError **error)
{
    g_auto(State) state = {0};
    bool good = read_state(&state, trace, error);
    for (int64_t row = 0; good && row < moe_array_count(&state.step); row++) {
        gint64 step = (gint64)moe_array_value(&state.step, row);
        g_autoptr(MoeSummary) summary = summary_at(trace, &state, row);
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
