/* SPDX-License-Identifier: MIT
 *
 * The checker: choosing checks, and copies of traces without what they found.
 */
#include "check-trace.h"

#include <string.h>

static void
test_only(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(10, 16, 2);
    g_autoptr(MoeTrace) trace = made_trace(made, "only.npz");
    const char *const some[] = {"domains", "pads", NULL}, *const wrong[] = {"pad", NULL};
    g_autoptr(MoeFindings) findings = moe_check(trace, &(MoeCheckOptions){some, NULL}, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_findings_count(findings), ==, 0);
    g_assert_null(moe_check(trace, &(MoeCheckOptions){wrong, NULL}, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "did you mean \"pads\"?"));
}

static bool
refuse(int64_t done, int64_t total, const char *what, void *user)
{
    return false;
}

/* Rows go from every column of every router; the rest stays; the metadata say so. */
static void
test_drop(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(400, 16, 2);
    g_autoptr(Made) clean = made_new(400, 16, 2);
    for (int t = 60; t < 260; t++) /* chunk 1 goes whole */
        made_copy(made, 60, t);
    g_autoptr(MoeTrace) trace = made_trace(made, "drop.npz");
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    const char *const names[] = {"dummy-rows", NULL}, *const wrong[] = {"domains", NULL};
    g_autofree char *path = made_path("dropped.npz");
    g_autofree char *part = g_strconcat(path, ".part", NULL);

    g_assert_false(moe_check_drop(trace, findings, wrong, path, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    const MoeProgress stop = {refuse, NULL};
    g_assert_false(moe_check_drop(trace, findings, names, path, &stop, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    g_clear_error(&error);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(part, G_FILE_TEST_EXISTS));

    moe_check_drop(trace, findings, names, path, NULL, &error);
    g_assert_no_error(error);
    g_assert_false(g_file_test(part, G_FILE_TEST_EXISTS));
    g_autoptr(MoeTrace) copy = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_trace_tokens(copy, -1), ==, 200);
    g_assert_cmpint(moe_trace_tokens(copy, 1), ==, 0);
    g_assert_cmpint(moe_trace_tokens(copy, 2), ==, 40);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    moe_trace_view(copy, 2, 1, view, &error);
    g_assert_no_error(error);
    for (int t = 0; t < 40; t++)
        for (int slot = 0; slot < 2; slot++)
            g_assert_cmpint(view->expert[slot * 40 + t], ==,
                            clean->expert[1][2 * (260 + t) + slot]);
    MoeArray logits, loss;
    g_assert_true(moe_trace_read(copy, "picks/00002.r001.logits", &logits, &error));
    g_assert_cmpint(logits.shape[0], ==, 40);
    g_assert_cmpfloat_with_epsilon(moe_array_value(&logits, 16 * 7 + 3),
                                   (double)clean->logits[1][16 * 267 + 3], 1e-2);
    g_free((gpointer)logits.data);
    g_assert_true(moe_trace_join(copy, "series/loss", &loss, &error));
    g_assert_cmpint(loss.shape[0], ==, 1);
    g_free((gpointer)loss.data);
    g_autoptr(MoeFindings) again = moe_check(copy, NULL, &error);
    expect_clean(again);
    g_assert_nonnull(strstr(moe_trace_meta_json(copy),
                            "\"checks\": \"dummy-rows\", \"dropped\": 200, \"of\": 400"));
    g_assert_nonnull(strstr(moe_trace_meta_json(copy), "\"ranges\": [[60, 200]]"));
}

static void
test_drop_everything(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(100, 16, 2);
    for (int t = 1; t < 100; t++)
        made_copy(made, 0, t);
    g_autoptr(MoeTrace) trace = made_trace(made, "all.npz");
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    const char *const names[] = {"dummy-rows", NULL};
    g_autofree char *path = made_path("none.npz");
    g_assert_false(moe_check_drop(trace, findings, names, path, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    made_begin();
    g_test_add_func("/check/only", test_only);
    g_test_add_func("/check/drop", test_drop);
    g_test_add_func("/check/drop/everything", test_drop_everything);
    int status = g_test_run();
    made_end();
    return status;
}
