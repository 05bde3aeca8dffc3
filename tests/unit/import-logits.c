/* SPDX-License-Identifier: MIT
 *
 * Logits on their way into a trace: what the rule makes of them, and that Megatron-LM's files of
 * them are read, compared with the picks, and refused where they don't fit.
 */
#include "import-trace.h"

#include "import/rule.h"

#include <math.h>

/* --- The rule ---------------------------------------------------------------------------------*/

static void
test_select(void)
{
    static const struct {
        float z[5];
        int32_t expected[3];
    } cases[] = {
        {{1, 5, 3, 4, 2}, {1, 3, 2}},
        {{2, 1, 2, 2, 2}, {0, 2, 3}}, /* ties go to the lower id */
        {{NAN, -1, NAN, -INFINITY, -2}, {1, 4, 3}},
        {{NAN, NAN, 7, NAN, NAN}, {2, 0, 1}},
        {{-INFINITY, INFINITY, 0, 0, 1}, {1, 4, 2}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int32_t found[3];
        moe__logits_select(cases[i].z, 5, 3, found);
        for (int j = 0; j < 3; j++)
            g_assert_cmpint(found[j], ==, cases[i].expected[j]);
    }
}

/* Values of torch.softmax() and torch.sigmoid() in double. */
static void
test_gates(void)
{
    static const float z[] = {0.5f, 2, -1, 1};
    static const int32_t picks[] = {1, 3, -1};
    double weight[4], gate[3];
    double sum = moe__logits_weigh(z, 4, MOE_LOGITS_SOFTMAX, weight);
    moe__logits_gates(weight, sum, MOE_LOGITS_SOFTMAX, false, picks, 3, gate);
    g_assert_cmpfloat_with_epsilon(gate[0], 0.6094600378, 1e-8);
    g_assert_cmpfloat_with_epsilon(gate[1], 0.2242078180, 1e-8);
    g_assert_cmpfloat(gate[2], ==, 0);
    moe__logits_gates(weight, sum, MOE_LOGITS_SOFTMAX, true, picks, 3, gate);
    g_assert_cmpfloat_with_epsilon(gate[0], 0.7310585786, 1e-8);
    g_assert_cmpfloat_with_epsilon(gate[0] + gate[1], 1, 1e-15);
    g_assert_cmpfloat_with_epsilon(moe__logits_entropy(weight, sum, 4), 1.0144027755, 1e-8);

    sum = moe__logits_weigh(z, 4, MOE_LOGITS_SIGMOID, weight);
    moe__logits_gates(weight, sum, MOE_LOGITS_SIGMOID, false, picks, 3, gate);
    g_assert_cmpfloat_with_epsilon(gate[0], 0.8807970780, 1e-8);
    moe__logits_gates(weight, sum, MOE_LOGITS_SIGMOID, true, picks, 3, gate);
    g_assert_cmpfloat_with_epsilon(gate[1], 0.4535508968, 1e-8);
    g_assert_cmpfloat_with_epsilon(moe__logits_entropy(weight, sum, 4), 1.3127156039, 1e-8);
}

/* Experts that a mask closed take no part; NaN spoils a softmax, as it does in the model. */
static void
test_not_finite(void)
{
    static const float closed[] = {0, -INFINITY, 0}, broken[] = {1, NAN, 0};
    static const int32_t picks[] = {0, 2};
    double weight[3], gate[2];
    double sum = moe__logits_weigh(closed, 3, MOE_LOGITS_SOFTMAX, weight);
    g_assert_cmpfloat_with_epsilon(moe__logits_entropy(weight, sum, 3), G_LN2, 1e-15);
    sum = moe__logits_weigh(broken, 3, MOE_LOGITS_SOFTMAX, weight);
    g_assert_true(isnan(moe__logits_entropy(weight, sum, 3)));
    for (int to_one = 0; to_one < 2; to_one++) {
        moe__logits_gates(weight, sum, MOE_LOGITS_SOFTMAX, to_one, picks, 2, gate);
        g_assert_true(isnan(gate[0]) && isnan(gate[1]));
    }
}

static void
test_margin(void)
{
    static const float z[] = {0.5f, 2, -1, 1};
    g_assert_cmpfloat(moe__logits_margin(z, 4, (const int32_t[]){1, 3}, 2), ==, 0.5f);
    g_assert_cmpfloat(moe__logits_margin(z, 4, (const int32_t[]){0, 3}, 2), ==, -1.5f);
    g_assert_cmpfloat(moe__logits_margin(z, 4, (const int32_t[]){1, -1}, 2), ==, 1);
    g_assert_true(isnan(moe__logits_margin(z, 4, (const int32_t[]){-1, -1}, 2)));
    g_assert_true(isnan(moe__logits_margin(z, 4, (const int32_t[]){0, 1, 2, 3}, 4)));
}

/* --- Megatron ---------------------------------------------------------------------------------*/

/* Two tokens and two layers, with logits of layer 6 before those of layer 4. */
static const float logits[2][2][4] = {{{0.5f, 2, -1, 1}, {1, 1, 0, 0}},
                                      {{3, 0, 0, 4}, {-2, -1, -3, -4}}};
static const char trace_text[] =
    "{\"step\": 0, \"block\": \"decoder\", \"layer\": 6, \"rank\": 3, \"top_indices\": [[1, 3], "
    "[0, 1]], \"logit_offset\": 0, \"logit_bytes\": 16, \"logit_shape\": [2, 4]}\n"
    "{\"step\": 0, \"block\": \"decoder\", \"layer\": 4, \"rank\": 3, \"top_indices\": [[0, 3], "
    "[0, 2]], \"logit_offset\": 16, \"logit_bytes\": 16, \"logit_shape\": [2, 4]}\n";

/* As bfloat16: the upper halves. */
static void
write_sidecar(gsize length)
{
    uint16_t halves[16];
    for (int i = 0; i < 16; i++)
        memcpy(&halves[i], (const char *)(&logits[0][0][0] + i) + 2, 2);
    g_free(import_file("m/logits_rank3.bin", (const char *)halves, (gssize)length));
}

static void
expect_values(const MoeTrace *trace, const char *name, const double *expected, int n)
{
    g_autoptr(GError) error = NULL;
    MoeArray array;
    moe_trace_read(trace, name, &array, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_array_count(&array), ==, n);
    for (int i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon(moe_array_value(&array, i), expected[i], 1e-3);
    g_free((void *)array.data);
}

static void
test_megatron(void)
{
    MoeImportReport report;
    MoeImportOptions options = told;
    options.experts = 0;
    options.logits = true;
    g_autofree char *path = import_file("m/router_trace_rank3.jsonl", trace_text, -1);
    write_sidecar(32);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_assert_cmpint(report.compared, ==, 4);
    g_assert_cmpint(report.disagreeing, ==, 1); /* layer 4, token 1: 2 is below 1 */
    g_assert_null(report.notes);
    g_assert_cmpint(moe_trace_router(trace, 0)->layer, ==, 4);
    expect_values(trace, "picks/00000.r000.logits", (const double[]){3, 0, 0, 4, -2, -1, -3, -4},
                  8);
    expect_values(trace, "picks/00000.r000.margin", (const double[]){3, -2}, 2);
    expect_values(trace, "picks/00000.r001.margin", (const double[]){0.5, 1}, 2);
    expect_values(trace, "picks/00000.r001.entropy", (const double[]){1.0144, 1.2754}, 2);
    /* Slots in the order of the gates: the file's is that of the ids. */
    expect_values(trace, "picks/00000.r000.expert", (const double[]){3, 0, 0, 2}, 4);
    expect_values(trace, "picks/00000.r001.gate", (const double[]){.6095, .3655, .2242, .3655}, 4);
}

/* Of a rule that isn't known neither gates nor entropies are made. */
static void
test_unknown_rule(void)
{
    MoeImportReport report;
    MoeImportOptions options = {.score = "unknown", .select = "group-limited"};
    g_autofree char *path = import_file("m/router_trace_rank3.jsonl", trace_text, -1);
    write_sidecar(32);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_assert_cmpint(report.compared, ==, 0);
    expect_values(trace, "picks/00000.r000.margin", (const double[]){3, -2}, 2);
    g_assert_false(moe_trace_has(trace, "picks/00000.r000.gate"));
    g_assert_false(moe_trace_has(trace, "picks/00000.r000.entropy"));
    g_assert_false(moe_trace_has(trace, "picks/00000.r000.logits"));
}

static void
test_megatron_refused(void)
{
    MoeImportOptions options = told;
    options.experts = 0;
    g_autofree char *path = import_file("m/router_trace_rank3.jsonl", trace_text, -1);
    write_sidecar(31);
    expect_failure(path, &options, "logit_offset: the logits of 2 tokens begin at byte 16 of ");
    g_auto(GStrv) parts = g_strsplit(trace_text, "[2, 4]", 2);
    g_autofree char *odd = g_strdup_printf("%s[1, 4]%s", parts[0], parts[1]);
    g_autofree char *spoilt = import_file("m/router_trace_rank3.jsonl", odd, -1);
    expect_failure(spoilt, &options, "logit_shape: found 1 × 4 for 2 tokens");
    g_auto(GStrv) bytes = g_strsplit(trace_text, "\"logit_bytes\": 16", 2);
    g_autofree char *four = g_strdup_printf("%s\"logit_bytes\": 32%s", bytes[0], bytes[1]);
    g_autofree char *wide = import_file("m/router_trace_rank3.jsonl", four, -1);
    expect_failure(wide, &options,
                   "logit_bytes: found 32 for 2 tokens of 4 experts, expected 2 each (bfloat16)");
    g_autofree char *whole = import_file("m/router_trace_rank3.jsonl", trace_text, -1);
    write_sidecar(32);
    options.gates = MOE_IMPORT_GATES_UNTOLD;
    expect_failure(whole, &options, "give --gates sum-to-one or --gates as-scored");
}

/* Without the file of logits the picks are taken alone, and that is said. */
static void
test_no_sidecar(void)
{
    MoeImportReport report;
    MoeImportOptions options = told;
    options.experts = 0;
    g_autofree char *path = import_file("alone/router_trace_rank3.jsonl", trace_text, -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_autofree char *notes = report.notes;
    g_assert_cmpstr(notes, ==,
                    "of 2 lines 0 have logits in a file logits_rankN.bin beside the trace: none "
                    "were taken");
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "of 2 lines 0 have logits"));
    g_assert_false(moe_trace_has(trace, "picks/00000.r000.margin"));
    expect_picks(trace, 0, "0 3, 0 2");
    options.logits = true;
    expect_failure(path, &options, "--logits: there are no logits in the files");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/import-logits/select", test_select);
    g_test_add_func("/import-logits/gates", test_gates);
    g_test_add_func("/import-logits/not-finite", test_not_finite);
    g_test_add_func("/import-logits/margin", test_margin);
    g_test_add_func("/import-logits/megatron", test_megatron);
    g_test_add_func("/import-logits/unknown-rule", test_unknown_rule);
    g_test_add_func("/import-logits/megatron-refused", test_megatron_refused);
    g_test_add_func("/import-logits/no-sidecar", test_no_sidecar);
    int status = g_test_run();
    import_files_remove();
    return status;
}
