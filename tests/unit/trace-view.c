/* SPDX-License-Identifier: MIT
 *
 * What a view brings: the columns that were asked for, as they are on disk and decoded; and that it
 * can be handed from chunk to chunk, router to router, trace to trace.
 */
#include "trace-sample.h"

#include "trace/decode.h"
#include "trace/half.h"

static char *folder;

static MoeTrace *
sample_trace(const char *name, int from, int to)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    sample_write(path, from, to, &sample_options);
    return sample_open(path);
}

static void
look(const MoeTrace *trace, int chunk, int router, MoeTraceView *view)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(moe_trace_view(trace, chunk, router, view, &error));
    g_assert_no_error(error);
}

static void
test_raw(void)
{
    g_autoptr(MoeTrace) trace = sample_trace("raw.npz", 0, 3);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    for (int r = 0; r < SAMPLE_ROUTERS; r++) {
        look(trace, 0, r, view);
        bool wide = sample_routers[r].experts > 255;
        g_assert_true((view->expert16 != NULL) == wide && (view->expert8 != NULL) == !wide);
        for (int64_t i = 0; i < view->k * view->units; i++) {
            int32_t raw = wide ? view->expert16[i] : view->expert8[i];
            g_assert_cmpint(view->expert[i], ==, raw == (wide ? 65535 : 255) ? -1 : raw);
            g_assert_cmpfloat(view->gate[i], ==, moe__half_to_float(view->gate16[i]));
        }
    }
}

static void
test_wants(void)
{
    g_autoptr(MoeTrace) trace = sample_trace("wants.npz", 0, 3);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    for (unsigned wants = 0; wants <= MOE_VIEW_ALL; wants++)
        for (int r = 0; r < SAMPLE_ROUTERS; r++) {
            bool gates = wants & (MOE_VIEW_GATES | MOE_VIEW_GATES_RAW);
            moe_trace_view_wants(view, wants);
            look(trace, 0, r, view);
            g_assert_cmpint(view->tokens, ==, 42);
            g_assert_true(view->expert8 || view->expert16);
            g_assert_true((view->domain != NULL) == !!(wants & MOE_VIEW_DOMAIN));
            g_assert_true((view->step != NULL) == !!(wants & MOE_VIEW_STEP));
            g_assert_true((view->expert != NULL) == !!(wants & MOE_VIEW_EXPERT32));
            g_assert_true((view->gate16 != NULL) == gates);
            g_assert_true((view->gate != NULL) == !!(wants & MOE_VIEW_GATES));
            g_assert_true((view->dropped != NULL) == (r == 1 && (wants & MOE_VIEW_DROPPED)));
            g_assert_true((view->slot != NULL) == (r < 2 && (wants & MOE_VIEW_SLOTS)));
        }
}

/* Tokens that a view still holds are those of this trace and this chunk. */
static void
test_handed_on(void)
{
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    for (int i = 0; i < 4; i++) { /* traces that may come to lie where the last one did */
        g_autoptr(MoeTrace) trace = sample_trace("handed.npz", i, i + 6);
        for (int r = 0; r < 2; r++)
            for (int chunk = 0; chunk < 2; chunk++) {
                look(trace, chunk, r, view);
                g_assert_cmpint(view->step[0], ==, (i + 3 * chunk) / 2);
                look(trace, chunk, 1 - r, view);
                g_assert_cmpint(view->step[0], ==, (i + 3 * chunk) / 2);
                g_assert_cmpint(view->domain[1], ==, 0);
            }
    }
}

/* A column that isn't wanted may be damaged. */
static void
test_unread(void)
{
    g_autofree char *path = g_build_filename(folder, "unread.npz", NULL), *text = NULL;
    gsize n;
    MoeTraceOptions options = sample_options;
    options.compression = 0;
    sample_write(path, 0, 3, &options);
    g_assert_true(g_file_get_contents(path, &text, &n, NULL));
    const char *gates = memmem(text, n, "r000.gate.npy", 13);
    text[gates - text + 256] ^= 1;
    g_assert_true(g_file_set_contents(path, text, (gssize)n, NULL));
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_autoptr(GError) error = NULL;
    g_assert_false(moe_trace_view(trace, 0, 0, view, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    moe_trace_view_wants(view, MOE_VIEW_ALL & ~(MOE_VIEW_GATES | MOE_VIEW_GATES_RAW));
    look(trace, 0, 0, view);
}

static void
test_decoding(void)
{
    enum { N = 1 << 16 };
    g_autofree uint16_t *in = g_new(uint16_t, N);
    g_autofree float *out = g_new(float, N);
    for (int i = 0; i < N; i++)
        in[i] = (uint16_t)i;
    moe__decode_halves(in, N, out);
    for (int i = 0; i < N; i++) {
        float expected = moe__half_to_float((uint16_t)i);
        g_assert_cmpmem(&out[i], sizeof(float), &expected, sizeof(float));
    }
}

/* One id out of range anywhere is seen. */
static void
test_range(void)
{
    enum { N = 300 };
    uint8_t narrow[N];
    uint16_t wide[N];
    MoeArray column8 = {.type = MOE_U8, .data = narrow};
    MoeArray column16 = {.type = MOE_U16, .data = wide};
    for (int at = 0; at < N; at++) {
        for (int i = 0; i < N; i++) {
            narrow[i] = (uint8_t)(i % 3 ? i % 60 : 255);
            wide[i] = (uint16_t)(i % 3 ? i : 65535);
        }
        g_assert_true(moe__decode_experts_fit(&column8, N, 60));
        g_assert_true(moe__decode_experts_fit(&column16, N, N));
        narrow[at] = 60;
        wide[at] = 65534;
        g_assert_false(moe__decode_experts_fit(&column8, N, 60));
        g_assert_false(moe__decode_experts_fit(&column16, N, N));
        g_assert_true(moe__decode_experts_fit(&column8, N, 255));
        g_assert_true(moe__decode_experts_fit(&column16, N, 65535));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-view-XXXXXX", NULL);
    g_test_add_func("/trace-view/raw", test_raw);
    g_test_add_func("/trace-view/wants", test_wants);
    g_test_add_func("/trace-view/handed-on", test_handed_on);
    g_test_add_func("/trace-view/unread", test_unread);
    g_test_add_func("/trace-view/decoding", test_decoding);
    g_test_add_func("/trace-view/range", test_range);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
