/* SPDX-License-Identifier: MIT
 *
 * tally-documents.c: which way each document's load points among the experts. Cosines of any two
 * documents then follow from sums over documents, so that none of them has to be kept.
 */
#include "stats/picks.h"
#include "stats/tally.h"

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

static void
count_unit(Walk *walk, const MoeTraceView *view, int64_t unit)
{
    bool any = false;
    for (int64_t i = unit; i < view->k * view->units; i += view->units) {
        int32_t expert = moe__pick(view, i);
        if (expert < 0)
            continue;
        walk->count[expert]++;
        any = true;
    }
    walk->units += any;
}

static void
count_run(Walk *walk, MoeDocumentCell *cell, const MoeTallyChunk *chunk, const MoeTallyRun *run)
{
    int heads = chunk->units_per_token;
    for (int64_t t = run->first; t < run->first + run->n; t++) {
        int32_t doc = chunk->doc ? chunk->doc[t] : 0, step = chunk->step ? chunk->step[t] : 0;
        if (doc != walk->doc || step != walk->step || cell != walk->cell) {
            finish(walk);
            walk->doc = doc;
            walk->step = step;
            walk->cell = cell;
        }
        for (int64_t u = t * heads; u < (t + 1) * heads; u++)
            count_unit(walk, chunk->view, u);
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
