/* SPDX-License-Identifier: MIT
 *
 * compare-pass.c: goes through the picks of two traces in step. A thread takes one pair of routers
 * after the other.
 */
#include "stats/compare-pass.h"

#include "stats/errors.h"

#include <omp.h>

/* --- Beginning and ending ---------------------------------------------------------------------*/

static bool
has_documents(const MoeTrace *trace)
{
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        g_autofree char *name = g_strdup_printf("tokens/%05d.doc", c);
        if (moe_trace_has(trace, name))
            return true;
    }
    return false;
}

bool
moe__compare_pass_init(MoeComparePass *pass, MoeComparison *comparison, const MoeTrace *a,
                       const GArray *of_a, const MoeTrace *b, const GArray *of_b,
                       const MoeCompareOptions *options, bool brought, GError **error)
{
    const unsigned places = 1U << MOE_COLUMN_DOC | 1U << MOE_COLUMN_DOMAIN;
    *pass = (MoeComparePass){
        .comparison = comparison,
        .options = options,
        .a = {a, of_a, NULL},
        .b = {b, of_b, NULL},
        .domains_of_b = moe_trace_domains(a) == 0 && moe_trace_domains(b) > 0,
        .total = comparison->n_pairs * moe_trace_chunks(a) * (options->match ? 2 : 1),
    };
    pass->by_runs = !pass->domains_of_b && (has_documents(a) || !has_documents(b));
    MoeColumnsOptions columns = {.wanted = places};
    if (pass->by_runs) {
        columns.runs = true;
        columns.passing = places;
    }
    /* Runs come with the chunks, but not when experts have been matched. */
    bool needed = !brought || !pass->by_runs || options->match;
    if (needed && !(pass->a.columns = moe__columns_new(a, &columns, error)))
        return false;
    return pass->by_runs || (pass->b.columns = moe__columns_new(b, &columns, error));
}

void
moe__compare_pass_clear(MoeComparePass *pass)
{
    g_clear_pointer(&pass->a.columns, moe__columns_free);
    g_clear_pointer(&pass->b.columns, moe__columns_free);
}

/* --- Progress ---------------------------------------------------------------------------------*/

static bool
report(const MoeComparePass *pass, int done)
{
    return moe_progress(pass->options->progress, done, pass->total, "comparing picks");
}

static bool
say_stopped(GError **error)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "comparing picks was stopped");
    return false;
}

bool
moe__compare_pass_go_on(MoeComparePass *pass, GError **error)
{
    int done = g_atomic_int_add(&pass->done, 1);
    /* Only the caller's thread may call the caller's function. */
    if (omp_get_thread_num() == 0 && !report(pass, done))
        g_atomic_int_set(&pass->stop, 1);
    return !g_atomic_int_get(&pass->stop) || say_stopped(error);
}

/* --- All pairs --------------------------------------------------------------------------------*/

int
moe__compare_pass_find(const MoeComparePass *pass, int router)
{
    for (int i = 0; i < pass->comparison->n_pairs; i++)
        if (pass->comparison->pairs[i].info.a == router)
            return i;
    return -1;
}

static bool
compare_pair(MoeComparePass *pass, int pair, GError **error)
{
    g_autoptr(MoeCompareWalk) walk = moe__compare_walk_new(pass, pair);
    return moe__compare_walk_through(walk, error) && moe__compare_walk_end(walk, error);
}

bool
moe__compare_pass_run(MoeComparePass *pass, GError **error)
{
    int n = pass->comparison->n_pairs;
    if (!report(pass, 0)) /* the caller's thread may come too late to count anything */
        return say_stopped(error);
    g_autofree GError **errors = g_new0(GError *, (gsize)n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(CLAMP(moe_threads(), 1, n))
    for (int i = 0; i < n; i++)
        if (!g_atomic_int_get(&pass->stop) && !compare_pair(pass, i, &errors[i]))
            g_atomic_int_set(&pass->stop, 1);

    return moe__take_first_error(errors, n, error);
}
