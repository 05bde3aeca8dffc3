/* SPDX-License-Identifier: MIT
 *
 * The checker on a published log: 16,640 of its 21,024 rows are one row, of the engine's profiling
 * pass. Its load has 3.4456 bits of entropy as it stands (published as "2.39 bits, highly
 * concentrated", which are nats), 5.8843 without that row. The file belongs to others and doesn't
 * come with the project: MOESCOPE_DATA names its folder (default: ../shared/data beside the source
 * tree); without it a log of the same shape stands in.
 */
#include "check-trace.h"

#include <moescope/summary.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { ROWS = 21024, DUMMIES = 16640, EXPERTS = 60, K = 4 };

/* A log of its shape: the first row again and again, then faithful ones. */
static Made *
log_new(void)
{
    Made *made = made_new(ROWS, EXPERTS, K);
    made->routers = 1;
    made->domains = 0;
    made->chunk_tokens = 5000;
    made->no_logits = made->no_stats = true;
    made->info[0].gate = (char *)"softmax-all";
    made->info[0].gates_sum_to_one = false;
    for (int t = 0; t < ROWS; t++) {
        made->id[t] = 0; /* the log has none */
        for (int slot = 0; slot < K; slot++)
            made->gate[0][K * t + slot] *= 0.3f;
    }
    for (int t = 1; t < DUMMIES; t++)
        made_copy(made, 0, t);
    return made;
}

/* Entropy of the load, bits. */
static double
load_bits(const MoeTrace *trace)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, NULL, &error);
    g_assert_no_error(error);
    const MoeSummaryCell *cell = moe_summary_cell(summary, 0, MOE_DOMAIN_ALL);
    return moe_load_entropy(cell->count, cell->experts) / G_LN2;
}

/* Checks a log, and drops its dummy rows. */
static MoeTrace *
clean(const MoeTrace *trace)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    g_assert_no_error(error);
    const MoeFinding *finding =
        expect_finding(findings, "dummy-rows", -1, MOE_FINDING_ERROR, DUMMIES);
    g_assert_cmpint(finding->all, ==, ROWS);
    g_assert_cmpint(finding->token, ==, 0);
    g_assert_cmpint(moe_findings_of(findings, MOE_FINDING_ERROR), ==, 1);
    g_assert_cmpint(moe_findings_of(findings, MOE_FINDING_WARNING), ==, 0);
    g_autofree char *path = made_path("cleaned.npz");
    const char *const names[] = {"dummy-rows", NULL};
    moe_check_drop(trace, findings, names, path, NULL, &error);
    g_assert_no_error(error);
    MoeTrace *cleaned = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_trace_tokens(cleaned, -1), ==, ROWS - DUMMIES);
    g_autoptr(MoeFindings) again = moe_check(cleaned, NULL, &error);
    expect_clean(again);
    return cleaned;
}

static void
test_shape(void)
{
    g_autoptr(Made) made = log_new();
    g_autoptr(MoeTrace) trace = made_trace(made, "log.npz");
    g_autoptr(MoeTrace) cleaned = clean(trace);
    g_assert_cmpfloat(load_bits(trace), <, 4);
    g_assert_cmpfloat(load_bits(cleaned), >, 5.8);
}

/* Reads the log's rows over those of `made`; skips the test and returns false if it isn't there. */
static bool
read_log(Made *made)
{
    const char *named = g_getenv("MOESCOPE_DATA"), *root = g_getenv("MOESCOPE_SOURCE_ROOT");
    g_autofree char *folder =
        named ? g_strdup(named) : g_build_filename(root ? root : ".", "../shared/data", NULL);
    g_autofree char *path =
        g_build_filename(folder, "real", "vllm-jsonl", "qwen15-moe-int4.jsonl.gz", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autofree char *reason = g_strdup_printf("%s is absent (MOESCOPE_DATA)", path);
        g_test_skip(reason);
        return false;
    }
    char line[1000];
    int64_t t = 0;
    gzFile file = gzopen(path, "rb");
    while (gzgets(file, line, sizeof line)) {
        const char *ids = strstr(line, "\"topk_ids\": [");
        if (!ids)
            continue;
        g_assert_cmpint(t, <, ROWS);
        int32_t *e = made->expert[0] + K * t;
        float *g = made->gate[0] + K * t++;
        g_assert_cmpint(sscanf(ids,
                               "\"topk_ids\": [%d, %d, %d, %d], \"topk_weights\": [%f, %f, %f, %f]",
                               &e[0], &e[1], &e[2], &e[3], &g[0], &g[1], &g[2], &g[3]),
                        ==, 2 * K);
    }
    gzclose(file);
    g_assert_cmpint(t, ==, ROWS);
    return true;
}

static void
test_log(void)
{
    g_autoptr(Made) made = log_new();
    if (!read_log(made))
        return;
    g_autoptr(MoeTrace) trace = made_trace(made, "log.npz");
    g_autoptr(MoeTrace) cleaned = clean(trace);
    g_assert_cmpfloat_with_epsilon(load_bits(trace), 3.4456, 5e-5);
    g_assert_cmpfloat_with_epsilon(load_bits(cleaned), 5.8843, 5e-5);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    made_begin();
    g_test_add_func("/check/real/shape", test_shape);
    g_test_add_func("/check/real/log", test_log);
    int status = g_test_run();
    made_end();
    return status;
}
