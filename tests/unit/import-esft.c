/* SPDX-License-Identifier: MIT
 *
 * ESFT's summary.json: by itself, and beside the files that it was made of.
 */
#include "counts.h"

static const char weights[] = "0\t1\t0\t2\t\t.5\t.25\t.5\t.125\n0\t3\t\t1\t0\n";
/* Of 3 tokens, top-2 of 4: 3, 1, 1, 1 of 6 picks; gates 2, 0.25, 0.125, 0 over 3. */
static const char scores[] =
    "\xef\xbb\xbf{\"made\": [1, {\"by\": \"hand\"}],\n"
    " \"gate_scores\": {\"5\": {\"3\": 0, \"0\": 0.6667, \"1\": 0.0833, \"2\": 0.0417}},\n"
    " \"token_scores\": {\"5\": {\"0\": 0.5, \"1\": 0.1667, \"2\": 0.1667, \"3\": 0.1667}}}\n";

static void
test_alone(void)
{
    MoeImportReport report;
    g_autofree char *path = import_file("summary.json", scores, -1);
    g_autoptr(MoeSummary) summary = counts_import_one(path, &counted, &report);
    g_assert_cmpstr(report.importer, ==, "esft-scores");
    g_assert_nonnull(strstr(report.notes, "10000 tokens a layer stand for them"));
    g_free(report.notes);
    g_assert_cmpint(moe_summary_router(summary, 0)->layer, ==, 5);
    /* Rounded shares add up to 1.0001, and to 20000 picks when they are apportioned. */
    expect_load(summary, 0, MOE_DOMAIN_ALL, "9999 3334 3334 3333");
    const MoeSummaryCell *cell = moe_summary_cell(summary, 0, MOE_DOMAIN_ALL);
    g_assert_cmpint(cell->units, ==, 10000);
    g_assert_cmpfloat_with_epsilon(cell->gate_sum[0], 6667, 1e-9);
    g_assert_cmpfloat_with_epsilon(cell->gate_sum[2], 417, 1e-9);
}

static void
test_refused(void)
{
    static const char *const cases[][2] = {
        {"{\"token_scores\": {\"5\": {\"0\": 1.5}}}", "token_scores: expected a number, 0 … 1"},
        {"{\"token_scores\": {\"5\": {\"0\": \"x\"}}}", "token_scores: expected a number, 0 … 1"},
        {"{\"token_scores\": {\"five\": {\"0\": 1}}}", "expected the number of a layer as the key"},
        {"{\"token_scores\": {\"5\": {\"e0\": 1}}}", "expected the number of an expert as the key"},
        {"{\"gate_scores\": {\"5\": {\"0\": 1, \"0\": 0}}}", "layer 5 has expert 0 twice"},
        {"{\"gate_scores\": {}}", "found no token_scores and no gate_scores"},
        {"{\"token_scores\": {\"5\": {\"0\": 1", "line 1"},
        {"{\"token_scores\": {\"5\": {\"9\": 1}}}", "the highest id is 9"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i][0]);
        g_autofree char *path = import_file("summary.json", cases[i][0], -1);
        expect_failure(path, &counted, cases[i][1]);
    }
}

/* A folder of single tokens and their summary is one text; that of another text is told. */
static void
test_beside(void)
{
    MoeImportOptions options = told;
    options.k = 2;
    options.experts = 4;
    for (int other = 0; other < 2; other++) {
        MoeImportReport report;
        g_autofree char *one = import_file("folder/expert_weights_5.txt", weights, -1);
        g_autofree char *text =
            other ? g_strdup("{\"token_scores\": {\"6\": {\"0\": 1}, \"5\": {\"0\": 0.25}}}")
                  : g_strdup(scores);
        g_autofree char *beside = import_file("folder/summary.json", text, -1);
        g_autofree char *folder = g_path_get_dirname(one);
        g_autoptr(MoeTrace) trace G_GNUC_UNUSED =
            import_all((const char *[]){folder}, 1, &options, &report);
        g_assert_cmpstr(report.importer, ==, "esft");
        g_assert_cmpint(report.tokens, ==, 3);
        g_assert_nonnull(strstr(report.notes, other ? "summary.json isn't of these files"
                                                    : "summary.json agrees with these files"));
        g_assert_true(other == (strstr(report.notes, "layers or experts that they lack") != NULL));
        g_free(report.notes);
        /* One that nobody can read is no reason to stop. */
        g_assert_cmpint(g_remove(beside), ==, 0);
        g_autofree char *broken G_GNUC_UNUSED =
            import_file("folder/summary.json", "{\"gate_scores\": [", -1);
        g_autoptr(MoeTrace) again G_GNUC_UNUSED =
            import_all((const char *[]){folder}, 1, &options, &report);
        g_assert_nonnull(strstr(report.notes, "summary.json: line 1"));
        g_free(report.notes);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/import-esft/alone", test_alone);
    g_test_add_func("/import-esft/refused", test_refused);
    g_test_add_func("/import-esft/beside", test_beside);
    return g_test_run();
}
