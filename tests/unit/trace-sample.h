/* SPDX-License-Identifier: MIT
 *
 * trace-sample.h: batches of made-up routing decisions for the tests of traces and summaries. The
 * numbers depend only on (batch, router, row, slot), so that a test can say what it expects.
 */
#ifndef MOESCOPE_TESTS_TRACE_SAMPLE_H
#define MOESCOPE_TESTS_TRACE_SAMPLE_H

#include <glib/gstdio.h>
#include <moescope/trace.h>
#include <string.h>

enum { SAMPLE_ROUTERS = 3, SAMPLE_DOMAINS = 2, SAMPLE_ROWS = 20, SAMPLE_PADDING = 6 };

/* Few experts; many experts and sub-tokens; as many picks as it likes. */
static const MoeRouterInfo sample_routers[SAMPLE_ROUTERS] = {
    {0, 8, 2, 1, 0, true, true, (char *)"softmax", (char *)"top-k", (char *)"renormalised"},
    {1, 300, 3, 2, 1, false, true, (char *)"sigmoid", (char *)"top-k", (char *)"score"},
    {2, 8, 0, 1, 0, false, false, (char *)"relu", (char *)"positive", (char *)"score"},
};
static const char *const sample_domains[SAMPLE_DOMAINS] = {"prose", "code"};

static inline char *
sample_meta(void)
{
    return moe_trace_meta(sample_routers, SAMPLE_ROUTERS, sample_domains, SAMPLE_DOMAINS,
                          "{\"model\": \"made up\"}");
}

static inline int
sample_slots(int router)
{
    return sample_routers[router].k ? sample_routers[router].k : sample_routers[router].experts;
}

static inline int
sample_units(int router)
{
    return SAMPLE_ROWS * sample_routers[router].units_per_token;
}

/* Rows 5 to 7 and the last three are padding. */
static inline bool
sample_is_padding(int row)
{
    return (row >= 5 && row < 8) || row >= SAMPLE_ROWS - 3;
}

static inline int32_t
sample_expert(int batch, int router, int unit, int slot)
{
    if (router == 2 && slot > (batch + unit) % 4) /* at most 4 of 8 slots in use */
        return -1;
    if (router == 0 && slot == 1 && unit % 7 == 0)
        return -1;
    return (batch * 31 + unit * 7 + slot * 3 + unit * unit) % sample_routers[router].experts;
}

static inline float
sample_gate(int batch, int router, int unit, int slot)
{
    return (float)(1 + (batch + router + unit + slot) % 64) / 64; /* exact in f16 */
}

static inline bool
sample_dropped(int batch, int router, int unit, int slot)
{
    return router == 1 && batch % 3 == 1 && (unit + slot) % 5 == 0;
}

/* Place in the queue; router 2 has no capacity. */
static inline int32_t
sample_place(int batch, int router, int unit, int slot)
{
    return sample_expert(batch, router, unit, slot) < 0 ? -1 : (batch + 1000 * unit + slot) * 100;
}

typedef struct Sample {
    MoeTraceTokens tokens;
    MoeTracePicks picks[SAMPLE_ROUTERS];
    int32_t columns[5][SAMPLE_ROWS];
    float loss[SAMPLE_ROWS];
    int32_t expert[SAMPLE_ROUTERS][SAMPLE_ROWS * 8];
    float gate[SAMPLE_ROUTERS][SAMPLE_ROWS * 8];
    uint8_t dropped[SAMPLE_ROUTERS][SAMPLE_ROWS * 8];
    int32_t place[SAMPLE_ROUTERS][SAMPLE_ROWS * 8];
    float entropy[SAMPLE_ROUTERS][SAMPLE_ROWS * 2];
    float logits[SAMPLE_ROUTERS][SAMPLE_ROWS * 2 * 300];
} Sample;

static inline void
sample_fill_picks(Sample *sample, int batch, int r)
{
    for (int unit = 0; unit < sample_units(r); unit++) {
        sample->entropy[r][unit] = (float)unit / 4;
        for (int e = 0; e < sample_routers[r].experts; e++)
            sample->logits[r][unit * sample_routers[r].experts + e] = (float)(unit - e);
        for (int slot = 0; slot < sample_slots(r); slot++) {
            int i = unit * sample_slots(r) + slot;
            sample->expert[r][i] = sample_expert(batch, r, unit, slot);
            sample->gate[r][i] = sample_gate(batch, r, unit, slot);
            sample->dropped[r][i] = sample_dropped(batch, r, unit, slot);
            sample->place[r][i] = sample_place(batch, r, unit, slot);
        }
    }
    sample->picks[r] = (MoeTracePicks){
        .expert = sample->expert[r],
        .gate = sample->gate[r],
        .dropped = sample->dropped[r],
        .entropy = sample->entropy[r],
        .margin = sample->entropy[r],
        .logits = sample->logits[r],
        .slot = r < 2 ? sample->place[r] : NULL,
    };
}

/* Batch `batch`, with every column there is. (transfer full) */
static inline Sample *
sample_new(int batch)
{
    Sample *sample = g_new0(Sample, 1);
    for (int row = 0; row < SAMPLE_ROWS; row++) {
        sample->columns[0][row] = batch * 100 + row;
        sample->columns[1][row] = sample_is_padding(row) ? -1 : batch;
        sample->columns[2][row] = row;
        sample->columns[3][row] = row % (SAMPLE_DOMAINS + 1) - 1; /* some have none */
        sample->columns[4][row] = batch / 2;
        sample->loss[row] = (float)row / 3;
    }
    sample->tokens = (MoeTraceTokens){SAMPLE_ROWS,        sample->columns[0], sample->columns[1],
                                      sample->columns[2], sample->columns[3], sample->columns[4],
                                      sample->loss};
    for (int r = 0; r < SAMPLE_ROUTERS; r++)
        sample_fill_picks(sample, batch, r);
    return sample;
}

static inline void
sample_append(MoeTraceWriter *writer, int batch)
{
    g_autoptr(GError) error = NULL;
    g_autofree Sample *sample = sample_new(batch);
    g_assert_true(moe_trace_writer_append(writer, &sample->tokens, sample->picks, &error));
    g_assert_no_error(error);
}

/* A scalar of router 0 at every step, a matrix of router 1 at every other one. */
static inline void
sample_append_measures(MoeTraceWriter *writer, int step)
{
    g_autoptr(GError) error = NULL;
    const float scale = (float)step / 4;
    float matrix[2][3];
    for (int i = 0; i < 6; i++)
        matrix[i / 3][i % 3] = (float)(10 * step + i);
    /* Their order within a step doesn't matter. */
    if (step % 4 == 0)
        g_assert_true(moe_trace_writer_measure(writer, 1, "cosine", step, 2, (int64_t[]){2, 3},
                                               matrix[0], &error));
    g_assert_true(moe_trace_writer_measure(writer, 0, "scale", step, 0, NULL, &scale, &error));
    if (step % 4 == 2)
        g_assert_true(moe_trace_writer_measure(writer, 1, "cosine", step, 2, (int64_t[]){2, 3},
                                               matrix[0], &error));
    g_assert_no_error(error);
}

/* A step's state, two series, and measures. */
static inline void
sample_append_state(MoeTraceWriter *writer, int step)
{
    g_autoptr(GError) error = NULL;
    static int64_t load[300], dropped[300];
    static double prob[300];
    for (int e = 0; e < 300; e++) {
        load[e] = step * 1000 + e;
        dropped[e] = e % 2;
        prob[e] = 1.0 / (e + step + 1);
    }
    MoeTraceState states[SAMPLE_ROUTERS];
    for (int r = 0; r < SAMPLE_ROUTERS; r++)
        states[r] = (MoeTraceState){load, dropped, prob};
    g_assert_true(moe_trace_writer_state(writer, step, states, &error));
    g_assert_true(
        moe_trace_writer_series(writer, step % 2 ? "loss" : "lr", step, 1.5 * step, &error));
    g_assert_true(moe_trace_writer_series(writer, step % 2 ? "lr" : "loss", step, 0.5, &error));
    sample_append_measures(writer, step);
    g_assert_no_error(error);
}

static const MoeTraceOptions sample_options = {.compression = 6,
                                               .chunk_tokens = 40,
                                               .gates = true,
                                               .score_stats = true,
                                               .logits = true,
                                               .slots = true};

static inline MoeTraceWriter *
sample_writer(const char *path, const MoeTraceOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *meta = sample_meta();
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, sample_routers, SAMPLE_ROUTERS, options, &error);
    g_assert_no_error(error);
    return writer;
}

/* A finished trace of batches from … to - 1: fourteen tokens each, three batches a chunk, and two
 * steps of state a batch. */
static inline void
sample_write(const char *path, int from, int to, const MoeTraceOptions *options)
{
    g_autoptr(GError) error = NULL;
    MoeTraceWriter *writer = sample_writer(path, options);
    for (int batch = from; batch < to; batch++) {
        sample_append_state(writer, 2 * batch);
        sample_append_state(writer, 2 * batch + 1);
        sample_append(writer, batch);
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_no_error(error);
}

static inline MoeTrace *
sample_open(const char *path)
{
    g_autoptr(GError) error = NULL;
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

static inline void
sample_remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

#endif
