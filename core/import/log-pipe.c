/* SPDX-License-Identifier: MIT
 *
 * log-pipe.c: batches of rows go round between a thread that fills them and whoever reads. A batch
 * ends early where its lines are long, so that memory is bounded by a few of them.
 */
#include "import/log-pipe.h"

enum { ROWS = 512, BATCHES = 4, BATCH_BYTES = 1 << 20, LONG = 1 << 16 };

typedef struct Batch {
    MoeLogRow rows[ROWS];
    int n;
    bool last;     /* there are no more */
    int64_t done;  /* of the file's bytes, as moe__stream_done() has it */
    GError *error; /* behind the rows */
} Batch;

struct MoeLogPipe {
    MoeLogReader *reader;
    char *path;
    Batch batches[BATCHES];
    GThread *thread;          /* NULL: rows are read when they are asked for */
    GAsyncQueue *full, *free; /* of Batch */
    int stop;                 /* atomic */
    Batch *batch;             /* at hand, or NULL */
    int next;                 /* row of it */
    bool over;
};

/* --- Filling ----------------------------------------------------------------------------------*/

/* What a long line has left behind isn't kept. */
static void
renew_row(MoeLogRow *row)
{
    if (row->length > LONG) {
        moe__log_row_clear(row);
        moe__log_row_init(row);
    }
}

static void
fill(MoeLogPipe *pipe, Batch *batch)
{
    uint64_t bytes = 0;
    batch->last = false;
    for (batch->n = 0; batch->n < ROWS && bytes < BATCH_BYTES; batch->n++) {
        MoeLogRow *row = &batch->rows[batch->n];
        renew_row(row);
        if (!moe__log_next(pipe->reader, row, &batch->error)) {
            batch->last = true;
            break;
        }
        bytes += row->length;
    }
    batch->done = moe__stream_done(pipe->reader->stream);
}

static gpointer
run(gpointer data)
{
    MoeLogPipe *pipe = data;
    bool last = false;
    while (!last) {
        Batch *batch = g_async_queue_pop(pipe->free);
        if (g_atomic_int_get(&pipe->stop))
            break;
        fill(pipe, batch);
        last = batch->last;
        g_async_queue_push(pipe->full, batch);
    }
    return NULL;
}

/* --- Reading ----------------------------------------------------------------------------------*/

MoeLogPipe *
moe__log_pipe_open(const char *path, bool csv, GError **error)
{
    MoeLogReader *reader = moe__log_open(path, csv, error);
    if (!reader)
        return NULL;
    MoeLogPipe *pipe = g_new0(MoeLogPipe, 1);
    pipe->reader = reader;
    pipe->path = g_strdup(reader->stream->path);
    pipe->full = g_async_queue_new();
    pipe->free = g_async_queue_new();
    for (int b = 0; b < BATCHES; b++) {
        for (int i = 0; i < ROWS; i++)
            moe__log_row_init(&pipe->batches[b].rows[i]);
        g_async_queue_push(pipe->free, &pipe->batches[b]);
    }
    if (moe_threads() > 1)
        pipe->thread = g_thread_try_new("log", run, pipe, NULL);
    return pipe;
}

void
moe__log_pipe_free(MoeLogPipe *pipe)
{
    if (!pipe)
        return;
    g_atomic_int_set(&pipe->stop, 1);
    g_async_queue_push(pipe->free, &pipe->batches[0]); /* wakes it up; it takes none any more */
    if (pipe->thread)
        g_thread_join(pipe->thread);
    for (int b = 0; b < BATCHES; b++) {
        g_clear_error(&pipe->batches[b].error);
        for (int i = 0; i < ROWS; i++)
            moe__log_row_clear(&pipe->batches[b].rows[i]);
    }
    g_async_queue_unref(pipe->full);
    g_async_queue_unref(pipe->free);
    moe__log_free(pipe->reader);
    g_free(pipe->path);
    g_free(pipe);
}

const char *
moe__log_pipe_path(const MoeLogPipe *pipe)
{
    return pipe->path;
}

int64_t
moe__log_pipe_done(const MoeLogPipe *pipe)
{
    return pipe->batch ? pipe->batch->done : 0;
}

static Batch *
next_batch(MoeLogPipe *pipe)
{
    if (pipe->thread)
        return g_async_queue_pop(pipe->full);
    Batch *batch = g_async_queue_pop(pipe->free);
    fill(pipe, batch);
    return batch;
}

const MoeLogRow *
moe__log_pipe_next(MoeLogPipe *pipe, GError **error)
{
    while (!pipe->over && (!pipe->batch || pipe->next == pipe->batch->n)) {
        if (pipe->batch && pipe->batch->last) {
            pipe->over = true;
            if (pipe->batch->error)
                g_propagate_error(error, g_steal_pointer(&pipe->batch->error));
            break;
        }
        if (pipe->batch)
            g_async_queue_push(pipe->free, pipe->batch);
        pipe->batch = next_batch(pipe);
        pipe->next = 0;
    }
    return pipe->over ? NULL : &pipe->batch->rows[pipe->next++];
}

const char *
moe__log_pipe_cut(const MoeLogPipe *pipe)
{
    return pipe->over ? pipe->reader->cut : NULL;
}
