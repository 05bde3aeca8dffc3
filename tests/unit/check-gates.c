/* SPDX-License-Identifier: MIT
 *
 * The checker: gates and logits. For each check a trace that sets it off, and one just below.
 */
#include "check-trace.h"

#include <math.h>
#include <string.h>

static void
test_finite(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    made->gate[0][2 * 9] = NAN;
    made->logits[1][16 * 30 + 4] = 1e6f; /* beyond f16 */
    made->logits[1][16 * 31 + 4] = 6e4f; /* within */
    made->margin[2][5] = NAN;            /* as where every expert is picked */
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "non-finite", 0, MOE_FINDING_ERROR, 1);
    g_assert_cmpint(expect_finding(findings, "non-finite", 1, MOE_FINDING_ERROR, 1)->token, ==, 30);
    g_assert_null(find_finding(findings, "non-finite", 2));
    int64_t n;
    const MoeTraceRange *drops = moe_findings_drops(findings, "non-finite", &n);
    g_assert_cmpint(n, ==, 2);
    g_assert_cmpint(drops[1].first, ==, 30);
    made->no_logits = true;
    made->entropy[2][50] = INFINITY;
    g_autoptr(MoeFindings) infinite = made_check(made);
    expect_finding(infinite, "non-finite", 2, MOE_FINDING_ERROR, 1);
}

static void
set_logits(Made *made, int router, int unit, float even, float spread)
{
    for (int e = 0; e < made->experts; e++)
        made->logits[router][unit * made->experts + e] = even + (e == 3 ? spread : 0);
    made_route(made, router, unit);
}

/* As the layers of a published .pth: entropy ln 64, spread 6e-44; f16's smallest step is more. */
static void
test_flat_logits(void)
{
    g_autoptr(Made) made = made_new(400, 64, 6);
    for (int t = 0; t < 400; t++) {
        set_logits(made, 1, t, 0, 6e-44f);
        set_logits(made, 2, t, 0, 1.2e-7f); /* two steps of f16 */
    }
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "flat-logits", 1, MOE_FINDING_ERROR, 400);
    g_assert_null(find_finding(findings, "flat-logits", 0));
    g_assert_null(find_finding(findings, "flat-logits", 2));
    g_assert_cmpfloat_with_epsilon((double)made->entropy[1][0], log(64), 1e-6);

    made->no_logits = true; /* entropy and margin say the same */
    g_autoptr(MoeFindings) stats = made_check(made);
    expect_finding(stats, "flat-logits", 1, MOE_FINDING_ERROR, 400);
    g_assert_null(find_finding(stats, "flat-logits", 0));
}

/* A few flat units of many are a warning. */
static void
test_some_flat(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    for (int t = 0; t < 3; t++)
        set_logits(made, 0, t, -2.5f, 0);
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "flat-logits", 0, MOE_FINDING_WARNING, 3);
    g_assert_null(find_finding(findings, "flat-logits", 1));
    set_logits(made, 0, 3, -2.5f, 0);
    g_autoptr(MoeFindings) more = made_check(made);
    expect_finding(more, "flat-logits", 0, MOE_FINDING_ERROR, 4);
}

static void
test_gate_sums(void)
{
    g_autoptr(Made) made = made_new(2000, 16, 2);
    for (int i = 0; i < 2000 * 2; i++)
        made->gate[1][i] *= 0.2f;     /* never normalised */
    made->gate[2][2 * 77] += 0.0035f; /* within what four decimals and f16 leave */
    made->gate[2][2 * 78] += 0.01f;
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = expect_finding(findings, "gate-sums", 1, MOE_FINDING_ERROR, 2000);
    g_assert_nonnull(strstr(finding->text, "mean sum 0.2)"));
    g_assert_cmpint(expect_finding(findings, "gate-sums", 2, MOE_FINDING_WARNING, 1)->token, ==,
                    78);
    g_assert_null(find_finding(findings, "gate-sums", 0));
}

/* -inf is an expert that a mask closed, unless it was picked, or is +inf. */
static void
test_closed_experts(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    for (int t = 0; t < 400; t++)
        for (int r = 0; r < MADE_ROUTERS; r++) {
            for (int e = 0; e < 16; e++) /* two of four groups; one expert */
                if (r == 0 ? e / 4 != t % 4 && e / 4 != (t + 1) % 4 : e == 7)
                    made->logits[r][16 * t + e] = -INFINITY;
            made_route(made, r, t);
            made->entropy[r][t] = 1;
        }
    made->expert[2][2 * 40] = 7;
    made->logits[2][16 * 41 + 3] = INFINITY;
    made->logits[2][16 * 42 + 3] = NAN;
    g_autoptr(MoeFindings) findings = made_check(made);
    g_assert_null(find_finding(findings, "non-finite", 0));
    g_assert_null(find_finding(findings, "non-finite", 1));
    expect_finding(findings, "non-finite", 2, MOE_FINDING_ERROR, 3);
    expect_none(findings, "flat-logits");
    for (int t = 0; t < 8; t++) { /* the open ones are all equal */
        for (int e = 0; e < 16; e++)
            made->logits[0][16 * t + e] = e < 8 ? 0.5f : -INFINITY;
        made_route(made, 0, t);
    }
    g_autoptr(MoeFindings) flat = made_check(made);
    expect_finding(flat, "flat-logits", 0, MOE_FINDING_ERROR, 8);
}

/* A router of small logits: entropies near ln E, and the last pick and the next often tie, but not
 * the first as well. */
static void
test_nearly_flat(void)
{
    g_autoptr(Made) made = made_new(400, 96, 4);
    made->no_logits = true;
    for (int t = 0; t < 400; t++)
        for (int r = 0; r < MADE_ROUTERS; r++) {
            for (int e = 0; e < 96; e++)
                made->logits[r][96 * t + e] *= 0.02f;
            made_route(made, r, t);
            made->margin[r][t] = t % 20 ? made->margin[r][t] : 0;
        }
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_none(findings, "flat-logits");
    made->no_gates = true;
    g_autoptr(MoeFindings) picks = made_check(made);
    expect_none(picks, "flat-logits");
    for (int t = 0; t < 220; t++)
        set_logits(made, 1, t, 0, 0);
    g_autoptr(MoeFindings) most = made_check(made);
    expect_finding(most, "flat-logits", 1, MOE_FINDING_ERROR, 229);
    made->no_gates = false;
    g_autoptr(MoeFindings) flat = made_check(made);
    expect_finding(flat, "flat-logits", 1, MOE_FINDING_ERROR, 220);
}

/* Normalised over the picks, but stated as shares of all experts. */
static void
test_gates_sum_though_not_stated(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    for (int r = 0; r < MADE_ROUTERS; r++) {
        made->info[r].gates_sum_to_one = false;
        made->info[r].gate = (char *)(r == 2 ? "renormalised" : "softmax-all");
    }
    for (int t = 0; t < 400; t++) /* as it should be */
        for (int slot = 0; slot < 2; slot++)
            made->gate[1][2 * t + slot] *= 0.7f;
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = find_finding(findings, "gate-sums", -1);
    g_assert_nonnull(finding);
    g_assert_cmpint(finding->severity, ==, MOE_FINDING_WARNING);
    g_assert_cmpint(finding->router, ==, 0);
    g_assert_null(find_finding(findings, "gate-sums", 1));
    g_assert_null(find_finding(findings, "gate-sums", 2));
}

/* A constant factor is named; gates of two decimals sum to one as well as they can. */
static void
test_factors_and_decimals(void)
{
    g_autoptr(Made) made = made_new(400, 16, 4);
    made->no_logits = made->no_stats = true;
    int rounded = 0;
    for (int t = 0; t < 400; t++) {
        float sum = 0;
        for (int slot = 0; slot < 4; slot++) {
            made->gate[0][4 * t + slot] *= 2.5f;
            float *gate = &made->gate[1][4 * t + slot];
            *gate = roundf(*gate * 100) / 100;
            sum += *gate;
        }
        rounded += fabsf(sum - 1) > 4e-3f;
    }
    made->gate[2][4 * 7] += 0.012f; /* not of any decimals */
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *factor = expect_finding(findings, "gate-sums", 0, MOE_FINDING_ERROR, 400);
    g_assert_nonnull(strstr(factor->text, "sum to 2.5, "));
    const MoeFinding *note = expect_finding(findings, "gate-sums", 1, MOE_FINDING_NOTE, rounded);
    g_assert_cmpint(rounded, >, 20);
    g_assert_nonnull(strstr(note->text, "with 2 decimals"));
    expect_finding(findings, "gate-sums", 2, MOE_FINDING_ERROR, 1);
}

/* Gates as a softmax over all experts makes them, times `factor`. */
static void
set_shares(Made *made, int router, float factor)
{
    int E = made->experts, k = made->k;
    for (int t = 0; t < made->tokens; t++) {
        const float *z = made->logits[router] + t * E;
        float sum = 0;
        for (int e = 0; e < E; e++)
            sum += expf(2 * z[e]);
        for (int slot = 0; slot < k; slot++)
            made->gate[router][t * k + slot] =
                factor * expf(2 * z[made->expert[router][t * k + slot]]) / sum;
    }
    made->info[router].gates_sum_to_one = false;
    made->info[router].gate = (char *)"softmax-all";
}

/* Shares never sum to more than one, but for a factor, which logits don't fit. */
static void
test_more_than_shares(void)
{
    g_autoptr(Made) made = made_new(2000, 16, 4);
    made->no_logits = made->no_stats = true;
    set_shares(made, 0, 1);
    set_shares(made, 1, 16);
    set_shares(made, 2, 1);
    for (int i = 0; i < 2000 * 4; i++) /* from 0.1 on, often a few tenths, up to 6 */
        made->gate[2][i] = fabsf(made->logits[2][16 * (i / 4) + made->expert[2][i]] * 2 - 1) + 0.1f;
    g_autoptr(MoeFindings) findings = made_check(made);
    g_assert_null(find_finding(findings, "gate-sums", 0));
    const MoeFinding *scaled = find_finding(findings, "gate-sums", 1);
    g_assert_cmpint(scaled->severity, ==, MOE_FINDING_WARNING);
    g_assert_nonnull(strstr(scaled->text, "by a factor of about 1"));
    const MoeFinding *logits = find_finding(findings, "gate-sums", 2);
    g_assert_cmpint(logits->severity, ==, MOE_FINDING_ERROR);
    g_assert_nonnull(strstr(logits->text, "whatever factor"));
}

/* Sigmoids end at 1, and have no common sum. */
static void
test_sums_of_sigmoids(void)
{
    g_autoptr(Made) made = made_new(400, 16, 4);
    made->no_logits = made->no_stats = true;
    for (int r = 0; r < MADE_ROUTERS; r++) {
        made->info[r].gates_sum_to_one = false;
        made->info[r].gate = (char *)"score";
        made->info[r].score = (char *)"sigmoid";
    }
    for (int i = 0; i < 1600; i++)
        for (int r = 1; r < MADE_ROUTERS; r++) {
            float z = made->logits[r][16 * (i / 4) + made->expert[r][i]];
            made->gate[r][i] = r == 1 ? 1 / (1 + expf(-z)) : z;
        }
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *normalised = find_finding(findings, "gate-sums", 0);
    g_assert_cmpint(normalised->severity, ==, MOE_FINDING_WARNING);
    g_assert_nonnull(strstr(normalised->text, "sum to 1, though"));
    g_assert_null(find_finding(findings, "gate-sums", 1));
    const MoeFinding *logits = find_finding(findings, "gate-sums", 2);
    g_assert_nonnull(strstr(logits->text, "which no sigmoid is"));
}

static void
test_gate_values(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    made->no_logits = true;
    for (int i = 0; i < 800; i++) {
        made->gate[0][i] = 0.5f;
        made->gate[1][i] = 0;
    }
    made->gate[2][5] = -0.25f;
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "gate-values", 0, MOE_FINDING_WARNING, 400);
    expect_finding(findings, "gate-values", 1, MOE_FINDING_ERROR, 400);
    expect_finding(findings, "gate-values", 2, MOE_FINDING_ERROR, 1);
    made->gate[0][1] = 0.51f;
    made->info[1].gate = (char *)"one"; /* 1 by rule, then */
    for (int i = 0; i < 800; i++)
        made->gate[1][i] = 1;
    made->info[2].gate = (char *)"signed";
    made->info[2].gates_sum_to_one = false;
    g_autoptr(MoeFindings) below = made_check(made);
    expect_none(below, "gate-values");
}

/* Sigmoids under the name of a softmax, and the other way round. */
static void
test_score_rule(void)
{
    g_autoptr(Made) made = made_new(400, 16, 4);
    made->info[1].gate = (char *)"sigmoid"; /* the gates are a softmax's */
    made->info[1].gates_sum_to_one = false;
    made->info[2].gate = (char *)"sigmoid";
    made->info[2].gates_sum_to_one = false;
    for (int t = 0; t < 400; t++)
        for (int slot = 0; slot < 4; slot++) {
            float z = made->logits[2][16 * t + made->expert[2][4 * t + slot]];
            made->gate[2][4 * t + slot] = 1 / (1 + expf(-z));
        }
    g_autoptr(MoeFindings) findings = made_check(made);
    g_assert_null(find_finding(findings, "score-rule", 0));
    const MoeFinding *finding = find_finding(findings, "score-rule", 1);
    g_assert_nonnull(finding);
    g_assert_cmpint(finding->severity, ==, MOE_FINDING_ERROR);
    g_assert_null(find_finding(findings, "score-rule", 2));

    made->info[1].gate = (char *)"renormalised"; /* as importers name rules */
    made->info[1].score = (char *)"sigmoid";
    made->info[2].gate = (char *)"score";
    made->info[2].score = (char *)"sigmoid";
    g_autoptr(MoeFindings) imported = made_check(made);
    g_assert_nonnull(find_finding(imported, "score-rule", 1));
    g_assert_null(find_finding(imported, "score-rule", 2));
    made->info[0].gate = (char *)"";
    g_autoptr(MoeFindings) unstated = made_check(made);
    expect_finding(unstated, "score-rule", 0, MOE_FINDING_WARNING, 0);
}

/* Picks of the token before, with the margins that an import makes of these and the logits. */
static void
shift_picks(Made *made, int r)
{
    int E = made->experts, k = made->k;
    for (int64_t t = made->tokens - 1; t > 0; t--) {
        int32_t *expert = made->expert[r] + t * k;
        float low = INFINITY, high = -INFINITY;
        memcpy(expert, expert - k, sizeof *expert * (size_t)k);
        for (int e = 0; e < E; e++) {
            bool picked = false;
            for (int slot = 0; slot < k; slot++)
                picked = picked || expert[slot] == e;
            float z = made->logits[r][t * E + e];
            low = picked ? fminf(low, z) : low;
            high = picked ? high : fmaxf(high, z);
        }
        made->margin[r][t] = low - high;
    }
}

/* A pick changes places with the highest that wasn't picked, as a small bias does it. */
static void
nudge_pick(Made *made, int r, int64_t t)
{
    const float *z = made->logits[r] + t * made->experts;
    int32_t *expert = made->expert[r] + t * made->k, best = -1;
    for (int32_t e = 0; e < made->experts; e++)
        if (e != expert[0] && e != expert[1] && (best < 0 || z[e] > z[best]))
            best = e;
    made->margin[r][t] = z[best] - z[expert[1]];
    expert[1] = best;
}

static void
test_pick_rule(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    g_autoptr(MoeFindings) faithful = made_check(made);
    expect_none(faithful, "pick-rule");
    shift_picks(made, 0);
    for (int t = 0; t < 40; t++)
        nudge_pick(made, 1, 10 * t);
    for (int t = 0; t < 3; t++)
        nudge_pick(made, 2, 10 * t);
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *shifted = find_finding(findings, "pick-rule", 0);
    g_assert_nonnull(shifted);
    g_assert_cmpint(shifted->severity, ==, MOE_FINDING_ERROR);
    g_assert_cmpint(shifted->count, >, 380);
    expect_finding(findings, "pick-rule", 1, MOE_FINDING_WARNING, 40);
    g_assert_null(find_finding(findings, "pick-rule", 2)); /* near ties in another precision */

    made->no_logits = true; /* margins tell as much, but not how far off */
    g_autoptr(MoeFindings) margins = made_check(made);
    expect_finding(margins, "pick-rule", 0, MOE_FINDING_WARNING, shifted->count);
    made->no_logits = false;
    made->no_stats = true; /* and logits tell without margins */
    g_autoptr(MoeFindings) bare = made_check(made);
    expect_finding(bare, "pick-rule", 0, MOE_FINDING_ERROR, shifted->count);
    made->info[0].select = (char *)"unknown";
    g_autoptr(MoeFindings) unstated = made_check(made);
    g_assert_null(find_finding(unstated, "pick-rule", 0));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    made_begin();
    g_test_add_func("/check/finite", test_finite);
    g_test_add_func("/check/flat-logits", test_flat_logits);
    g_test_add_func("/check/flat-logits/some", test_some_flat);
    g_test_add_func("/check/finite/closed-experts", test_closed_experts);
    g_test_add_func("/check/flat-logits/nearly", test_nearly_flat);
    g_test_add_func("/check/gate-sums", test_gate_sums);
    g_test_add_func("/check/gate-sums/not-stated", test_gates_sum_though_not_stated);
    g_test_add_func("/check/gate-sums/factors-and-decimals", test_factors_and_decimals);
    g_test_add_func("/check/gate-sums/more-than-shares", test_more_than_shares);
    g_test_add_func("/check/gate-sums/sigmoids", test_sums_of_sigmoids);
    g_test_add_func("/check/gate-values", test_gate_values);
    g_test_add_func("/check/score-rule", test_score_rule);
    g_test_add_func("/check/pick-rule", test_pick_rule);
    int status = g_test_run();
    made_end();
    return status;
}
