/* SPDX-License-Identifier: MIT
 *
 * whole-trace.h: a made-up trace of many chunks, and all of it in plain arrays, for tests that look
 * at single tokens.
 */
#ifndef MOESCOPE_TESTS_WHOLE_TRACE_H
#define MOESCOPE_TESTS_WHOLE_TRACE_H

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/trace-tools.h>

enum {
    TOKENS = 3000,
    EXPERTS = 16,
    K = 2,
    CHUNK = 190,
    DOCUMENT = 37,
    VOCABULARY = 60,
    ROUTER = 1
};

/* A trace and all of it in plain arrays. */
typedef struct Whole {
    char *path;
    MoeTrace *trace;
    int32_t id[TOKENS], doc[TOKENS], expert[TOKENS][K];
    float gate[TOKENS][K];
} Whole;

static inline void
whole_clear(Whole *whole)
{
    moe_trace_free(whole->trace);
    g_unlink(whole->path);
    g_free(whole->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Whole, whole_clear)

static inline void
copy_chunk(Whole *whole, MoeTraceRows *rows, int64_t n, int64_t at)
{
    int64_t index[TOKENS] = {0};
    MoeTraceTokens tokens;
    MoeTracePicks picks;
    for (int64_t i = 0; i < n; i++)
        index[i] = i;
    moe_trace_rows_take(rows, index, n, &tokens, &picks);
    for (int64_t i = 0; i < n; i++) {
        whole->id[at + i] = tokens.id[i];
        whole->doc[at + i] = tokens.doc[i];
        for (int slot = 0; slot < K; slot++) {
            whole->expert[at + i][slot] = picks.expert[i * K + slot];
            whole->gate[at + i][slot] = picks.gate ? picks.gate[i * K + slot] : NAN;
        }
    }
}

/* Reads what one router did into the arrays. */
static inline void
copy_router(Whole *whole, int router)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(whole->trace, &router, 1);
    int64_t at = 0;
    for (int c = 0; c < moe_trace_chunks(whole->trace); c++) {
        moe_trace_rows_load(rows, c, &error);
        g_assert_no_error(error);
        copy_chunk(whole, rows, moe_trace_tokens(whole->trace, c), at);
        at += moe_trace_tokens(whole->trace, c);
    }
    g_assert_cmpint(at, ==, TOKENS);
}

static inline Whole
whole_new(bool gates)
{
    g_autoptr(GError) error = NULL;
    const MoeTraceSynth synth = {.tokens = TOKENS,
                                 .routers = ROUTER + 1,
                                 .experts = EXPERTS,
                                 .k = K,
                                 .domains = 3,
                                 .skew = 0.5,
                                 .document_tokens = DOCUMENT,
                                 .vocabulary = VOCABULARY,
                                 .gates = gates,
                                 .seed = 5};
    const MoeTraceOutput output = {.chunk_tokens = CHUNK};
    Whole whole = {.path = NULL};
    int file = g_file_open_tmp("moescope-XXXXXX.npz", &whole.path, &error);
    g_assert_no_error(error);
    g_close(file, NULL);
    moe_trace_synth(whole.path, &synth, &output, NULL, &error);
    g_assert_no_error(error);
    whole.trace = moe_trace_open(whole.path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_trace_chunks(whole.trace), >, 4);
    copy_router(&whole, ROUTER);
    return whole;
}

static inline int
slot_of(const Whole *whole, int t, int expert)
{
    for (int slot = 0; slot < K; slot++)
        if (whole->expert[t][slot] == expert)
            return slot;
    return -1;
}

#endif
