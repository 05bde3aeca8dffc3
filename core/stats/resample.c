/* SPDX-License-Identifier: MIT
 *
 * resample.c: metrics of cells that are put together anew from groups of documents, drawn with
 * replacement.
 */
#include "stats/interval.h"
#include "stats/kinds.h"
#include "stats/summary.h"

#include <math.h>
#include <string.h>

/* Tallies that are wanted of every domain apart, where domains are. */
static const MoeTally *const of_domains[] = {&moe__tally_load, &moe__tally_documents};
enum { OF_DOMAINS = G_N_ELEMENTS(of_domains) };

/* What all replicates of some metrics share. Tallies with large tables keep fewer groups apart; so
 * that an interval doesn't depend on which other metrics are asked for, metrics are gathered by the
 * groups that their own tallies allow. */
typedef struct Draws {
    const MoeSummary *summary;
    int router, domain;
    int n_groups; /* a power of two */
    int occupied[MOE_SUMMARY_GROUPS], n_occupied;
    const MoeMetric *const *metrics; /* all that were asked for */
    const int *index;                /* [n] those of them at hand */
    int n;
    unsigned tallies;
    bool domains_apart;
    uint64_t seed;
    MoeFolded *folded[MOE_N_TALLIES]; /* NULL: not needed, or the router hasn't it */
    MoeFolded **domains[OF_DOMAINS];  /* [domains]; NULL: not needed */
    const MoeKinds *kinds;            /* of one of them; NULL: of all experts */
    int kind;
} Draws;

/* --- One replicate ----------------------------------------------------------------------------*/

/* Where a tally's cell belongs. */
static void
place_cell(MoeMetricCell *cell, unsigned bit, void *sums)
{
    switch (bit) {
    case MOE_TALLY_LOAD:
        cell->summary = sums;
        break;
    case MOE_TALLY_ORDER:
        cell->order = sums;
        break;
    case MOE_TALLY_PAIRS:
        cell->pairs = sums;
        break;
    case MOE_TALLY_ADJACENT:
        cell->adjacent = sums;
        break;
    case MOE_TALLY_FLOW:
        cell->flow = sums;
        break;
    case MOE_TALLY_FLOW_PICKS:
        cell->flow_picks = sums;
        break;
    case MOE_TALLY_PLACES:
        cell->places = sums;
        break;
    case MOE_TALLY_HEADS:
        cell->heads = sums;
        break;
    case MOE_TALLY_SCORES:
        cell->scores = sums;
        break;
    case MOE_TALLY_CACHES:
        cell->caches = sums;
        break;
    case MOE_TALLY_DOCUMENTS:
        cell->documents = sums;
        break;
    case MOE_TALLY_RANKS:
        cell->ranks = sums;
        break;
    default:
        g_assert_not_reached();
    }
}

/* The cells of one thread, filled anew for each replicate. */
typedef struct Scratch {
    void *cells[MOE_N_TALLIES]; /* NULL: not needed, or the router hasn't it */
    void **domains[OF_DOMAINS]; /* [n_domains], NULL: not needed */
    int n_domains;
    MoeMetricCell cell;
    MoeKindPart *part; /* of the cell; NULL: of all experts */
} Scratch;

static const MoeTables *
tables_of(const Draws *draws, const MoeTally *tally)
{
    return moe__summary_tables(draws->summary, tally->bit);
}

static const MoeTallyShape *
shape_of(const Draws *draws, const MoeTally *tally)
{
    return moe__tables_shape(tables_of(draws, tally), draws->router);
}

static Scratch
scratch_new(const Draws *draws)
{
    Scratch scratch = {.cell = {.router = draws->router}};
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        const MoeTally *tally = moe__tallies[i];
        if (!draws->folded[i])
            continue;
        scratch.cells[i] = moe__cell_new(tally, shape_of(draws, tally));
        place_cell(&scratch.cell, tally->bit, scratch.cells[i]);
    }
    scratch.n_domains = draws->domains_apart ? moe_summary_domains(draws->summary) : 0;
    for (int i = 0; i < OF_DOMAINS && draws->domains_apart; i++) {
        if (!draws->domains[i])
            continue;
        scratch.domains[i] = g_new(void *, (gsize)scratch.n_domains);
        for (int d = 0; d < scratch.n_domains; d++)
            scratch.domains[i][d] = moe__cell_new(of_domains[i], shape_of(draws, of_domains[i]));
    }
    scratch.cell.domains = (const MoeSummaryCell *const *)scratch.domains[0];
    scratch.cell.domain_documents = (const MoeDocumentCell *const *)scratch.domains[1];
    scratch.cell.n_domains = scratch.n_domains;
    if (draws->kinds)
        scratch.part = moe_kind_part(&scratch.cell, draws->kinds, draws->kind);
    return scratch;
}

static void
scratch_clear(Scratch *scratch)
{
    for (int i = 0; i < MOE_N_TALLIES; i++)
        if (scratch->cells[i])
            moe__cell_free(moe__tallies[i], scratch->cells[i]);
    for (int i = 0; i < OF_DOMAINS; i++) {
        for (int d = 0; scratch->domains[i] && d < scratch->n_domains; d++)
            moe__cell_free(of_domains[i], scratch->domains[i][d]);
        g_free(scratch->domains[i]);
    }
    moe_kind_part_free(scratch->part);
}

static void
refill(const Draws *draws, const MoeTally *tally, const MoeFolded *folded, const int64_t *weights,
       void *cell)
{
    moe__cell_clear(tally, shape_of(draws, tally), cell);
    moe__folded_weighted(folded, weights, cell);
}

/* The same replicate draws the same groups for every router, if they have the same documents. */
static void
draw_weights(const Draws *draws, int replicate, int64_t *weights)
{
    MoeRng rng = moe_rng(draws->seed, (uint64_t)replicate);
    memset(weights, 0, MOE_SUMMARY_GROUPS * sizeof *weights);
    for (int i = 0; i < draws->n_occupied; i++)
        weights[draws->occupied[moe_rng_below(&rng, (uint64_t)draws->n_occupied)]]++;
}

/* values[i * stride]: metric i of draws->index. */
static void
measure_replicate(const Draws *draws, Scratch *scratch, int replicate, double *values, int stride)
{
    int64_t weights[MOE_SUMMARY_GROUPS];
    draw_weights(draws, replicate, weights);
    for (int i = 0; i < MOE_N_TALLIES; i++)
        if (scratch->cells[i])
            refill(draws, moe__tallies[i], draws->folded[i], weights, scratch->cells[i]);
    for (int i = 0; i < OF_DOMAINS; i++)
        for (int d = 0; scratch->domains[i] && d < scratch->n_domains; d++)
            refill(draws, of_domains[i], draws->domains[i][d], weights, scratch->domains[i][d]);
    if (scratch->part)
        moe__kind_part_take(scratch->part, &scratch->cell);
    const MoeMetricCell *cell = scratch->part ? moe_kind_part_cell(scratch->part) : &scratch->cell;
    for (int i = 0; i < draws->n; i++)
        values[(gsize)i * (gsize)stride] = moe_metric_value(draws->metrics[draws->index[i]], cell);
}

/* --- All of them ------------------------------------------------------------------------------*/

static void
find_occupied(Draws *draws)
{
    const MoeTables *load = tables_of(draws, &moe__tally_load);
    draws->n_occupied = 0;
    for (int g = 0; g < draws->n_groups; g++)
        if (moe__tables_occupied(load, draws->router, draws->domain, g, draws->n_groups))
            draws->occupied[draws->n_occupied++] = g;
}

static void
find_intervals(const Draws *draws, const MoeResampleOptions *options, double *values,
               MoeInterval *intervals)
{
    const MoeSummaryCell **domains =
        g_newa(const MoeSummaryCell *, (gsize)moe_summary_domains(draws->summary) + 1);
    const MoeMetricCell all =
        moe_metric_cell(draws->summary, NULL, draws->router, draws->domain, domains);
    g_autoptr(MoeKindPart) part =
        draws->kinds ? moe_kind_part(&all, draws->kinds, draws->kind) : NULL;
    const MoeMetricCell *cell = part ? moe_kind_part_cell(part) : &all;
    for (int i = 0; i < draws->n; i++) {
        const MoeMetric *metric = draws->metrics[draws->index[i]];
        double low, high, value = moe_metric_value(metric, cell);
        moe_metric_range(metric, cell, &low, &high);
        /* Rounding may have put the value itself a hair outside. */
        intervals[draws->index[i]] = moe__bootstrap_interval(
            value, values + (gsize)i * (gsize)options->replicates, options->replicates,
            draws->n_occupied, options->level, fmin(low, value), fmax(high, value));
    }
}

static void
fold(Draws *draws)
{
    int n = draws->domains_apart ? moe_summary_domains(draws->summary) : 0;
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        const MoeTally *tally = moe__tallies[i];
        const MoeTables *tables = draws->tallies & tally->bit ? tables_of(draws, tally) : NULL;
        if (tables)
            draws->folded[i] =
                moe__tables_fold(tables, draws->router, draws->domain, draws->n_groups);
    }
    for (int i = 0; i < OF_DOMAINS && n > 0; i++) {
        const MoeTables *tables =
            draws->tallies & of_domains[i]->bit ? tables_of(draws, of_domains[i]) : NULL;
        if (!tables || moe__tables_plan_of(tables).whole || !moe__tables_has(tables, draws->router))
            continue;
        draws->domains[i] = g_new0(MoeFolded *, (gsize)n + 1);
        for (int d = 0; d < n; d++)
            draws->domains[i][d] = moe__tables_fold(tables, draws->router, d, draws->n_groups);
    }
}

static void
unfold(Draws *draws)
{
    for (int i = 0; i < MOE_N_TALLIES; i++)
        moe__folded_free(draws->folded[i]);
    for (int i = 0; i < OF_DOMAINS; i++) {
        for (int d = 0; draws->domains[i] && draws->domains[i][d]; d++)
            moe__folded_free(draws->domains[i][d]);
        g_free(draws->domains[i]);
    }
}

/* Replicates are apart from each other, so that threads share nothing but what they read. */
static void
resample(Draws *draws, const MoeResampleOptions *options, MoeInterval *intervals)
{
    int n = options->replicates;
    g_autofree double *values = g_new(double, (gsize)draws->n *(gsize)n);
    fold(draws);
#pragma omp parallel num_threads(moe_threads())
    {
        Scratch scratch = scratch_new(draws);
#pragma omp for schedule(static)
        for (int i = 0; i < n; i++)
            measure_replicate(draws, &scratch, i, values + i, n);
        scratch_clear(&scratch);
    }
    unfold(draws);
    find_intervals(draws, options, values, intervals);
}

int
moe_metric_groups(const MoeSummary *summary, const MoeMetric *metric)
{
    int groups = MOE_SUMMARY_GROUPS;
    if (moe_metric_no_interval(metric) || moe_metric_interval_needs_trace(metric))
        return 0;
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        const MoeTally *tally = moe__tallies[i];
        if (tally != &moe__tally_load && !(metric->needs & tally->bit))
            continue;
        const MoeTables *tables = moe__summary_tables(summary, tally->bit);
        groups = tables ? MIN(groups, moe__tables_plan_of(tables).groups) : 0;
    }
    return groups;
}

void
moe_metric_intervals(const MoeSummary *summary, int router, int domain,
                     const MoeMetric *const *metrics, int n, const MoeResampleOptions *options,
                     MoeInterval *intervals)
{
    moe_metric_kind_intervals(summary, router, domain, NULL, 0, metrics, n, options, intervals);
}

void
moe_metric_kind_intervals(const MoeSummary *summary, int router, int domain, const MoeKinds *kinds,
                          int kind, const MoeMetric *const *metrics, int n,
                          const MoeResampleOptions *options, MoeInterval *intervals)
{
    MoeResampleOptions all = moe__resample_defaults(options);
    g_autofree int *index = g_new(int, (gsize)n);
    for (int i = 0; i < n; i++)
        intervals[i] = (MoeInterval){NAN, NAN, 0};
    for (int groups = MOE_RESAMPLE_LEAST; groups <= MOE_SUMMARY_GROUPS; groups *= 2) {
        Draws draws = {.summary = summary, .router = router, .domain = domain};
        draws.n_groups = groups;
        draws.metrics = metrics;
        draws.index = index;
        draws.tallies = MOE_TALLY_LOAD;
        draws.seed = all.seed;
        draws.kinds = kinds;
        draws.kind = kind;
        for (int i = 0; i < n; i++)
            if (moe_metric_groups(summary, metrics[i]) == groups) {
                index[draws.n++] = i;
                draws.tallies |= metrics[i]->needs;
            }
        draws.domains_apart = domain == MOE_DOMAIN_ALL && draws.tallies & MOE_NEEDS_DOMAINS;
        find_occupied(&draws);
        for (int i = 0; i < draws.n; i++)
            intervals[index[i]].groups = draws.n_occupied;
        if (draws.n > 0 && draws.n_occupied >= MOE_RESAMPLE_LEAST)
            resample(&draws, &all, intervals);
    }
}
