/* SPDX-License-Identifier: MIT
 *
 * transfer.c: a chunk's rows from one trace to another: tokens with their picks, recorded steps,
 * values of series, measures.
 */
#include "trace/tools.h"

#include "trace/shape.h"

#include <math.h>

void
moe__trace_copy_begin(MoeTraceCopy *copy, const MoeTrace *from, MoeTraceWriter *to,
                      const int *routers, int n_routers)
{
    *copy = (MoeTraceCopy){
        .from = from,
        .to = to,
        .routers = routers,
        .n_routers = routers ? n_routers : from->meta.n_routers,
        .low_step = INT64_MIN,
        .high_step = INT64_MAX,
    };
    copy->rows = moe_trace_rows_new(from, routers, n_routers);
    copy->picks = g_new0(MoeTracePicks, (gsize)copy->n_routers);
}

void
moe__trace_copy_end(MoeTraceCopy *copy)
{
    g_clear_pointer(&copy->rows, moe_trace_rows_free);
    g_clear_pointer(&copy->picks, g_free);
}

static int
router_at(const MoeTraceCopy *copy, int i)
{
    return copy->routers ? copy->routers[i] : i;
}

/* --- Which steps ------------------------------------------------------------------------------*/

/* The steps of a column that are taken: behind those that an earlier trace had. */
typedef struct Steps {
    int64_t low, high, last;
} Steps;

static Steps
steps_begin(const MoeTraceCopy *copy, const char *column)
{
    Steps steps = {copy->low_step, copy->high_step, INT64_MIN};
    const int64_t *done = copy->done ? g_hash_table_lookup(copy->done, column) : NULL;
    if (done && *done < INT64_MAX)
        steps.low = MAX(steps.low, *done + 1);
    return steps;
}

static bool
steps_take(Steps *steps, int64_t step)
{
    if (step < steps->low || step > steps->high)
        return false;
    steps->last = MAX(steps->last, step);
    return true;
}

static void
steps_end(const MoeTraceCopy *copy, const char *column, const Steps *steps)
{
    const int64_t *last = copy->last ? g_hash_table_lookup(copy->last, column) : NULL;
    if (!copy->last || (last && *last >= steps->last))
        return;
    g_hash_table_insert(copy->last, g_strdup(column), g_memdup2(&steps->last, sizeof steps->last));
}

/* --- State ------------------------------------------------------------------------------------*/

static bool
fail(const MoeTraceCopy *copy, const char *name, GError **error, const char *what)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: %s: %s", copy->from->zip->path, name,
                what);
    return false;
}

/* Reads state/NNNNN.COLUMN of [rows, columns] (columns 0: [rows]); NULL without an error if it
 * isn't there. (transfer full) */
static void *
read_state(const MoeTraceCopy *copy, int chunk, const char *column, MoeType type, int64_t rows,
           int64_t columns, GError **error)
{
    g_autofree char *name = g_strdup_printf("state/%05d.%s", chunk, column);
    MoeArray array;
    if (!moe_trace_has(copy->from, name))
        return NULL;
    g_autofree void *data = moe__trace_read(copy->from, name, &array, error);
    if (!data)
        return NULL;
    const MoeShape shape = {MOE_SHAPE_OF(type), columns > 0 ? 2 : 1, {rows, columns}};
    if (moe__shape_fits(&array, &shape))
        return g_steal_pointer(&data);
    g_autofree char *misfit = moe__shape_misfit(&array, &shape);
    g_autofree char *what = g_strdup_printf("type and shape don't fit the chunk: %s", misfit);
    fail(copy, name, error, what);
    return NULL;
}

/* The columns of all routers. */
static bool
read_states(const MoeTraceCopy *copy, int chunk, int64_t rows, MoeTraceState *states,
            GError **error)
{
    GError *reason = NULL;
    for (int i = 0; i < copy->n_routers && !reason; i++) {
        int r = router_at(copy, i), experts = copy->from->meta.routers[r].experts;
        const char *const names[] = {"load", "dropped", "prob"};
        void *data[STATE_COLUMNS] = {NULL};
        for (int c = 0; c < STATE_COLUMNS && !reason; c++) {
            g_autofree char *column = g_strdup_printf("r%03d.%s", r, names[c]);
            data[c] = read_state(copy, chunk, column, c == STATE_PROB ? MOE_F64 : MOE_I64, rows,
                                 experts, &reason);
        }
        states[i] = (MoeTraceState){data[STATE_LOAD], data[STATE_DROPPED], data[STATE_PROB]};
    }
    if (reason)
        g_propagate_error(error, reason);
    return !reason;
}

static void
free_states(MoeTraceState *states, int n)
{
    for (int i = 0; i < n; i++) {
        g_free((void *)states[i].load);
        g_free((void *)states[i].dropped);
        g_free((void *)states[i].prob);
    }
    g_free(states);
}

static bool
write_states(const MoeTraceCopy *copy, const int64_t *step, int64_t rows,
             const MoeTraceState *states, GError **error)
{
    g_autofree MoeTraceState *row = g_new(MoeTraceState, (gsize)copy->n_routers);
    Steps steps = steps_begin(copy, "state");
    bool ok = true;
    for (int64_t s = 0; s < rows && ok; s++) {
        if (!steps_take(&steps, step[s]))
            continue;
        for (int i = 0; i < copy->n_routers; i++) {
            int64_t at = s * copy->from->meta.routers[router_at(copy, i)].experts;
            row[i].load = states[i].load ? states[i].load + at : NULL;
            row[i].dropped = states[i].dropped ? states[i].dropped + at : NULL;
            row[i].prob = states[i].prob ? states[i].prob + at : NULL;
        }
        ok = moe_trace_writer_state(copy->to, step[s], row, error);
    }
    steps_end(copy, "state", &steps);
    return ok;
}

static bool
copy_state(const MoeTraceCopy *copy, int chunk, GError **error)
{
    int64_t rows = g_array_index(copy->from->chunks, MoeTraceChunk, chunk).states;
    if (rows == 0)
        return true;
    GError *reason = NULL;
    g_autofree int64_t *step = read_state(copy, chunk, "step", MOE_I64, rows, 0, &reason);
    if (!step && !reason)
        return fail(copy, "state", error, "a chunk with steps has no column of them");
    if (!step) {
        g_propagate_error(error, reason);
        return false;
    }
    MoeTraceState *states = g_new0(MoeTraceState, (gsize)copy->n_routers);
    bool ok = read_states(copy, chunk, rows, states, error) &&
              write_states(copy, step, rows, states, error);
    free_states(states, copy->n_routers);
    return ok;
}

/* --- Series and measures ----------------------------------------------------------------------*/

static bool
copy_one_series(const MoeTraceCopy *copy, int chunk, const char *series, GError **error)
{
    g_autofree char *name = g_strdup_printf("series/%05d.%s", chunk, series);
    g_autofree char *column = g_strconcat("series/", series, NULL);
    MoeArray array;
    if (!moe_trace_has(copy->from, name))
        return true;
    g_autofree double *data = (double *)moe__trace_read(copy->from, name, &array, error);
    if (!data)
        return false;
    if (array.type != MOE_F64 || array.ndim != 2 || array.shape[1] != 2)
        return fail(copy, name, error, "f8 of rows × 2 was expected");
    Steps steps = steps_begin(copy, column);
    bool ok = true;
    for (int64_t i = 0; i < array.shape[0] && ok; i++) {
        if (!(fabs(data[2 * i]) < 0x1p62))
            return fail(copy, name, error, "a step is not a number or too large");
        int64_t step = (int64_t)data[2 * i];
        if (steps_take(&steps, step))
            ok = moe_trace_writer_series(copy->to, series, step, data[2 * i + 1], error);
    }
    steps_end(copy, column, &steps);
    return ok;
}

static bool
copy_one_measure(const MoeTraceCopy *copy, int chunk, int i, const char *measure, GError **error)
{
    int router = router_at(copy, i);
    g_autofree char *name = g_strdup_printf("measures/%05d.r%03d.%s", chunk, router, measure);
    g_autofree char *step_name = g_strconcat(name, ".step", NULL);
    g_autofree char *column = g_strdup_printf("measures/r%03d.%s", i, measure);
    MoeArray value, step;
    if (!moe_trace_has(copy->from, name))
        return true;
    if (!moe__trace_check_measure(copy->from, name, error))
        return false;
    g_autofree float *values = (float *)moe__trace_read(copy->from, name, &value, error);
    g_autofree int64_t *at =
        values ? (int64_t *)moe__trace_read(copy->from, step_name, &step, error) : NULL;
    if (!at)
        return false;
    int64_t width = moe_array_count(&value) / MAX(value.shape[0], 1);
    Steps steps = steps_begin(copy, column);
    bool ok = true;
    for (int64_t row = 0; row < value.shape[0] && ok; row++)
        if (steps_take(&steps, at[row]))
            ok = moe_trace_writer_measure(copy->to, i, measure, at[row], value.ndim - 1,
                                          value.shape + 1, values + row * width, error);
    steps_end(copy, column, &steps);
    return ok;
}

bool
moe__trace_copy_states(MoeTraceCopy *copy, int chunk, GError **error)
{
    int n;
    if (!copy_state(copy, chunk, error))
        return false;
    const char *const *series = moe_trace_series_names(copy->from, &n);
    for (int i = 0; i < n; i++)
        if (!copy_one_series(copy, chunk, series[i], error))
            return false;
    for (int i = 0; i < copy->n_routers; i++) {
        const char *const *names = moe_trace_measure_names(copy->from, router_at(copy, i), &n);
        for (int j = 0; j < n; j++)
            if (!copy_one_measure(copy, chunk, i, names[j], error))
                return false;
    }
    return true;
}

/* --- Tokens -----------------------------------------------------------------------------------*/

static bool
renumber(const MoeTraceCopy *copy, MoeTraceTokens *tokens, GError **error)
{
    int32_t *domain = (int32_t *)tokens->domain, *doc = (int32_t *)tokens->doc;
    for (int64_t i = 0; copy->domains && domain && i < tokens->n; i++)
        domain[i] = domain[i] < 0 ? -1 : copy->domains[domain[i]];
    for (int64_t i = 0; copy->document_shift && doc && i < tokens->n; i++) {
        if (doc[i] > INT32_MAX - copy->document_shift) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "%s: document %d can't be moved up by %" G_GINT64_FORMAT
                        "; numbers end at %d",
                        copy->from->zip->path, doc[i], copy->document_shift, INT32_MAX);
            return false;
        }
        doc[i] += (int32_t)copy->document_shift;
    }
    return true;
}

bool
moe__trace_copy_rows(MoeTraceCopy *copy, const int64_t *index, int64_t n, GError **error)
{
    enum { PIECE = 4096 }; /* tokens that are converted at a time */
    int64_t taken;
    for (; n > 0; n -= taken, index += taken) {
        /* Chunks come out as long as they were asked for. */
        int64_t room = copy->to->options.chunk_tokens - copy->to->tokens;
        MoeTraceTokens tokens;
        taken = MIN(MIN(PIECE, n), room);
        moe_trace_rows_take(copy->rows, index, taken, &tokens, copy->picks);
        if (!renumber(copy, &tokens, error) ||
            !moe_trace_writer_append(copy->to, &tokens, copy->picks, error))
            return false;
    }
    return true;
}
