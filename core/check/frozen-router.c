/* SPDX-License-Identifier: MIT
 *
 * A router that stands still while others go on: the same experts and gates, to the bit, for token
 * after token. A recorder reads a buffer that its layer has stopped filling (a captured graph that
 * isn't replayed, a hook that fell off), and takes what it held last for every token.
 *
 * Of a run that is long enough, one of any STRIDE tokens has the row of the token before, so only
 * these are looked at; runs are followed from there. Runs in which all routers stand still are
 * those of dummy-rows, and a token id that is repeated may well be routed alike.
 */
#include "check/check.h"

#include <math.h>
#include <string.h>

enum {
    RUN = 256,       /* tokens of one row, from which on it counts */
    STRIDE = 128,    /* no more than half of that */
    LONG_RUN = 1024, /* beyond this a repeated id is no text either */
};
/* Bits that a row of ids has to be able to hold where there are no gates. */
#define BITS 24.0
/* Share of the tokens from which on counts are wrong. */
#define SHARE 0.01

typedef struct {
    int router;
    int64_t first, n; /* in the chunk */
} Run;

typedef struct {
    MoeHits *hits; /* [routers] */
    GArray *runs;  /* Run: of the chunk at hand */
    MoeMarks marks;
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->hits = g_new0(MoeHits, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
    s->runs = g_array_new(FALSE, FALSE, sizeof(Run));
}

/* Whether a token has the picks and gates of the one before, in every slot. */
static bool
stands(const MoeCheckRows *rows, int64_t t)
{
    const MoeTraceView *view = rows->view;
    int per_token = rows->info->units_per_token;
    for (int64_t u = t * per_token; u < (t + 1) * per_token; u++)
        for (int slot = 0; slot < view->k; slot++) {
            int64_t i = slot * view->units + u, before = i - per_token;
            if (view->expert[i] != view->expert[before])
                return false;
            if (view->gate && memcmp(&view->gate[i], &view->gate[before], sizeof *view->gate) != 0)
                return false;
        }
    return true;
}

/* Whether a row tells tokens apart: by a gate that isn't at an end, where many are alike; without
 * gates, by that many experts to choose from. Pads and the picks of equal logits, whose slots are
 * the same in experts or gates, are for other checks. */
static bool
tells(const MoeCheckRows *rows, int64_t t)
{
    const MoeTraceView *view = rows->view;
    int per_token = rows->info->units_per_token;
    double E = rows->info->experts, k = MAX(rows->info->k, 1);
    bool between = false, several = view->k < 2;
    for (int64_t u = t * per_token; u < (t + 1) * per_token; u++)
        for (int slot = 0; slot < view->k; slot++) {
            int64_t i = slot * view->units + u;
            float gate = view->gate ? view->gate[i] : 0;
            between |= view->expert[i] >= 0 && gate > 0.02f && gate < 0.98f;
            several |= view->expert[i] != view->expert[u] && (!view->gate || gate != view->gate[u]);
        }
    if (!view->gate)
        between = lgamma(E + 1) - lgamma(E - k + 1) >= BITS / per_token * G_LN2;
    return between && several;
}

/* Whether a run may be one token id that the text repeats: ids are known, by there being others. */
static bool
may_be_text(const MoeCheckRows *rows, int64_t first, int64_t n)
{
    bool others = false;
    for (int64_t t = first + 1; t < first + n; t++)
        if (rows->id[t] != rows->id[first])
            return false;
    for (int64_t t = 0; t < rows->view->tokens && !others; t++)
        others = rows->id[t] != rows->id[first];
    return others && n < LONG_RUN;
}

static void
see_run(State *s, const MoeCheckRows *rows, int64_t first, int64_t n)
{
    Run own = {rows->router, first, n};
    if (n < RUN || !tells(rows, first) || may_be_text(rows, first, n))
        return;
    g_array_append_val(s->runs, own);
    for (int64_t t = first; t < first + n; t++)
        moe__marks_add(&s->marks, t);
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    int64_t tokens = rows->view->tokens;
    moe__marks_begin(&s->marks, rows);
    s->hits[rows->router].all += tokens;
    if (s->marks.routers == 1)
        g_array_set_size(s->runs, 0);
    for (int64_t t = STRIDE; t < tokens; t += STRIDE) {
        int64_t first = t, end = t + 1;
        if (!stands(rows, t))
            continue;
        while (first > 0 && stands(rows, first))
            first--;
        while (end < tokens && stands(rows, end))
            end++;
        see_run(s, rows, first, end - first);
        t = end / STRIDE * STRIDE;
    }
}

/* Where not all routers stand still, those that do are frozen. */
static void
see_chunk(MoeCheckRun *run, void *state, int chunk)
{
    State *s = state;
    if (s->marks.routers == 0 || s->marks.chunk != chunk)
        return;
    for (guint i = 0; i < s->runs->len; i++) {
        const Run *own = &g_array_index(s->runs, Run, i);
        MoeHits *hits = &s->hits[own->router];
        for (int64_t t = own->first; t < own->first + own->n; t++) {
            if (s->marks.mark[t] == s->marks.routers)
                continue;
            if (hits->count++ == 0) {
                hits->token = s->marks.first + t;
                hits->chunk = chunk;
            }
        }
    }
    for (int64_t t = 0; t < s->marks.tokens; t++)
        if (s->marks.mark[t] == s->marks.routers)
            s->marks.mark[t] = 0;
    moe__marks_drop(run, &s->marks, 1);
}

static void
tell(MoeCheckRun *run, const MoeHits *hits, int r)
{
    bool wrong = (double)hits->count >= SHARE * (double)hits->all;
    g_autofree char *share = moe__hits_text(hits);
    MoeFinding finding = moe__finding(
        wrong ? MOE_FINDING_ERROR : MOE_FINDING_WARNING, r, hits, "tokens",
        g_strdup_printf("%s tokens have one and the same row for %d tokens or more in a "
                        "row, while other routers go on",
                        share, RUN));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    int n = moe_trace_routers(moe_check_run_trace(run));
    for (int r = 0; r < n && !cancelled; r++)
        if (s->hits[r].count >= RUN)
            tell(run, &s->hits[r], r);
    g_free(s->hits);
    g_array_unref(s->runs);
    moe__marks_clear(&s->marks);
}

const MoeCheck moe__check_frozen = {
    .struct_size = sizeof(MoeCheck),
    .name = "frozen-router",
    .help = "a router that makes the same picks, gates and all, while others go on",
    .why = "a buffer that wasn't filled any more was read again and again: its experts look like "
           "favourites, and nothing of these tokens holds in this layer",
    .remedy = "record again; or drop these tokens, from every router (moescope check --drop "
              "frozen-router)",
    .drops = true,
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .chunk = see_chunk,
    .end = end,
};
