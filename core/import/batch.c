/* SPDX-License-Identifier: MIT
 *
 * Tokens on their way into the trace: a batch at a time.
 */
#include "import/door.h"

#include <string.h>

enum { BATCH = 4096 };

void
moe__import_batch_make(MoeImport *import)
{
    gsize n = (gsize)import->n_routers, cells = BATCH * (gsize)import->k;
    import->id = g_new(int32_t, BATCH);
    import->doc = g_new(int32_t, BATCH);
    import->pos = g_new(int32_t, BATCH);
    import->in_domain = g_new(int32_t, BATCH);
    import->picks = g_new0(MoeTracePicks, n);
    import->expert = g_new0(int32_t *, n);
    import->gate = g_new0(double *, n);
    for (gsize r = 0; r < n; r++) {
        import->expert[r] = g_new(int32_t, cells);
        import->gate[r] = import->has_gates ? g_new(double, cells) : NULL;
        import->picks[r] = (MoeTracePicks){.expert = import->expert[r], .gate64 = import->gate[r]};
    }
}

void
moe__import_batch_free(MoeImport *import)
{
    for (int r = 0; import->picks && r < import->n_routers; r++) {
        g_free(import->expert[r]);
        g_free(import->gate[r]);
    }
    g_free(import->expert);
    g_free(import->gate);
    g_free(import->picks);
    g_free(import->id);
    g_free(import->doc);
    g_free(import->pos);
    g_free(import->in_domain);
}

bool
moe__import_batch_flush(MoeImport *import, GError **error)
{
    const MoeTraceTokens tokens = {
        .n = import->rows,
        .id = import->id,
        .doc = import->doc,
        .pos = import->pos,
        .domain = import->names->len > 0 ? import->in_domain : NULL,
    };
    import->tokens += import->rows;
    import->rows = 0;
    return moe_trace_writer_append(import->writer, &tokens, import->picks, error);
}

static bool
goes_before(int32_t expert, double gate, int32_t other, double other_gate)
{
    if (expert < 0 || other < 0)
        return expert >= 0 && other < 0;
    return gate > other_gate || (gate == other_gate && expert < other);
}

/* Puts a unit's picks in order of their gates, of equal ones the lower id first, and picks that
 * aren't there last. (Coarse gates are often equal: an order that is stated beats one that isn't.)
 */
static void
sort_picks(int32_t *expert, double *gate, int k)
{
    for (int i = 1; i < k; i++) {
        int32_t e = expert[i];
        double g = gate[i];
        int j = i;
        for (; j > 0 && goes_before(e, g, expert[j - 1], gate[j - 1]); j--) {
            expert[j] = expert[j - 1];
            gate[j] = gate[j - 1];
        }
        expert[j] = e;
        gate[j] = g;
    }
}

static bool
take_picks(MoeImport *import, int r, const MoeImportToken *token, GError **error)
{
    int k = import->k;
    const MoeRouterInfo *router = &import->routers[r];
    int32_t *expert = import->expert[r] + (gsize)import->rows * (gsize)k;
    for (int i = 0; i < k; i++) {
        int32_t id = token->expert[r * k + i];
        if (id >= router->experts) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "layer %d: found expert %d, expected 0 … %d (--experts %d)", router->layer,
                        id, router->experts - 1, router->experts);
            return false;
        }
        expert[i] = MAX(id, -1);
    }
    if (!import->has_gates)
        return true;
    double *gate = import->gate[r] + (gsize)import->rows * (gsize)k;
    memcpy(gate, token->gate + r * k, sizeof *gate * (gsize)k);
    sort_picks(expert, gate, k);
    return true;
}

/* Tokens a batch: no more than a chunk's. */
static int64_t
batch_of(const MoeImport *import)
{
    int64_t chunk = import->options->chunk_tokens;
    return chunk > 0 ? MIN(chunk, BATCH) : BATCH;
}

bool
moe_import_token(MoeImport *import, const MoeImportToken *token, GError **error)
{
    for (int r = 0; r < import->n_routers; r++)
        if (!take_picks(import, r, token, error))
            return false;
    import->id[import->rows] = token->id;
    import->doc[import->rows] = token->doc;
    import->pos[import->rows] = token->pos;
    import->in_domain[import->rows] = token->domain;
    import->documents = MAX(import->documents, (int64_t)token->doc + 1);
    import->rows++;
    return import->rows < batch_of(import) || moe__import_batch_flush(import, error);
}
