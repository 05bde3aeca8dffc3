/* SPDX-License-Identifier: MIT
 *
 * Tokens whose rows are those of tokens just before, in every router, experts and gates. Serving
 * engines send made-up tokens through a model when they start (profiling, warm-up, captured graphs)
 * and fill batches up with them, and loggers write them down; a published log has 16,640 of them
 * among 21,024 rows.
 *
 *   runs     32 or more in a row
 *   close    with few rows between them: batches of a decoding engine that are filled up, or two
 *            made-up requests in turn. Ids have to tell rows apart by themselves then, beside
 * gates.
 *
 * Some are no sign of that, and at most noted: one token id repeated in the text, and rows that a
 * router may well repeat by itself: those whose gates are all 0 or 1, and, without gates, those of
 * few routers with few experts.
 */
#include "check/row-keys.h"
#include "tensor/cpu.h"

#include <math.h>
#include <string.h>

enum {
    RUN = 32,        /* equal rows from which on a run counts */
    LONG_RUN = 1024, /* beyond this a repeated id is no text either */
    CLOSE = 64,      /* tokens from which on close ones do */
    IDS = 1 << 20,   /* token ids whose rows are remembered */
};
/* Bits that a row of ids must be able to hold before its being repeated says anything; and before
 * close ones do, which aren't 32 in a row. */
#define BITS       24.0
#define CLOSE_BITS 64.0
/* Share of the tokens from which on counts are wrong, and close ones are told at all. */
#define SHARE 0.01

/* What two close tokens with the same row have in common besides; sums are indices of lists. */
enum { SAME_ID = 1, SAME_POS = 2, KINDS = 4 };

typedef struct {
    int64_t first, n;
    int chunk;
    int32_t id;
} Run;

typedef struct {
    MoeRowKeys keys;
    uint8_t *near;  /* [tokens] has the experts of one before */
    uint8_t *close; /* [MOE_ROW_KEYS_BACK + tokens] kinds of rows that it is close to, as bits */
    int64_t max;
    /* The run at hand, over the whole trace. */
    Run run;
    int64_t length;
    bool same_id, last_told;
    /* Over all of it. */
    int32_t least_id, most_id, least_pos, most_pos;
    uint64_t *row_of; /* [ids] hash of the id's experts; 0: not seen, 1: several */
    int64_t ids;
    double bits; /* that a row of ids can hold */
    bool gates;  /* there are gates */
    bool even;   /* these are the same in all slots, as far as was seen: they tell nothing */
    GArray *dummy, *alike,
        *repeated;        /* Run; of one id: whether ids say anything shows at the end */
    GArray *lists[KINDS]; /* MoeTraceRange: close ones */
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    s->dummy = g_array_new(FALSE, FALSE, sizeof(Run));
    s->alike = g_array_new(FALSE, FALSE, sizeof(Run));
    s->repeated = g_array_new(FALSE, FALSE, sizeof(Run));
    for (int kind = 0; kind < KINDS; kind++)
        s->lists[kind] = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    s->even = true;
    s->least_id = s->least_pos = INT32_MAX;
    s->most_id = s->most_pos = INT32_MIN;
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        double E = info->experts, k = MAX(info->k, 1);
        double ways = lgamma(E + 1) - lgamma(k + 1) - lgamma(E - k + 1);
        s->bits += info->units_per_token * ways / G_LN2;
    }
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    s->gates = s->gates || rows->view->gate;
    moe__row_keys_add(&s->keys, rows);
}

/* --- Token ids --------------------------------------------------------------------------------*/

/* Whether an id always comes with one row shows whether the router looked at anything. */
static void
see_id(State *s, int32_t id, uint64_t row)
{
    if (id < 0 || id >= IDS)
        return;
    if (id >= s->ids) {
        int64_t ids = MAX(id + 1, MIN(2 * s->ids, IDS));
        s->row_of = g_renew(uint64_t, s->row_of, (gsize)ids);
        for (int64_t i = s->ids; i < ids; i++)
            s->row_of[i] = 0;
        s->ids = ids;
    }
    row |= 2; /* neither 0 nor 1 */
    s->row_of[id] = s->row_of[id] == 0 || s->row_of[id] == row ? row : 1;
}

static void
see_tokens(State *s)
{
    const MoeRowKeys *keys = &s->keys;
    for (int64_t t = 0; t < keys->tokens; t++) {
        s->least_id = MIN(s->least_id, keys->id[t]);
        s->most_id = MAX(s->most_id, keys->id[t]);
        s->least_pos = MIN(s->least_pos, keys->pos[t]);
        s->most_pos = MAX(s->most_pos, keys->pos[t]);
        s->even = s->even && !(keys->flags[t] & MOE_ROW_UNEQUAL);
        see_id(s, keys->id[t], moe__row_keys_ids(keys, t));
    }
}

/* A trace without token ids, or positions, has the same one everywhere. */
static bool
knows_ids(const State *s)
{
    return s->least_id != s->most_id;
}

static bool
knows_pos(const State *s)
{
    return s->least_pos != s->most_pos;
}

/* Whether an id has been seen with several rows; one that is beyond those remembered may have. */
static bool
varies(const State *s, int32_t id)
{
    return id < 0 || id >= s->ids || s->row_of[id] == 1;
}

/* --- Runs -------------------------------------------------------------------------------------*/

static void
close_run(State *s)
{
    s->run.n = s->length;
    if (s->length < RUN)
        return;
    if (!s->last_told && (s->gates || s->bits < BITS))
        g_array_append_val(s->alike, s->run);
    else if (s->same_id && s->length < LONG_RUN)
        g_array_append_val(s->repeated, s->run);
    else
        g_array_append_val(s->dummy, s->run);
}

static void
see_runs(State *s, int chunk)
{
    const MoeRowKeys *keys = &s->keys;
    for (int64_t t = 0; t < keys->tokens; t++) {
        bool on = s->length > 0 && t + keys->back > 0 && s->near[t] &&
                  moe__row_keys_same(keys, t, t - 1, s->bits >= BITS);
        if (!on) {
            close_run(s);
            s->run = (Run){keys->first + t, 0, chunk, keys->id[t]};
            s->length = 0;
            s->same_id = true;
        }
        s->same_id = s->same_id && keys->id[t] == s->run.id;
        s->length++;
        s->last_told = keys->flags[t] & MOE_ROW_TOLD;
    }
}

/* --- Close rows -------------------------------------------------------------------------------*/

MOE_CLONES static void
dummy_rows_match(const uint32_t *hash, int64_t back, int64_t n, uint8_t *restrict near)
{
    for (int64_t t = 0; t < n; t++)
        near[t] |= hash[t] == hash[t - back];
}

/* Marks tokens with the experts of one of those before: of nearly all, there is none. */
static void
find_near(State *s)
{
    const MoeRowKeys *keys = &s->keys;
    memset(s->near, 0, (size_t)keys->tokens);
    for (int64_t back = 1; back <= MOE_ROW_KEYS_BACK; back++) {
        int64_t first = MIN(keys->tokens, MAX(0, back - keys->back));
        dummy_rows_match(keys->a + first, back, keys->tokens - first, s->near + first);
    }
}

static void
mark_close(State *s, int64_t a, int64_t b)
{
    const MoeRowKeys *keys = &s->keys;
    int kind =
        (keys->id[a] == keys->id[b] ? SAME_ID : 0) | (keys->pos[a] == keys->pos[b] ? SAME_POS : 0);
    s->close[a + MOE_ROW_KEYS_BACK] |= (uint8_t)(1 << kind);
    s->close[b + MOE_ROW_KEYS_BACK] |= (uint8_t)(1 << kind);
}

/* Puts tokens from `first` up to `end` that are marked into the lists of their kinds. */
static void
list_close(State *s, int64_t first, int64_t end)
{
    for (int64_t t = first; t < end; t++)
        for (int kind = 0; kind < KINDS && s->close[t + MOE_ROW_KEYS_BACK]; kind++) {
            GArray *list = s->lists[kind];
            int64_t token = s->keys.first + t;
            MoeTraceRange one = {token, 1}, *last = NULL;
            if (!(s->close[t + MOE_ROW_KEYS_BACK] >> kind & 1))
                continue;
            if (list->len > 0)
                last = &g_array_index(list, MoeTraceRange, list->len - 1);
            if (last && token == last->first + last->n)
                last->n++;
            else
                g_array_append_val(list, one);
        }
}

/* Two tokens in any of MOE_ROW_KEYS_BACK rows that are the same are both close; rows of pads alone
 * are for another check. */
static void
see_close(State *s)
{
    const MoeRowKeys *keys = &s->keys;
    int need = MOE_ROW_PICKS | (s->gates ? MOE_ROW_BETWEEN : 0);
    memset(s->close, 0, (size_t)(keys->tokens + MOE_ROW_KEYS_BACK));
    for (int64_t t = 0; t < keys->tokens; t++) {
        if (!s->near[t] || (keys->flags[t] & need) != need)
            continue;
        int64_t most = MIN(MOE_ROW_KEYS_BACK, t + keys->back);
        for (int64_t back = 1; back <= most; back++)
            if (moe__row_keys_same(keys, t, t - back, true)) {
                mark_close(s, t, t - back);
                break;
            }
    }
    list_close(s, -keys->back, keys->tokens);
}

static void
see_chunk(MoeCheckRun *run, void *state, int chunk)
{
    State *s = state;
    if (s->keys.chunk != chunk + 1) /* none of its routers could be read */
        return;
    if (s->keys.tokens > s->max || !s->near) {
        s->max = s->keys.tokens;
        s->near = g_renew(uint8_t, s->near, (gsize)s->max + 1);
        s->close = g_renew(uint8_t, s->close, (gsize)s->max + MOE_ROW_KEYS_BACK);
    }
    see_tokens(s);
    find_near(s);
    see_runs(s, chunk);
    if (s->bits >= CLOSE_BITS)
        see_close(s);
}

/* --- Telling ----------------------------------------------------------------------------------*/

static MoeHits
count_runs(const MoeCheckRun *run, const GArray *runs)
{
    MoeHits hits = {.all = run->tokens};
    for (guint i = 0; i < runs->len; i++) {
        const Run *own = &g_array_index(runs, Run, i);
        if (hits.count == 0) {
            hits.token = own->first;
            hits.chunk = own->chunk;
        }
        hits.count += own->n;
    }
    return hits;
}

static void
drop_runs(const GArray *runs, GArray *drops)
{
    for (guint i = 0; i < runs->len; i++) {
        const Run *own = &g_array_index(runs, Run, i);
        MoeTraceRange range = {own->first, own->n};
        g_array_append_val(drops, range);
    }
}

static MoeSeverity
severity_of(const MoeHits *hits)
{
    bool wrong = (double)hits->count >= SHARE * (double)hits->all;
    return wrong ? MOE_FINDING_ERROR : MOE_FINDING_WARNING;
}

static void
tell_runs(MoeCheckRun *run, const GArray *list)
{
    MoeHits hits = count_runs(run, list);
    g_autofree char *share = moe__hits_text(&hits), *runs = moe__count_text(list->len);
    MoeFinding finding =
        moe__finding(severity_of(&hits), -1, &hits, "tokens",
                     g_strdup_printf("%s tokens stand in %s run%s of %d or more rows that are the "
                                     "same in every router, gates included",
                                     share, runs, list->len == 1 ? "" : "s", RUN));
    moe_check_run_add(run, &finding);
}

static void
tell_note(MoeCheckRun *run, const GArray *list, const char *kind)
{
    MoeHits hits = count_runs(run, list);
    g_autofree char *share = moe__hits_text(&hits);
    MoeFinding finding =
        moe__finding(MOE_FINDING_NOTE, -1, &hits, "tokens",
                     g_strdup_printf("%s tokens stand in runs of equal rows, %s", share, kind));
    moe_check_run_add(run, &finding);
}

/* The chunk that a token is in. */
static int
chunk_of(const MoeCheckRun *run, int64_t token)
{
    int chunk = 0;
    while (!run->chosen && chunk + 1 < moe_trace_chunks(run->trace) &&
           token >= moe_trace_tokens(run->trace, chunk))
        token -= moe_trace_tokens(run->trace, chunk++);
    return chunk;
}

/* Adds close tokens to `drops`, which has those of runs; tells of them where there are enough. One
 * token at different places in the text, or different ones at its beginning (prompts that all begin
 * alike), may have one row. */
static void
tell_close(MoeCheckRun *run, const State *s, GArray *drops)
{
    MoeHits hits = {.all = run->tokens};
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    g_autoptr(GArray) close = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    g_array_append_vals(all, drops->data, drops->len);
    int64_t before = moe__ranges_join(all);
    for (int kind = 0; kind < KINDS; kind++)
        if (!(kind & SAME_ID && knows_ids(s)) && !(kind & SAME_POS && knows_pos(s)))
            g_array_append_vals(close, s->lists[kind]->data, s->lists[kind]->len);
    moe__ranges_join(close);
    g_array_append_vals(all, close->data, close->len);
    hits.count = moe__ranges_join(all) - before;
    bool even = s->gates && s->even; /* routers that hash token ids have such gates */
    if (even || hits.count < CLOSE || (double)hits.count < SHARE * (double)hits.all)
        return;
    hits.token = g_array_index(close, MoeTraceRange, 0).first;
    hits.chunk = chunk_of(run, hits.token);
    g_array_append_vals(drops, close->data, close->len);
    g_autofree char *share = moe__hits_text(&hits);
    MoeFinding finding =
        moe__finding(MOE_FINDING_ERROR, -1, &hits, "tokens",
                     g_strdup_printf("%s%s tokens have a row that one of the %d rows before or "
                                     "after them has too, in every router%s",
                                     before > 0 ? "besides, " : "", share, MOE_ROW_KEYS_BACK,
                                     s->gates ? ", gates included" : ""));
    moe_check_run_add(run, &finding);
}

/* Runs of an id that has other rows elsewhere are text, or may be. */
static void
settle_repeated(State *s)
{
    guint n = 0;
    for (guint i = 0; i < s->repeated->len; i++) {
        Run own = g_array_index(s->repeated, Run, i);
        if (knows_ids(s) && varies(s, own.id))
            g_array_index(s->repeated, Run, n++) = own;
        else
            g_array_append_val(s->dummy, own);
    }
    g_array_set_size(s->repeated, n);
}

static int
compare_runs(const void *a, const void *b)
{
    int64_t x = ((const Run *)a)->first, y = ((const Run *)b)->first;
    return (x > y) - (x < y);
}

static void
tell_all(MoeCheckRun *run, State *s)
{
    g_autoptr(GArray) drops = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    settle_repeated(s);
    g_array_sort(s->dummy, compare_runs);
    drop_runs(s->dummy, drops);
    if (s->dummy->len > 0)
        tell_runs(run, s->dummy);
    tell_close(run, s, drops);
    if (s->repeated->len > 0)
        tell_note(run, s->repeated,
                  drops->len > 0 ? "each of one token id: repetitions of the text, or made up"
                                 : "each of one token id: repetitions of the text, or made up "
                                   "(--drop dummy-rows takes them out)");
    if (drops->len == 0) /* beside dummies, text would go with them unasked */
        drop_runs(s->repeated, drops);
    if (s->alike->len > 0)
        tell_note(run, s->alike,
                  "by gates of 0 and 1, or by few ids alone: that may be the router's own doing");
    moe__ranges_drop(run, drops);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    if (!cancelled) {
        close_run(s);
        tell_all(run, s);
    }
    moe__row_keys_clear(&s->keys);
    g_array_unref(s->dummy);
    g_array_unref(s->alike);
    g_array_unref(s->repeated);
    for (int kind = 0; kind < KINDS; kind++)
        g_array_unref(s->lists[kind]);
    g_free(s->row_of);
    g_free(s->near);
    g_free(s->close);
}

const MoeCheck moe__check_dummy_rows = {
    .struct_size = sizeof(MoeCheck),
    .name = "dummy-rows",
    .help = "tokens with the experts and gates of one just before, in every router",
    .why = "tokens that an engine made up (profiling, warm-up, filling up batches) count as if "
           "they were text, and some of their experts look like favourites",
    .remedy = "drop them (moescope check --drop dummy-rows), and give figures of what is left",
    .drops = true,
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .chunk = see_chunk,
    .end = end,
};
