/* SPDX-License-Identifier: MIT
 *
 * tally-caches.c: how often experts would be found in a cache that is smaller than all of them. A
 * document is gathered first, since the best cache knows what will be needed; one that is very long
 * comes in parts, and then the best cache sees to the end of the part.
 */
#include "stats/cache.h"
#include "stats/picks.h"
#include "stats/segment.h"
#include "stats/tally.h"

#include <string.h>

#define PART_UNITS 65536
#define PART_PICKS (1 << 20)

int
moe_cache_size(int i, int experts)
{
    g_return_val_if_fail(i >= 0 && i < MOE_CACHES, 1);
    return MAX(1, (int)((int64_t)experts * (i + 1) / (MOE_CACHES + 1)));
}

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeCacheCell, lookups, MOE_AXIS_NONE),
    MOE_COUNTS(MoeCacheCell, lru, MOE_AXIS_CACHES),
    MOE_COUNTS(MoeCacheCell, lfu, MOE_AXIS_CACHES),
    MOE_COUNTS(MoeCacheCell, belady, MOE_AXIS_CACHES),
    MOE_COUNTS(MoeCacheCell, segments, MOE_AXIS_NONE),
    MOE_COUNTS(MoeCacheCell, active, MOE_AXIS_ACTIVE),
    MOE_COUNTS(MoeCacheCell, kept_once, MOE_AXIS_NONE),
    MOE_COUNTS(MoeCacheCell, kept_twice, MOE_AXIS_NONE),
};

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoeCacheCell *)cell)->experts = shape->experts;
}

/* A unit's picks in a part, each expert once. */
typedef struct Unit {
    int64_t first;
    int n;
    MoeCacheCell *cell;
} Unit;

typedef struct Walk {
    int experts;
    bool begun;
    int32_t doc, step;
    int64_t pos; /* of the last token; -1: not known */
    /* The part at hand. */
    GArray *units;   /* of Unit */
    GArray *picks;   /* of int32_t */
    GArray *next;    /* of int64_t, as picks: worth to the best cache */
    int64_t *wanted; /* [experts] unit that needs it next; NEVER */
    /* Since the document began. */
    int64_t tick;   /* picks served */
    int64_t *often; /* [experts] uses */
    MoeCaches lru, lfu, belady;
    MoeSegment *segment;
    /* Of the unit at hand. */
    int64_t unit;              /* how many there were, in all documents */
    int64_t *taken;            /* [experts] the last one that picked it */
    int64_t *recent, *oftener; /* [experts] what its picks are worth: when used, and how often */
    int32_t *place;            /* [experts] */
} Walk;

#define NEVER (INT64_MAX - 1)

static void *
begin(const MoeTallyCells *cells)
{
    Walk *walk = g_new0(Walk, 1);
    gsize experts = (gsize)moe__tally_shape(cells)->experts;
    walk->experts = (int)experts;
    walk->units = g_array_new(FALSE, FALSE, sizeof(Unit));
    walk->picks = g_array_new(FALSE, FALSE, sizeof(int32_t));
    walk->next = g_array_new(FALSE, FALSE, sizeof(int64_t));
    walk->wanted = g_new(int64_t, experts);
    walk->often = g_new0(int64_t, experts);
    walk->taken = g_new0(int64_t, experts);
    walk->recent = g_new(int64_t, experts);
    walk->oftener = g_new(int64_t, experts);
    walk->place = g_new(int32_t, experts);
    walk->segment = moe__segment_new(walk->experts);
    moe__caches_init(&walk->lru, walk->experts);
    moe__caches_init(&walk->lfu, walk->experts);
    moe__caches_init(&walk->belady, walk->experts);
    return walk;
}

/* --- A part -----------------------------------------------------------------------------------*/

/* For every pick, when its expert is needed next; then what the best caches hold is worth as much
 * as it is needed early. */
static void
look_ahead(Walk *walk)
{
    g_array_set_size(walk->next, walk->picks->len);
    for (int e = 0; e < walk->experts; e++)
        walk->wanted[e] = NEVER;
    for (guint u = walk->units->len; u-- > 0;) {
        const Unit *unit = &g_array_index(walk->units, Unit, u);
        for (int64_t i = unit->first; i < unit->first + unit->n; i++) {
            int32_t expert = g_array_index(walk->picks, int32_t, i);
            g_array_index(walk->next, int64_t, i) = -walk->wanted[expert];
            walk->wanted[expert] = u;
        }
    }
    for (int e = 0; e < walk->experts; e++)
        walk->belady.worth[e] = -walk->wanted[e];
}

/* Marks the unit's picks as used, its best one last. */
static void
use(Walk *walk, const Unit *unit, const int32_t *expert)
{
    const int64_t most = 1 << 22; /* uses that are told apart */
    for (int i = unit->n - 1; i >= 0; i--) {
        int64_t often = ++walk->often[expert[i]];
        walk->recent[i] = ++walk->tick;
        walk->oftener[i] = (MIN(often, most) << 40) + walk->tick;
    }
}

static void
serve(Walk *walk, MoeCaches *caches, const Unit *unit, const int32_t *expert, const int64_t *worth,
      int64_t *found)
{
    int n = moe__caches_serve(caches, expert, worth, unit->n, walk->place);
    for (int i = 0; i < MOE_CACHES; i++) {
        int size = moe_cache_size(i, walk->experts), below = 0;
        while (below < n && walk->place[below] < size)
            below++;
        found[i] += below;
    }
}

static void
serve_part(Walk *walk)
{
    if (walk->units->len > 0)
        look_ahead(walk);
    for (guint u = 0; u < walk->units->len; u++) {
        const Unit *unit = &g_array_index(walk->units, Unit, u);
        const int32_t *expert = &g_array_index(walk->picks, int32_t, unit->first);
        const int64_t *next = &g_array_index(walk->next, int64_t, unit->first);
        use(walk, unit, expert);
        serve(walk, &walk->lru, unit, expert, walk->recent, unit->cell->lru);
        serve(walk, &walk->lfu, unit, expert, walk->oftener, unit->cell->lfu);
        serve(walk, &walk->belady, unit, expert, next, unit->cell->belady);
        unit->cell->lookups += unit->n;
    }
    g_array_set_size(walk->units, 0);
    g_array_set_size(walk->picks, 0);
}

/* --- Documents --------------------------------------------------------------------------------*/

static void
begin_document(Walk *walk)
{
    walk->tick = 0;
    moe__segment_reset(walk->segment);
    memset(walk->often, 0, (gsize)walk->experts * sizeof *walk->often);
    moe__caches_reset(&walk->lru);
    moe__caches_reset(&walk->lfu);
    moe__caches_reset(&walk->belady);
}

/* Where documents aren't told, one begins where positions don't rise. Tokens that aren't counted
 * end one: what they would have brought in isn't known. */
static void
follow_document(Walk *walk, const MoeTallyChunk *chunk, int64_t token)
{
    int32_t doc = chunk->doc ? chunk->doc[token] : 0, step = chunk->step ? chunk->step[token] : 0;
    int64_t pos = !chunk->doc && chunk->pos && chunk->pos[token] >= 0 ? chunk->pos[token] : -1;
    bool falls = pos >= 0 && walk->pos >= 0 && pos <= walk->pos;
    if (!walk->begun || doc != walk->doc || step != walk->step || falls) {
        serve_part(walk);
        begin_document(walk);
    }
    walk->begun = true;
    walk->doc = doc;
    walk->step = step;
    walk->pos = pos;
}

static void
gather(Walk *walk, const MoeTraceView *view, int64_t at, MoeCacheCell *cell)
{
    Unit unit = {walk->picks->len, 0, cell};
    walk->unit++;
    for (int slot = 0; slot < view->k; slot++) {
        int32_t expert = moe__pick(view, slot * view->units + at);
        if (expert < 0 || walk->taken[expert] == walk->unit)
            continue;
        walk->taken[expert] = walk->unit;
        moe__segment_pick(walk->segment, expert);
        g_array_append_val(walk->picks, expert);
        unit.n++;
    }
    moe__segment_add(walk->segment, cell);
    if (unit.n > 0)
        g_array_append_val(walk->units, unit);
    if (walk->units->len >= PART_UNITS || walk->picks->len >= PART_PICKS)
        serve_part(walk);
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)error;
    Walk *walk = data;
    int64_t seen = 0; /* tokens of the chunk */
    for (int64_t i = 0; i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        MoeCacheCell *cell = moe__tally_cell(cells, run->domain, run->group);
        walk->begun &= run->first == seen;
        for (int64_t t = run->first; t < run->first + run->n; t++) {
            follow_document(walk, chunk, t);
            for (int j = 0; j < chunk->units_per_token; j++)
                gather(walk, chunk->view, t * chunk->units_per_token + j, cell);
        }
        seen = run->first + run->n;
    }
    walk->begun &= seen == chunk->view->tokens;
    return true;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    (void)cells;
    Walk *walk = data;
    serve_part(walk);
    moe__caches_clear(&walk->lru);
    moe__caches_clear(&walk->lfu);
    moe__caches_clear(&walk->belady);
    g_array_unref(walk->units);
    g_array_unref(walk->picks);
    g_array_unref(walk->next);
    g_free(walk->wanted);
    g_free(walk->often);
    g_free(walk->taken);
    g_free(walk->recent);
    g_free(walk->oftener);
    g_free(walk->place);
    moe__segment_free(walk->segment);
    g_free(walk);
}

static const char *
problem(const void *data)
{
    const MoeCacheCell *cell = data;
    for (int i = 0; i < MOE_CACHES; i++)
        if (cell->lru[i] > cell->lookups || cell->lfu[i] > cell->lookups ||
            cell->belady[i] > cell->lookups)
            return "more picks are found than looked up";
    int64_t experts = 0, picks = 0;
    for (int i = 0; i <= MOE_SEGMENT; i++) {
        experts += cell->active[i];
        picks += cell->active[i] * i;
    }
    if (experts / cell->experts != cell->segments || experts % cell->experts != 0)
        return "segments don't tell of each expert once";
    return MAX(cell->kept_once, cell->kept_twice) > picks ? "more picks are kept than made" : NULL;
}

const MoeTally moe__tally_caches = {
    .bit = MOE_TALLY_CACHES,
    .name = "caches",
    .cell_size = sizeof(MoeCacheCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .problem = problem,
    .begin = begin,
    .count = count,
    .end = end,
};
