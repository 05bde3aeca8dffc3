/* SPDX-License-Identifier: MIT
 *
 * rows.c: reads and checks chunks whose rows are wanted; rows-take.c gives them out.
 */
#include "trace/rows.h"

#include "trace/decode.h"
#include "trace/shape.h"

#include <string.h>

static const char *const token_names[] = {
    [TOKEN_ID] = "id",         [TOKEN_DOC] = "doc",   [TOKEN_POS] = "pos",
    [TOKEN_DOMAIN] = "domain", [TOKEN_STEP] = "step", [TOKEN_LOSS] = "loss",
};
static const char *const pick_names[] = {
    [PICK_EXPERT] = "expert", [PICK_GATE] = "gate",       [PICK_DROPPED] = "dropped",
    [PICK_SLOT] = "slot",     [PICK_ENTROPY] = "entropy", [PICK_MARGIN] = "margin",
    [PICK_LOGITS] = "logits",
};

MoeTraceRows *
moe_trace_rows_new(const MoeTrace *trace, const int *routers, int n_routers)
{
    MoeTraceRows *rows = g_new0(MoeTraceRows, 1);
    rows->trace = trace;
    rows->n_routers = routers ? n_routers : trace->meta.n_routers;
    rows->routers = g_new0(MoeRouterRows, (gsize)rows->n_routers);
    for (int i = 0; i < rows->n_routers; i++) {
        rows->routers[i].index = routers ? routers[i] : i;
        rows->routers[i].info = &trace->meta.routers[rows->routers[i].index];
    }
    return rows;
}

void
moe_trace_rows_free(MoeTraceRows *rows)
{
    if (!rows)
        return;
    for (int c = 0; c < TOKEN_COLUMNS; c++) {
        g_free(rows->columns[c].buffer.bytes);
        g_free(rows->taken[c].bytes);
    }
    for (int r = 0; r < rows->n_routers; r++) {
        g_free(rows->routers[r].gate64.bytes);
        for (int c = 0; c < PICK_COLUMNS; c++) {
            g_free(rows->routers[r].columns[c].buffer.bytes);
            g_free(rows->routers[r].taken[c].bytes);
        }
    }
    g_free(rows->routers);
    g_free(rows);
}

static void *
reserve(MoeBuffer *buffer, size_t n)
{
    if (n > buffer->capacity || !buffer->bytes) {
        void *bytes = g_try_realloc(buffer->bytes, MAX(n, 1));
        if (!bytes)
            return NULL;
        buffer->bytes = bytes;
        buffer->capacity = n;
    }
    return buffer->bytes;
}

/* --- Reading a chunk --------------------------------------------------------------------------*/

#define OF(type) MOE_SHAPE_OF(MOE_##type)

G_GNUC_PRINTF(4, 5)
static bool
fail(const MoeTrace *trace, const char *name, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: %s: %s", trace->zip->path, name, what);
    return false;
}

static bool
load_column(const MoeTrace *trace, const char *name, const MoeShape *shape, MoeRowColumn *column,
            GError **error)
{
    column->array = (MoeArray){0};
    if (!moe_trace_has(trace, name))
        return true;
    g_autoptr(MoeZipStream) stream = moe__trace_begin(trace, name, &column->array, error);
    if (!stream)
        return false;
    if (!moe__shape_fits(&column->array, shape)) {
        g_autofree char *misfit = moe__shape_misfit(&column->array, shape);
        return fail(trace, name, error, "type and shape don't fit the trace: %s", misfit);
    }
    if (!reserve(&column->buffer, moe__zip_stream_left(stream)))
        return fail(trace, name, error, "no memory for it");
    return moe__zip_array_finish(stream, column->buffer.bytes, &column->array, error);
}

/* A column of i4 within low … high. */
static bool
check_range(const MoeTraceRows *rows, int column, int64_t low, int64_t high, GError **error)
{
    const int32_t *values = rows->columns[column].array.data;
    for (int64_t i = 0; values && i < rows->tokens.n; i++)
        if (values[i] < low || values[i] > high) {
            g_autofree char *name =
                g_strdup_printf("tokens/%05d.%s", rows->chunk, token_names[column]);
            return fail(rows->trace, name, error,
                        "token %" G_GINT64_FORMAT " has %s %d; %" G_GINT64_FORMAT
                        " … %" G_GINT64_FORMAT " is expected",
                        i, token_names[column], values[i], low, high);
        }
    return true;
}

static bool
load_tokens(MoeTraceRows *rows, GError **error)
{
    for (int c = 0; c < TOKEN_COLUMNS; c++) {
        const MoeShape shape = {c == TOKEN_LOSS ? OF(F32) : OF(I32), 1, {rows->tokens.n}};
        g_autofree char *name = g_strdup_printf("tokens/%05d.%s", rows->chunk, token_names[c]);
        if (!load_column(rows->trace, name, &shape, &rows->columns[c], error))
            return false;
        if (c == TOKEN_ID && rows->tokens.n > 0 && !rows->columns[c].array.data)
            return fail(rows->trace, name, error, "missing");
    }
    rows->tokens = (MoeTraceTokens){
        .n = rows->tokens.n,
        .id = rows->columns[TOKEN_ID].array.data,
        .doc = rows->columns[TOKEN_DOC].array.data,
        .pos = rows->columns[TOKEN_POS].array.data,
        .domain = rows->columns[TOKEN_DOMAIN].array.data,
        .step = rows->columns[TOKEN_STEP].array.data,
        .loss = rows->columns[TOKEN_LOSS].array.data,
    };
    return check_range(rows, TOKEN_DOC, 0, INT32_MAX, error) &&
           check_range(rows, TOKEN_DOMAIN, -1, rows->trace->meta.n_domains - 1, error);
}

/* Expert `i` of the column, -1: none. */
static inline int32_t
expert_at(const MoeArray *array, int64_t i)
{
    if (array->type == MOE_U8) {
        uint8_t e = ((const uint8_t *)array->data)[i];
        return e == UINT8_MAX ? -1 : e;
    }
    uint16_t e = ((const uint16_t *)array->data)[i];
    return e == UINT16_MAX ? -1 : e;
}

static bool
check_picks(const MoeTraceRows *rows, const MoeRouterRows *router, GError **error)
{
    const MoeArray *expert = &router->columns[PICK_EXPERT].array;
    const int32_t *slot = router->columns[PICK_SLOT].array.data;
    int64_t n = moe_array_count(expert), units = expert->shape[1];
    if (!slot && moe__decode_experts_fit(expert, n, router->info->experts))
        return true;
    for (int64_t i = 0; i < n; i++) {
        int32_t e = expert_at(expert, i);
        if (e < router->info->experts && (!slot || (e < 0 ? slot[i] == -1 : slot[i] >= 0)))
            continue;
        g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.%s", rows->chunk, router->index,
                                                e < router->info->experts ? "slot" : "expert");
        if (e >= router->info->experts)
            return fail(rows->trace, name, error,
                        "unit %" G_GINT64_FORMAT " picks expert %d; 0 … %d is expected", i % units,
                        e, router->info->experts - 1);
        return fail(rows->trace, name, error,
                    "unit %" G_GINT64_FORMAT " has slot %d for expert %d; 0 or more, or -1 for "
                    "both, is expected",
                    i % units, slot[i], e);
    }
    return true;
}

static bool
load_picks(const MoeTraceRows *rows, MoeRouterRows *router, GError **error)
{
    const MoeRouterInfo *info = router->info;
    int64_t units = rows->tokens.n * info->units_per_token;
    int64_t k = info->k > 0 ? info->k : -info->experts;
    for (int c = 0; c < PICK_COLUMNS; c++) {
        const MoeShape shapes[] = {
            [PICK_EXPERT] = {OF(U8) | OF(U16), 2, {k, units}},
            [PICK_GATE] = {OF(F16) | OF(F32) | OF(F64), 2, {k, units}},
            [PICK_DROPPED] = {OF(U8), 2, {k, units}},
            [PICK_SLOT] = {OF(I32), 2, {k, units}},
            [PICK_ENTROPY] = {OF(F16) | OF(F32), 1, {units}},
            [PICK_MARGIN] = {OF(F16) | OF(F32), 1, {units}},
            [PICK_LOGITS] = {OF(F16) | OF(F32), 2, {units, info->experts}},
        };
        MoeRowColumn *column = &router->columns[c];
        g_autofree char *name =
            g_strdup_printf("picks/%05d.r%03d.%s", rows->chunk, router->index, pick_names[c]);
        if (!load_column(rows->trace, name, &shapes[c], column, error))
            return false;
        if (c == PICK_EXPERT && !column->array.data)
            return fail(rows->trace, name, error, "missing");
        if (c == PICK_EXPERT) /* the chunk's own k, where it varies */
            k = column->array.shape[0];
    }
    return check_picks(rows, router, error);
}

bool
moe_trace_rows_load(MoeTraceRows *rows, int chunk, GError **error)
{
    g_return_val_if_fail(chunk >= 0 && chunk < moe_trace_chunks(rows->trace), false);
    rows->chunk = chunk;
    rows->tokens = (MoeTraceTokens){.n = moe_trace_tokens(rows->trace, chunk)};
    if (!load_tokens(rows, error))
        return false;
    if (rows->tokens.n == 0)
        return true;
    int n = rows->n_routers;
    g_autofree GError **failures = g_new0(GError *, (gsize)n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int r = 0; r < n; r++)
        load_picks(rows, &rows->routers[r], &failures[r]);
    GError *first = NULL;
    for (int r = 0; r < n; r++) {
        if (!first)
            first = g_steal_pointer(&failures[r]);
        g_clear_error(&failures[r]);
    }
    if (first)
        g_propagate_error(error, first);
    return !first;
}

const MoeTraceTokens *
moe_trace_rows_tokens(const MoeTraceRows *rows)
{
    return &rows->tokens;
}

int
moe_trace_rows_width(const MoeTraceRows *rows, int router)
{
    return moe__trace_slots(rows->routers[router].info);
}

bool
moe__trace_rows_know(const char *member)
{
    bool tokens = g_str_has_prefix(member, "tokens/"), picks = g_str_has_prefix(member, "picks/");
    const char *const *names = tokens ? token_names : pick_names;
    int n = tokens ? TOKEN_COLUMNS : picks ? PICK_COLUMNS : 0;
    for (int i = 0; i < n; i++) {
        g_autofree char *end = g_strdup_printf(".%s.npy", names[i]);
        if (g_str_has_suffix(member, end))
            return true;
    }
    return false;
}
