/* SPDX-License-Identifier: MIT
 *
 * Steps that have tokens.
 */
#include "scope-steps.h"

ScopeSteps
scope_steps_of(ScopeFocus *focus, ScopeDocument *document)
{
    int n;
    const int32_t *steps = scope_document_steps(document, &n);
    gint64 wanted = scope_focus_get(focus, SCOPE_FOCUS_STEP);
    if (n < 2 || wanted < 0)
        return (ScopeSteps){.steps = MOE_STEPS_LAST};
    int i = n - 1;
    while (i > 0 && steps[i] > wanted)
        i--;
    return (ScopeSteps){MOE_STEPS_ONE, steps[i]};
}

MoeCompareSide
scope_steps_side(ScopeSteps steps, const MoeTrace *trace)
{
    int n = 0;
    MoeCompareSide side = {.trace = trace, .steps = MOE_STEPS_LAST};
    g_autofree int32_t *known =
        steps.steps == MOE_STEPS_ONE ? moe_trace_steps(trace, &n, NULL) : NULL;
    for (int i = 0; known && i < n; i++)
        if (known[i] == steps.step) {
            side.steps = MOE_STEPS_ONE;
            side.step = steps.step;
        }
    return side;
}

const MoeSummary *
scope_steps_summary(ScopeSteps steps, MoeFigureInput *input, unsigned tallies, GError **error)
{
    const MoeSummary *summary =
        moe_figure_input_summary(input, 0, tallies, steps.steps, steps.step, error);
    if (summary || moe_figure_input_trace(input, 0))
        return summary;
    g_clear_error(error);
    return moe_figure_input_summary(input, 0, MOE_TALLY_LOAD, MOE_STEPS_ALL, 0, error);
}
