/* SPDX-License-Identifier: MIT
 *
 * The checks of summaries: what sets each off, and what is just below.
 */
#include "import-file.h"

#include <math.h>
#include <moescope/check.h>
#include <string.h>

enum { EXPERTS = 4 };

static const MoeRouterInfo routers[] = {
    {.layer = 0,
     .experts = EXPERTS,
     .k = 2,
     .units_per_token = 1,
     .causal = true,
     .score = "softmax",
     .select = "top-k",
     .gate = "score"},
    {.layer = 5,
     .experts = EXPERTS,
     .k = 2,
     .units_per_token = 1,
     .causal = true,
     .score = "softmax",
     .select = "top-k",
     .gate = "score"},
};

/* Two routers of these counts; 20 picks or more a router are 10 units. */
static MoeSummary *
make(const int64_t *first, const int64_t *second)
{
    const char *const domain = "prose";
    const int64_t *const counts[] = {first, second};
    MoeSummary *summary = moe_summary_new(routers, 2, &domain, 1, 0);
    for (int r = 0; r < 2; r++) {
        MoeSummaryCell *cell = moe_summary_fill(summary, r, 0);
        for (int e = 0; e < EXPERTS; e++) {
            cell->count[e] = counts[r][e];
            cell->picks += counts[r][e];
        }
        cell->units = cell->picks / 2;
        cell->making[2] = cell->units;
    }
    moe_summary_settle(summary);
    return summary;
}

static MoeFindings *
check(const MoeSummary *summary)
{
    g_autoptr(GError) error = NULL;
    MoeFindings *findings = moe_check_summary(summary, NULL, &error);
    g_assert_no_error(error);
    return findings;
}

/* The nth finding of a check; NULL: there are fewer. */
static const MoeFinding *
find(const MoeFindings *findings, const char *name, int n)
{
    for (int i = 0; i < moe_findings_count(findings); i++) {
        const MoeFinding *finding = moe_findings_get(findings, i);
        if (g_str_equal(finding->check, name) && n-- == 0)
            return finding;
    }
    return NULL;
}

static void
test_clean(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeSummary) summary = make((int64_t[]){8, 6, 4, 2}, (int64_t[]){3, 7, 6, 4});
    g_autoptr(MoeFindings) findings = check(summary);
    g_assert_cmpint(moe_findings_count(findings), ==, 0);
    g_autofree char *verdict = moe_findings_verdict(findings);
    g_assert_nonnull(strstr(verdict, "over 10 tokens found nothing"));
    const char *const some[] = {"even-load", NULL}, *const wrong[] = {"evenload", NULL};
    g_autoptr(MoeFindings) one = moe_check_summary(summary, &(MoeCheckOptions){some, NULL}, &error);
    g_assert_no_error(error);
    g_autofree char *said = moe_findings_verdict(one);
    g_assert_nonnull(strstr(said, "1 checks"));
    g_assert_null(moe_check_summary(summary, &(MoeCheckOptions){wrong, NULL}, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

static void
test_even_load(void)
{
    g_autoptr(MoeSummary) summary = make((int64_t[]){0, 10, 10, 0}, (int64_t[]){5, 5, 5, 5});
    g_autoptr(MoeFindings) findings = check(summary);
    const MoeFinding *same = find(findings, "even-load", 0), *even = find(findings, "even-load", 1);
    g_assert_cmpint(same->router, ==, 0);
    g_assert_cmpint(same->severity, ==, MOE_FINDING_ERROR);
    g_assert_nonnull(strstr(same->text, "2 of 4 experts, the first of them 1"));
    g_assert_cmpint(even->router, ==, 1);
    g_assert_cmpint(even->severity, ==, MOE_FINDING_WARNING);
    g_assert_null(find(findings, "even-load", 2));
    g_autoptr(MoeSummary) near = make((int64_t[]){0, 10, 9, 1}, (int64_t[]){5, 5, 4, 6});
    g_autoptr(MoeFindings) none = check(near);
    g_assert_null(find(none, "even-load", 0));
}

/* Shares of the load, as an importer fills them in. */
static void
test_shares(void)
{
    g_autoptr(MoeSummary) summary = moe_summary_new(routers, 2, NULL, 0, 0);
    double *gates = moe_summary_fill(summary, 0, MOE_DOMAIN_UNKNOWN)->gate_sum;
    gates[1] = gates[2] = 0.5;
    gates = moe_summary_fill(summary, 1, MOE_DOMAIN_UNKNOWN)->gate_sum;
    gates[0] = 0.75;
    gates[3] = -0.25;
    moe_summary_settle(summary);
    g_autoptr(MoeFindings) findings = check(summary);
    g_assert_cmpint(find(findings, "even-load", 0)->router, ==, 0);
    g_assert_cmpint(find(findings, "non-finite", 0)->router, ==, 1);
    g_assert_nonnull(strstr(find(findings, "non-finite", 0)->text, "the first of them 3: -0.25"));
}

static void
test_few_tokens(void)
{
    g_autoptr(MoeSummary) summary = make((int64_t[]){2, 1, 1, 0}, (int64_t[]){8, 6, 4, 2});
    g_autoptr(MoeFindings) findings = check(summary);
    g_assert_cmpint(find(findings, "few-tokens", 0)->router, ==, 0);
    g_assert_null(find(findings, "few-tokens", 1));
    const MoeFinding *counts = find(findings, "token-counts", 0);
    g_assert_cmpint(counts->router, ==, 0);
    g_assert_cmpint(counts->other, ==, 1);
    g_assert_nonnull(strstr(counts->text, "2 tokens have picks here, 10 in router 1 (layer 5)"));
}

/* What an import kept: numbers that say the logits were none, and its notes. */
static void
test_reported(void)
{
    static const char extra[] =
        "{\"import\": {\"notes\": [\"counts were rounded\"], \"reported\": "
        "{\"entropy\": [1.3862943, 1.3862], \"spread\": [6e-44, \"inf\"], \"odd\": \"x\"}}}";
    g_autoptr(GError) error = NULL;
    g_autofree char *path = import_file("summary.npz", "", 0);
    g_autoptr(MoeSummary) made = make((int64_t[]){8, 6, 4, 2}, (int64_t[]){3, 7, 6, 4});
    g_assert_true(moe_summary_save(made, path, extra, &error));
    g_autoptr(MoeSummary) summary = moe_summary_open(path, &error);
    g_assert_no_error(error);
    g_autoptr(MoeFindings) findings = check(summary);
    static const struct {
        int router;
        const char *part;
    } expected[] = {
        {0, "entropy is 1.386294, exactly ln 4: all logits were equal"},
        {0, "spread is 6e-44, too small for a normal float"},
        {1, "spread is inf, expected a finite number"},
    };
    for (int i = 0; i < (int)G_N_ELEMENTS(expected); i++) {
        const MoeFinding *finding = find(findings, "flat-scores", i);
        g_assert_cmpint(finding->router, ==, expected[i].router);
        g_assert_nonnull(strstr(finding->text, expected[i].part));
    }
    g_assert_null(find(findings, "flat-scores", G_N_ELEMENTS(expected)));
    g_assert_cmpstr(find(findings, "import-notes", 0)->text, ==, "counts were rounded");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/check-summary/clean", test_clean);
    g_test_add_func("/check-summary/even-load", test_even_load);
    g_test_add_func("/check-summary/shares", test_shares);
    g_test_add_func("/check-summary/few-tokens", test_few_tokens);
    g_test_add_func("/check-summary/reported", test_reported);
    int failed = g_test_run();
    import_files_remove();
    return failed;
}
