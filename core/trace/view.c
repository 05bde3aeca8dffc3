/* SPDX-License-Identifier: MIT
 *
 * view.c: a chunk of one router as plain arrays. Everything is checked against meta.json here, so
 * that callers may index by domain and expert without looking. Columns go from the file to where
 * they stay; what isn't wanted is neither read nor decoded.
 */
#include "trace/decode.h"
#include "trace/reader.h"
#include "trace/shape.h"

/* Memory that is kept for the next chunk, also where this one has no such column. */
typedef struct Buffer {
    void *bytes;
    size_t capacity;
} Buffer;

enum {
    DOMAIN,
    STEP,
    EXPERT_RAW,
    EXPERT,
    GATE_RAW, /* f2 */
    GATE,
    GATE64,
    DROPPED,
    SLOT,
    BUFFERS
};

typedef struct View {
    MoeTraceView public; /* first, so that a pointer to it is one to the whole */
    unsigned wants;
    Buffer buffers[BUFFERS];
    /* Whose tokens are there: routers of a chunk share them. */
    uint64_t trace;
    int chunk;
} View;

enum { NO_CHUNK = -1 };

MoeTraceView *
moe_trace_view_new(void)
{
    View *view = g_new0(View, 1);
    view->wants = MOE_VIEW_ALL;
    view->chunk = NO_CHUNK;
    return &view->public;
}

void
moe_trace_view_wants(MoeTraceView *view, unsigned columns)
{
    View *whole = (View *)view;
    whole->wants = columns;
    whole->chunk = NO_CHUNK;
}

void
moe_trace_view_free(MoeTraceView *view)
{
    if (!view)
        return;
    View *whole = (View *)view;
    for (int i = 0; i < BUFFERS; i++)
        g_free(whole->buffers[i].bytes);
    g_free(whole);
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

/* Room for n values; what was there is lost. NULL: an error. */
static void *
reserve(const MoeTrace *trace, View *view, int which, int64_t n, size_t size, GError **error)
{
    Buffer *buffer = &view->buffers[which];
    size_t needed = (size_t)MAX(n, 1) * size;
    if (needed <= buffer->capacity)
        return buffer->bytes;
    g_free(buffer->bytes);
    buffer->bytes = g_try_malloc(needed);
    buffer->capacity = buffer->bytes ? needed : 0;
    if (!buffer->bytes)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: no memory for the %zu bytes of a column",
                    trace->zip->path, needed);
    return buffer->bytes;
}

/* The n values of a column that was begun, in one of the view's buffers; where they were unpacked,
 * if that is all of them in memory of their own. NULL: an error. */
static void *
finish(const MoeTrace *trace, View *view, int which, int64_t n, MoeZipStream *stream,
       MoeArray *array, GError **error)
{
    Buffer *buffer = &view->buffers[which];
    uint64_t at, left = moe__zip_stream_left(stream);
    uint8_t *unpacked = moe__zip_stream_take(stream, &at);
    if (!unpacked) {
        void *out = reserve(trace, view, which, n, moe_type_size(array->type), error);
        return out && moe__zip_array_finish(stream, out, array, error) ? out : NULL;
    }
    g_free(buffer->bytes);
    buffer->bytes = unpacked;
    buffer->capacity = left; /* and what is before them */
    return moe__zip_stream_end(stream, error) ? unpacked + at : NULL;
}

#define OF(type) MOE_SHAPE_OF(type)

/* Begins to read a [rows, columns] column (columns 0: [rows]) of one of some types. */
static MoeZipStream *
begin_shaped(const MoeTrace *trace, const char *name, unsigned types, int64_t rows, int64_t columns,
             MoeArray *out, GError **error)
{
    const MoeShape shape = {types, columns > 0 ? 2 : 1, {rows, columns}};
    g_autoptr(MoeZipStream) stream = moe__trace_begin(trace, name, out, error);
    if (!stream)
        return NULL;
    if (moe__shape_fits(out, &shape))
        return g_steal_pointer(&stream);
    g_autofree char *misfit = moe__shape_misfit(out, &shape);
    fail(trace, name, error, "type and shape don't fit the trace: %s", misfit);
    return NULL;
}

/* --- Tokens -----------------------------------------------------------------------------------*/

/* One int32 column of the tokens; `fill` where the trace has none. */
static bool
view_token_column(const MoeTrace *trace, int chunk, const char *column, int64_t tokens,
                  int32_t fill, int32_t *out, GError **error)
{
    g_autofree char *name = g_strdup_printf("tokens/%05d.%s", chunk, column);
    if (!moe_trace_has(trace, name)) {
        for (int64_t i = 0; i < tokens; i++)
            out[i] = fill;
        return true;
    }
    MoeArray array;
    g_autoptr(MoeZipStream) stream =
        begin_shaped(trace, name, OF(MOE_I32), tokens, 0, &array, error);
    return stream && moe__zip_array_finish(stream, out, &array, error);
}

static bool
check_domains(const MoeTrace *trace, int chunk, const MoeTraceView *view, GError **error)
{
    g_autofree char *name = g_strdup_printf("tokens/%05d.domain", chunk);
    for (int64_t i = 0; i < view->tokens; i++)
        if (view->domain[i] < -1 || view->domain[i] >= trace->meta.n_domains)
            return fail(trace, name, error,
                        "token %" G_GINT64_FORMAT " has domain %d; -1 … %d is expected", i,
                        view->domain[i], trace->meta.n_domains - 1);
    return true;
}

bool
moe__trace_check_tokens(const MoeTrace *trace, int chunk, GError **error)
{
    int64_t tokens = moe_trace_tokens(trace, chunk);
    g_autofree char *name = g_strdup_printf("tokens/%05d.id.npy", chunk);
    const MoeZipEntry *entry = moe__zip_reader_find(trace->zip, name);
    if (tokens == 0 || (entry && entry->size / sizeof(int32_t) >= (uint64_t)tokens))
        return true;
    return fail(trace, name, error, "missing, or too short for %" G_GINT64_FORMAT " tokens",
                tokens);
}

static bool
view_tokens(const MoeTrace *trace, int chunk, View *whole, GError **error)
{
    MoeTraceView *view = &whole->public;
    if (whole->chunk == chunk && whole->trace == trace->serial)
        return true;
    whole->chunk = NO_CHUNK;
    view->domain = view->step = NULL;
    view->tokens = moe_trace_tokens(trace, chunk);
    if (!moe__trace_check_tokens(trace, chunk, error))
        return false;
    if (whole->wants & MOE_VIEW_DOMAIN) {
        view->domain = reserve(trace, whole, DOMAIN, view->tokens, sizeof(int32_t), error);
        if (!view->domain ||
            !view_token_column(trace, chunk, "domain", view->tokens, -1, view->domain, error) ||
            !check_domains(trace, chunk, view, error))
            return false;
    }
    if (whole->wants & MOE_VIEW_STEP) {
        view->step = reserve(trace, whole, STEP, view->tokens, sizeof(int32_t), error);
        if (!view->step ||
            !view_token_column(trace, chunk, "step", view->tokens, 0, view->step, error))
            return false;
    }
    whole->chunk = chunk;
    whole->trace = trace->serial;
    return true;
}

/* --- Picks ------------------------------------------------------------------------------------*/

/* Expert `i` of the columns as they are on disk; -1: no pick. */
static inline int32_t
raw_expert(const MoeTraceView *view, int64_t i)
{
    if (view->expert8)
        return view->expert8[i] == UINT8_MAX ? -1 : view->expert8[i];
    return view->expert16[i] == UINT16_MAX ? -1 : view->expert16[i];
}

static bool
check_experts(const MoeTrace *trace, const char *name, const MoeTraceView *view,
              const MoeArray *array, int experts, GError **error)
{
    int64_t n = view->k * view->units, i = 0;
    if (moe__decode_experts_fit(array, n, experts))
        return true;
    while (raw_expert(view, i) < experts)
        i++;
    return fail(trace, name, error, "unit %" G_GINT64_FORMAT " picks expert %d; 0 … %d is expected",
                i % view->units, raw_expert(view, i), experts - 1);
}

static bool
view_experts(const MoeTrace *trace, int chunk, int router, View *whole, GError **error)
{
    MoeTraceView *view = &whole->public;
    const MoeRouterInfo *info = &trace->meta.routers[router];
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.expert", chunk, router);
    MoeArray array;
    g_autoptr(MoeZipStream) stream = moe__trace_begin(trace, name, &array, error);
    if (!stream)
        return false;
    bool id_type = array.type == MOE_U8 || array.type == MOE_U16;
    if (!id_type || array.ndim != 2 || array.shape[1] != view->units) {
        const MoeShape shape = {OF(MOE_U8) | OF(MOE_U16), 2, {info->k, view->units}};
        g_autofree char *misfit = moe__shape_misfit(&array, &shape);
        return fail(trace, name, error, "u1 or u2 of slots × %" G_GINT64_FORMAT " was expected: %s",
                    view->units, misfit);
    }
    if (info->k > 0 ? array.shape[0] != info->k : array.shape[0] > info->experts)
        return fail(trace, name, error,
                    "%" G_GINT64_FORMAT " slots found, %d expected by meta.json", array.shape[0],
                    info->k > 0 ? info->k : info->experts);
    view->k = (int)array.shape[0];
    int64_t n = view->k * view->units;
    void *raw = finish(trace, whole, EXPERT_RAW, n, stream, &array, error);
    if (!raw)
        return false;
    array.data = raw;
    view->expert8 = array.type == MOE_U8 ? raw : NULL;
    view->expert16 = array.type == MOE_U8 ? NULL : raw;
    if (!check_experts(trace, name, view, &array, info->experts, error))
        return false;
    if (whole->wants & MOE_VIEW_EXPERT32) {
        view->expert = reserve(trace, whole, EXPERT, n, sizeof(int32_t), error);
        if (!view->expert)
            return false;
        moe__decode_experts(&array, n, view->expert);
    }
    return true;
}

/* Gates in the precisions that they aren't kept in. */
static bool
decode_gates(const MoeTrace *trace, View *whole, MoeType type, int64_t n, GError **error)
{
    MoeTraceView *view = &whole->public;
    if (type == MOE_F32) {
        view->gate64 = reserve(trace, whole, GATE64, n, sizeof(double), error);
        for (int64_t i = 0; view->gate64 && i < n; i++)
            view->gate64[i] = (double)view->gate[i];
        return view->gate64;
    }
    view->gate = reserve(trace, whole, GATE, n, sizeof(float), error);
    if (view->gate && type == MOE_F16)
        moe__decode_halves(view->gate16, n, view->gate);
    for (int64_t i = 0; view->gate && type == MOE_F64 && i < n; i++)
        view->gate[i] = (float)view->gate64[i];
    return view->gate;
}

static bool
view_gates(const MoeTrace *trace, int chunk, int router, View *whole, GError **error)
{
    MoeTraceView *view = &whole->public;
    bool decoded = whole->wants & MOE_VIEW_GATES;
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.gate", chunk, router);
    if (!(whole->wants & (MOE_VIEW_GATES | MOE_VIEW_GATES_RAW)) || !moe_trace_has(trace, name))
        return true;
    MoeArray array;
    g_autoptr(MoeZipStream) stream = begin_shaped(
        trace, name, OF(MOE_F16) | OF(MOE_F32) | OF(MOE_F64), view->k, view->units, &array, error);
    if (!stream)
        return false;
    int64_t n = view->k * view->units;
    int which = array.type == MOE_F16 ? GATE_RAW : array.type == MOE_F32 ? GATE : GATE64;
    void *raw = finish(trace, whole, which, n, stream, &array, error);
    if (!raw)
        return false;
    view->gate16 = array.type == MOE_F16 ? raw : NULL;
    view->gate = array.type == MOE_F32 ? raw : NULL;
    view->gate64 = array.type == MOE_F64 ? raw : NULL;
    return !decoded || decode_gates(trace, whole, array.type, n, error);
}

static bool
view_drops(const MoeTrace *trace, int chunk, int router, View *whole, GError **error)
{
    MoeTraceView *view = &whole->public;
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.dropped", chunk, router);
    if (!(whole->wants & MOE_VIEW_DROPPED) || !moe_trace_has(trace, name))
        return true;
    MoeArray array;
    g_autoptr(MoeZipStream) stream =
        begin_shaped(trace, name, OF(MOE_U8), view->k, view->units, &array, error);
    if (!stream)
        return false;
    view->dropped = finish(trace, whole, DROPPED, view->k * view->units, stream, &array, error);
    return view->dropped;
}

static bool
view_slots(const MoeTrace *trace, int chunk, int router, View *whole, GError **error)
{
    MoeTraceView *view = &whole->public;
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.slot", chunk, router);
    if (!(whole->wants & MOE_VIEW_SLOTS) || !moe_trace_has(trace, name))
        return true;
    MoeArray array;
    g_autoptr(MoeZipStream) stream =
        begin_shaped(trace, name, OF(MOE_I32), view->k, view->units, &array, error);
    if (!stream)
        return false;
    int64_t n = view->k * view->units;
    view->slot = finish(trace, whole, SLOT, n, stream, &array, error);
    if (!view->slot)
        return false;
    for (int64_t i = 0; i < n; i++) {
        int32_t expert = raw_expert(view, i);
        if (expert < 0 ? view->slot[i] != -1 : view->slot[i] < 0)
            return fail(trace, name, error,
                        "unit %" G_GINT64_FORMAT " has slot %d for expert %d; 0 or more, or -1 for "
                        "both, is expected",
                        i % view->units, view->slot[i], expert);
    }
    return true;
}

bool
moe_trace_view(const MoeTrace *trace, int chunk, int router, MoeTraceView *view, GError **error)
{
    g_return_val_if_fail(chunk >= 0 && chunk < moe_trace_chunks(trace), false);
    g_return_val_if_fail(router >= 0 && router < trace->meta.n_routers, false);
    const MoeRouterInfo *info = &trace->meta.routers[router];
    View *whole = (View *)view;
    if (!view_tokens(trace, chunk, whole, error))
        return false;
    view->units = view->tokens * info->units_per_token;
    view->k = info->k;
    view->expert = view->slot = NULL;
    view->expert8 = view->dropped = NULL;
    view->expert16 = view->gate16 = NULL;
    view->gate = NULL;
    view->gate64 = NULL;
    if (view->tokens == 0) /* a chunk of states or series only */
        return true;
    return view_experts(trace, chunk, router, whole, error) &&
           view_gates(trace, chunk, router, whole, error) &&
           view_drops(trace, chunk, router, whole, error) &&
           view_slots(trace, chunk, router, whole, error);
}
