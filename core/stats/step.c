/* SPDX-License-Identifier: MIT
 *
 * step.c: the steps that a trace has, and the one of them that is counted.
 */
#include "stats/step.h"

/* Widens low … high by the steps of one chunk; a chunk without steps is at step 0. */
static bool
widen_steps(const MoeTrace *trace, int chunk, int32_t *low, int32_t *high, GError **error)
{
    MoeArray steps;
    g_autofree char *name = g_strdup_printf("tokens/%05d.step", chunk);
    if (moe_trace_tokens(trace, chunk) == 0)
        return true;
    if (!moe_trace_has(trace, name)) {
        *low = MIN(*low, 0);
        *high = MAX(*high, 0);
        return true;
    }
    if (!moe_trace_read(trace, name, &steps, error))
        return false;
    g_autofree const int32_t *values = steps.data;
    if (steps.type != MOE_I32) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: type <i4 was expected", name);
        return false;
    }
    for (int64_t i = 0, n = moe_array_count(&steps); i < n; i++) {
        *low = MIN(*low, values[i]);
        *high = MAX(*high, values[i]);
    }
    return true;
}

bool
moe__step_range(const MoeTrace *trace, int32_t *low, int32_t *high, GError **error)
{
    *low = INT32_MAX;
    *high = INT32_MIN;
    for (int i = 0; i < moe_trace_chunks(trace); i++)
        if (!widen_steps(trace, i, low, high, error))
            return false;
    if (*low <= *high)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "the trace has no tokens");
    return false;
}

bool
moe__choose_step(const MoeTrace *trace, const MoeSummaryOptions *options, int32_t *step,
                 GError **error)
{
    int32_t low, high;
    if (!moe__step_range(trace, &low, &high, error))
        return false;
    *step = options->steps == MOE_STEPS_LAST ? high : options->step;
    if (low <= *step && *step <= high)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "no token was recorded at step %d; the trace has steps %d … %d", *step, low, high);
    return false;
}
