/* SPDX-License-Identifier: MIT
 *
 * rows.c: chunks in the layout in which they were recorded, so that they can be written again. A
 * chunk's columns are kept as they are on disk; only the rows that are asked for are converted.
 */
#include "trace/half.h"
#include "trace/tools.h"

#include <string.h>

/* Memory that is kept from chunk to chunk. */
typedef struct Buffer {
    void *bytes;
    size_t capacity;
} Buffer;

/* A column as it is on disk; data NULL: the chunk hasn't got it. */
typedef struct Column {
    MoeArray array;
    Buffer buffer;
} Column;

typedef struct RouterRows {
    int index; /* in the trace */
    const MoeRouterInfo *info;
    Column columns[PICK_COLUMNS];
    Buffer taken[PICK_COLUMNS];
} RouterRows;

struct MoeTraceRows {
    const MoeTrace *trace;
    int chunk;
    MoeTraceTokens tokens;
    Column columns[TOKEN_COLUMNS];
    Buffer taken[TOKEN_COLUMNS];
    RouterRows *routers;
    int n_routers;
};

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
    rows->routers = g_new0(RouterRows, (gsize)rows->n_routers);
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
    for (int r = 0; r < rows->n_routers; r++)
        for (int c = 0; c < PICK_COLUMNS; c++) {
            g_free(rows->routers[r].columns[c].buffer.bytes);
            g_free(rows->routers[r].taken[c].bytes);
        }
    g_free(rows->routers);
    g_free(rows);
}

static void *
reserve(Buffer *buffer, size_t n)
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

/* What a column has to be: one of two types, and these lengths; shape[0] < 0: up to -shape[0]. */
typedef struct Shape {
    MoeType type, other;
    int ndim;
    int64_t shape[2];
} Shape;

static bool
fits(const MoeArray *array, const Shape *shape)
{
    bool ok =
        (array->type == shape->type || array->type == shape->other) && array->ndim == shape->ndim;
    for (int i = 0; i < shape->ndim && ok; i++)
        ok = shape->shape[i] < 0 ? array->shape[i] <= -shape->shape[i]
                                 : array->shape[i] == shape->shape[i];
    return ok;
}

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
load_column(const MoeTrace *trace, const char *name, const Shape *shape, Column *column,
            GError **error)
{
    column->array = (MoeArray){0};
    if (!moe_trace_has(trace, name))
        return true;
    g_autoptr(MoeZipStream) stream = moe__trace_begin(trace, name, &column->array, error);
    if (!stream)
        return false;
    if (!fits(&column->array, shape))
        return fail(trace, name, error,
                    "type and shape don't fit the trace: %" G_GINT64_FORMAT " × %" G_GINT64_FORMAT
                    " was expected",
                    ABS(shape->shape[0]), shape->ndim > 1 ? shape->shape[1] : 1);
    if (!reserve(&column->buffer, moe__zip_stream_left(stream)))
        return fail(trace, name, error, "no memory for it");
    return moe__trace_finish(stream, column->buffer.bytes, &column->array, error);
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
        MoeType type = c == TOKEN_LOSS ? MOE_F32 : MOE_I32;
        const Shape shape = {type, type, 1, {rows->tokens.n}};
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
check_picks(const MoeTraceRows *rows, const RouterRows *router, GError **error)
{
    const MoeArray *expert = &router->columns[PICK_EXPERT].array;
    const int32_t *slot = router->columns[PICK_SLOT].array.data;
    int64_t n = moe_array_count(expert), units = expert->shape[1];
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
load_picks(const MoeTraceRows *rows, RouterRows *router, GError **error)
{
    const MoeRouterInfo *info = router->info;
    int64_t units = rows->tokens.n * info->units_per_token;
    int64_t k = info->k > 0 ? info->k : -info->experts;
    for (int c = 0; c < PICK_COLUMNS; c++) {
        const Shape shapes[] = {
            [PICK_EXPERT] = {MOE_U8, MOE_U16, 2, {k, units}},
            [PICK_GATE] = {MOE_F16, MOE_F32, 2, {k, units}},
            [PICK_DROPPED] = {MOE_U8, MOE_U8, 2, {k, units}},
            [PICK_SLOT] = {MOE_I32, MOE_I32, 2, {k, units}},
            [PICK_ENTROPY] = {MOE_F16, MOE_F32, 1, {units}},
            [PICK_MARGIN] = {MOE_F16, MOE_F32, 1, {units}},
            [PICK_LOGITS] = {MOE_F16, MOE_F32, 2, {units, info->experts}},
        };
        Column *column = &router->columns[c];
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

/* --- Taking rows ------------------------------------------------------------------------------*/

static const void *
take_tokens(Buffer *out, const MoeArray *array, const int64_t *index, int64_t n)
{
    if (!array->data)
        return NULL;
    const uint32_t *from = array->data; /* every column of the tokens has four bytes */
    uint32_t *to = g_realloc_n(out->bytes, (gsize)n, sizeof *to);
    out->bytes = to;
    for (int64_t i = 0; i < n; i++)
        to[i] = from[index[i]];
    return to;
}

static void
convert(const MoeArray *array, int column, int64_t from, void *to, int64_t at)
{
    const uint8_t *bytes = array->data;
    switch (column) {
    case PICK_EXPERT:
        ((int32_t *)to)[at] = expert_at(array, from);
        break;
    case PICK_SLOT:
        ((int32_t *)to)[at] = ((const int32_t *)array->data)[from];
        break;
    case PICK_DROPPED:
        ((uint8_t *)to)[at] = bytes[from];
        break;
    default:
        ((float *)to)[at] = array->type == MOE_F16
                                ? moe__half_to_float(((const uint16_t *)array->data)[from])
                                : ((const float *)array->data)[from];
    }
}

/* What stands in slots that the chunk hasn't got, where k varies. */
static void
fill(int column, void *to, int64_t n)
{
    bool none = column == PICK_EXPERT || column == PICK_SLOT;
    memset(to, none ? 0xff : 0, (column == PICK_DROPPED ? 1 : 4) * (size_t)n);
}

static const void *
take_picks(RouterRows *router, int c, const int64_t *index, int64_t n, int width)
{
    const MoeArray *array = &router->columns[c].array;
    int sub = router->info->units_per_token;
    bool slot_major = c <= PICK_SLOT;
    int64_t row = slot_major ? width : c == PICK_LOGITS ? router->info->experts : 1;
    if (!array->data)
        return NULL;
    void *to = g_realloc_n(router->taken[c].bytes, (gsize)MAX(n * sub * row, 1), 4);
    router->taken[c].bytes = to;
    if (slot_major && array->shape[0] < width)
        fill(c, to, n * sub * row);
    for (int64_t i = 0; i < n; i++)
        for (int u = 0; u < sub; u++) {
            int64_t from = index[i] * sub + u, at = (i * sub + u) * row;
            if (slot_major)
                for (int64_t j = 0; j < array->shape[0]; j++)
                    convert(array, c, j * array->shape[1] + from, to, at + j);
            else
                for (int64_t j = 0; j < row; j++)
                    convert(array, c, from * row + j, to, at + j);
        }
    return to;
}

void
moe_trace_rows_take(MoeTraceRows *rows, const int64_t *index, int64_t n, MoeTraceTokens *tokens,
                    MoeTracePicks *picks)
{
    const void *column[TOKEN_COLUMNS];
    for (int c = 0; c < TOKEN_COLUMNS; c++)
        column[c] = take_tokens(&rows->taken[c], &rows->columns[c].array, index, n);
    *tokens = (MoeTraceTokens){n,
                               column[TOKEN_ID],
                               column[TOKEN_DOC],
                               column[TOKEN_POS],
                               column[TOKEN_DOMAIN],
                               column[TOKEN_STEP],
                               column[TOKEN_LOSS]};
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int r = 0; r < rows->n_routers; r++) {
        RouterRows *router = &rows->routers[r];
        const void *values[PICK_COLUMNS];
        for (int c = 0; c < PICK_COLUMNS; c++)
            values[c] = take_picks(router, c, index, n, moe__trace_slots(router->info));
        picks[r] = (MoeTracePicks){.expert = values[PICK_EXPERT],
                                   .gate = values[PICK_GATE],
                                   .dropped = values[PICK_DROPPED],
                                   .entropy = values[PICK_ENTROPY],
                                   .margin = values[PICK_MARGIN],
                                   .logits = values[PICK_LOGITS],
                                   .slot = values[PICK_SLOT]};
    }
}
