/* SPDX-License-Identifier: MIT
 *
 * trace-intervals.c: intervals of metrics that summaries don't keep apart by documents: of token
 * ids, and of paths through all routers. They come from another look at the trace.
 */
#include "stats/errors.h"
#include "stats/interval.h"
#include "stats/jackknife.h"
#include "stats/paths.h"
#include "stats/step.h"

#include <math.h>

enum { GROUPS = MOE_JACKKNIFE_GROUPS };

MoeInterval
moe__jackknife_interval(double value, const double *without, int n, double level, double low,
                        double high)
{
    MoeInterval interval = {NAN, NAN, n};
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++)
        mean += without[i] / n;
    for (int i = 0; i < n; i++)
        squares += (without[i] - mean) * (without[i] - mean);
    if (n < MOE_RESAMPLE_LEAST || !isfinite(value) || !isfinite(squares))
        return interval;
    double error = sqrt(squares * (n - 1) / n);
    double half = error * moe__student_quantile((1 + level) / 2, n - 1);
    /* Rounding may have put the value itself a hair outside. */
    interval.low = CLAMP(value - half, fmin(low, value), value);
    interval.high = CLAMP(value + half, value, fmax(high, value));
    return interval;
}

bool
moe_metric_interval_needs_trace(const MoeMetric *metric)
{
    return metric->needs & (MOE_TALLY_TOKENS | MOE_OF_PATHS);
}

/* Room for the metrics among `from` that have a need, and no other beside the load. */
typedef struct Wanted {
    MoeLeftOut out;
    int *index; /* [out.n] of them in `from` */
} Wanted;

static void
wanted_clear(Wanted *wanted)
{
    g_free((gpointer)wanted->out.metrics);
    g_free(wanted->out.value);
    g_free(wanted->out.low);
    g_free(wanted->out.high);
    g_free(wanted->out.without);
    g_free(wanted->index);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, wanted_clear)

static Wanted
find_wanted(const MoeMetric *const *from, int n, unsigned need, unsigned allowed)
{
    gsize most = (gsize)n + 1;
    const MoeMetric **metrics = g_new(const MoeMetric *, most);
    Wanted wanted = {.index = g_new(int, most)};
    for (int i = 0; i < n; i++)
        if ((from[i]->needs & need) && !(from[i]->needs & ~(need | allowed))) {
            metrics[wanted.out.n] = from[i];
            wanted.index[wanted.out.n++] = i;
        }
    wanted.out.metrics = metrics;
    wanted.out.value = g_new(double, most);
    wanted.out.low = g_new(double, most);
    wanted.out.high = g_new(double, most);
    wanted.out.without = g_new(double, most *GROUPS);
    return wanted;
}

static void
set_intervals(const Wanted *wanted, int groups, double level, MoeInterval *intervals)
{
    const MoeLeftOut *out = &wanted->out;
    for (int i = 0; i < out->n; i++)
        intervals[wanted->index[i]] =
            moe__jackknife_interval(out->value[i], out->without + (gsize)i * GROUPS, groups, level,
                                    out->low[i], out->high[i]);
}

/* --- Tokens -----------------------------------------------------------------------------------*/

typedef struct Job {
    const MoeTrace *trace;
    const MoeColumns *columns;
    const MoeMetric *const *metrics;
    int n;
    double level;
} Job;

static bool
of_router(const Job *job, int router, MoeInterval *intervals, GError **error)
{
    g_auto(Wanted) wanted = find_wanted(job->metrics, job->n, MOE_TALLY_TOKENS, MOE_TALLY_LOAD);
    int groups = moe__jackknife_tokens(job->trace, job->columns, router, &wanted.out, error);
    if (groups >= 0)
        set_intervals(&wanted, groups, job->level, intervals);
    return groups >= 0;
}

static bool
of_routers(const Job *job, const int *routers, int n, MoeInterval *intervals, GError **error)
{
    g_autofree GError **errors = g_new0(GError *, (gsize)n + 1);
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int i = 0; i < n; i++)
        of_router(job, routers[i], intervals + (gsize)i * (gsize)job->n, &errors[i]);
    return moe__take_first_error(errors, n, error);
}

static bool
of_tokens(Job *job, const MoeSummaryOptions *counted, const int *routers, int n,
          MoeInterval *intervals, GError **error)
{
    int32_t chosen_step;
    const int32_t *step = counted->steps != MOE_STEPS_ALL ? &chosen_step : NULL;
    g_autoptr(MoeTokenSet) chosen = NULL;
    if (step && !moe__choose_step(job->trace, counted, &chosen_step, error))
        return false;
    if (counted->filter && !(chosen = moe_token_set_new(job->trace, counted->filter, error)))
        return false;
    const MoeColumnsOptions options = {
        .wanted = 1U << MOE_COLUMN_ID | 1U << MOE_COLUMN_DOC | (step ? 1U << MOE_COLUMN_STEP : 0U),
        .runs = true,
        .step = step,
        .chosen = chosen,
        .order = true,
    };
    MoeColumns *columns = moe__columns_new(job->trace, &options, error);
    job->columns = columns;
    bool good = columns && of_routers(job, routers, n, intervals, error);
    moe__columns_free(columns);
    return good;
}

/* --- Paths ------------------------------------------------------------------------------------*/

/* They are told with the last router. */
static bool
of_paths(const Job *job, const MoeSummaryOptions *counted, const int *routers, int n,
         MoeInterval *intervals, GError **error)
{
    int64_t step = counted->step;
    g_auto(Wanted) wanted =
        find_wanted(job->metrics, job->n, MOE_OF_PATHS, MOE_TALLY_FLOW | MOE_NEEDS_TRACE);
    int last = moe_trace_routers(job->trace) - 1, at = 0;
    while (at < n && routers[at] != last)
        at++;
    if (wanted.out.n == 0 || at == n || !moe__paths_defined(job->trace))
        return true;
    int groups = moe__jackknife_paths(job->trace, counted->steps == MOE_STEPS_ONE ? &step : NULL,
                                      &wanted.out, error);
    if (groups >= 0)
        set_intervals(&wanted, groups, job->level, intervals + (gsize)at * (gsize)job->n);
    return groups >= 0;
}

bool
moe_metric_trace_intervals(const MoeTrace *trace, const MoeSummaryOptions *counted,
                           const int *routers, int n_routers, const MoeMetric *const *metrics,
                           int n, const MoeResampleOptions *options, MoeInterval *intervals,
                           GError **error)
{
    const MoeSummaryOptions all = {.steps = MOE_STEPS_ALL};
    const MoeResampleOptions how = moe__resample_defaults(options);
    Job job = {.trace = trace, .metrics = metrics, .n = n, .level = how.level};
    bool tokens = false;
    counted = counted ? counted : &all;
    for (int i = 0; i < n_routers * n; i++)
        intervals[i] = (MoeInterval){NAN, NAN, 0};
    for (int i = 0; i < n; i++)
        tokens = tokens || metrics[i]->needs & MOE_TALLY_TOKENS;
    if (tokens && !of_tokens(&job, counted, routers, n_routers, intervals, error))
        return false;
    return counted->filter || of_paths(&job, counted, routers, n_routers, intervals, error);
}
