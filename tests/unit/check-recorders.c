/* SPDX-License-Identifier: MIT
 *
 * The checker: what recorders do to the order of picks and rows. Whole rankings that were cut up,
 * documents in pieces.
 */
#include "check-trace.h"

#include <string.h>

enum { TOKENS = 400, EXPERTS = 32, PICKS = 4, STRETCH = EXPERTS / PICKS };

static Made *
make(void)
{
    Made *made = made_new(TOKENS, EXPERTS, PICKS);
    made->no_logits = made->no_stats = made->no_gates = true;
    return made;
}

/* --- Rankings ---------------------------------------------------------------------------------*/

/* Writes a ranking of all experts over a router's picks from a unit on: another one each time. */
static void
write_ranking(Made *made, int router, int unit)
{
    int32_t *expert = made->expert[router] + PICKS * unit;
    for (int e = 0; e < EXPERTS; e++)
        expert[e] = (e * 5 + unit * 7 + router) % EXPERTS;
}

static void
test_rankings(void)
{
    g_autoptr(Made) made = make();
    g_autoptr(MoeFindings) faithful = made_check(made);
    expect_none(faithful, "rankings");
    write_ranking(made, 1, 11); /* one is none yet */
    g_autoptr(MoeFindings) below = made_check(made);
    expect_none(below, "rankings");
    for (int r = 0; r < MADE_ROUTERS; r++)
        for (int unit = 11; unit < 11 + 2 * STRETCH; unit += STRETCH)
            write_ranking(made, r, unit);
    g_autoptr(MoeFindings) warm = made_check(made);
    const MoeFinding *finding = expect_finding(warm, "rankings", 1, MOE_FINDING_ERROR, 2 * STRETCH);
    g_assert_cmpint(finding->token, ==, 11);
    g_assert_cmpint(finding->all, ==, TOKENS);
    int64_t n;
    const MoeTraceRange *drops = moe_findings_drops(warm, "rankings", &n);
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpint(drops[0].first, ==, 11);
    g_assert_cmpint(drops[0].n, ==, 2 * STRETCH);
}

/* A pass over 300 tokens whose picks are a view's memory: 37 rankings and a half. Chunks are cut
 * through. */
static void
test_view(void)
{
    g_autoptr(Made) made = make();
    for (int unit = 50; unit < 346; unit += STRETCH)
        write_ranking(made, 2, unit);
    made->chunk_tokens = 170;
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = find_finding(findings, "rankings", 2);
    g_assert_nonnull(finding);
    g_assert_cmpint(finding->severity, ==, MOE_FINDING_ERROR);
    g_assert_cmpint(finding->count, >=, 35 * STRETCH);
    g_assert_null(find_finding(findings, "rankings", 1));
    int64_t n;
    g_assert_null(moe_findings_drops(findings, "rankings", &n)); /* other layers are right */
}

/* Few experts are all named soon by chance, and halves of them may take turns. */
static void
test_few_experts(void)
{
    g_autoptr(Made) made = made_new(2000, 8, 2);
    made->no_logits = made->no_stats = made->no_gates = true;
    g_autoptr(MoeFindings) eight = made_check(made);
    expect_none(eight, "rankings");
    g_autoptr(Made) halves = made_new(2000, 16, 8);
    halves->no_logits = halves->no_stats = halves->no_gates = true;
    for (int i = 0; i < 16000; i++) /* halves that take turns */
        halves->expert[1][i] = i / 8 % 2 * 8 + i % 8;
    g_autoptr(MoeFindings) turns = made_check(halves);
    expect_none(turns, "rankings");
}

/* --- Documents --------------------------------------------------------------------------------*/

/* Four documents at once, a token of each in turn; one after another; and with other numbers. */
static void
test_pieces(void)
{
    g_autoptr(Made) made = make();
    int32_t doc[TOKENS], pos[TOKENS], step[TOKENS];
    for (int t = 0; t < TOKENS; t++) {
        doc[t] = t % 4;
        pos[t] = t / 4;
    }
    made->doc = doc;
    g_autoptr(MoeFindings) turns = made_check(made);
    const MoeFinding *finding =
        expect_finding(turns, "document-pieces", -1, MOE_FINDING_WARNING, TOKENS - 4);
    g_assert_cmpint(finding->all, ==, TOKENS - 4);
    g_assert_cmpint(finding->token, ==, 4);
    g_assert_nonnull(strstr(finding->text, "4 documents stand in 400 pieces"));
    made->pos = pos;
    g_autoptr(MoeFindings) placed = made_check(made);
    expect_finding(placed, "document-pieces", -1, MOE_FINDING_WARNING, TOKENS - 4);

    for (int t = 0; t < TOKENS; t++)
        doc[t] = t / 100;
    g_autoptr(MoeFindings) sorted = made_check(made);
    expect_none(sorted, "document-pieces");
    for (int t = 0; t < TOKENS; t++) { /* numbers that begin again, at position 0 or a later step */
        doc[t] = t / 10 % 2;
        pos[t] = t % 10;
        step[t] = t / 20;
    }
    g_autoptr(MoeFindings) again = made_check(made);
    expect_none(again, "document-pieces");
    made->pos = NULL;
    made->step = step;
    g_autoptr(MoeFindings) later = made_check(made);
    expect_none(later, "document-pieces");
    made->step = NULL;
    g_autoptr(MoeFindings) pieces = made_check(made);
    expect_finding(pieces, "document-pieces", -1, MOE_FINDING_WARNING, 38);
}

/* A few pieces, as where long prompts are cut, spoil nothing. */
static void
test_few_pieces(void)
{
    g_autoptr(Made) made = make();
    int32_t doc[TOKENS];
    for (int t = 0; t < TOKENS; t++)
        doc[t] = t / 100 % 2;
    made->doc = doc;
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_none(findings, "document-pieces");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    made_begin();
    g_test_add_func("/check/rankings", test_rankings);
    g_test_add_func("/check/rankings/view", test_view);
    g_test_add_func("/check/rankings/few-experts", test_few_experts);
    g_test_add_func("/check/document-pieces", test_pieces);
    g_test_add_func("/check/document-pieces/few", test_few_pieces);
    int status = g_test_run();
    made_end();
    return status;
}
