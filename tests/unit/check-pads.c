/* SPDX-License-Identifier: MIT
 *
 * The checker: padding that has a faithful row's shape, and what can be dropped of it.
 */
#include "check-trace.h"

#include <math.h>
#include <string.h>

/* Every seventh token is a pad. */
static bool
is_padding(int t)
{
    return t % 7 == 3;
}

/* Buffers that were never filled pick 0 in all top-1 routers; the same share of 0 in each that is
 * picked for itself is no sign, nor are routers that always agree. */
static void
test_top1(void)
{
    g_autoptr(Made) made = made_new(700, 32, 1);
    made->no_logits = made->no_stats = made->no_gates = true;
    for (int t = 0; t < 700; t++)
        for (int r = 0; r < MADE_ROUTERS; r++)
            made->expert[r][t] = (t + r * 3) % 7 ? 1 + made->expert[r][t] % 31 : 0;
    g_autoptr(MoeFindings) apart = made_check(made);
    expect_none(apart, "pads");
    for (int t = 0; t < 700; t++)
        for (int r = 0; r < MADE_ROUTERS; r++)
            made->expert[r][t] = is_padding(t) ? 0 : 1 + made->expert[r][t] % 31;
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = expect_finding(findings, "pads", -1, MOE_FINDING_ERROR, 100);
    g_assert_cmpint(finding->token, ==, 3);
    int64_t n;
    g_assert_nonnull(moe_findings_drops(findings, "pads", &n));
    g_assert_cmpint(n, ==, 100);
    for (int t = 0; t < 700; t++)
        for (int r = 0; r < MADE_ROUTERS; r++) /* by the token's id, alike in each layer */
            made->expert[r][t] = made->id[t] % 32;
    g_autoptr(MoeFindings) hashed = made_check(made);
    expect_none(hashed, "pads");
}

/* Gates that a router made aren't those of pads. */
static void
test_top1_gates(void)
{
    g_autoptr(Made) made = made_new(700, 32, 1);
    made->no_logits = made->no_stats = true;
    for (int r = 0; r < MADE_ROUTERS; r++) {
        made->info[r].gate = (char *)"softmax-all";
        made->info[r].gates_sum_to_one = false;
        for (int t = 0; t < 700; t++) {
            made->expert[r][t] = is_padding(t) ? 31 : made->expert[r][t] % 31;
            made->gate[r][t] = 0.2f + (float)(t % 90) / 256;
        }
    }
    g_autoptr(MoeFindings) picked = made_check(made);
    expect_none(picked, "pads");
    for (int r = 0; r < MADE_ROUTERS; r++)
        for (int t = 3; t < 700; t += 7)
            made->gate[r][t] = 1.0f / 32;
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "pads", -1, MOE_FINDING_ERROR, 100);
}

/* Rows of equal logits: the first ids, with equal gates. */
static void
test_ties(void)
{
    g_autoptr(Made) made = made_new(700, 32, 4);
    made->no_logits = made->no_stats = true;
    for (int t = 0; t < 700; t++)
        for (int i = 4 * t; i < 4 * t + 4 && is_padding(t); i++)
            for (int r = 0; r < MADE_ROUTERS; r++) {
                made->expert[r][i] = r == 1 ? 31 - i % 4 : i % 4;
                made->gate[r][i] = 0.25f;
            }
    g_autoptr(MoeFindings) findings = made_check(made);
    for (int r = 0; r < MADE_ROUTERS; r++)
        expect_finding(findings, "pads", r, MOE_FINDING_ERROR, 100);
    int64_t n;
    g_assert_nonnull(moe_findings_drops(findings, "pads", &n));
    g_assert_cmpint(n, ==, 100);
    for (int t = 0; t < 700; t++) /* of gates that are all alike these are no sign */
        for (int i = 4 * t; i < 4 * t + 4; i++)
            made->gate[0][i] = 0.25f;
    for (int t = 3; t < 700; t += 7) { /* nor are gates that differ, and other ids */
        made->gate[1][4 * t] = 0.375f;
        made->gate[1][4 * t + 3] = 0.125f;
        made->expert[2][4 * t] = 9;
    }
    g_autoptr(MoeFindings) none = made_check(made);
    expect_none(none, "pads");
}

/* Nothing can be dropped of pads in one layer, and nobody says so. */
static void
test_one_layer(void)
{
    g_autoptr(Made) made = made_new(700, 32, 4);
    made->no_logits = made->no_stats = true;
    for (int t = 3; t < 700; t += 7)
        memset(made->expert[1] + 4 * t, 0, 4 * sizeof(int32_t));
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = expect_finding(findings, "pads", 1, MOE_FINDING_ERROR, 100);
    int64_t n;
    g_assert_null(moe_findings_drops(findings, "pads", &n));
    g_assert_null(strstr(finding->remedy, "--drop"));
    g_assert_nonnull(strstr(finding->remedy, "trace slice --routers"));
    for (int r = 0; r < MADE_ROUTERS; r++)
        for (int t = 3; t < 700; t += 7)
            memset(made->expert[r] + 4 * t, 0, 4 * sizeof(int32_t));
    g_autoptr(MoeFindings) all = made_check(made);
    finding = expect_finding(all, "pads", 1, MOE_FINDING_ERROR, 100);
    g_assert_nonnull(strstr(finding->remedy, "--drop pads"));
    expect_none(all, "dummy-rows"); /* they have said it all */
}

/* Flat rows can be dropped where all routers have them. */
static void
test_flat_rows(void)
{
    g_autoptr(Made) made = made_new(700, 32, 4);
    for (int t = 3; t < 700; t += 7)
        for (int r = 0; r < MADE_ROUTERS; r++) {
            memset(made->logits[r] + 32 * t, 0, 32 * sizeof(float));
            if (r > 0 || t < 350)
                made_route(made, r, t);
            else
                made->logits[r][32 * t + made->expert[r][4 * t]] = 1;
        }
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = expect_finding(findings, "flat-logits", 1, MOE_FINDING_ERROR, 100);
    g_assert_nonnull(strstr(finding->remedy, "--drop flat-logits"));
    int64_t n;
    g_assert_nonnull(moe_findings_drops(findings, "flat-logits", &n));
    g_assert_cmpint(n, ==, 50);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    made_begin();
    g_test_add_func("/check/pads/top-1", test_top1);
    g_test_add_func("/check/pads/top-1/gates", test_top1_gates);
    g_test_add_func("/check/pads/ties", test_ties);
    g_test_add_func("/check/pads/one-layer", test_one_layer);
    g_test_add_func("/check/pads/flat-rows", test_flat_rows);
    int status = g_test_run();
    made_end();
    return status;
}
