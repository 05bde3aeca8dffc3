/* SPDX-License-Identifier: MIT
 *
 * Documents in pieces: servers decode many requests at once, a token of each in turn, and loggers
 * write rows as they come. Everything that looks from a token to the next takes rows in the order
 * of the file, and begins anew where the document changes: of documents that take turns row by row,
 * nothing is left of it.
 *
 * A document number that comes again at a later step of training, or at position 0, is another
 * document.
 */
#include "check/check.h"

#include <string.h>

enum { DOCUMENTS = 1 << 24 }; /* numbers that are remembered */
/* Share of the tokens from which on it is a warning. */
#define SHARE 0.01

typedef struct {
    uint64_t *seen; /* [documents / 64] bits */
    int64_t words;  /* of it */
    int64_t known;  /* documents */
    MoeHits inside; /* those that don't begin at position 0 */
    MoeHits any;    /* all of them: the first place */
    bool positions; /* there is one other than 0 */
    int32_t last, step;
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->last = s->step = -1;
}

/* Notes a document; false where it was there already. */
static bool
is_new(State *s, int32_t doc)
{
    int64_t word = doc / 64;
    if (word >= s->words) {
        int64_t words = MAX(word + 1, 2 * s->words);
        s->seen = g_renew(uint64_t, s->seen, (gsize)words);
        memset(s->seen + s->words, 0, (size_t)(words - s->words) * sizeof *s->seen);
        s->words = words;
    }
    uint64_t bit = (uint64_t)1 << doc % 64;
    bool there = s->seen[word] & bit;
    s->seen[word] |= bit;
    return !there;
}

static void
see_token(State *s, const MoeCheckRows *rows, int64_t t)
{
    int32_t doc = rows->doc[t], pos = rows->pos ? rows->pos[t] : 0;
    int64_t unit = t * rows->info->units_per_token;
    if (rows->view->step[t] != s->step && s->words > 0)
        memset(s->seen, 0, (size_t)s->words * sizeof *s->seen);
    bool goes_on = doc == s->last && rows->view->step[t] == s->step;
    s->step = rows->view->step[t];
    s->last = doc;
    s->positions = s->positions || pos != 0;
    bool piece = !goes_on && doc >= 0 && doc < DOCUMENTS && !is_new(s, doc);
    s->known += !goes_on && !piece;
    moe__hits_count(&s->any, rows, unit, piece);
    moe__hits_count(&s->inside, rows, unit, piece && pos != 0);
}

/* Tokens are the same for every router: the first tells. */
static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    for (int64_t t = 0; rows->router == 0 && rows->doc && t < rows->view->tokens; t++)
        see_token(s, rows, t);
}

static void
tell(MoeCheckRun *run, MoeHits hits, int64_t documents)
{
    if ((double)hits.count < SHARE * (double)hits.all || hits.count == 0)
        return;
    hits.all = MAX(hits.all - documents, 1); /* that have one before them */
    g_autofree char *share = moe__hits_text(&hits), *known = moe__count_text(documents);
    g_autofree char *pieces = moe__count_text(hits.count + documents);
    MoeFinding finding = moe__finding(
        MOE_FINDING_WARNING, -1, &hits, "tokens",
        g_strdup_printf("%s tokens go on with a document behind a row of another one: %s documents "
                        "stand in %s pieces, each of which counts as a document",
                        share, known, pieces));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeHits *hits = s->positions ? &s->inside : &s->any;
    if (!cancelled)
        tell(run, *hits, s->known + s->any.count - hits->count);
    g_free(s->seen);
}

const MoeCheck moe__check_pieces = {
    .struct_size = sizeof(MoeCheck),
    .name = "document-pieces",
    .help = "documents in many pieces, as where several are decoded at once",
    .why = "the next token of a document isn't the next row: transitions in time, dwell times, "
           "segments, caches and measures of documents are those of the pieces",
    .remedy = "sort the rows by document, each in its order, and import again (JSON lines: jq -sc "
              "'sort_by(.doc)[]'); measures of loads, pairs and layers hold as they are",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
