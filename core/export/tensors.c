/* SPDX-License-Identifier: MIT
 *
 * A trace as arrays over all its tokens, and the safetensors file of them. The header goes first,
 * so sizes are settled first; then every array is written chunk by chunk, in a pass of its own over
 * its column.
 */
#include "export/tensors.h"

#include "base/json-out.h"
#include "export/exporters.h"
#include "trace/crc.h"

#include <math.h>

static const char *const columns[] = {"id", "doc", "pos", "domain"};

void
moe__tensors_clear(MoeTensors *t)
{
    g_clear_pointer(&t->tensors, g_array_unref);
    moe_trace_view_free(t->view);
    g_free(t->buffer);
}
/* --- What there is ----------------------------------------------------------------------------*/

static char *
member_of(const MoeTensor *tensor, int chunk)
{
    if (tensor->kind == MOE_TENSOR_COLUMN)
        return g_strdup_printf("tokens/%05d.%s", chunk, columns[tensor->index]);
    return g_strdup_printf("picks/%05d.r%03d.%s", chunk, tensor->index,
                           tensor->kind == MOE_TENSOR_EXPERT ? "expert" : "gate");
}

/* Adds the tensor if any chunk has something of it. */
static void
add(MoeTensors *t, MoeTensor tensor)
{
    for (int c = 0; c < moe_trace_chunks(t->trace); c++) {
        g_autofree char *member = member_of(&tensor, c);
        if (!moe_trace_has(t->trace, member))
            continue;
        g_array_append_val(t->tensors, tensor);
        return;
    }
}

/* Slots of a router: where k varies, those of the busiest chunk. Returns 0 on error. */
static int
find_k(MoeTensors *t, int router, GError **error)
{
    int k = moe_trace_router(t->trace, router)->k;
    if (k > 0)
        return k;
    for (int c = 0; c < moe_trace_chunks(t->trace); c++) {
        if (moe_trace_tokens(t->trace, c) == 0)
            continue;
        if (!moe_trace_view(t->trace, c, router, t->view, error))
            return 0;
        k = MAX(k, t->view->k);
    }
    return k;
}

static bool
find_tensors(MoeTensors *t, GError **error)
{
    int64_t tokens = moe_trace_tokens(t->trace, -1);
    for (int i = 0; i < (int)G_N_ELEMENTS(columns); i++)
        add(t, (MoeTensor){.kind = MOE_TENSOR_COLUMN, .index = i, .rows = tokens});
    for (int r = 0; r < moe_trace_routers(t->trace); r++) {
        int k = find_k(t, r, error);
        if (k == 0)
            return false;
        int64_t units = tokens * moe_trace_router(t->trace, r)->units_per_token;
        add(t, (MoeTensor){MOE_TENSOR_EXPERT, r, k, units});
        add(t, (MoeTensor){MOE_TENSOR_GATE, r, k, units});
    }
    return true;
}

bool
moe__tensors_find(MoeTensors *t, MoeExport *job, GError **error)
{
    *t = (MoeTensors){
        .job = job,
        .trace = moe_export_trace(job),
        .tensors = g_array_new(FALSE, FALSE, sizeof(MoeTensor)),
        .view = moe_trace_view_new(),
    };
    return find_tensors(t, error);
}

int64_t
moe__tensor_bytes(const MoeTensor *tensor)
{
    return 4 * tensor->rows * MAX(tensor->k, 1);
}

char *
moe__tensor_name(const MoeTensor *tensor)
{
    if (tensor->kind == MOE_TENSOR_COLUMN)
        return g_strconcat("tokens.", columns[tensor->index], NULL);
    return g_strdup_printf("routers.%d.%s", tensor->index,
                           tensor->kind == MOE_TENSOR_EXPERT ? "experts" : "gates");
}

/* --- The header -------------------------------------------------------------------------------*/

static bool
write_header(const MoeTensors *t, GError **error)
{
    g_autoptr(GString) text = g_string_new("{\"__metadata__\": {\"meta.json\": ");
    moe__json_append_string(text, moe_trace_meta_json(t->trace));
    g_string_append_c(text, '}');
    int64_t at = 0;
    for (guint i = 0; i < t->tensors->len; i++) {
        const MoeTensor *tensor = &g_array_index(t->tensors, MoeTensor, i);
        int64_t end = at + moe__tensor_bytes(tensor);
        g_autofree char *name = moe__tensor_name(tensor);
        g_string_append_printf(text, ", \"%s\": ", name);
        g_string_append_printf(text, "{\"dtype\": \"%s\", \"shape\": [%" G_GINT64_FORMAT,
                               tensor->kind == MOE_TENSOR_GATE ? "F32" : "I32", tensor->rows);
        if (tensor->k > 0)
            g_string_append_printf(text, ", %d", tensor->k);
        g_string_append_printf(
            text, "], \"data_offsets\": [%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT "]}", at, end);
        at = end;
    }
    g_string_append_c(text, '}');
    while (text->len % 8)
        g_string_append_c(text, ' ');
    uint64_t length = GUINT64_TO_LE(text->len);
    return moe_export_write(t->job, &length, sizeof length, error) &&
           moe_export_write(t->job, text->str, text->len, error);
}

/* --- The values -------------------------------------------------------------------------------*/

static bool
emit(MoeTensors *t, const void *bytes, size_t n, GError **error)
{
    if (!t->crc)
        return moe_export_write(t->job, bytes, n, error);
    *t->crc = moe__crc32(*t->crc, bytes, n);
    return true;
}

/* A column of tokens; what a chunk doesn't know is -1. */
static bool
write_column(MoeTensors *t, const MoeTensor *tensor, int chunk, GError **error)
{
    int64_t n = moe_trace_tokens(t->trace, chunk);
    g_autofree char *name = member_of(tensor, chunk);
    int32_t *out = t->buffer = g_renew(int32_t, t->buffer, (gsize)n);
    MoeArray array = {.ndim = 1, .shape = {n}};
    bool there = moe_trace_has(t->trace, name);
    if (there && !moe_trace_read(t->trace, name, &array, error))
        return false;
    bool fits = array.ndim == 1 && array.shape[0] == n;
    for (int64_t i = 0; fits && i < n; i++)
        out[i] = there ? (int32_t)moe_array_value(&array, i) : -1;
    g_free((void *)array.data);
    if (fits)
        return emit(t, out, sizeof *out * (size_t)n, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: its shape doesn't fit the tokens of its chunk", name);
    return false;
}

/* A router's picks, a row a unit; where a chunk has no gates they are NaN. */
static bool
write_picks(MoeTensors *t, const MoeTensor *tensor, int chunk, GError **error)
{
    MoeTraceView *view = t->view;
    if (!moe_trace_view(t->trace, chunk, tensor->index, view, error))
        return false;
    gsize cells = (gsize)view->units * (gsize)tensor->k;
    int32_t *expert = t->buffer = g_realloc(t->buffer, sizeof(int32_t) * cells);
    float *gate = t->buffer;
    for (int64_t u = 0; u < view->units; u++)
        for (int i = 0; i < tensor->k; i++) {
            int64_t to = u * tensor->k + i, from = i * view->units + u;
            bool there = i < view->k;
            if (tensor->kind == MOE_TENSOR_EXPERT)
                expert[to] = there ? view->expert[from] : -1;
            else
                gate[to] = !view->gate ? NAN : there ? view->gate[from] : 0;
        }
    return emit(t, t->buffer, 4 * cells, error);
}

bool
moe__tensors_write(MoeTensors *t, int i, int64_t done, int64_t total, GError **error)
{
    const MoeTensor *tensor = &g_array_index(t->tensors, MoeTensor, i);
    for (int c = 0; c < moe_trace_chunks(t->trace); c++) {
        if (!moe_progress(moe_export_progress(t->job), done + c, total, "exporting")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "the export was stopped");
            return false;
        }
        if (moe_trace_tokens(t->trace, c) == 0)
            continue;
        if (!(tensor->kind == MOE_TENSOR_COLUMN ? write_column : write_picks)(t, tensor, c, error))
            return false;
    }
    return true;
}

static bool
write_safetensors(MoeExport *job, GError **error)
{
    g_auto(MoeTensors) t = {0};
    if (!moe__tensors_find(&t, job, error) || !write_header(&t, error))
        return false;
    int64_t chunks = moe_trace_chunks(t.trace), total = chunks * t.tensors->len;
    for (guint i = 0; i < t.tensors->len; i++)
        if (!moe__tensors_write(&t, (int)i, i * chunks, total, error))
            return false;
    return true;
}

const MoeExporter moe__export_safetensors = {
    .struct_size = sizeof(MoeExporter),
    .name = "safetensors",
    .help = "arrays over all tokens: tokens.{id,doc,pos,domain}, routers.N.{experts,gates}",
    .reader = "safetensors.numpy.load_file(); a trace itself opens with numpy.load()",
    .write = write_safetensors,
};
