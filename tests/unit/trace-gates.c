/* SPDX-License-Identifier: MIT
 *
 * Gates of f2, f4 and f8: what was recorded comes back to the last bit that its type has, from the
 * view, from rows, and from whatever tools made of the trace.
 */
#include "trace/half.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/trace-tools.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

enum { TOKENS = 50, ROUTERS = 2, K = 2, EXPERTS = 6 };
static const MoeRouterInfo routers[ROUTERS] = {
    {0, EXPERTS, K, 1, 0, true, true, (char *)"softmax", (char *)"top-k", (char *)"score"},
    {1, EXPERTS, 0, 1, 0, true, true, (char *)"relu", (char *)"positive", (char *)"score"},
};

static int
width_of(int router)
{
    return router == 0 ? K : EXPERTS;
}

/* A decimal of four digits, as logs have them; below 0 for picks that aren't there. */
static double
gate_of(int router, int token, int slot)
{
    return slot >= K ? -1 : ((router * 131 + token * 37 + slot * 11) % 9973 + 1) / 1e4;
}

/* Writes the trace; every other batch brings its gates as float, where `mixed`. */
static char *
written(const char *name, MoeType type, bool mixed)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *meta = moe_trace_meta(routers, ROUTERS, NULL, 0, NULL);
    char *path = scratch(name);
    const MoeTraceOptions options = {.chunk_tokens = 20, .gates = true, .gate_type = type};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, ROUTERS, &options, &error);
    g_assert_no_error(error);
    for (int32_t t = 0; t < TOKENS; t++) {
        int32_t expert[ROUTERS][EXPERTS], id = t, doc = t / 8;
        double wide[ROUTERS][EXPERTS];
        float narrow[ROUTERS][EXPERTS];
        MoeTracePicks picks[ROUTERS];
        for (int r = 0; r < ROUTERS; r++) {
            for (int j = 0; j < width_of(r); j++) {
                wide[r][j] = MAX(gate_of(r, t, j), 0);
                narrow[r][j] = (float)wide[r][j];
                expert[r][j] = gate_of(r, t, j) < 0 ? -1 : (t + j) % EXPERTS;
            }
            bool as_float = mixed && t % 2;
            picks[r] = (MoeTracePicks){.expert = expert[r],
                                       .gate = as_float ? narrow[r] : NULL,
                                       .gate64 = as_float ? NULL : wide[r]};
        }
        const MoeTraceTokens tokens = {.n = 1, .id = &id, .doc = &doc};
        g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_no_error(error);
    return path;
}

static MoeTrace *
opened(const char *path)
{
    g_autoptr(GError) error = NULL;
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

/* What is left of a gate in a type. */
static double
kept_in(MoeType type, double gate)
{
    return type == MOE_F64
               ? gate
               : (double)(type == MOE_F32 ? (float)gate
                                          : moe__half_to_float(moe__half_from_double(gate)));
}

/* Every token of the trace, whose ids say which it was, has its gates. */
static void
assert_gates(const MoeTrace *trace, MoeType type, MoeType recorded)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_assert_cmpint(moe_trace_gate_type(trace), ==, type);
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        MoeArray id;
        g_autofree char *name = g_strdup_printf("tokens/%05d.id", c);
        g_assert_true(moe_trace_read(trace, name, &id, &error));
        for (int r = 0; r < ROUTERS; r++) {
            g_assert_true(moe_trace_view(trace, c, r, view, &error));
            g_assert_cmpint(view->k, ==, K);
            g_assert_true((view->gate64 != NULL) == (type != MOE_F16));
            for (int64_t i = 0; i < K * view->units; i++) {
                int token = (int)moe_array_value(&id, i % view->units);
                double expected = kept_in(recorded, gate_of(r, token, (int)(i / view->units)));
                g_assert_cmpfloat(view->gate[i], ==, (float)expected);
                if (view->gate64)
                    g_assert_cmpfloat(view->gate64[i], ==, expected);
            }
        }
        g_free((void *)id.data);
    }
}

static void
test_types(void)
{
    static const MoeType types[] = {MOE_F16, MOE_F32, MOE_F64};
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *path = written("types.npz", types[i], false);
        g_autoptr(MoeTrace) trace = opened(path);
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) problems = moe_trace_verify(trace, NULL, &error);
        g_assert_cmpstr(problems[0], ==, NULL);
        assert_gates(trace, types[i], types[i]);
    }
    g_autofree char *path = written("types.npz", 0, false); /* the default */
    g_autoptr(MoeTrace) trace = opened(path);
    assert_gates(trace, MOE_F16, MOE_F16);
}

/* Batches may bring gates in either precision; a chunk has one type all the same. */
static void
test_mixed(void)
{
    g_autofree char *path = written("mixed.npz", MOE_F32, true);
    g_autoptr(MoeTrace) trace = opened(path);
    g_assert_cmpint(moe_trace_chunks(trace), ==, 3);
    assert_gates(trace, MOE_F32, MOE_F32);
}

static void
test_tools(void)
{
    static const MoeTraceOutput output = {.compression = -1, .chunk_tokens = 7};
    static const MoeTraceSelection all = {0}, part = {.first_token = 3, .n_tokens = 31};
    static const MoeTraceRange drop = {10, 25};
    g_autoptr(GError) error = NULL;
    static const MoeType types[] = {MOE_F16, MOE_F32, MOE_F64};
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *path = written("tools.npz", types[i], false), *out = scratch("out.npz");
        g_autoptr(MoeTrace) trace = opened(path);
        g_assert_true(moe_trace_select(trace, out, &all, &output, NULL, NULL, &error));
        g_autoptr(MoeTrace) recompressed = opened(out);
        assert_gates(recompressed, types[i], types[i]);
        g_assert_true(moe_trace_select(trace, out, &part, &output, NULL, NULL, &error));
        g_autoptr(MoeTrace) slice = opened(out);
        assert_gates(slice, types[i], types[i]);
        g_assert_cmpint(moe_trace_tokens(slice, -1), ==, 31);
        g_assert_true(moe_trace_copy_without(trace, out, &drop, 1, "{}", NULL, &error));
        g_autoptr(MoeTrace) copy = opened(out);
        assert_gates(copy, types[i], types[i]);
        g_assert_cmpint(moe_trace_tokens(copy, -1), ==, 25);
    }
    g_assert_no_error(error);
}

/* Of traces with different types the widest is what is joined. */
static void
test_merge(void)
{
    static const MoeTraceOutput output = {.compression = -1};
    g_autoptr(GError) error = NULL;
    g_autofree char *a = written("a.npz", MOE_F16, false), *b = written("b.npz", MOE_F64, false);
    g_autofree char *out = scratch("merged.npz");
    g_autoptr(MoeTrace) narrow = opened(a);
    g_autoptr(MoeTrace) wide = opened(b);
    const MoeTrace *traces[] = {narrow, wide};
    g_assert_true(
        moe_trace_merge(traces, 2, out, MOE_TRACE_DOCUMENTS_SHIFT, &output, NULL, &error));
    g_assert_no_error(error);
    g_autoptr(MoeTrace) merged = opened(out);
    g_assert_cmpint(moe_trace_tokens(merged, -1), ==, 2 * TOKENS);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_assert_true(moe_trace_view(merged, 0, 0, view, &error));
    for (int t = 0; t < TOKENS; t++) {
        g_assert_cmpfloat(view->gate64[t], ==, kept_in(MOE_F16, gate_of(0, t, 0)));
        g_assert_cmpfloat(view->gate64[TOKENS + t], ==, gate_of(0, t, 0));
    }
}

/* Gates can be kept with other bits than the source has. */
static void
test_narrowed(void)
{
    static const MoeTraceSelection all = {0};
    static const MoeType types[] = {MOE_F16, MOE_F32, MOE_F64};
    g_autofree char *path = written("wide.npz", MOE_F64, false), *out = scratch("narrow.npz");
    g_autoptr(MoeTrace) trace = opened(path);
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(GError) error = NULL;
        const MoeTraceOutput output = {.compression = 1, .gate_type = types[i]};
        g_assert_true(moe_trace_select(trace, out, &all, &output, NULL, NULL, &error));
        g_autoptr(MoeTrace) narrow = opened(out);
        assert_gates(narrow, types[i], types[i]);
    }
}

static void
test_rows(void)
{
    g_autofree char *path = written("rows.npz", MOE_F64, false);
    g_autoptr(MoeTrace) trace = opened(path);
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(trace, NULL, 0);
    g_autoptr(GError) error = NULL;
    const int64_t index[] = {3, 17, 4};
    MoeTraceTokens tokens;
    MoeTracePicks picks[ROUTERS];
    g_assert_true(moe_trace_rows_load(rows, 1, &error));
    moe_trace_rows_take(rows, index, 3, &tokens, picks);
    for (int r = 0; r < ROUTERS; r++)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < width_of(r); j++) {
                double expected = MAX(gate_of(r, tokens.id[i], j), 0);
                g_assert_cmpfloat(picks[r].gate64[i * width_of(r) + j], ==, expected);
                g_assert_cmpfloat(picks[r].gate[i * width_of(r) + j], ==, (float)expected);
            }
}

static void
test_wrong_type(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *meta = moe_trace_meta(routers, ROUTERS, NULL, 0, NULL);
    g_autofree char *path = scratch("wrong.npz");
    const MoeTraceOptions options = {.gates = true, .gate_type = MOE_I32};
    g_assert_null(moe_trace_writer_new(path, meta, routers, ROUTERS, &options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* Around every boundary between two halves: the float nearest to x can be just that boundary, which
 * x is not. */
static void
test_half_from_double(void)
{
    for (uint32_t half = 0; half < 0x7bff; half++) {
        double low = (double)moe__half_to_float((uint16_t)half);
        double high = (double)moe__half_to_float((uint16_t)(half + 1)), middle = (low + high) / 2;
        uint32_t even = half + half % 2;
        g_assert_cmpuint(moe__half_from_double(low), ==, half);
        g_assert_cmpuint(moe__half_from_double(middle), ==, even);
        g_assert_cmpuint(moe__half_from_double(nextafter(middle, 0)), ==, half);
        g_assert_cmpuint(moe__half_from_double(nextafter(middle, 1e9)), ==, half + 1);
        g_assert_cmpuint(moe__half_from_double(-nextafter(middle, 1e9)), ==, 0x8000 | (half + 1));
    }
    g_assert_cmpuint(moe__half_from_double(1e300), ==, 0x7c00);
    g_assert_cmpuint(moe__half_from_double(-HUGE_VAL), ==, 0xfc00);
    g_assert_cmpuint(moe__half_from_double(1e-300), ==, 0);
    g_assert_cmpuint(moe__half_from_double((double)NAN) & 0x7e00, ==, 0x7e00);
}

static void
remove_folder(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = scratch(name);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-gates-XXXXXX", NULL);
    g_test_add_func("/trace-gates/types", test_types);
    g_test_add_func("/trace-gates/mixed", test_mixed);
    g_test_add_func("/trace-gates/tools", test_tools);
    g_test_add_func("/trace-gates/merge", test_merge);
    g_test_add_func("/trace-gates/narrowed", test_narrowed);
    g_test_add_func("/trace-gates/rows", test_rows);
    g_test_add_func("/trace-gates/wrong-type", test_wrong_type);
    g_test_add_func("/trace-gates/half-from-double", test_half_from_double);
    int status = g_test_run();
    remove_folder();
    return status;
}
