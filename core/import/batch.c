/* SPDX-License-Identifier: MIT
 *
 * Tokens on their way into the trace: a batch at a time.
 */
#include "import/door.h"

#include <string.h>

static float **
make_columns(gsize routers, gsize cells)
{
    float **columns = g_new(float *, routers);
    for (gsize r = 0; r < routers; r++)
        columns[r] = g_new(float, cells);
    return columns;
}

static void
free_columns(float ***columns, int routers)
{
    for (int r = 0; *columns && r < routers; r++)
        g_free((*columns)[r]);
    g_clear_pointer(columns, g_free);
}

/* What logits bring. */
static void
make_stats(MoeImport *import)
{
    gsize n = (gsize)import->n_routers, rows = (gsize)import->capacity;
    gsize experts = (gsize)import->routers[0].experts;
    import->margin = make_columns(n, rows);
    import->entropy = import->score ? make_columns(n, rows) : NULL;
    import->logits = import->options->logits ? make_columns(n, rows * experts) : NULL;
    import->weight = g_new(double, experts);
    for (gsize r = 0; r < n; r++) {
        import->picks[r].margin = import->margin[r];
        import->picks[r].entropy = import->entropy ? import->entropy[r] : NULL;
        import->picks[r].logits = import->logits ? import->logits[r] : NULL;
    }
}

int
moe__import_width(const MoeImport *import, int router)
{
    const MoeRouterInfo *info = &import->routers[router];
    return info->k > 0 ? info->k : info->experts;
}

void
moe__import_batch_make(MoeImport *import)
{
    gsize n = (gsize)import->n_routers, rows = (gsize)import->capacity;
    import->id = g_new(int32_t, rows);
    import->doc = g_new(int32_t, rows);
    import->pos = g_new(int32_t, rows);
    import->in_domain = g_new(int32_t, rows);
    import->picks = g_new0(MoeTracePicks, n);
    import->expert = g_new0(int32_t *, n);
    import->gate = g_new0(double *, n);
    for (gsize r = 0; r < n; r++) {
        gsize cells = rows * (gsize)moe__import_width(import, (int)r);
        import->expert[r] = g_new(int32_t, cells);
        import->gate[r] = import->has_gates ? g_new(double, cells) : NULL;
        import->picks[r] = (MoeTracePicks){.expert = import->expert[r], .gate64 = import->gate[r]};
    }
    if (import->has_logits)
        make_stats(import);
}

void
moe__import_batch_free(MoeImport *import)
{
    for (int r = 0; import->picks && r < import->n_routers; r++) {
        g_free(import->expert[r]);
        g_free(import->gate[r]);
    }
    g_clear_pointer(&import->expert, g_free);
    g_clear_pointer(&import->gate, g_free);
    free_columns(&import->entropy, import->n_routers);
    free_columns(&import->margin, import->n_routers);
    free_columns(&import->logits, import->n_routers);
    g_clear_pointer(&import->weight, g_free);
    g_clear_pointer(&import->picks, g_free);
    g_clear_pointer(&import->id, g_free);
    g_clear_pointer(&import->doc, g_free);
    g_clear_pointer(&import->pos, g_free);
    g_clear_pointer(&import->in_domain, g_free);
}

bool
moe__import_batch_flush(MoeImport *import, GError **error)
{
    if (import->rows == 0)
        return true;
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

/* Where k varies, rows have more slots than a unit has, and slots without a pick are left out. */
static bool
take_experts(const MoeImport *import, int r, const MoeImportToken *token, int32_t *expert,
             double *gate, GError **error)
{
    const MoeRouterInfo *router = &import->routers[r];
    int width = moe__import_width(import, r), n = 0;
    for (int i = 0; i < import->k && n < width; i++) {
        int32_t id = token->expert[r * import->k + i];
        if (id >= router->experts) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "layer %d: found expert %d, expected 0 … %d (--experts %d)", router->layer,
                        id, router->experts - 1, router->experts);
            return false;
        }
        if (id < 0 && router->k == 0)
            continue;
        if (gate)
            gate[n] = token->gate[r * import->k + i];
        expert[n++] = MAX(id, -1);
    }
    for (; n < width; n++) {
        expert[n] = -1;
        if (gate)
            gate[n] = 0;
    }
    return true;
}

static bool
take_picks(MoeImport *import, int r, const MoeImportToken *token, GError **error)
{
    int k = moe__import_width(import, r);
    gsize at = (gsize)import->rows * (gsize)k;
    int32_t *expert = import->expert[r] + at;
    double *gate = import->has_gates ? import->gate[r] + at : NULL;
    double *given = import->derive_gates ? NULL : gate;
    if (!import->no_picks && !take_experts(import, r, token, expert, given, error))
        return false;
    if (given && import->no_picks)
        memcpy(given, token->gate + r * k, sizeof *given * (gsize)k);
    if (import->has_logits)
        moe__import_derive(import, r, token->logits + (gsize)r * (gsize)import->routers[r].experts,
                           expert, gate);
    if (gate && !import->no_picks)
        sort_picks(expert, gate, k);
    return true;
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
    return import->rows < import->capacity || moe__import_batch_flush(import, error);
}
