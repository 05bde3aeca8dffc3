/* SPDX-License-Identifier: MIT
 *
 * tally-documents.c: which way each document's load points among the experts. Cosines of any two
 * documents then follow from sums over documents, so that none of them has to be kept.
 */
#include "stats/columns.h"
#include "stats/picks.h"

#include <moescope/tokens.h>

#include <math.h>
#include <string.h>

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeDocumentCell, documents, MOE_AXIS_NONE),
    MOE_COUNTS(MoeDocumentCell, of_length, MOE_AXIS_CLASSES),
    MOE_COUNTS(MoeDocumentCell, units, MOE_AXIS_CLASSES),
    MOE_REALS(MoeDocumentCell, direction, MOE_AXIS_EXPERTS),
};

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoeDocumentCell *)cell)->experts = shape->experts;
}

/* The document at hand. */
typedef struct Walk {
    int64_t *count; /* [experts] */
    int64_t units;  /* with picks */
    MoeDocumentCell *cell;
    int32_t doc, step;
} Walk;

static void *
begin(const MoeTallyCells *cells)
{
    Walk *walk = g_new0(Walk, 1);
    walk->count = g_new0(int64_t, (gsize)moe__tally_shape(cells)->experts);
    return walk;
}

/* Adds the document to its cell. */
static void
finish(Walk *walk)
{
    MoeDocumentCell *cell = walk->cell;
    double square = 0;
    if (walk->units == 0)
        return;
    for (int e = 0; e < cell->experts; e++)
        square += (double)walk->count[e] * (double)walk->count[e];
    for (int e = 0; e < cell->experts; e++)
        cell->direction[e] += (double)walk->count[e] / sqrt(square);
    cell->documents++;
    cell->of_length[moe_tokens_class(walk->units)]++;
    cell->units[moe_tokens_class(walk->units)] += walk->units;
    memset(walk->count, 0, (gsize)cell->experts * sizeof *walk->count);
    walk->units = 0;
}

/* Units of which some slot holds a pick. */
static int64_t
with_picks(const MoeTraceView *view, int64_t first, int64_t end)
{
    int64_t units = 0;
    for (int64_t u = first; u < end; u++) {
        bool any = false;
        for (int slot = 0; slot < view->k && !any; slot++)
            any = moe__pick(view, slot * view->units + u) >= 0;
        units += any;
    }
    return units;
}

/* Slot by slot, in the order of memory. */
static void
count_units(Walk *walk, const MoeTraceView *view, int64_t first, int64_t end)
{
    int64_t picks = 0;
    for (int slot = 0; slot < view->k; slot++)
        for (int64_t i = slot * view->units + first, last = i + end - first; i < last; i++) {
            int32_t expert = moe__pick(view, i);
            if (expert < 0)
                continue;
            walk->count[expert]++;
            picks++;
        }
    bool all = picks == view->k * (end - first);
    walk->units += all ? end - first : with_picks(view, first, end);
}

static void
count_run(Walk *walk, MoeDocumentCell *cell, const MoeTallyChunk *chunk, const MoeTallyRun *run)
{
    const int heads = chunk->units_per_token;
    const int64_t last = run->first + run->n;
    for (int64_t t = run->first, end; t < last; t = end) {
        int32_t doc = chunk->doc ? chunk->doc[t] : 0, step = chunk->step ? chunk->step[t] : 0;
        if (doc != walk->doc || step != walk->step || cell != walk->cell) {
            finish(walk);
            walk->doc = doc;
            walk->step = step;
            walk->cell = cell;
        }
        end = moe__column_alike(chunk->doc, t, moe__column_alike(chunk->step, t, last));
        count_units(walk, chunk->view, t * heads, end * heads);
    }
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)error;
    for (int64_t i = 0; chunk->view->k > 0 && i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        count_run(data, moe__tally_cell(cells, run->domain, run->group), chunk, run);
    }
    return true;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    (void)cells;
    Walk *walk = data;
    finish(walk);
    g_free(walk->count);
    g_free(walk);
}

static const char *
problem(const void *data)
{
    const MoeDocumentCell *cell = data;
    int64_t documents = 0;
    double longest = 0;
    for (int c = 0; c < MOE_TOKENS_CLASSES; c++) {
        documents += cell->of_length[c];
        if (cell->units[c] < cell->of_length[c])
            return "a document without units";
    }
    for (int e = 0; e < cell->experts; e++) {
        if (cell->direction[e] < 0)
            return "a direction below 0";
        longest = fmax(longest, cell->direction[e]);
    }
    if (documents != cell->documents)
        return "documents by their length aren't all documents";
    return longest > (double)documents * (1 + 1e-9) ? "directions longer than documents are many"
                                                    : NULL;
}

const MoeTally moe__tally_documents = {
    .bit = MOE_TALLY_DOCUMENTS,
    .name = "documents",
    .cell_size = sizeof(MoeDocumentCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .problem = problem,
    .begin = begin,
    .count = count,
    .end = end,
};
