/* SPDX-License-Identifier: MIT
 *
 * compare-pass.c: goes through the picks of two traces in step. A thread takes one pair of routers
 * after the other; a pair is read once, and once more when its experts have been matched.
 */
#include "stats/columns.h"
#include "stats/compare-sample.h"
#include "stats/compare-scores.h"
#include "stats/errors.h"

#include <omp.h>

typedef struct Side {
    const MoeTrace *trace;
    const GArray *stretches;
    MoeColumns *columns; /* documents and domains */
} Side;

typedef struct Pass {
    MoeComparison *comparison;
    const MoeCompareOptions *options;
    Side a, b;
    bool domains_of_b;
    int done, total; /* chunks of all pairs; `done` is atomic */
    int stop;        /* atomic */
} Pass;

/* One side of a pair of routers, while it is read. */
typedef struct Reader {
    const Side *side;
    int router, chunk; /* chunk -1: none was read */
    MoeTraceView *view;
    const int *labels; /* other numbers of the experts; NULL: their own */
    MoeColumnsChunk place;
    const int32_t *doc, *domain; /* of the chunk; NULL: none */
    const GArray *runs;          /* of the chunk's tokens, MoeTallyRun; NULL: not found */
    guint run;                   /* that the last token was in */
} Reader;

typedef struct Walk {
    Pass *pass;
    MoePairSums *pair;
    MoeCompareLabels labels;
    MoeCounter *counter;
    Reader a, b;
    MoeSample *sample;    /* NULL: nothing is sampled on this walk */
    MoeScoreWalk *scores; /* NULL: there are no logits on both sides */
} Walk;

/* --- Reading ----------------------------------------------------------------------------------*/

static bool
report(const Pass *pass, int done)
{
    return moe_progress(pass->options->progress, done, pass->total, "comparing picks");
}

static bool
say_stopped(GError **error)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "comparing picks was stopped");
    return false;
}

static bool
go_on(Pass *pass, GError **error)
{
    int done = g_atomic_int_add(&pass->done, 1);
    /* Only the caller's thread may call the caller's function. */
    if (omp_get_thread_num() == 0 && !report(pass, done))
        g_atomic_int_set(&pass->stop, 1);
    return !g_atomic_int_get(&pass->stop) || say_stopped(error);
}

static bool
reader_load(Reader *reader, int chunk, GError **error)
{
    if (reader->chunk == chunk)
        return true;
    const MoeColumnsChunk *columns =
        moe__columns_get(reader->side->columns, chunk, &reader->place, error);
    if (!columns ||
        !moe_trace_view(reader->side->trace, chunk, reader->router, reader->view, error))
        return false;
    reader->doc = columns->column[MOE_COLUMN_DOC];
    reader->domain = columns->column[MOE_COLUMN_DOMAIN];
    reader->runs = columns->runs;
    reader->run = 0;
    reader->chunk = chunk;
    return true;
}

static MoeSidePicks
reader_picks(const Reader *reader, int64_t unit)
{
    MoeSidePicks all = moe__view_picks(reader->view, reader->labels);
    return moe__picks_from(&all, unit);
}

static bool
has_gates(const MoeTrace *trace, int router)
{
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.gate", c, router);
        if (moe_trace_has(trace, name))
            return true;
    }
    return false;
}

/* Gates of one side alone aren't looked at, and needn't be read. */
static Reader
reader_new(const Side *side, int router, bool gates)
{
    Reader reader = {.side = side, .router = router, .chunk = -1, .view = moe_trace_view_new()};
    moe_trace_view_wants(reader.view, gates ? MOE_VIEW_GATES_RAW : 0);
    return reader;
}

static void
reader_clear(Reader *reader)
{
    moe_trace_view_free(reader->view);
    moe__columns_chunk_clear(&reader->place);
}

/* --- Counting ---------------------------------------------------------------------------------*/

static int
group_of(const int32_t *doc, int64_t token)
{
    return doc ? (int)((uint32_t)doc[token] % MOE_SUMMARY_GROUPS) : 0;
}

static int
domain_of(const int32_t *domain, int64_t token)
{
    return domain ? domain[token] : MOE_DOMAIN_UNKNOWN;
}

/* Where the tokens end, of n, that belong where token `first` does. */
static int64_t
find_end(const int32_t *domain, const int32_t *doc, int64_t first, int64_t n)
{
    int own = domain_of(domain, first), group = group_of(doc, first);
    int64_t end = first;
    while (end < n && domain_of(domain, end) == own && group_of(doc, end) == group)
        end = moe__column_alike(domain, end, moe__column_alike(doc, end, n));
    return end;
}

/* The end of the run that a token of the chunk is in; tokens come in their order. */
static int64_t
run_end(Reader *reader, int64_t token)
{
    const MoeTallyRun *run = &g_array_index(reader->runs, MoeTallyRun, reader->run);
    for (; run->first + run->n <= token; run++)
        reader->run++;
    return run->first + run->n;
}

/* A column from a token on; NULL stays NULL. */
static const int32_t *
from(const int32_t *column, int64_t first)
{
    return column ? column + first : NULL;
}

/* Tokens of one domain and group of documents go to their row together. */
static bool
count_paired(Walk *walk, const MoePaired *paired, GError **error)
{
    const Pass *pass = walk->pass;
    MoePairSums *pair = walk->pair;
    const int64_t heads = pair->info.units_per_token;
    const int32_t *domain = pass->domains_of_b ? from(walk->b.domain, paired->first_b)
                                               : from(walk->a.domain, paired->first_a);
    const int32_t *doc =
        walk->a.doc ? from(walk->a.doc, paired->first_a) : from(walk->b.doc, paired->first_b);
    MoePairTables tables = {pair->info.experts_a, pair->info.experts_b,
                            (int64_t *)pair->matching.together, (int64_t *)pair->matching.first};
    bool fill = walk->labels == MOE_LABELS_OWN && pass->options->match;
    /* Runs are of the first side's columns. */
    bool by_runs = walk->a.runs && !pass->domains_of_b && (walk->a.doc || !walk->b.doc);
    for (int64_t t = 0, end; t < paired->n; t = end) {
        end = by_runs ? MIN(run_end(&walk->a, paired->first_a + t) - paired->first_a, paired->n)
                      : find_end(domain, doc, t, paired->n);
        MoeSidePicks a = reader_picks(&walk->a, (paired->first_a + t) * heads);
        MoeSidePicks b = reader_picks(&walk->b, (paired->first_b + t) * heads);
        int64_t *row = moe__comparison_row(pass->comparison, pair, walk->labels,
                                           domain_of(domain, t), group_of(doc, t));
        moe__counter_add(walk->counter, &a, &b, (end - t) * heads, &pair->shape, row,
                         fill ? &tables : NULL);
        const MoeScoreUnits units = {paired->chunk_a, paired->chunk_b,
                                     (paired->first_a + t) * heads, (paired->first_b + t) * heads,
                                     (end - t) * heads};
        if (walk->scores &&
            !moe__score_walk_count(walk->scores, &units, walk->b.labels, row, error))
            return false;
    }
    return true;
}

static void
take_sample(Walk *walk, const MoePaired *paired, int64_t done)
{
    const int64_t heads = walk->pair->info.units_per_token;
    MoeSidePicks a = reader_picks(&walk->a, paired->first_a * heads);
    MoeSidePicks b = reader_picks(&walk->b, paired->first_b * heads);
    moe__sample_take(walk->sample, &a, &b, done, paired->n);
}

static bool
walk_through(Walk *walk, GError **error)
{
    Pass *pass = walk->pass;
    MoePairing pairing = {.a = pass->a.stretches, .b = pass->b.stretches};
    MoePaired paired;
    walk->a.chunk = walk->b.chunk = -1;
    for (int64_t done = 0; moe__pairing_next(&pairing, &paired); done += paired.n) {
        if ((walk->a.chunk != paired.chunk_a && !go_on(pass, error)) ||
            !reader_load(&walk->a, paired.chunk_a, error) ||
            !reader_load(&walk->b, paired.chunk_b, error))
            return false;
        if (!count_paired(walk, &paired, error))
            return false;
        if (walk->sample)
            take_sample(walk, &paired, done);
    }
    return true;
}

/* --- One pair of routers ----------------------------------------------------------------------*/

/* Numbers of the second router's experts under which they meet those that they were matched with;
 * the others get numbers that the first router hasn't. (transfer full) */
static int *
labels_of(const int *to, int experts_a, int experts_b)
{
    int *labels = g_new(int, (gsize)experts_b), next = experts_a;
    for (int j = 0; j < experts_b; j++)
        labels[j] = -1;
    for (int i = 0; i < experts_a; i++)
        if (to[i] >= 0)
            labels[to[i]] = i;
    for (int j = 0; j < experts_b; j++)
        if (labels[j] < 0)
            labels[j] = next++;
    return labels;
}

static void
assign(const int64_t *together, int experts_a, int experts_b, int *to)
{
    gsize n = (gsize)experts_a * (gsize)experts_b;
    g_autofree double *gain = g_new(double, n);
    for (gsize i = 0; i < n; i++)
        gain[i] = (double)together[i];
    moe_assignment(gain, experts_a, experts_b, to);
}

static void
find_matching(MoeMatching *m)
{
    int *to = (int *)m->to;
    assign(m->together, m->experts_a, m->experts_b, to);
    for (int i = 0; i < m->experts_a; i++) {
        const int64_t *row = m->together + (gsize)i * (gsize)m->experts_b;
        m->own += i < m->experts_b ? row[i] : 0;
        m->matched += to[i] >= 0 ? row[to[i]] : 0;
        m->moved += to[i] >= 0 && to[i] != i;
    }
}

static void
count_shuffled(Walk *walk)
{
    MoePairSums *pair = walk->pair;
    MoeSample *sample = walk->sample;
    bool match = walk->pass->options->match;
    int experts_a = pair->info.experts_a, experts_b = pair->info.experts_b;
    MoeSidePicks a = moe__sample_picks(sample, 0), b = moe__sample_picks(sample, 1);
    g_autofree int64_t *together = NULL, *first = NULL;
    if (match) {
        together = g_new0(int64_t, (gsize)experts_a * (gsize)experts_b);
        first = g_new0(int64_t, (gsize)experts_a * (gsize)experts_b);
    }
    MoePairTables tables = {experts_a, experts_b, together, first};
    moe__counter_add(walk->counter, &a, &b, sample->units, &pair->shape, pair->shuffled[0],
                     match ? &tables : NULL);
    if (!match)
        return;
    g_autofree int *to = g_new(int, (gsize)experts_a);
    assign(together, experts_a, experts_b, to);
    g_autofree int *labels = labels_of(to, experts_a, experts_b);
    b.labels = labels;
    moe__counter_add(walk->counter, &a, &b, sample->units, &pair->shape, pair->shuffled[1], NULL);
}

static bool
compare_pair(Pass *pass, int index, GError **error)
{
    MoePairSums *pair = &pass->comparison->pairs[index];
    const MoeCompareOptions *options = pass->options;
    g_autoptr(MoeCounter) counter = moe__counter_new(pair->shape.experts);
    g_autoptr(MoeSample) sample = NULL;
    g_autofree int *labels = NULL;
    if (options->shuffle)
        sample = moe__sample_new(&pair->info, pass->comparison->tokens, options->seed);
    int64_t units = pass->comparison->tokens * pair->info.units_per_token;
    g_autoptr(MoeScoreWalk) scores =
        moe__score_walk_new(pass->a.trace, pass->b.trace, &pair->info, units);
    bool gates = has_gates(pass->a.trace, pair->info.a) && has_gates(pass->b.trace, pair->info.b);
    Walk walk = {.pass = pass,
                 .pair = pair,
                 .labels = MOE_LABELS_OWN,
                 .counter = counter,
                 .a = reader_new(&pass->a, pair->info.a, gates),
                 .b = reader_new(&pass->b, pair->info.b, gates),
                 .sample = sample,
                 .scores = scores};
    bool ok = walk_through(&walk, error);
    if (ok && sample)
        count_shuffled(&walk);
    if (ok && sample && scores)
        moe__score_walk_shuffled(scores, pair->shuffled[0]);
    if (ok && options->match) {
        find_matching(&pair->matching);
        labels = labels_of(pair->matching.to, pair->info.experts_a, pair->info.experts_b);
        walk.labels = MOE_LABELS_MATCHED;
        walk.b.labels = labels;
        walk.sample = NULL;
        ok = walk_through(&walk, error);
    }
    reader_clear(&walk.a);
    reader_clear(&walk.b);
    return ok;
}

/* --- All of them ------------------------------------------------------------------------------*/

static bool
compare_pairs(Pass *pass, GError **error)
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

bool
moe__comparison_count(MoeComparison *comparison, const MoeCompareSide *a, const GArray *of_a,
                      const MoeCompareSide *b, const GArray *of_b, const MoeCompareOptions *options,
                      GError **error)
{
    Pass pass = {
        .comparison = comparison,
        .options = options,
        .a = {a->trace, of_a, NULL},
        .b = {b->trace, of_b, NULL},
        .domains_of_b = moe_trace_domains(a->trace) == 0,
        .total = comparison->n_pairs * moe_trace_chunks(a->trace) * (options->match ? 2 : 1),
    };
    MoeColumnsOptions columns = {.wanted = 1U << MOE_COLUMN_DOC | 1U << MOE_COLUMN_DOMAIN,
                                 .runs = true};
    pass.a.columns = moe__columns_new(a->trace, &columns, error);
    columns.runs = false;
    if (pass.a.columns)
        pass.b.columns = moe__columns_new(b->trace, &columns, error);
    bool ok = pass.b.columns && compare_pairs(&pass, error);
    moe__columns_free(pass.a.columns);
    moe__columns_free(pass.b.columns);
    return ok;
}
