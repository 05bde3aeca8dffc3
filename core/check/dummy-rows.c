/* SPDX-License-Identifier: MIT
 *
 * Runs of tokens whose rows are the same in every router, experts and gates. Serving engines send
 * made-up tokens through a model when they start (profiling, warm-up, captured graphs), and loggers
 * write them down; a published log has 16,640 of them among 21,024 rows.
 *
 * Rows are compared with the one before, column by column. Two kinds of runs are no sign of that,
 * and only noted: one token id repeated in the text, and rows that a router may well repeat by
 * itself: those whose gates are all 0 or 1, and, without gates, those of few routers with few
 * experts.
 */
#include "check/blocks.h"
#include "tensor/cpu.h"

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

/* The picks of the last token that a router had, as words, to compare the next chunk's first. */
typedef struct {
    int64_t token; /* over the whole trace; -1: none yet */
    GArray *picks; /* uint64_t */
} Last;

typedef struct {
    /* Of the chunk's tokens: the row isn't that of the token before; a gate that is neither 0 nor 1
     * distinguishes it. */
    uint8_t *differs, *told;
    int32_t *id;
    int64_t tokens, max, first;
    int chunk;
    Last *last_of; /* [routers] */
    /* The run at hand, over the whole trace. */
    int64_t from, length;
    int from_chunk;
    int32_t last_id;
    bool same_id, last_told;
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
    s->last_of = g_new0(Last, (gsize)MAX(1, moe_trace_routers(trace)));
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        s->last_of[r] = (Last){-1, g_array_new(FALSE, FALSE, sizeof(uint64_t))};
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        double E = info->experts, k = MAX(info->k, 1);
        double ways = lgamma(E + 1) - lgamma(k + 1) - lgamma(E - k + 1);
        s->bits += info->units_per_token * ways / G_LN2;
    }
}

/* --- Comparing rows ---------------------------------------------------------------------------*/

static void
settle(State *s, const MoeCheckRows *rows)
{
    s->chunk = rows->chunk;
    s->first = rows->first;
    s->tokens = rows->view->tokens;
    if (s->tokens > s->max) {
        s->max = s->tokens;
        s->differs = g_renew(uint8_t, s->differs, (gsize)s->max);
        s->told = g_renew(uint8_t, s->told, (gsize)s->max);
        s->id = g_renew(int32_t, s->id, (gsize)s->max);
    }
    memset(s->differs, 0, (size_t)s->tokens);
    memset(s->told, 0, (size_t)s->tokens);
    memcpy(s->id, rows->id, (size_t)s->tokens * sizeof *s->id);
    for (int64_t t = 0; t < s->tokens; t++) {
        s->least_id = MIN(s->least_id, rows->id[t]);
        s->most_id = MAX(s->most_id, rows->id[t]);
    }
}

/* What n units of a slot say: whether they aren't the ones `back` units before, and whether a gate
 * (NULL: none) is neither 0 nor 1. A slot without a pick has no gate. Gates are compared bit by
 * bit, so that NaN is NaN. */
MOE_CLONES static void
dummy_rows_compare(const int32_t *expert, const float *gate, int64_t back, int64_t n,
                   int32_t *restrict differs, int32_t *restrict told)
{
    for (int64_t u = 0; u < n; u++)
        differs[u] |= expert[u] != expert[u - back];
    for (int64_t u = 0; gate && u < n; u++) {
        int32_t own, before;
        memcpy(&own, &gate[u], sizeof own);
        memcpy(&before, &gate[u - back], sizeof before);
        differs[u] |= (expert[u] >= 0) & (own != before);
        told[u] |= (expert[u] >= 0) & (gate[u] != 0) & (gate[u] != 1);
    }
}

/* What units say goes to their tokens. */
static void
gather(State *s, const int32_t *differs, const int32_t *told, int64_t first, int64_t n,
       int per_token)
{
    for (int64_t i = 0; per_token == 1 && i < n; i++) {
        s->differs[first + i] |= (uint8_t)differs[i];
        s->told[first + i] |= (uint8_t)told[i];
    }
    for (int64_t i = 0; per_token > 1 && i < n; i++) {
        s->differs[(first + i) / per_token] |= (uint8_t)differs[i];
        s->told[(first + i) / per_token] |= (uint8_t)told[i];
    }
}

static void
see_units(State *s, const MoeCheckRows *rows, int64_t first, int64_t n)
{
    const MoeTraceView *view = rows->view;
    int per_token = rows->info->units_per_token;
    int32_t differs[MOE_CHECK_BLOCK] = {0}, told[MOE_CHECK_BLOCK] = {0};
    for (int slot = 0; slot < view->k; slot++) {
        int64_t at = slot * view->units + first;
        dummy_rows_compare(view->expert + at, view->gate ? view->gate + at : NULL, per_token, n,
                           differs, told);
    }
    gather(s, differs, told, first, n, per_token);
}

/* The picks of a token of the chunk as words, place, expert and gate; and whether gates tell. */
static GArray *
list_picks(const MoeCheckRows *rows, int64_t token, bool *told)
{
    const MoeTraceView *view = rows->view;
    int per_token = rows->info->units_per_token;
    GArray *picks = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (int place = 0; place < view->k * per_token; place++) {
        int64_t i = place / per_token * view->units + token * per_token + place % per_token;
        float gate = view->gate ? view->gate[i] : 0;
        uint32_t bits;
        memcpy(&bits, &gate, sizeof bits);
        uint64_t words[] = {(uint64_t)place << 32 | (uint32_t)view->expert[i], bits};
        if (view->expert[i] < 0)
            continue;
        *told |= gate != 0 && gate != 1;
        g_array_append_vals(picks, words, G_N_ELEMENTS(words));
    }
    return picks;
}

static bool
same_picks(const GArray *a, const GArray *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len * 8) == 0);
}

/* Compares the chunk's first token with the last one before it; a router that couldn't be read
 * there has no picks. */
static void
see_ends(State *s, const MoeCheckRows *rows)
{
    Last *last = &s->last_of[rows->router];
    bool told = false;
    g_autoptr(GArray) first = list_picks(rows, 0, &told);
    if (last->token != rows->first - 1)
        g_array_set_size(last->picks, 0);
    s->differs[0] |= !same_picks(first, last->picks);
    s->told[0] |= told;
    g_array_unref(last->picks);
    last->picks = list_picks(rows, s->tokens - 1, &told);
    last->token = rows->first + s->tokens - 1;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    const MoeTraceView *view = rows->view;
    if (s->chunk != rows->chunk)
        settle(s, rows);
    s->gates = s->gates || view->gate;
    see_ends(s, rows);
    for (int64_t n, u = rows->info->units_per_token; u < view->units; u += n) {
        n = MIN(MOE_CHECK_BLOCK, view->units - u);
        see_units(s, rows, u, n);
    }
}

/* Routers whose picks ended with the token before the chunk, and that couldn't be read in it. */
static void
see_missing(State *s, int routers)
{
    for (int r = 0; r < routers; r++)
        if (s->last_of[r].token == s->first - 1 && s->last_of[r].picks->len > 0)
            s->differs[0] = true;
}

/* --- Runs -------------------------------------------------------------------------------------*/

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
    if (!s->last_told && (s->gates || s->bits < BITS)) {
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
    see_missing(s, moe_trace_routers(moe_check_run_trace(run)));
    for (int64_t t = 0; t < s->tokens; t++) {
        bool on = s->length > 0 && !s->differs[t] && s->from + s->length == s->first + t;
        if (!on) {
            close_run(run, s);
            s->from = s->first + t;
            s->from_chunk = chunk;
            s->length = 0;
            s->same_id = true;
        }
        s->same_id = s->same_id && (s->length == 0 || s->id[t] == s->last_id);
        s->length++;
        s->last_id = s->id[t];
        s->last_told = s->told[t];
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
        s->dummy.all = s->alike.all = repeated.all = run->tokens;
        if (s->dummy.count > 0)
            tell_dummies(run, s, &s->dummy);
        if (repeated.count > 0)
            tell_note(run, &repeated, "each of one token id: repetitions of the text");
        if (s->alike.count > 0)
            tell_note(
                run, &s->alike,
                "by gates of 0 and 1, or by few ids alone: that may be the router's own doing");
    }
    for (int r = 0; r < moe_trace_routers(moe_check_run_trace(run)); r++)
        g_array_unref(s->last_of[r].picks);
    g_array_unref(s->repeated);
    g_free(s->last_of);
    g_free(s->differs);
    g_free(s->told);
    g_free(s->id);
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
