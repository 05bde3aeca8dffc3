/* SPDX-License-Identifier: MIT */
#include "against.h"

#include "metric-choice.h"
#include "source.h"

bool
cmd_against_open(CmdAgainst *against, const char *path, GError **error)
{
    *against = (CmdAgainst){.path = cmd_trace_path(path), .checked = cmd_checked_new()};
    against->trace = cmd_trace_open(against->path, error);
    if (!against->trace)
        cmd_against_clear(against);
    return against->trace != NULL;
}

void
cmd_against_clear(CmdAgainst *against)
{
    g_clear_pointer(&against->path, g_free);
    g_clear_pointer(&against->trace, moe_trace_free);
    g_clear_pointer(&against->checked, g_ptr_array_unref);
}

MoeComparison *
cmd_against_count(const CmdAgainst *against, const MoeTrace *trace,
                  const MoeSummaryOptions *counting, MoeSummary **summary, GError **error)
{
    int n;
    g_autofree int *layers = cmd_layers_of(trace, against->layers, &n);
    const MoeCompareSide a = {.trace = trace, .steps = MOE_STEPS_LAST};
    const MoeCompareSide b = {.trace = against->trace, .steps = MOE_STEPS_LAST};
    const MoeCompareOptions options = {
        .layers = layers,
        .n_layers = n,
        .shuffle = true,
        .seed = against->seed,
        .filter = counting->filter,
        .progress = counting->progress,
    };
    return moe_compare_and_count(&a, &b, &options, counting, summary, error);
}
