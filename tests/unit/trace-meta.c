/* SPDX-License-Identifier: MIT
 *
 * meta.json put again by a writer that learnt more: what is read then, and what is refused.
 */
#include <glib/gstdio.h>
#include <moescope/trace-tools.h>
#include <string.h>

enum { ROOM = 40, TOKENS = 100 };

static const MoeRouterInfo router = {.experts = 8,
                                     .k = 1,
                                     .units_per_token = 1,
                                     .score = (char *)"softmax",
                                     .select = (char *)"top-k",
                                     .gate = (char *)"score"};
static char *folder, *path;

static char *
meta_of(const char *word)
{
    g_autofree char *extra = g_strdup_printf("{\"word\": \"%s\"}", word);
    return moe_trace_meta(&router, 1, NULL, 0, extra);
}

static MoeTraceWriter *
begin(int room, int compression)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *meta = meta_of("first");
    MoeTraceWriter *writer = moe_trace_writer_new(
        path, meta, &router, 1, &(MoeTraceOptions){.meta_room = room, .compression = compression},
        &error);
    g_assert_no_error(error);
    int32_t id[TOKENS] = {0}, expert[TOKENS] = {0};
    const MoeTraceTokens tokens = {.n = TOKENS, .id = id};
    const MoeTracePicks picks = {.expert = expert};
    g_assert_true(moe_trace_writer_append(writer, &tokens, &picks, &error));
    return writer;
}

static void
test_set(void)
{
    static const char *const words[] = {"second", "2", "a word of as many bytes as there is ro"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        for (int compression = 0; compression < 10; compression += 9) {
            g_autoptr(GError) error = NULL;
            MoeTraceWriter *writer = begin(ROOM, compression);
            g_autofree char *meta = meta_of(words[i]);
            g_assert_true(moe_trace_writer_set_meta(writer, meta, &error));
            g_assert_true(moe_trace_writer_close(writer, &error));
            g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
            g_assert_no_error(error);
            g_autofree char *read = g_strchomp(g_strdup(moe_trace_meta_json(trace)));
            g_assert_cmpstr(read, ==, g_strchomp(meta));
            g_assert_true(moe_trace_complete(trace));
            g_assert_cmpint(moe_trace_tokens(trace, -1), ==, TOKENS);
            g_auto(GStrv) wrong = moe_trace_verify(trace, NULL, &error);
            g_assert_cmpint(g_strv_length(wrong), ==, 0);
        }
}

/* The one that it was begun with stays. */
static void
expect_refused(MoeTraceWriter *writer, const char *meta, int code)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(moe_trace_writer_set_meta(writer, meta, &error));
    g_assert_error(error, MOE_ERROR, code);
    g_clear_error(&error);
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "\"word\": \"first\""));
}

static void
test_refused(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *second = meta_of("second");
    g_autofree char *longer = meta_of("a word that is longer than what was left as room for it");
    MoeRouterInfo other = router;
    other.experts = 9;
    g_autofree char *wrong = moe_trace_meta(&other, 1, NULL, 0, NULL);
    expect_refused(begin(ROOM, 1), longer, MOE_ERROR_DATA);
    expect_refused(begin(ROOM, 1), wrong, MOE_ERROR_DATA);
    expect_refused(begin(ROOM, 1), "{", MOE_ERROR_FORMAT);
    expect_refused(begin(0, 1), second, MOE_ERROR_DATA);
    g_autofree char *meta = meta_of("first");
    g_assert_null(
        moe_trace_writer_new(path, meta, &router, 1, &(MoeTraceOptions){.meta_room = -1}, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    folder = g_dir_make_tmp("moescope-trace-meta-XXXXXX", NULL);
    path = g_build_filename(folder, "t.npz", NULL);
    g_test_add_func("/trace-meta/set", test_set);
    g_test_add_func("/trace-meta/refused", test_refused);
    int status = g_test_run();
    g_remove(path);
    g_rmdir(folder);
    g_free(path);
    g_free(folder);
    return status;
}
