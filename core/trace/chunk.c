/* SPDX-License-Identifier: MIT
 *
 * chunk.c: writes what has gathered as one chunk. Its columns are transposed and compressed side
 * by side, then written in a fixed order, so that the number of threads doesn't show in the file.
 * The chunk's closing member comes last: without it the reader doesn't look at the others.
 */
#include "trace/writer.h"

#include <string.h>

typedef struct Job {
    const MoeColumn *column;
    int slots;
    bool done;
    MoeZipPacked packed;
} Job;

static void
job_clear(void *job)
{
    moe__zip_packed_clear(&((Job *)job)->packed);
}

static void
add_jobs(GArray *jobs, const MoeColumn *columns, int n, int slots)
{
    for (int i = 0; i < n; i++) {
        Job job = {.column = &columns[i], .slots = slots > 0 ? slots : (int)columns[i].shape[0]};
        if (moe__column_counts(&columns[i]))
            g_array_append_val(jobs, job);
    }
}

static GArray *
list_jobs(const MoeTraceWriter *writer)
{
    GArray *jobs = g_array_new(FALSE, FALSE, sizeof(Job));
    g_array_set_clear_func(jobs, job_clear);
    add_jobs(jobs, writer->batch, TOKEN_COLUMNS, 0);
    for (int r = 0; r < writer->n_routers && writer->tokens > 0; r++) {
        const MoeColumn *columns = writer->batch + TOKEN_COLUMNS + r * PICK_COLUMNS;
        bool varies = writer->routers[r].k == 0;
        int slots = varies ? moe__column_used_slots(&columns[PICK_EXPERT]) : 0;
        add_jobs(jobs, columns, PICK_COLUMNS, slots);
    }
    add_jobs(jobs, writer->state, writer->n_state, 0);
    for (guint i = 0; i < writer->series->len; i++)
        add_jobs(jobs, g_ptr_array_index(writer->series, i), 1, 0);
    for (guint i = 0; i < writer->measures->len; i++) {
        const MoeTraceMeasure *measure = g_ptr_array_index(writer->measures, i);
        add_jobs(jobs, &measure->value, 1, 0);
        add_jobs(jobs, &measure->step, 1, 0);
    }
    return jobs;
}

static void
run_job(Job *job, int level)
{
    uint64_t length;
    uint8_t *bytes = moe__column_encode(job->column, job->slots, &length);
    job->done = bytes && moe__zip_pack(bytes, length, level, &job->packed);
}

static bool
write_jobs(MoeTraceWriter *writer, const GArray *jobs, GError **error)
{
    for (guint i = 0; i < jobs->len; i++) {
        const Job *job = &g_array_index(jobs, Job, i);
        g_autofree char *name = g_strdup_printf("%s/%05d.%s.npy", job->column->folder,
                                                writer->chunk, job->column->name);
        if (!job->done) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: no memory to pack %s", writer->path,
                        name);
            return false;
        }
        if (!moe__zip_writer_add(writer->zip, name, &job->packed, error))
            return false;
    }
    return true;
}

static bool
write_closing_member(MoeTraceWriter *writer, GError **error)
{
    g_autofree char *name = g_strdup_printf("chunks/%05d.json", writer->chunk);
    char *text =
        g_strdup_printf("{\"tokens\": %" G_GINT64_FORMAT ", \"states\": %" G_GINT64_FORMAT "}\n",
                        writer->tokens, writer->states);
    MoeZipPacked packed;
    moe__zip_pack((uint8_t *)text, strlen(text), 0, &packed);
    bool ok = moe__zip_writer_add(writer->zip, name, &packed, error);
    moe__zip_packed_clear(&packed);
    return ok;
}

static void
begin_chunk(MoeTraceWriter *writer)
{
    for (int i = 0; i < writer->n_batch; i++)
        moe__column_reset(&writer->batch[i]);
    for (int i = 0; i < writer->n_state; i++)
        moe__column_reset(&writer->state[i]);
    for (guint i = 0; i < writer->series->len; i++)
        moe__column_reset(g_ptr_array_index(writer->series, i));
    for (guint i = 0; i < writer->measures->len; i++) {
        MoeTraceMeasure *measure = g_ptr_array_index(writer->measures, i);
        moe__column_reset(&measure->value);
        moe__column_reset(&measure->step);
    }
    writer->tokens = writer->states = writer->values = 0;
    writer->chunk++;
}

bool
moe__trace_write_chunk(MoeTraceWriter *writer, GError **error)
{
    if (!moe__trace_writer_check(writer, error))
        return false;
    if (writer->tokens == 0 && writer->states == 0 && writer->values == 0)
        return true;
    g_autoptr(GArray) jobs = list_jobs(writer);
    int n = (int)jobs->len;
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int i = 0; i < n; i++)
        run_job(&g_array_index(jobs, Job, i), writer->options.compression);
    if (!write_jobs(writer, jobs, &writer->failure) ||
        !write_closing_member(writer, &writer->failure))
        return moe__trace_writer_check(writer, error);
    begin_chunk(writer);
    return true;
}
