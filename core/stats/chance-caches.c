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
draw_stream(const double *chance, Stream *stream)
{
    MoeRng rng = moe_rng(SEED, 0);
    g_autofree int *order = g_new(int, (gsize)stream->experts);
    for (int e = 0; e < stream->experts; e++)
        order[e] = e;
    for (int u = 0; u < stream->units; u++) {
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

/* A cache, and who uses it. */
typedef struct Server {
    const Stream *stream;
    const int64_t *worth;
    MoeCaches caches;
    int32_t *place; /* [experts] */
    int size;
    bool blind; /* all experts are as likely, whatever the cache holds */
} Server;

/* Picks of a unit that are found. */
static double
serve_unit(Server *server, int unit, int *picks)
{
    int first = first_pick(server->stream, unit), held = server->caches.n, below = 0;
    *picks = (int)server->stream->end[unit] - first;
    int found =
        moe__caches_serve(&server->caches, &g_array_index(server->stream->picks, int32_t, first),
                          server->worth + first, *picks, server->place);
    if (server->blind)
        return (double)*picks * MIN(server->size, held) / server->stream->experts;
    for (int i = 0; i < found; i++)
        below += server->place[i] < server->size;
    return below;
}

/* The share of a document's picks that is found: what is cut off of it is served as the second half
 * of what isn't. */
static double
serve_document(Server *server, const Document *document)
{
    double found = 0, late = 0, all = 0, late_all = 0;
    int picks;
    moe__caches_reset(&server->caches);
    for (int u = 0; u < document->n; u++) {
        double own = serve_unit(server, document->first + u, &picks);
        found += own;
        all += picks;
        late += 2 * u >= document->n ? own : 0;
        late_all += 2 * u >= document->n ? picks : 0;
    }
    double cut = (document->length - document->n) / document->length;
    if (!(cut > 0) || late_all == 0)
        return all > 0 ? found / all : 0;
    return (1 - cut) * found / all + cut * late / late_all;
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
    draw_stream(chance, stream);
    g_autofree int64_t *worth = worths(stream, chosen, policy);
    g_autofree int32_t *place = g_new(int32_t, (gsize)cell->experts);
    Server server = {.stream = stream,
                     .worth = worth,
                     .place = place,
                     .size = size,
                     .blind = uniform && policy != MOE_CACHE_BELADY};
    moe__caches_init(&server.caches, cell->experts);
    double found = 0;
    for (guint i = 0; i < chosen->len; i++)
        found += serve_document(&server, &g_array_index(chosen, Document, i));
    moe__caches_clear(&server.caches);
    return found / chosen->len;
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
