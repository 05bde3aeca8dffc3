/* SPDX-License-Identifier: MIT
 *
 * Zero-order entropy: of traces whose picks are counted by hand, and of what it is bound by.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <moescope/trace-tools.h>

static char *folder;

enum { TOKENS = 64, EXPERTS = 8 };

/* Router 0: slot 0 cycles through 8 experts, slot 1 through 2 of them, every other token has no
 * pick there. Router 1, whose k varies: expert 5, and for half of the tokens expert 6 too. */
static void
fill(int token, int32_t first[2], int32_t second[EXPERTS], float gate[2], float gates[EXPERTS])
{
    first[0] = token % 8;
    first[1] = token % 2 ? -1 : token / 2 % 2 * 3;
    for (int e = 0; e < EXPERTS; e++)
        second[e] = -1;
    second[0] = 5;
    if (token % 2)
        second[1] = 6;
    for (int j = 0; j < 2; j++)
        gate[j] = token % 4 < 2 ? 0.25f : 0.75f;
    for (int e = 0; e < EXPERTS; e++)
        gates[e] = 1;
}

static MoeTrace *
made(bool gates, MoeType type)
{
    static const MoeRouterInfo routers[] = {
        {0, EXPERTS, 2, 1, 0, true, true, (char *)"x", (char *)"x", (char *)"x"},
        {1, EXPERTS, 0, 1, 0, true, true, (char *)"x", (char *)"x", (char *)"x"}};
    g_autoptr(GError) error = NULL;
    g_autofree char *meta = moe_trace_meta(routers, 2, NULL, 0, NULL);
    g_autofree char *path = g_build_filename(folder, "trace.npz", NULL);
    const MoeTraceOptions options = {.chunk_tokens = 24, .gates = gates, .gate_type = type};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, 2, &options, &error);
    for (int32_t t = 0; t < TOKENS; t++) {
        int32_t first[2], second[EXPERTS];
        float gate[2], all[EXPERTS];
        fill(t, first, second, gate, all);
        const MoeTracePicks picks[] = {{.expert = first, .gate = gate},
                                       {.expert = second, .gate = all}};
        const MoeTraceTokens tokens = {.n = 1, .id = &t};
        g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

static double
term(double count, double of)
{
    return count > 0 ? count * log2(of / count) : 0;
}

static void
test_by_hand(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = made(true, 0);
    MoeTraceEntropy got;
    g_assert_true(moe_trace_entropy(trace, &got, NULL, &error));
    g_assert_cmpint(got.picks, ==, 64 + 32 + 64 + 32);
    g_assert_cmpint(got.gates, ==, got.picks);
    double columns = 64 * 3 + 32 * 1 + term(64, 96) + term(32, 96);
    g_assert_cmpfloat_with_epsilon(got.id_by_column, columns / 192, 1e-12);
    /* Each expert 8 times in slot 0; 0 and 3 16 times in slot 1; 5 and 6 in router 1. */
    const double counts[] = {24, 8, 8, 24, 8, 72, 40, 8};
    double all = 0;
    for (int e = 0; e < EXPERTS; e++)
        all += term(counts[e], 192);
    g_assert_cmpfloat_with_epsilon(got.id, all / 192, 1e-12);
    /* 48 of 0.25 and 48 of 0.75 in router 0, half and half in either slot; 96 of 1. */
    g_assert_cmpfloat_with_epsilon(got.gate_by_column, 96.0 / 192, 1e-12);
    g_assert_cmpfloat_with_epsilon(got.gate, 1.5, 1e-12);
}

static void
test_without_gates(void)
{
    g_autoptr(MoeTrace) trace = made(false, 0), wide = made(true, MOE_F64);
    MoeTraceEntropy got;
    g_assert_true(moe_trace_entropy(trace, &got, NULL, NULL));
    g_assert_cmpint(got.gates, ==, 0);
    g_assert_cmpfloat(got.gate, ==, 0);
    g_assert_true(moe_trace_entropy(wide, &got, NULL, NULL));
    g_assert_cmpint(got.gates, ==, 0);
    g_assert_cmpint(got.picks, ==, 192);
}

/* Uniform picks of 64 experts take nearly six bits; the same on any number of threads. */
static void
test_synthetic(void)
{
    static const MoeTraceOutput output = {.chunk_tokens = 4096};
    const MoeTraceSynth synth = {
        .tokens = 20000, .routers = 3, .experts = 64, .k = 4, .domains = 1, .gates = true};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "synth.npz", NULL);
    MoeTraceEntropy one, two;
    g_assert_true(moe_trace_synth(path, &synth, &output, NULL, &error));
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    moe_set_threads(1);
    g_assert_true(moe_trace_entropy(trace, &one, NULL, &error));
    moe_set_threads(3);
    g_assert_true(moe_trace_entropy(trace, &two, NULL, &error));
    g_assert_cmpmem(&one, sizeof one, &two, sizeof two);
    g_assert_cmpint(one.picks, ==, 240000);
    g_assert_cmpfloat(one.id, <=, 6);
    g_assert_cmpfloat(one.id, >, 5.999);
    g_assert_cmpfloat(one.id_by_column, <, one.id);
    g_assert_cmpfloat(one.gate_by_column, <, one.gate);
}

static bool
stop(int64_t done, int64_t total, const char *what, void *user)
{
    return done == 0;
}

static void
test_cancelled(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = made(true, 0);
    const MoeProgress progress = {stop, NULL};
    MoeTraceEntropy got;
    g_assert_false(moe_trace_entropy(trace, &got, &progress, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-entropy-XXXXXX", NULL);
    g_test_add_func("/trace-entropy/by-hand", test_by_hand);
    g_test_add_func("/trace-entropy/without-gates", test_without_gates);
    g_test_add_func("/trace-entropy/synthetic", test_synthetic);
    g_test_add_func("/trace-entropy/cancelled", test_cancelled);
    int status = g_test_run();
    static const char *const names[] = {"trace.npz", "synth.npz"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return status;
}
