/* SPDX-License-Identifier: MIT
 *
 * compare-walk.c: one pair of routers, chunk by chunk of the first side. Its experts are matched
 * when all chunks were seen, for which they are read once more.
 */
#include "stats/compare-pass.h"

#include "stats/compare-sample.h"
#include "stats/compare-scores.h"
#include "stats/groups.h"

/* One side of a pair of routers, while it is read. */
typedef struct Reader {
    const MoeCompareTrace *side;
    int router, chunk;      /* chunk -1: none was read */
    MoeTraceView *view;     /* to read to */
    const MoeTraceView *at; /* what was read */
    const uint64_t *sets;   /* of its picks; NULL: none were made */
    const int *labels;      /* other numbers of the experts; NULL: their own */
    MoeColumnsChunk place;
    const MoeColumnsChunk *columns; /* of the chunk; NULL: none are looked at */
    const MoeTallyRun *run;         /* that the last token was in; NULL: runs aren't looked at */
} Reader;

struct MoeCompareWalk {
    MoeComparePass *pass;
    MoePairSums *pair;
    MoeCompareLabels labels;
    MoeCounter *counter;
    bool gates; /* of both sides; those of one alone aren't looked at */
    Reader a, b;
    MoePairing pairing;
    MoePaired paired;     /* tokens that come next */
    bool more;            /* there are any */
    int64_t done;         /* tokens before them */
    MoeSample *sample;    /* NULL: nothing is sampled on this walk */
    MoeScoreWalk *scores; /* NULL: there are no logits on both sides */
};

/* --- Reading ----------------------------------------------------------------------------------*/

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

static Reader
reader_new(const MoeCompareTrace *side, int router, bool gates)
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

/* `brought`: the chunk's picks and runs, where they have been read; NULL: they are read. */
static bool
reader_load(Reader *reader, int chunk, const MoeTallyChunk *brought, GError **error)
{
    if (reader->chunk == chunk)
        return true;
    reader->chunk = -1;
    reader->columns = NULL;
    reader->run = NULL;
    reader->sets = NULL;
    if (brought) {
        reader->at = brought->view;
        reader->sets = brought->words == 1 ? brought->sets : NULL;
        reader->run = brought->runs;
    } else if (!moe_trace_view(reader->side->trace, chunk, reader->router, reader->view, error)) {
        return false;
    } else {
        reader->at = reader->view;
    }
    if (reader->side->columns &&
        !(reader->columns = moe__columns_get(reader->side->columns, chunk, &reader->place, error)))
        return false;
    if (!reader->run && reader->columns && reader->columns->runs)
        reader->run = (const MoeTallyRun *)(const void *)reader->columns->runs->data;
    reader->chunk = chunk;
    return true;
}

static MoeSidePicks
reader_picks(const Reader *reader, int64_t unit, bool gates)
{
    MoeSidePicks all = moe__view_picks(reader->at, reader->labels);
    all.sets = reader->sets;
    if (!gates) {
        all.gate16 = NULL;
        all.gate = NULL;
        all.gate64 = NULL;
    }
    return moe__picks_from(&all, unit);
}

/* A column from a token on; NULL where there is none. */
static const int32_t *
reader_column(const Reader *reader, MoeTokenColumn column, int64_t first)
{
    const int32_t *all = reader->columns ? reader->columns->column[column] : NULL;
    return all ? all + first : NULL;
}

/* --- Where tokens belong ----------------------------------------------------------------------*/

/* Tokens of one domain and group of documents. */
typedef struct Place {
    int domain, group;
    int64_t end; /* behind the last of them */
} Place;

static int
group_of(const int32_t *doc, int64_t token)
{
    return doc ? moe__document_group(doc[token]) : 0;
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

/* Runs are of the first side's columns; tokens come in their order. */
static Place
place_by_runs(Reader *reader, int64_t token)
{
    while (reader->run->first + reader->run->n <= token)
        reader->run++;
    const MoeTallyRun *run = reader->run;
    return (Place){run->domain, run->group, run->first + run->n};
}

static Place
place_by_columns(const MoeCompareWalk *walk, int64_t token, int64_t n)
{
    const MoePaired *paired = &walk->paired;
    const Reader *bearer = walk->pass->domains_of_b ? &walk->b : &walk->a;
    const int32_t *domain = reader_column(
        bearer, MOE_COLUMN_DOMAIN, walk->pass->domains_of_b ? paired->first_b : paired->first_a);
    const int32_t *doc = reader_column(&walk->a, MOE_COLUMN_DOC, paired->first_a);
    if (!doc)
        doc = reader_column(&walk->b, MOE_COLUMN_DOC, paired->first_b);
    return (Place){domain_of(domain, token), group_of(doc, token), find_end(domain, doc, token, n)};
}

/* Of a token of the n at hand. */
static Place
place_of(MoeCompareWalk *walk, int64_t token, int64_t n)
{
    if (!walk->pass->by_runs)
        return place_by_columns(walk, token, n);
    Place place = place_by_runs(&walk->a, walk->paired.first_a + token);
    place.end = MIN(place.end - walk->paired.first_a, n);
    return place;
}

/* --- Counting ---------------------------------------------------------------------------------*/

/* The next n tokens. */
static bool
count_paired(MoeCompareWalk *walk, int64_t n, GError **error)
{
    const MoePaired *paired = &walk->paired;
    MoePairSums *pair = walk->pair;
    const int64_t heads = pair->info.units_per_token;
    MoePairTables tables = {pair->info.experts_a, pair->info.experts_b,
                            (int64_t *)pair->matching.together, (int64_t *)pair->matching.first};
    bool fill = walk->labels == MOE_LABELS_OWN && walk->pass->options->match;
    for (int64_t t = 0, end; t < n; t = end) {
        Place place = place_of(walk, t, n);
        end = place.end;
        MoeSidePicks a = reader_picks(&walk->a, (paired->first_a + t) * heads, walk->gates);
        MoeSidePicks b = reader_picks(&walk->b, (paired->first_b + t) * heads, walk->gates);
        int64_t *row = moe__comparison_row(walk->pass->comparison, pair, walk->labels, place.domain,
                                           place.group);
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
take_sample(MoeCompareWalk *walk, int64_t n)
{
    const int64_t heads = walk->pair->info.units_per_token;
    MoeSidePicks a = reader_picks(&walk->a, walk->paired.first_a * heads, walk->gates);
    MoeSidePicks b = reader_picks(&walk->b, walk->paired.first_b * heads, walk->gates);
    moe__sample_take(walk->sample, &a, &b, walk->done, n);
}

/* --- Walking ----------------------------------------------------------------------------------*/

static void
go_back(MoeCompareWalk *walk)
{
    walk->a.chunk = walk->b.chunk = -1;
    walk->pairing = (MoePairing){.a = walk->pass->a.stretches, .b = walk->pass->b.stretches};
    walk->more = moe__pairing_next(&walk->pairing, &walk->paired);
    walk->done = 0;
}

MoeCompareWalk *
moe__compare_walk_new(MoeComparePass *pass, int index)
{
    const MoeCompareOptions *options = pass->options;
    MoePairSums *pair = &pass->comparison->pairs[index];
    int64_t tokens = pass->comparison->tokens;
    MoeCompareWalk *walk = g_new0(MoeCompareWalk, 1);
    moe__comparison_allocate(pass->comparison, pair, options->match, options->shuffle);
    walk->pass = pass;
    walk->pair = pair;
    walk->labels = MOE_LABELS_OWN;
    walk->counter = moe__counter_new(pair->shape.experts);
    walk->gates = has_gates(pass->a.trace, pair->info.a) && has_gates(pass->b.trace, pair->info.b);
    walk->a = reader_new(&pass->a, pair->info.a, walk->gates);
    walk->b = reader_new(&pass->b, pair->info.b, walk->gates);
    walk->sample = options->shuffle ? moe__sample_new(&pair->info, tokens, options->seed) : NULL;
    walk->scores = moe__score_walk_new(pass->a.trace, pass->b.trace, &pair->info,
                                       tokens * pair->info.units_per_token);
    go_back(walk);
    return walk;
}

void
moe__compare_walk_free(MoeCompareWalk *walk)
{
    if (!walk)
        return;
    moe__counter_free(walk->counter);
    reader_clear(&walk->a);
    reader_clear(&walk->b);
    moe__sample_free(walk->sample);
    moe__score_walk_free(walk->scores);
    g_free(walk);
}

bool
moe__compare_walk_gates(const MoeCompareWalk *walk)
{
    return walk->gates;
}

/* Leaves the tokens at hand behind. */
static void
go_forward(MoeCompareWalk *walk, int64_t n)
{
    walk->done += n;
    walk->paired.first_a += n;
    walk->paired.first_b += n;
    walk->paired.n -= n;
    if (walk->paired.n == 0)
        walk->more = moe__pairing_next(&walk->pairing, &walk->paired);
}

bool
moe__compare_walk_tokens(MoeCompareWalk *walk, int chunk, int64_t end, const MoeTallyChunk *brought,
                         GError **error)
{
    while (walk->more && walk->paired.chunk_a == chunk && walk->paired.first_a < end) {
        int64_t n = MIN(walk->paired.n, end - walk->paired.first_a);
        if (!reader_load(&walk->a, chunk, brought, error) ||
            !reader_load(&walk->b, walk->paired.chunk_b, NULL, error) ||
            !count_paired(walk, n, error))
            return false;
        if (walk->sample)
            take_sample(walk, n);
        go_forward(walk, n);
    }
    return true;
}

bool
moe__compare_walk_through(MoeCompareWalk *walk, GError **error)
{
    while (walk->more)
        if (!moe__compare_pass_go_on(walk->pass, error) ||
            !moe__compare_walk_tokens(walk, walk->paired.chunk_a, INT64_MAX, NULL, error))
            return false;
    return true;
}

/* --- Matching ---------------------------------------------------------------------------------*/

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
count_shuffled(MoeCompareWalk *walk)
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

bool
moe__compare_walk_end(MoeCompareWalk *walk, GError **error)
{
    MoePairSums *pair = walk->pair;
    g_autofree int *labels = NULL;
    bool ok = true;
    if (walk->sample)
        count_shuffled(walk);
    if (walk->sample && walk->scores)
        moe__score_walk_shuffled(walk->scores, pair->shuffled[0]);
    if (walk->pass->options->match) {
        find_matching(&pair->matching);
        labels = labels_of(pair->matching.to, pair->info.experts_a, pair->info.experts_b);
        walk->labels = MOE_LABELS_MATCHED;
        walk->b.labels = labels;
        g_clear_pointer(&walk->sample, moe__sample_free);
        go_back(walk);
        ok = moe__compare_walk_through(walk, error);
        walk->b.labels = NULL;
    }
    if (ok)
        moe__comparison_settle(walk->pass->comparison, pair);
    return ok;
}
