/* SPDX-License-Identifier: MIT
 *
 * append.c: takes in batches of tokens with their picks, steps of state, and values of series
 * (measure.c: measures). A batch is checked whole before anything is taken from it.
 */
#include "trace/writer.h"

#include <string.h>

/* States and series have no chunk size of their own; a run that records nothing else gets chunks
 * of this many rows. */
enum { STATES_MAX = 4096, VALUES_MAX = 1 << 18 };

/* Rows first … first + n - 1 of a batch, none of them padding. */
typedef struct Run {
    int64_t first, n;
} Run;

static int64_t
find_runs(const MoeTraceTokens *tokens, GArray *runs)
{
    int64_t kept = 0;
    g_array_set_size(runs, 0);
    for (int64_t i = 0; i < tokens->n;) {
        Run run = {i, 0};
        if (!tokens->doc)
            run.n = tokens->n;
        while (run.first + run.n < tokens->n && tokens->doc[run.first + run.n] >= 0)
            run.n++;
        if (run.n > 0)
            g_array_append_val(runs, run);
        kept += run.n;
        i += run.n;
        while (i < tokens->n && tokens->doc[i] < 0)
            i++;
    }
    return kept;
}

static bool
check_experts(const MoeTraceWriter *writer, int router, const int32_t *expert, int64_t n,
              GError **error)
{
    const MoeRouterInfo *info = &writer->routers[router];
    int slots = moe__trace_slots(info);
    uint32_t worst = 0; /* of expert + 1: -1 … experts - 1 is 0 … experts */
    for (int64_t i = 0; i < n; i++)
        worst = MAX(worst, (uint32_t)expert[i] + 1);
    if (worst <= (uint32_t)info->experts)
        return true;
    int64_t i = 0;
    while ((uint32_t)expert[i] + 1 <= (uint32_t)info->experts)
        i++;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "router %d, unit %" G_GINT64_FORMAT ", slot %d: expert %d; -1 … %d is expected",
                router, i / slots, (int)(i % slots), expert[i], info->experts - 1);
    return false;
}

static bool
check_slots(int router, const int32_t *expert, const int32_t *slot, int64_t n, GError **error)
{
    for (int64_t i = 0; i < n; i++)
        if (expert[i] < 0 ? slot[i] != -1 : slot[i] < 0) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "router %d, pick %" G_GINT64_FORMAT
                        ": slot %d for expert %d; 0 or more, or -1 for both, is expected",
                        router, i, slot[i], expert[i]);
            return false;
        }
    return true;
}

static bool
check_batch(const MoeTraceWriter *writer, const MoeTraceTokens *tokens, const MoeTracePicks *picks,
            GError **error)
{
    if (tokens->n > 0 && !tokens->id) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "tokens without ids can't be recorded");
        return false;
    }
    for (int r = 0; r < writer->n_routers; r++) {
        const MoeRouterInfo *info = &writer->routers[r];
        int64_t n = tokens->n * info->units_per_token * moe__trace_slots(info);
        if (n > 0 && !picks[r].expert) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "router %d: no experts given", r);
            return false;
        }
        bool slots = writer->options.slots && picks[r].slot;
        if (!check_experts(writer, r, picks[r].expert, n, error) ||
            (slots && !check_slots(r, picks[r].expert, picks[r].slot, n, error)))
            return false;
    }
    return true;
}

/* The batch's arrays in the order of the writer's columns, which learn how gates arrive. */
static void
list_values(MoeTraceWriter *writer, const MoeTraceTokens *tokens, const MoeTracePicks *picks,
            const void **values)
{
    const MoeTraceOptions *options = &writer->options;
    values[TOKEN_ID] = tokens->id;
    values[TOKEN_DOC] = tokens->doc;
    values[TOKEN_POS] = tokens->pos;
    values[TOKEN_DOMAIN] = tokens->domain;
    values[TOKEN_STEP] = tokens->step;
    values[TOKEN_LOSS] = tokens->loss;
    values += TOKEN_COLUMNS;
    MoeColumn *columns = writer->batch + TOKEN_COLUMNS;
    for (int r = 0; r < writer->n_routers; r++, values += PICK_COLUMNS, columns += PICK_COLUMNS) {
        values[PICK_EXPERT] = picks[r].expert;
        const void *gate = picks[r].gate64 ? (const void *)picks[r].gate64 : picks[r].gate;
        values[PICK_GATE] = options->gates ? gate : NULL;
        columns[PICK_GATE].source = picks[r].gate64 ? MOE_FROM_DOUBLE : MOE_FROM_FLOAT;
        values[PICK_DROPPED] = picks[r].dropped;
        values[PICK_SLOT] = options->slots ? picks[r].slot : NULL;
        values[PICK_ENTROPY] = options->score_stats ? picks[r].entropy : NULL;
        values[PICK_MARGIN] = options->score_stats ? picks[r].margin : NULL;
        values[PICK_LOGITS] = options->logits ? picks[r].logits : NULL;
    }
}

/* A chunk's columns all have a value for every row, so rows that bring other columns than those
 * before them begin a new chunk. */
static bool
settle_columns(MoeTraceWriter *writer, MoeColumn *columns, const void *const *values, int n,
               bool empty, GError **error)
{
    bool same = true;
    for (int i = 0; i < n; i++)
        same = same && (columns[i].sparse || columns[i].given == (values[i] != NULL));
    if (!empty && !same && !moe__trace_write_chunk(writer, error))
        return false;
    for (int i = 0; i < n; i++)
        columns[i].given = columns[i].sparse || values[i];
    return true;
}

bool
moe_trace_writer_append(MoeTraceWriter *writer, const MoeTraceTokens *tokens,
                        const MoeTracePicks *picks, GError **error)
{
    if (!moe__trace_writer_check(writer, error) || !check_batch(writer, tokens, picks, error))
        return false;
    int64_t kept = find_runs(tokens, writer->runs);
    if (kept == 0)
        return true;
    g_autofree const void **values = g_new(const void *, (gsize)writer->n_batch);
    list_values(writer, tokens, picks, values);
    if (!settle_columns(writer, writer->batch, values, writer->n_batch, writer->tokens == 0, error))
        return false;
    for (int i = 0; i < writer->n_batch; i++)
        for (guint j = 0; writer->batch[i].given && j < writer->runs->len; j++) {
            const Run *run = &g_array_index(writer->runs, Run, j);
            moe__column_append(&writer->batch[i], values[i], run->first, run->n);
        }
    writer->tokens += kept;
    return writer->tokens < writer->options.chunk_tokens || moe__trace_write_chunk(writer, error);
}

bool
moe_trace_writer_state(MoeTraceWriter *writer, int64_t step, const MoeTraceState *states,
                       GError **error)
{
    if (!moe__trace_writer_check(writer, error))
        return false;
    g_autofree const void **values = g_new(const void *, (gsize)writer->n_state);
    values[0] = &step;
    for (int r = 0; r < writer->n_routers; r++) {
        values[1 + r * STATE_COLUMNS + STATE_LOAD] = states[r].load;
        values[1 + r * STATE_COLUMNS + STATE_DROPPED] = states[r].dropped;
        values[1 + r * STATE_COLUMNS + STATE_PROB] = states[r].prob;
    }
    if (!settle_columns(writer, writer->state, values, writer->n_state, writer->states == 0, error))
        return false;
    for (int i = 0; i < writer->n_state; i++)
        if (writer->state[i].given)
            moe__column_append(&writer->state[i], values[i], 0, 1);
    writer->states++;
    return writer->states < STATES_MAX || moe__trace_write_chunk(writer, error);
}

bool
moe__trace_check_name(const char *what, const char *name, GError **error)
{
    /* Other programs unpack members to files of that name. */
    bool ok = g_ascii_isalnum(name[0]);
    for (const char *c = name; *c; c++)
        ok = ok && (g_ascii_isalnum(*c) || *c == '_' || *c == '-' || *c == '.');
    if (ok && strlen(name) <= 100)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s name \"%.120s\": a letter or digit, then up to 99 of A-Z a-z 0-9 _ - . is "
                "expected",
                what, name);
    return false;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp((*(const MoeColumn *const *)a)->name, (*(const MoeColumn *const *)b)->name);
}

/* Series lie in the order of their names, not of their first use: a resumed run may use them in
 * another order than the whole run did. */
static MoeColumn *
find_series(MoeTraceWriter *writer, const char *name)
{
    MoeColumn *column = g_hash_table_lookup(writer->series_by_name, name);
    if (column)
        return column;
    column = g_new0(MoeColumn, 1);
    *column = (MoeColumn){.folder = "series",
                          .name = g_strdup(name),
                          .type = MOE_F64,
                          .axes = 1,
                          .shape = {2},
                          .rows_per_item = 1};
    g_ptr_array_add(writer->series, column);
    g_ptr_array_sort(writer->series, compare_names);
    g_hash_table_insert(writer->series_by_name, column->name, column);
    return column;
}

bool
moe__trace_count_values(MoeTraceWriter *writer, int64_t values, GError **error)
{
    writer->values += values;
    return writer->values < VALUES_MAX || moe__trace_write_chunk(writer, error);
}

bool
moe_trace_writer_series(MoeTraceWriter *writer, const char *name, int64_t step, double value,
                        GError **error)
{
    if (!moe__trace_writer_check(writer, error) || !moe__trace_check_name("series", name, error))
        return false;
    MoeColumn *column = find_series(writer, name);
    const double row[] = {(double)step, value};
    column->given = true;
    moe__column_append(column, row, 0, 1);
    return moe__trace_count_values(writer, 1, error);
}
