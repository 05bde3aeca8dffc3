/* SPDX-License-Identifier: MIT
 *
 * states.c: what a run recorded of each training step.
 */
#include <moescope/summary.h>

struct MoeStates {
    int64_t n;
    int64_t *step;        /* [n] */
    int64_t *load, *drop; /* [n × experts]; drop NULL: not recorded */
    double *prob;         /* [n × experts], NULL: not recorded */
    int k;                /* 0: varies */
    MoeSummaryCell cell;  /* of the step that was asked for last */
    int making;           /* where its units stand in cell.making */
};

/* A column of n rows (0: as many as it has) of `wide` (1: single numbers), of one type. *out stays
 * NULL where the trace has none. */
static bool
read_column(const MoeTrace *trace, const char *name, MoeType type, int64_t *n, int wide, void **out,
            GError **error)
{
    MoeArray array;
    GError *problem = NULL;
    if (!moe_trace_join(trace, name, &array, &problem)) {
        if (!g_error_matches(problem, MOE_ERROR, MOE_ERROR_DATA)) {
            g_propagate_error(error, problem);
            return false;
        }
        g_clear_error(&problem);
        return true;
    }
    *out = (gpointer)array.data;
    if (*n == 0)
        *n = array.shape[0];
    if (array.type == type && array.shape[0] == *n && moe_array_count(&array) == *n * wide)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: another type or shape was found, %" G_GINT64_FORMAT
                " rows of %d numbers were expected",
                name, *n, wide);
    return false;
}

static bool
read_columns(MoeStates *states, const MoeTrace *trace, int router, GError **error)
{
    g_autofree char *load = g_strdup_printf("state/r%03d.load", router);
    g_autofree char *drop = g_strdup_printf("state/r%03d.dropped", router);
    g_autofree char *prob = g_strdup_printf("state/r%03d.prob", router);
    int experts = states->cell.experts;
    return read_column(trace, "state/step", MOE_I64, &states->n, 1, (void **)&states->step,
                       error) &&
           read_column(trace, load, MOE_I64, &states->n, experts, (void **)&states->load, error) &&
           read_column(trace, drop, MOE_I64, &states->n, experts, (void **)&states->drop, error) &&
           read_column(trace, prob, MOE_F64, &states->n, experts, (void **)&states->prob, error);
}

MoeStates *
moe_states_read(const MoeTrace *trace, int router, GError **error)
{
    g_return_val_if_fail(router >= 0 && router < moe_trace_routers(trace), NULL);
    const MoeRouterInfo *info = moe_trace_router(trace, router);
    gsize experts = (gsize)info->experts;
    g_autoptr(MoeStates) states = g_new0(MoeStates, 1);
    states->k = info->k;
    states->cell = (MoeSummaryCell){.experts = info->experts,
                                    .making = g_new0(int64_t, experts + 1),
                                    .first = g_new0(int64_t, experts),
                                    .gate_sum = g_new0(double, experts)};
    if (!read_columns(states, trace, router, error))
        return NULL;
    if (states->step && states->load && states->n > 0)
        return g_steal_pointer(&states);
    g_set_error(
        error, MOE_ERROR, MOE_ERROR_DATA,
        "router %d: the trace has no load of training steps (state/step), which those of runs have",
        router);
    return NULL;
}

void
moe_states_free(MoeStates *states)
{
    if (!states)
        return;
    g_free(states->step);
    g_free(states->load);
    g_free(states->drop);
    g_free(states->prob);
    g_free(states->cell.making);
    g_free(states->cell.first);
    g_free(states->cell.gate_sum);
    g_free(states);
}

int64_t
moe_states_count(const MoeStates *states)
{
    return states->n;
}

int64_t
moe_states_step(const MoeStates *states, int64_t i)
{
    return states->step[i];
}

const MoeSummaryCell *
moe_states_cell(MoeStates *states, int64_t i)
{
    MoeSummaryCell *cell = &states->cell;
    int64_t *drop = states->drop ? states->drop + i * cell->experts : NULL;
    cell->count = states->load + i * cell->experts;
    cell->picks = cell->dropped = 0;
    for (int e = 0; e < cell->experts; e++) {
        cell->picks += cell->count[e];
        cell->dropped += drop ? drop[e] : 0;
    }
    int k = states->k ? states->k : 1;
    cell->making[states->making] = 0;
    states->making = MIN(k, cell->experts);
    cell->units = cell->making[states->making] = cell->picks / k;
    return cell;
}

const double *
moe_states_prob(const MoeStates *states, int64_t i)
{
    return states->prob ? states->prob + i * states->cell.experts : NULL;
}

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

MoeSummary *
moe_states_summary(const MoeTrace *trace, MoeStates *const *states, int64_t i)
{
    int n = moe_trace_routers(trace);
    g_autofree MoeRouterInfo *routers = g_new(MoeRouterInfo, (gsize)n + 1);
    for (int r = 0; r < n; r++)
        routers[r] = *moe_trace_router(trace, r);
    MoeSummary *summary = moe_summary_new(routers, n, NULL, 0, 0);
    for (int r = 0; r < n; r++)
        fill(summary, r, moe_states_cell(states[r], i));
    moe_summary_settle(summary);
    return summary;
}
