/* SPDX-License-Identifier: MIT
 *
 * columns.c: columns of tokens, kept or read again, and runs of tokens.
 */
#include "stats/columns.h"

/* Columns that take no more than this are kept. */
#define KEPT_BYTES (64 << 20)

struct MoeColumns {
    const MoeTrace *trace;
    unsigned wanted;
    int chunks;
    MoeColumnsBuffer *kept; /* [chunks], or NULL */
};

static const char *const column_names[MOE_TOKEN_COLUMNS] = {"id", "doc", "pos"};

static bool
is_wanted(const MoeColumns *columns, int column)
{
    return (columns->wanted >> column & 1) != 0;
}

/* Replaces a column in the buffer; there is none where the chunk has none. */
static bool
read_column(const MoeColumns *columns, int chunk, int column, MoeColumnsBuffer *buffer,
            GError **error)
{
    g_autofree char *name = g_strdup_printf("tokens/%05d.%s", chunk, column_names[column]);
    int64_t tokens = moe_trace_tokens(columns->trace, chunk);
    MoeArray array;
    g_clear_pointer(&buffer->data[column], g_free);
    if (!moe_trace_has(columns->trace, name))
        return true;
    if (!moe_trace_read(columns->trace, name, &array, error))
        return false;
    buffer->data[column] = (int32_t *)array.data;
    if (array.type == MOE_I32 && array.ndim == 1 && array.shape[0] == tokens)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: another type or shape was found, i4 [%" G_GINT64_FORMAT "] was expected", name,
                tokens);
    return false;
}

static bool
read_chunk(const MoeColumns *columns, int chunk, MoeColumnsBuffer *buffer, GError **error)
{
    for (int i = 0; i < MOE_TOKEN_COLUMNS; i++)
        if (is_wanted(columns, i) && !read_column(columns, chunk, i, buffer, error))
            return false;
    return true;
}

static bool
keep_all(MoeColumns *columns, GError **error)
{
    columns->kept = g_new0(MoeColumnsBuffer, (gsize)columns->chunks);
    for (int i = 0; i < columns->chunks; i++)
        if (!read_chunk(columns, i, &columns->kept[i], error))
            return false;
    return true;
}

MoeColumns *
moe__columns_new(const MoeTrace *trace, unsigned wanted, GError **error)
{
    MoeColumns *columns = g_new(MoeColumns, 1);
    *columns = (MoeColumns){.trace = trace, .wanted = wanted, .chunks = moe_trace_chunks(trace)};
    int64_t bytes = 0;
    for (int i = 0; i < MOE_TOKEN_COLUMNS; i++)
        bytes += is_wanted(columns, i) ? moe_trace_tokens(trace, -1) * 4 : 0;
    if (bytes > KEPT_BYTES || keep_all(columns, error))
        return columns;
    moe__columns_free(columns);
    return NULL;
}

void
moe__columns_free(MoeColumns *columns)
{
    if (!columns)
        return;
    for (int i = 0; columns->kept && i < columns->chunks; i++)
        moe__columns_buffer_clear(&columns->kept[i]);
    g_free(columns->kept);
    g_free(columns);
}

void
moe__columns_buffer_clear(MoeColumnsBuffer *buffer)
{
    for (int i = 0; i < MOE_TOKEN_COLUMNS; i++)
        g_clear_pointer(&buffer->data[i], g_free);
}

const int32_t *const *
moe__columns_get(const MoeColumns *columns, int chunk, MoeColumnsBuffer *buffer, GError **error)
{
    if (columns->kept)
        buffer = &columns->kept[chunk];
    else if (!read_chunk(columns, chunk, buffer, error))
        return NULL;
    return (const int32_t *const *)buffer->data;
}

static bool
is_counted(const MoeTraceView *view, const int32_t *step, const uint64_t *chosen, int64_t t)
{
    return (!step || view->step[t] == *step) && (!chosen || moe_token_set_has(chosen, t));
}

void
moe__find_runs(const MoeTraceView *view, const int32_t *doc, const int32_t *step,
               const uint64_t *chosen, GArray *runs)
{
    g_array_set_size(runs, 0);
    for (int64_t t = 0; t < view->tokens;) {
        MoeTallyRun run = {t, 0, view->domain[t], 0};
        if (doc)
            run.group = (int)((uint32_t)doc[t] % MOE_SUMMARY_GROUPS);
        if (!is_counted(view, step, chosen, t)) {
            t++;
            continue;
        }
        while (t < view->tokens && view->domain[t] == run.domain &&
               (!doc || (int)((uint32_t)doc[t] % MOE_SUMMARY_GROUPS) == run.group) &&
               is_counted(view, step, chosen, t))
            t++;
        run.n = t - run.first;
        g_array_append_val(runs, run);
    }
}
