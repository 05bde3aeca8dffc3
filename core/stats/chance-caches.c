/* SPDX-License-Identifier: MIT
 *
 * chance-caches.c: drawn units, served by caches.
 */
#include "stats/chance-caches.h"

#include "stats/cache.h"
#include "stats/chance-draw.h"

#include <moescope/tokens.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXPERTS_MOST = 4096, /* more are too many to draw from, unit by unit */
    PICKS = 8192,        /* that are drawn, about, and the units that make them */
    LEAST = 2048,
    MOST = 4096,
    BESIDE = 512, /* units that the best cache sees behind a document that is cut */
    SEGMENTS = 256,
    SEED = 5,
};

/* The chance of each expert to be among a unit's picks; false where there are none, or too many. */
static bool
find_chances(const MoeSummaryCell *cell, bool uniform, double *chance)
{
    double units = (double)(cell->units - cell->making[0]);
    if (cell->picks <= 0 || units <= 0 || cell->experts > EXPERTS_MOST)
        return false;
    for (int e = 0; e < cell->experts; e++) {
        double count = uniform ? (double)cell->picks / cell->experts : (double)cell->count[e];
        chance[e] = fmin(1, count / units);
    }
    return true;
}

/* --- Drawn units ------------------------------------------------------------------------------*/

typedef struct Stream {
    int experts, units;
    GArray *picks;                /* of int32_t */
    guint end[2 * MOST + BESIDE]; /* where a unit's picks end */
} Stream;

static void
draw_stream(const double *chance, bool uniform, Stream *stream)
{
    MoeRng rng = moe_rng(SEED, 0);
    g_autofree int *order = g_new(int, (gsize)stream->experts);
    for (int e = 0; e < stream->experts; e++)
        order[e] = e;
    for (int u = 0; u < stream->units; u++) {
        if (uniform)
            moe__draw_even_set(&rng, chance[0], stream->experts, order, stream->picks);
        else
            moe__draw_set(&rng, chance, stream->experts, order, stream->picks);
        stream->end[u] = stream->picks->len;
    }
}

/* --- Documents --------------------------------------------------------------------------------*/

/* Units that are served, from an empty cache on; of a longer document, its beginning. */
typedef struct Document {
    int first, n;
    double length; /* of the whole document */
} Document;

/* The length of the document that this share of all units comes before. */
static double
length_at(const MoeDocumentCell *documents, double share)
{
    double all = 0, length = 0;
    for (int c = 0; c < MOE_TOKENS_CLASSES; c++)
        all += (double)documents->units[c];
    double left = share * all;
    for (int c = 0; c < MOE_TOKENS_CLASSES && left >= 0; c++) {
        if (documents->of_length[c] == 0)
            continue;
        length = (double)documents->units[c] / (double)documents->of_length[c];
        left -= (double)documents->units[c];
    }
    return length;
}

/* As often as their units are many, so that shares found are those of a unit: at multiples of the
 * golden section, which are evenly spread however many are taken. (transfer full) */
static GArray *
choose_documents(const MoeDocumentCell *documents, int units)
{
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(Document));
    int taken = 0;
    for (double share = 0.5; taken < units; share = fmod(share + 0.6180339887498949, 1)) {
        double length = round(length_at(documents, share));
        Document document = {taken, (int)CLAMP(length, 1, units / 2), length};
        g_array_append_val(chosen, document);
        taken += document.n;
    }
    return chosen;
}

/* --- Caches -----------------------------------------------------------------------------------*/

static int
first_pick(const Stream *stream, int unit)
{
    return unit > 0 ? (int)stream->end[unit - 1] : 0;
}

/* What each pick's expert is worth from then on: to the best cache, the earlier it is needed again;
 * else the later, or the more often since the document began, it was used. */
static int64_t *
worths(const Stream *stream, const GArray *documents, MoeCachePolicy policy)
{
    int64_t *worth = g_new(int64_t, stream->picks->len);
    g_autofree int64_t *known = g_new0(int64_t, (gsize)stream->experts);
    int n = (int)stream->picks->len;
    guint begun = 0;
    for (int e = 0; e < stream->experts; e++)
        known[e] = policy == MOE_CACHE_BELADY ? n : 0;
    for (int i = 0; i < n; i++) {
        int at = policy == MOE_CACHE_BELADY ? n - 1 - i : i;
        int32_t e = g_array_index(stream->picks, int32_t, at);
        if (policy == MOE_CACHE_BELADY) {
            worth[at] = -known[e];
            known[e] = at;
            continue;
        }
        while (begun < documents->len &&
               first_pick(stream, g_array_index(documents, Document, begun).first) <= i) {
            memset(known, 0, (gsize)stream->experts * sizeof *known);
            begun++;
        }
        known[e]++;
        worth[at] = policy == MOE_CACHE_LRU ? i : (known[e] << 32) + i;
    }
    return worth;
}

/* A cache, and what its policy says of each pick. */
typedef struct Holder {
    MoeCaches caches;
    int64_t *worth; /* of all picks of the stream */
} Holder;

static void
holder_init(Holder *holder, const Stream *stream, const GArray *documents, MoeCachePolicy policy)
{
    moe__caches_init(&holder->caches, stream->experts);
    holder->worth = worths(stream, documents, policy);
}

static void
holder_clear(Holder *holder)
{
    moe__caches_clear(&holder->caches);
    g_free(holder->worth);
}

typedef struct Server {
    const Stream *stream;
    const double *chance; /* [experts] to be among a unit's picks */
    double picks;         /* their sum */
    int size;
    int32_t *place; /* [experts] */
    Holder plain;   /* a cache that doesn't see ahead */
    Holder best;    /* the one that does, where it is asked for */
    bool ahead;
} Server;

/* Picks of a unit that are found in a cache. */
static int
serve(const Server *server, Holder *holder, int unit)
{
    int first = first_pick(server->stream, unit), below = 0;
    int n = (int)server->stream->end[unit] - first;
    const int32_t *picks = &g_array_index(server->stream->picks, int32_t, first);
    int found = moe__caches_serve(&holder->caches, picks, holder->worth + first, n, server->place);
    for (int i = 0; i < found; i++)
        below += server->place[i] < server->size;
    return below;
}

/* Those that are to be expected of a unit. A cache that doesn't see ahead knows nothing of it: each
 * expert that it holds is picked with its chance. The one that does finds so many more, or fewer,
 * as it did of the units that were drawn. */
static double
expect(Server *server, int unit)
{
    double expected = 0;
    for (int i = 0; i < MIN(server->size, server->plain.caches.n); i++)
        expected += server->chance[server->plain.caches.list[i]];
    int found = serve(server, &server->plain, unit);
    return expected + (server->ahead ? serve(server, &server->best, unit) - found : 0);
}

/* The share of a document's picks that is found: what is cut off of it is served as the second half
 * of what isn't. */
static double
serve_document(Server *server, const Document *document)
{
    double found = 0, late = 0;
    int half = document->n / 2;
    moe__caches_reset(&server->plain.caches);
    if (server->ahead)
        moe__caches_reset(&server->best.caches);
    for (int u = 0; u < document->n; u++) {
        double own = expect(server, document->first + u);
        found += own;
        late += u >= half ? own : 0;
    }
    double cut = document->length - document->n;
    if (cut > 0)
        found += cut * late / (document->n - half);
    return found / (document->length * server->picks);
}

static double
serve_documents(Server *server, const GArray *documents, MoeCachePolicy policy)
{
    double found = 0;
    server->ahead = policy == MOE_CACHE_BELADY;
    holder_init(&server->plain, server->stream, documents, server->ahead ? MOE_CACHE_LRU : policy);
    if (server->ahead)
        holder_init(&server->best, server->stream, documents, policy);
    for (guint i = 0; i < documents->len; i++)
        found += serve_document(server, &g_array_index(documents, Document, i));
    holder_clear(&server->plain);
    if (server->ahead)
        holder_clear(&server->best);
    return found / documents->len;
}

double
moe__cache_by_chance(const MoeSummaryCell *cell, const MoeDocumentCell *documents,
                     MoeCachePolicy policy, int size, bool uniform)
{
    g_autofree double *chance = g_new(double, (gsize)cell->experts);
    if (documents->documents == 0 || !find_chances(cell, uniform, chance))
        return NAN;
    int units = (int)CLAMP(PICKS * (double)cell->units / (double)cell->picks, LEAST, MOST);
    g_autoptr(GArray) chosen = choose_documents(documents, units);
    const Document *last = &g_array_index(chosen, Document, chosen->len - 1);
    g_autofree Stream *stream = g_new(Stream, 1);
    g_autoptr(GArray) picks = g_array_new(FALSE, FALSE, sizeof(int32_t));
    stream->experts = cell->experts;
    stream->units = last->first + last->n + BESIDE;
    stream->picks = picks;
    draw_stream(chance, uniform, stream);
    g_autofree int32_t *place = g_new(int32_t, (gsize)cell->experts);
    Server server = {.stream = stream, .chance = chance, .size = size, .place = place};
    for (int e = 0; e < cell->experts; e++)
        server.picks += chance[e];
    return serve_documents(&server, chosen, policy);
}

/* --- Segments ---------------------------------------------------------------------------------*/

static int
descending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

double
moe__segment_by_chance(const MoeSummaryCell *cell, int n)
{
    g_autofree double *chance = g_new(double, (gsize)cell->experts);
    g_autofree int64_t *active = g_new(int64_t, (gsize)cell->experts);
    MoeRng rng = moe_rng(SEED, 1);
    double kept = 0, all = 0;
    if (!find_chances(cell, false, chance))
        return NAN;
    for (int s = 0; s < SEGMENTS; s++) {
        for (int e = 0; e < cell->experts; e++)
            active[e] = moe__draw_binomial(&rng, MOE_SEGMENT, chance[e]);
        qsort(active, (size_t)cell->experts, sizeof *active, descending);
        for (int e = 0; e < cell->experts; e++) {
            kept += e < n ? (double)active[e] : 0;
            all += (double)active[e];
        }
    }
    return all > 0 ? kept / all : NAN;
}
