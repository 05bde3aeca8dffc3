/* SPDX-License-Identifier: MIT
 *
 * Reads what checks look at: a router's picks, and the numbers that stand beside them.
 */
#include "check/rows.h"

#include "check/blocks.h"

/* Whether these are real numbers [units], or [units × wide]. */
static bool
is_laid_out(const MoeArray *array, int64_t units, int64_t wide)
{
    bool real = array->type == MOE_F16 || array->type == MOE_F32 || array->type == MOE_F64;
    return real && array->ndim == (wide > 0 ? 2 : 1) && array->shape[0] == units &&
           (wide == 0 || array->shape[1] == wide);
}

static void
complain(const char *name, const MoeArray *array, int64_t units, int64_t wide, GError **error)
{
    g_autofree char *found = moe_array_text(array);
    g_autofree char *second = wide > 0 ? g_strdup_printf(", %" G_GINT64_FORMAT, wide) : NULL;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: found %s, expected f2, f4 or f8 [%" G_GINT64_FORMAT "%s]", name, found, units,
                second ? second : "");
}

/* A column of real numbers [units], or [units × wide] where `wide` isn't 0, as floats; *out NULL
 * where the trace has none. */
static bool
read_floats(const MoeTrace *trace, int chunk, int router, const char *column, int64_t units,
            int64_t wide, float **out, GError **error)
{
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.%s", chunk, router, column);
    MoeArray array;
    if (!moe_trace_has(trace, name))
        return true;
    if (!moe_trace_read(trace, name, &array, error))
        return false;
    int64_t n = moe_array_count(&array);
    bool fits = is_laid_out(&array, units, wide);
    if (fits)
        *out = g_try_new(float, (gsize)MAX(n, 1));
    for (int64_t i = 0; *out && i < n; i++)
        (*out)[i] = (float)moe_array_value(&array, i);
    if (fits && !*out)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: no memory for its %" G_GINT64_FORMAT " values", name, n);
    if (!fits)
        complain(name, &array, units, wide, error);
    g_free((gpointer)array.data);
    return fits && *out;
}

static void
drop_columns(MoeRowsBuffer *buffer)
{
    g_clear_pointer(&buffer->logits, g_free);
    g_clear_pointer(&buffer->entropy, g_free);
    g_clear_pointer(&buffer->margin, g_free);
    g_clear_error(&buffer->problem);
}

static void
find_full(MoeRowsBuffer *buffer)
{
    int64_t blocks = buffer->rows.view->units / MOE_CHECK_BLOCK + 1;
    if (blocks > buffer->blocks) {
        buffer->full = g_renew(uint8_t, buffer->full, (gsize)blocks);
        buffer->blocks = blocks;
    }
    moe__blocks_find_full(buffer->rows.view, buffer->full);
}

void
moe__rows_read(MoeRowsBuffer *buffer, const MoeTrace *trace, const MoeRowsChunk *chunk, int router)
{
    const MoeRouterInfo *info = moe_trace_router(trace, router);
    int c = chunk->index;
    drop_columns(buffer);
    if (!buffer->view)
        buffer->view = moe_trace_view_new();
    if (!moe_trace_view(trace, c, router, buffer->view, &buffer->problem))
        return;
    int64_t units = buffer->view->units;
    if (!read_floats(trace, c, router, "logits", units, info->experts, &buffer->logits,
                     &buffer->problem) ||
        !read_floats(trace, c, router, "entropy", units, 0, &buffer->entropy, &buffer->problem) ||
        !read_floats(trace, c, router, "margin", units, 0, &buffer->margin, &buffer->problem))
        return;
    buffer->rows = (MoeCheckRows){trace,           c,
                                  router,          info,
                                  chunk->first,    buffer->view,
                                  chunk->id,       buffer->logits,
                                  buffer->entropy, buffer->margin,
                                  chunk->doc,      chunk->pos};
    if (chunk->set)
        moe__chosen_rows(&buffer->chosen, moe_token_set_bits(chunk->set, c), &buffer->rows);
    find_full(buffer);
}

void
moe__rows_clear(MoeRowsBuffer *buffer)
{
    drop_columns(buffer);
    moe_trace_view_free(buffer->view);
    moe__chosen_clear(&buffer->chosen);
    g_free(buffer->full);
}
