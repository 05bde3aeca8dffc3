/* SPDX-License-Identifier: MIT
 *
 * Runs of tokens whose rows are the same in every router, experts and gates. Serving engines send
 * made-up tokens through a model when they start (profiling, warm-up, captured graphs), and loggers
 * write them down; a published log has 16,640 of them among 21,024 rows.
 *
 * A row is kept as a hash. Two kinds of runs are no sign of that, and only noted: one token id
 * repeated in the text, and rows that a router may well repeat by itself: those whose gates are all
 * 0 or 1, and, without gates, those of few routers with few experts.
 */
#include "check/check.h"

#include <math.h>
#include <string.h>

enum {
    RUN = 32,        /* equal rows from which on a run counts */
    LONG_RUN = 1024, /* beyond this a repeated id is no text either */
};
/* Bits that a row of ids must be able to hold before its being repeated says anything. */
#define BITS 24.0
/* Share of the tokens from which on counts are wrong. */
#define SHARE 0.01

typedef struct {
    uint64_t hash;
    int32_t id;
} Row;

typedef struct {
    Row *rows; /* of the chunk */
    int64_t tokens, max, first;
    int chunk;
    /* The run at hand, over the whole trace. */
    Row last;
    int64_t from, length;
    int from_chunk;
    bool same_id;
    /* Over all of it. */
    int32_t least_id, most_id;
    double bits;      /* that a row of ids can hold */
    bool gates;       /* there are gates */
    GArray *repeated; /* Run: of one id; whether ids say anything shows at the end */
    MoeHits dummy, alike;
    int64_t runs;
} State;

typedef struct {
    int64_t first, n;
    int chunk;
} Run;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    s->repeated = g_array_new(FALSE, FALSE, sizeof(Run));
    s->least_id = INT32_MAX;
    s->most_id = INT32_MIN;
    s->chunk = -1;
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        double E = info->experts, k = MAX(info->k, 1);
        double ways = lgamma(E + 1) - lgamma(k + 1) - lgamma(E - k + 1);
        s->bits += info->units_per_token * ways / G_LN2;
    }
}

/* splitmix64's finaliser. */
static uint64_t
mix(uint64_t hash, uint64_t value)
{
    hash = (hash + value + G_GUINT64_CONSTANT(0x9e3779b97f4a7c15));
    hash = (hash ^ hash >> 30) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

static void
settle(State *s, const MoeCheckRows *rows)
{
    s->chunk = rows->chunk;
    s->first = rows->first;
    s->tokens = rows->view->tokens;
    if (s->tokens > s->max) {
        s->max = s->tokens;
        s->rows = g_renew(Row, s->rows, (gsize)s->max);
    }
    for (int64_t t = 0; t < s->tokens; t++) {
        s->rows[t] = (Row){0, rows->id[t]};
        s->least_id = MIN(s->least_id, rows->id[t]);
        s->most_id = MAX(s->most_id, rows->id[t]);
    }
}

/* The lowest bit says whether a gate distinguishes the row: one that is neither 0 nor 1. */
static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    const MoeTraceView *view = rows->view;
    int per_token = rows->info->units_per_token;
    if (s->chunk != rows->chunk)
        settle(s, rows);
    s->gates = s->gates || view->gate;
    for (int slot = 0; slot < view->k; slot++)
        for (int64_t u = 0; u < view->units; u++) {
            int64_t i = slot * view->units + u;
            uint64_t *hash = &s->rows[u / per_token].hash, told = *hash & 1;
            float gate = view->gate ? view->gate[i] : 0;
            uint32_t bits;
            memcpy(&bits, &gate, sizeof bits);
            if (view->expert[i] < 0)
                continue;
            told |= gate != 0 && gate != 1;
            uint64_t place = (uint64_t)(slot * per_token + (int)(u % per_token));
            uint64_t pick = place << 48 ^ (uint64_t)view->expert[i] << 32 ^ bits;
            *hash = (mix(*hash >> 1, pick ^ (uint64_t)rows->router << 40) & ~(uint64_t)1) | told;
        }
}

static void
count_run(MoeHits *tally, int64_t first, int64_t n, int chunk)
{
    if (tally->count == 0) {
        tally->token = first;
        tally->chunk = chunk;
    }
    tally->count += n;
}

static void
close_run(MoeCheckRun *run, State *s)
{
    Run whole = {s->from, s->length, s->from_chunk};
    if (s->length < RUN)
        return;
    if (!(s->last.hash & 1) && (s->gates || s->bits < BITS)) {
        count_run(&s->alike, whole.first, whole.n, whole.chunk);
    } else if (s->same_id && s->length < LONG_RUN) {
        g_array_append_val(s->repeated, whole);
    } else {
        count_run(&s->dummy, whole.first, whole.n, whole.chunk);
        moe_check_run_drop(run, whole.first, whole.n);
        s->runs++;
    }
}

static void
see_chunk(MoeCheckRun *run, void *state, int chunk)
{
    State *s = state;
    if (s->chunk != chunk) /* none of its routers could be read */
        return;
    for (int64_t t = 0; t < s->tokens; t++) {
        const Row *row = &s->rows[t];
        bool on = s->length > 0 && row->hash == s->last.hash && s->from + s->length == s->first + t;
        if (!on) {
            close_run(run, s);
            s->from = s->first + t;
            s->from_chunk = chunk;
            s->length = 0;
            s->same_id = true;
        }
        s->same_id = s->same_id && (s->length == 0 || row->id == s->last.id);
        s->length++;
        s->last = *row;
    }
}

static void
tell_dummies(MoeCheckRun *run, const State *s, MoeHits *dummy)
{
    bool wrong = (double)dummy->count >= SHARE * (double)dummy->all;
    g_autofree char *share = moe__hits_text(dummy), *runs = moe__count_text(s->runs);
    MoeFinding finding =
        moe__finding(wrong ? MOE_FINDING_ERROR : MOE_FINDING_WARNING, -1, dummy, "tokens",
                     g_strdup_printf("%s tokens stand in %s run%s of %d or more rows that are the "
                                     "same in every router, gates included",
                                     share, runs, s->runs == 1 ? "" : "s", RUN));
    moe_check_run_add(run, &finding);
}

static void
tell_note(MoeCheckRun *run, const MoeHits *tally, const char *kind)
{
    g_autofree char *share = moe__hits_text(tally);
    MoeFinding finding =
        moe__finding(MOE_FINDING_NOTE, -1, tally, "tokens",
                     g_strdup_printf("%s tokens stand in runs of equal rows, %s", share, kind));
    moe_check_run_add(run, &finding);
}

/* A trace without token ids has the same one everywhere: its runs are as suspicious as others. */
static void
settle_repeated(MoeCheckRun *run, State *s, MoeHits *repeated)
{
    for (guint i = 0; i < s->repeated->len; i++) {
        const Run *r = &g_array_index(s->repeated, Run, i);
        bool known = s->least_id != s->most_id;
        count_run(known ? repeated : &s->dummy, r->first, r->n, r->chunk);
        if (known)
            continue;
        moe_check_run_drop(run, r->first, r->n);
        s->runs++;
    }
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    if (!cancelled) {
        MoeHits repeated = {0};
        close_run(run, s);
        settle_repeated(run, s, &repeated);
        s->dummy.all = s->alike.all = repeated.all = moe_trace_tokens(moe_check_run_trace(run), -1);
        if (s->dummy.count > 0)
            tell_dummies(run, s, &s->dummy);
        if (repeated.count > 0)
            tell_note(run, &repeated, "each of one token id: repetitions of the text");
        if (s->alike.count > 0)
            tell_note(
                run, &s->alike,
                "by gates of 0 and 1, or by few ids alone: that may be the router's own doing");
    }
    g_array_unref(s->repeated);
    g_free(s->rows);
}

const MoeCheck moe__check_dummy_rows = {
    .struct_size = sizeof(MoeCheck),
    .name = "dummy-rows",
    .help = "runs of tokens with the same experts and gates in every router",
    .why = "tokens that an engine made up (profiling, warm-up) count as if they were text, and one "
           "of their experts looks like a favourite",
    .remedy = "drop them (moescope check --drop dummy-rows), and give figures of what is left",
    .drops = true,
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .chunk = see_chunk,
    .end = end,
};
