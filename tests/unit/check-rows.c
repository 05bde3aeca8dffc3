/* SPDX-License-Identifier: MIT
 *
 * The checker: rows that are those of other tokens, in every router or in one.
 */
#include "check-trace.h"

#include <string.h>

/* 3 routers of 64 experts that pick 6 hold 78 bits. Without ids, as most logs are. */
static Made *
make(int64_t tokens)
{
    Made *made = made_new(tokens, 64, 6);
    made->no_logits = made->no_stats = true;
    memset(made->id, 0, sizeof *made->id * (size_t)tokens);
    return made;
}

/* Batches of eight that are filled up with one row: seven of it after each real one. */
static void
test_filled_batches(void)
{
    g_autoptr(Made) made = make(800);
    for (int t = 0; t < 400; t++)
        if (t % 8)
            made_copy(made, 1, t);
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = expect_finding(findings, "dummy-rows", -1, MOE_FINDING_ERROR, 350);
    g_assert_cmpint(finding->token, ==, 1);
    g_assert_cmpint(finding->all, ==, 800);
    int64_t n;
    const MoeTraceRange *drops = moe_findings_drops(findings, "dummy-rows", &n);
    g_assert_cmpint(n, ==, 50);
    g_assert_cmpint(drops[49].first, ==, 393);
    g_assert_cmpint(drops[49].n, ==, 7);
}

/* Two made-up requests in turn, and many short runs of rows of their own; 63 rows are none yet. */
static void
test_close_rows(void)
{
    g_autoptr(Made) turns = make(400);
    for (int t = 102; t < 300; t++)
        made_copy(turns, 100 + t % 2, t);
    g_autoptr(MoeFindings) alternating = made_check(turns);
    expect_finding(alternating, "dummy-rows", -1, MOE_FINDING_ERROR, 200);

    g_autoptr(Made) made = make(400);
    for (int t = 0; t < 63; t++)
        made_copy(made, t / 21 * 100, t / 21 * 100 + t % 21);
    g_autoptr(MoeFindings) below = made_check(made);
    expect_none(below, "dummy-rows");
    made_copy(made, 200, 221);
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "dummy-rows", -1, MOE_FINDING_ERROR, 64);
}

/* Text repeats rows too: prompts that begin alike, further apart or at the same place; a token id
 * that is known. */
static void
test_repeated_text(void)
{
    g_autoptr(Made) prompts = make(2000);
    for (int t = 40; t < 2000; t++)
        made_copy(prompts, t % 40, t);
    g_autoptr(MoeFindings) far = made_check(prompts);
    expect_none(far, "dummy-rows");

    g_autoptr(Made) made = make(800);
    for (int t = 0; t < 400; t += 4)
        made_copy(made, 0, t);
    for (int t = 0; t < 800; t++)
        made->id[t] = t < 400 && t % 4 == 0 ? 1 : 2 + t % 500;
    g_autoptr(MoeFindings) same_id = made_check(made);
    expect_none(same_id, "dummy-rows");
    for (int t = 0; t < 800; t++)
        made->id[t] = 2 + t % 500;
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "dummy-rows", -1, MOE_FINDING_ERROR, 100);
    for (int r = 0; r < MADE_ROUTERS; r++)
        for (int i = 0; i < 6 * 800; i++)
            made->gate[r][i] = 1.0f / 6; /* as of routers that hash ids */
    g_autoptr(MoeFindings) hashed = made_check(made);
    expect_none(hashed, "dummy-rows");
}

/* Gates that an engine computed again, apart by rounding, are the same; 2 % aren't. */
static void
test_rounded_gates(void)
{
    g_autoptr(Made) made = make(400);
    for (int t = 100; t < 150; t++) {
        made_copy(made, 100, t);
        for (int slot = 0; slot < 6; slot++)
            made->gate[1][6 * t + slot] *= 1 + 0.0005f * (float)((t + slot) % 3);
    }
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "dummy-rows", -1, MOE_FINDING_ERROR, 50);
    for (int t = 100; t < 150; t++)
        for (int r = 0; r < MADE_ROUTERS; r++)
            made->gate[r][6 * t] *= 1 + 0.02f * (float)(t % 2);
    g_autoptr(MoeFindings) apart = made_check(made);
    expect_none(apart, "dummy-rows");
}

/* A run of one token id is text where the id has other rows elsewhere, and made up where not. */
static void
test_id_of_one_row(void)
{
    g_autoptr(Made) made = make(2000);
    for (int t = 0; t < 2000; t++)
        made->id[t] = t < 100 ? 0 : 1 + t % 300;
    for (int t = 1; t < 100; t++)
        made_copy(made, 0, t);
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "dummy-rows", -1, MOE_FINDING_ERROR, 100);
    made->id[1700] = 0;
    g_autoptr(MoeFindings) text = made_check(made);
    expect_finding(text, "dummy-rows", -1, MOE_FINDING_NOTE, 100);
    int64_t n;
    g_assert_cmpint(moe_findings_drops(text, "dummy-rows", &n)[0].n, ==, 100);
}

/* Text isn't dropped with rows that are made up. */
static void
test_text_beside_dummies(void)
{
    g_autoptr(Made) made = make(2000);
    for (int t = 0; t < 2000; t++)
        made->id[t] = t % 300;
    for (int t = 100; t < 150; t++) {
        made_copy(made, 100, t);
        made_copy(made, 500, t + 400);
        made->id[t] = 7;
    }
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "dummy-rows", -1, MOE_FINDING_ERROR, 50);
    int64_t n;
    const MoeTraceRange *drops = moe_findings_drops(findings, "dummy-rows", &n);
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpint(drops[0].first, ==, 500);
}

/* --- One router -------------------------------------------------------------------------------*/

/* Router 1 stands still from token `first` on. */
static void
freeze(Made *made, int router, int first, int n)
{
    for (int t = first + 1; t < first + n; t++) {
        memcpy(made->expert[router] + 6 * t, made->expert[router] + 6 * first, 6 * sizeof(int32_t));
        memcpy(made->gate[router] + 6 * t, made->gate[router] + 6 * first, 6 * sizeof(float));
    }
}

static void
test_frozen(void)
{
    g_autoptr(Made) made = make(1000);
    made->chunk_tokens = 1000;
    freeze(made, 1, 300, 255);
    g_autoptr(MoeFindings) below = made_check(made);
    expect_none(below, "frozen-router");
    freeze(made, 1, 300, 256);
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding =
        expect_finding(findings, "frozen-router", 1, MOE_FINDING_ERROR, 256);
    g_assert_cmpint(finding->token, ==, 300);
    g_assert_null(find_finding(findings, "frozen-router", 0));
    expect_none(findings, "dummy-rows");
    int64_t n;
    g_assert_cmpint(moe_findings_drops(findings, "frozen-router", &n)[0].first, ==, 300);
    g_assert_cmpint(n, ==, 1);
    made->no_gates = true;
    g_autoptr(MoeFindings) ids = made_check(made);
    expect_finding(ids, "frozen-router", 1, MOE_FINDING_ERROR, 256);
}

/* Where all stand still rows are dummies; where the text repeats a token it is text. */
static void
test_frozen_all(void)
{
    g_autoptr(Made) made = make(1000);
    made->chunk_tokens = 1000;
    for (int r = 0; r < MADE_ROUTERS; r++)
        freeze(made, r, 300, 400);
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_none(findings, "frozen-router");
    expect_finding(findings, "dummy-rows", -1, MOE_FINDING_ERROR, 400);

    g_autoptr(Made) text = make(1000);
    text->chunk_tokens = 1000;
    freeze(text, 0, 300, 400);
    for (int t = 0; t < 1000; t++)
        text->id[t] = t >= 300 && t < 700 ? 5 : t % 90;
    g_autoptr(MoeFindings) repeated = made_check(text);
    expect_none(repeated, "frozen-router");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    made_begin();
    g_test_add_func("/check/rows/filled-batches", test_filled_batches);
    g_test_add_func("/check/rows/close", test_close_rows);
    g_test_add_func("/check/rows/repeated-text", test_repeated_text);
    g_test_add_func("/check/rows/rounded-gates", test_rounded_gates);
    g_test_add_func("/check/rows/id-of-one-row", test_id_of_one_row);
    g_test_add_func("/check/rows/text-beside-dummies", test_text_beside_dummies);
    g_test_add_func("/check/rows/frozen", test_frozen);
    g_test_add_func("/check/rows/frozen-all", test_frozen_all);
    int status = g_test_run();
    made_end();
    return status;
}
