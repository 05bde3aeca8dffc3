/* SPDX-License-Identifier: MIT
 *
 * view.c: a chunk of one router as plain arrays. Everything is checked against meta.json here, so
 * that callers may index by domain and expert without looking.
 */
#include "trace/half.h"
#include "trace/reader.h"

typedef struct View {
    MoeTraceView public; /* first, so that a pointer to it is one to the whole */
    /* Arrays kept for the next chunk, also where this one has no such column. */
    float *gate;
    double *gate64;
    uint8_t *dropped;
    int32_t *slot;
    int64_t tokens_max, picks_max, gates_max;
    uint8_t *packed; /* a column as it is on disk, where that isn't how it is wanted */
    size_t packed_max;
} View;

MoeTraceView *
moe_trace_view_new(void)
{
    View *view = g_new0(View, 1);
    return &view->public;
}

void
moe_trace_view_free(MoeTraceView *view)
{
    if (!view)
        return;
    View *whole = (View *)view;
    g_free(view->domain);
    g_free(view->step);
    g_free(view->expert);
    g_free(whole->gate);
    g_free(whole->gate64);
    g_free(whole->dropped);
    g_free(whole->slot);
    g_free(whole->packed);
    g_free(whole);
}

static void
reserve_tokens(View *view, int64_t tokens)
{
    if (tokens <= view->tokens_max)
        return;
    view->tokens_max = tokens;
    view->public.domain = g_renew(int32_t, view->public.domain, (gsize)tokens);
    view->public.step = g_renew(int32_t, view->public.step, (gsize)tokens);
}

static void
reserve_picks(View *view, int64_t picks)
{
    if (picks <= view->picks_max)
        return;
    view->picks_max = picks;
    view->public.expert = g_renew(int32_t, view->public.expert, (gsize)picks);
    view->gate = g_renew(float, view->gate, (gsize)picks);
    view->dropped = g_renew(uint8_t, view->dropped, (gsize)picks);
    view->slot = g_renew(int32_t, view->slot, (gsize)picks);
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

/* A set of element types that holds one. */
#define OF(type) (1u << (type))

/* Begins to read a [rows, columns] column (columns 0: [rows]) of one of some types. */
static MoeZipStream *
begin_shaped(const MoeTrace *trace, const char *name, unsigned types, int64_t rows, int64_t columns,
             MoeArray *out, GError **error)
{
    g_autoptr(MoeZipStream) stream = moe__trace_begin(trace, name, out, error);
    if (!stream)
        return NULL;
    bool fits = (types & OF(out->type)) && out->ndim == (columns > 0 ? 2 : 1) &&
                out->shape[0] == rows && (columns == 0 || out->shape[1] == columns);
    if (fits)
        return g_steal_pointer(&stream);
    fail(trace, name, error,
         "type and shape don't fit the trace: %" G_GINT64_FORMAT " × %" G_GINT64_FORMAT
         " was expected",
         rows, MAX(1, columns));
    return NULL;
}

/* Reads such a column, of one type only, straight to where it is wanted. */
static bool
read_shaped(const MoeTrace *trace, const char *name, MoeType type, int64_t rows, int64_t columns,
            void *out, GError **error)
{
    MoeArray array;
    g_autoptr(MoeZipStream) stream =
        begin_shaped(trace, name, OF(type), rows, columns, &array, error);
    return stream && moe__trace_finish(stream, out, &array, error);
}

/* Reads a column that has to be converted. */
static bool
read_packed(View *view, MoeZipStream *stream, MoeArray *array, GError **error)
{
    size_t n = moe__zip_stream_left(stream);
    if (n > view->packed_max) {
        view->packed = g_realloc(view->packed, n);
        view->packed_max = n;
    }
    return moe__trace_finish(stream, view->packed, array, error);
}

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
    return read_shaped(trace, name, MOE_I32, tokens, 0, out, error);
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

/* Whether the ids' member is long enough for the tokens that the chunk claims: that much memory is
 * then taken without fear. */
static bool
check_tokens(const MoeTrace *trace, int chunk, int64_t tokens, GError **error)
{
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
    int64_t tokens = moe_trace_tokens(trace, chunk);
    if (!check_tokens(trace, chunk, tokens, error))
        return false;
    reserve_tokens(whole, tokens);
    view->tokens = tokens;
    return view_token_column(trace, chunk, "domain", tokens, -1, view->domain, error) &&
           view_token_column(trace, chunk, "step", tokens, 0, view->step, error) &&
           check_domains(trace, chunk, view, error);
}

/* Unpacks ids; the type's top value is "no pick". */
static void
decode_experts(const MoeArray *array, int64_t n, int32_t *restrict out)
{
    const uint8_t *narrow = array->data;
    const uint16_t *wide = array->data;
    if (array->type == MOE_U8)
        for (int64_t i = 0; i < n; i++)
            out[i] = narrow[i] == UINT8_MAX ? -1 : narrow[i];
    else
        for (int64_t i = 0; i < n; i++)
            out[i] = wide[i] == UINT16_MAX ? -1 : wide[i];
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
    if (!id_type || array.ndim != 2 || array.shape[1] != view->units)
        return fail(trace, name, error, "u1 or u2 of slots × %" G_GINT64_FORMAT " was expected",
                    view->units);
    if (info->k > 0 ? array.shape[0] != info->k : array.shape[0] > info->experts)
        return fail(trace, name, error,
                    "%" G_GINT64_FORMAT " slots found, %d expected by meta.json", array.shape[0],
                    info->k > 0 ? info->k : info->experts);
    view->k = (int)array.shape[0];
    if (!read_packed(whole, stream, &array, error))
        return false;
    int64_t n = view->k * view->units;
    reserve_picks(whole, n);
    decode_experts(&array, n, view->expert);
    for (int64_t i = 0; i < n; i++)
        if (view->expert[i] >= info->experts)
            return fail(trace, name, error,
                        "unit %" G_GINT64_FORMAT " picks expert %d; 0 … %d is expected",
                        i % view->units, view->expert[i], info->experts - 1);
    return true;
}

/* Gates of f4 or f8, in both precisions. */
static bool
view_wide_gates(View *whole, MoeZipStream *stream, MoeArray *array, int64_t n, GError **error)
{
    MoeTraceView *view = &whole->public;
    if (n > whole->gates_max) {
        whole->gates_max = n;
        whole->gate64 = g_renew(double, whole->gate64, (gsize)n);
    }
    view->gate64 = whole->gate64;
    bool wide = array->type == MOE_F64;
    if (!moe__trace_finish(stream, wide ? (void *)view->gate64 : view->gate, array, error))
        return false;
    for (int64_t i = 0; wide && i < n; i++)
        view->gate[i] = (float)view->gate64[i];
    for (int64_t i = 0; !wide && i < n; i++)
        view->gate64[i] = (double)view->gate[i];
    return true;
}

static bool
view_gates(const MoeTrace *trace, int chunk, int router, View *whole, GError **error)
{
    MoeTraceView *view = &whole->public;
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.gate", chunk, router);
    view->gate = NULL;
    view->gate64 = NULL;
    if (!moe_trace_has(trace, name))
        return true;
    MoeArray array;
    g_autoptr(MoeZipStream) stream = begin_shaped(
        trace, name, OF(MOE_F16) | OF(MOE_F32) | OF(MOE_F64), view->k, view->units, &array, error);
    if (!stream)
        return false;
    view->gate = whole->gate;
    int64_t n = view->k * view->units;
    if (array.type != MOE_F16)
        return view_wide_gates(whole, stream, &array, n, error);
    if (!read_packed(whole, stream, &array, error))
        return false;
    for (int64_t i = 0; i < n; i++)
        view->gate[i] = moe__half_to_float(((const uint16_t *)array.data)[i]);
    return true;
}

static bool
view_drops(const MoeTrace *trace, int chunk, int router, View *whole, GError **error)
{
    MoeTraceView *view = &whole->public;
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.dropped", chunk, router);
    view->dropped = NULL;
    if (!moe_trace_has(trace, name))
        return true;
    view->dropped = whole->dropped;
    return read_shaped(trace, name, MOE_U8, view->k, view->units, view->dropped, error);
}

static bool
view_slots(const MoeTrace *trace, int chunk, int router, View *whole, GError **error)
{
    MoeTraceView *view = &whole->public;
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.slot", chunk, router);
    view->slot = NULL;
    if (!moe_trace_has(trace, name))
        return true;
    int64_t n = view->k * view->units;
    view->slot = whole->slot;
    if (!read_shaped(trace, name, MOE_I32, view->k, view->units, view->slot, error))
        return false;
    for (int64_t i = 0; i < n; i++)
        if (view->expert[i] < 0 ? view->slot[i] != -1 : view->slot[i] < 0)
            return fail(trace, name, error,
                        "unit %" G_GINT64_FORMAT " has slot %d for expert %d; 0 or more, or -1 for "
                        "both, is expected",
                        i % view->units, view->slot[i], view->expert[i]);
    return true;
}

bool
moe_trace_view(const MoeTrace *trace, int chunk, int router, MoeTraceView *view, GError **error)
{
    g_return_val_if_fail(chunk >= 0 && chunk < moe_trace_chunks(trace), false);
    g_return_val_if_fail(router >= 0 && router < trace->meta.n_routers, false);
    View *whole = (View *)view;
    if (!view_tokens(trace, chunk, whole, error))
        return false;
    view->units = view->tokens * trace->meta.routers[router].units_per_token;
    if (view->tokens == 0) { /* a chunk of states or series only */
        view->k = trace->meta.routers[router].k;
        view->gate = NULL;
        view->gate64 = NULL;
        view->dropped = NULL;
        view->slot = NULL;
        return true;
    }
    return view_experts(trace, chunk, router, whole, error) &&
           view_gates(trace, chunk, router, whole, error) &&
           view_drops(trace, chunk, router, whole, error) &&
           view_slots(trace, chunk, router, whole, error);
}
