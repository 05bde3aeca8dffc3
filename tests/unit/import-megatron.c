/* SPDX-License-Identifier: MIT
 *
 * Several files of Megatron-LM's router traces: stages of a pipeline, ranks with tokens of their
 * own, ranks that saw the same.
 */
#include "import-trace.h"

/* A folder of two files with these lines: "STEP LAYER PICKS" each, with picks as JSON. */
static char *
write_ranks(const char *const *first, const char *const *second)
{
    const char *const *const lines[] = {first, second};
    char *folder = NULL;
    for (int rank = 0; rank < 2; rank++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int i = 0; lines[rank][i]; i++) {
            g_auto(GStrv) words = g_strsplit(lines[rank][i], " ", 3);
            g_string_append_printf(text,
                                   "{\"step\": %s, \"block\": \"decoder\", \"layer\": %s, "
                                   "\"rank\": %d, \"top_indices\": %s}\n",
                                   words[0], words[1], rank, words[2]);
        }
        g_autofree char *name = g_strdup_printf("m/router_trace_rank%d.jsonl", rank);
        g_autofree char *path = import_file(name, text->str, -1);
        g_free(folder);
        folder = g_path_get_dirname(path);
    }
    return folder;
}

static const char *const stage[] = {"0 0 [[1, 2], [3, 4]]",
                                    "0 1 [[5, 6], [7, 0]]",
                                    "0 0 [[2, 3]]",
                                    "0 1 [[4, 5]]",
                                    "1 0 [[6, 7]]",
                                    "1 1 [[0, 1]]",
                                    NULL};

/* Two stages of two layers, passes of two tokens, one and one. */
static void
test_stages(void)
{
    static const char *const other[] = {"0 4 [[0, 1], [1, 2]]",
                                        "0 5 [[2, 3], [3, 4]]",
                                        "0 4 [[4, 5]]",
                                        "0 5 [[5, 6]]",
                                        "1 5 [[7, 0]]",
                                        "1 4 [[6, 7]]",
                                        NULL};
    MoeImportReport report;
    g_autofree char *folder = write_ranks(stage, other);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){folder}, 1, &told, &report);
    g_autofree char *notes = report.notes;
    g_assert_nonnull(strstr(notes, "the files are of 2 stages of a pipeline"));
    g_assert_cmpint(report.routers, ==, 4);
    g_assert_cmpint(report.incomplete, ==, 0);
    expect_column(trace, "tokens/doc", "0 0 1 2");
    expect_picks(trace, 0, "1 2, 3 4, 2 3, 6 7");
    expect_picks(trace, 1, "5 6, 7 0, 4 5, 0 1");
    expect_picks(trace, 2, "0 1, 1 2, 4 5, 6 7");
    expect_picks(trace, 3, "2 3, 3 4, 5 6, 7 0");
    g_assert_cmpint(moe_trace_router(trace, 3)->layer, ==, 5);
}

/* Passes that aren't the same can't be put together. */
static void
test_stages_refused(void)
{
    static const char *const fewer[] = {"0 4 [[0, 1], [1, 2]]", "0 4 [[4, 5]]", NULL};
    static const char *const steps[] = {"0 4 [[0, 1], [1, 2]]", "1 4 [[4, 5]]", "1 4 [[4, 5]]",
                                        NULL};
    static const char *const tokens[] = {"0 4 [[0, 1], [1, 2]]", "0 4 [[4, 5], [1, 2]]",
                                         "1 4 [[4, 5]]", NULL};
    g_autofree char *short_one = write_ranks(stage, fewer);
    expect_failure(short_one, &told,
                   "pass 2 is of step 1 in one and of step -1 in the other (-1: it isn't there)");
    g_autofree char *other = write_ranks(stage, steps);
    expect_failure(other, &told, "pass 1 is of step 0 in one and of step 1 in the other");
    g_autofree char *wide = write_ranks(stage, tokens);
    expect_failure(wide, &told, "layer 4 has 2 tokens in the pass that ends here, expected 1");
}

/* A stage of two ranks and one of a single one. */
static void
test_stages_uneven(void)
{
    static const char *const other[] = {"0 4 [[0, 1]]", NULL};
    static const char *const twin[] = {"0 4 [[2, 3]]", NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = write_ranks(other, twin), *out = import_target();
    g_autofree char *more = import_file(
        "m/router_trace_rank2.jsonl", "{\"step\": 0, \"layer\": 7, \"top_indices\": [[0, 1]]}", -1);
    g_assert_false(moe_import((const char *[]){folder}, 1, out, &told, NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "expected as many of each stage of the pipeline"));
    g_remove(more);
}

static void
test_ranks(void)
{
    static const char *const other[] = {"0 0 [[2, 1]]", "0 1 [[5, 7]]", NULL};
    MoeImportReport report;
    g_autofree char *folder = write_ranks(stage, other);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){folder}, 1, &told, &report);
    g_autofree char *notes = report.notes;
    g_assert_nonnull(strstr(notes, "the files of 2 ranks have layers of the same numbers: each"));
    expect_picks(trace, 0, "1 2, 3 4, 2 3, 6 7, 2 1");
    g_autofree char *same = write_ranks(stage, stage);
    expect_failure(same, &told, "found the same picks as in ");
}

/* A long file whose last pass has a layer that its beginning, which is looked at first, hasn't. */
static void
test_long(void)
{
    enum { TOKENS = 4096, PASSES = 160 };
    MoeImportReport report;
    g_autoptr(GString) picks = g_string_new("[1, 2]"), text = g_string_new(NULL);
    for (int t = 1; t < TOKENS; t++)
        g_string_append(picks, ", [3, 4]");
    for (int i = 0; i < 2 * PASSES; i++)
        g_string_append_printf(text, "{\"step\": %d, \"layer\": %d, \"top_indices\": [%s]}\n",
                               i / 2, i % 2, picks->str);
    g_assert_cmpuint(text->len, >, 8 << 20);
    g_autofree char *plain = import_file("long/router_trace_rank0.jsonl", text->str, -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){plain}, 1, &told, &report);
    g_assert_nonnull(trace);
    g_assert_cmpint(report.tokens, ==, TOKENS * PASSES);
    for (int layer = 0; layer < 3; layer++)
        g_string_append_printf(text, "{\"step\": 999, \"layer\": %d, \"top_indices\": [[5, 6]]}\n",
                               layer);
    g_autofree char *odd = import_file("long/router_trace_rank0.jsonl", text->str, -1);
    g_autoptr(MoeTrace) last = import_all((const char *[]){odd}, 1, &told, &report);
    g_assert_cmpint(report.routers, ==, 3);
    g_assert_cmpint(report.incomplete, ==, TOKENS * PASSES);
    expect_picks(last, 2, "5 6");
    g_string_append(text, "{\"step\": 1000, \"layer\": 0, \"top_indices\": [[5]]}\n");
    g_autofree char *bad = import_file("long/router_trace_rank0.jsonl", text->str, -1);
    expect_failure(bad, &told, "line 324, byte ");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/import-megatron/stages", test_stages);
    g_test_add_func("/import-megatron/stages-refused", test_stages_refused);
    g_test_add_func("/import-megatron/stages-uneven", test_stages_uneven);
    g_test_add_func("/import-megatron/ranks", test_ranks);
    g_test_add_func("/import-megatron/long", test_long);
    int status = g_test_run();
    import_files_remove();
    return status;
}
