/* SPDX-License-Identifier: MIT
 *
 * The checker: rows, ids and amounts. For each check a trace that sets it off, and one just below.
 * Gates and logits: check-gates.c; choosing, adding, dropping: check-run.c.
 */
#include "check-trace.h"
#include "trace/zip.h"

#include <moescope/stats.h>
#include <string.h>

static void
test_clean(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_clean(findings);
    g_assert_cmpint(moe_findings_count(findings), ==, 0);
    int n, looking = 0;
    const MoeCheck *const *checks = moe_checks_list(&n);
    for (int i = 0; i < n; i++) /* the others look at summaries alone */
        looking += !checks[i]->summary || checks[i]->end;
    g_autofree char *verdict = moe_findings_verdict(findings);
    g_autofree char *expected =
        g_strdup_printf("clean: %d checks over 400 tokens found nothing to warn of", looking);
    g_assert_cmpstr(verdict, ==, expected);
}

/* --- Dummy rows -------------------------------------------------------------------------------*/

/* A run across chunks; 31 rows are none yet. */
static void
test_dummy_rows(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    for (int t = 81; t < 111; t++)
        made_copy(made, 80, t);
    g_autoptr(MoeFindings) below = made_check(made);
    expect_none(below, "dummy-rows");
    made_copy(made, 80, 111);
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = expect_finding(findings, "dummy-rows", -1, MOE_FINDING_ERROR, 32);
    g_assert_cmpint(finding->token, ==, 80);
    g_assert_cmpint(finding->chunk, ==, 0);
    g_assert_cmpint(finding->all, ==, 400);
    int64_t n;
    const MoeTraceRange *drops = moe_findings_drops(findings, "dummy-rows", &n);
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpint(drops[0].first, ==, 80);
    g_assert_cmpint(drops[0].n, ==, 32);
    g_autofree char *verdict = moe_findings_verdict(findings);
    g_assert_cmpstr(verdict, ==, "1 error (dummy-rows) in 400 tokens");
}

/* One router that differs is enough to tell rows apart, and so is one gate. */
static void
test_rows_that_differ(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    for (int t = 80; t < 120; t++) {
        made_copy(made, 79, t);
        made->gate[2][2 * t] = 0.5f + (float)(t % 2) / 256;
        made->gate[2][2 * t + 1] = 1 - made->gate[2][2 * t];
    }
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_none(findings, "dummy-rows");
}

/* A token id that is repeated may be text, as long as ids are known and the run is short. */
static void
test_repeated_token(void)
{
    g_autoptr(Made) made = made_new(2000, 16, 2);
    for (int t = 80; t < 200; t++) {
        made_copy(made, 80, t);
        made->id[t] = 5;
    }
    g_autoptr(MoeFindings) text = made_check(made);
    expect_finding(text, "dummy-rows", -1, MOE_FINDING_NOTE, 120);
    expect_clean(text);
    int64_t n; /* whoever asks for it can be rid of them */
    g_assert_cmpint(moe_findings_drops(text, "dummy-rows", &n)[0].n, ==, 120);

    for (int t = 0; t < made->tokens; t++)
        made->id[t] = 0; /* an importer that knows no ids */
    g_autoptr(MoeFindings) unknown = made_check(made);
    expect_finding(unknown, "dummy-rows", -1, MOE_FINDING_ERROR, 120);

    for (int t = 0; t < made->tokens; t++)
        made->id[t] = t < 80 ? t : 5;
    for (int t = 200; t < 80 + 1024; t++)
        made_copy(made, 80, t);
    g_autoptr(MoeFindings) long_run = made_check(made);
    expect_finding(long_run, "dummy-rows", -1, MOE_FINDING_ERROR, 1024);
}

/* Rows of one top-1 router without gates are often alike. */
static void
test_rows_that_say_little(void)
{
    g_autoptr(Made) made = made_new(400, 4, 1);
    made->routers = 1;
    made->no_gates = made->no_logits = made->no_stats = true;
    for (int t = 81; t < 140; t++)
        made->expert[0][t] = made->expert[0][80];
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = find_finding(findings, "dummy-rows", -1);
    g_assert_nonnull(finding);
    g_assert_cmpint(finding->severity, ==, MOE_FINDING_NOTE);
}

/* --- Pads, duplicates -------------------------------------------------------------------------*/

static void
test_pads(void)
{
    g_autoptr(Made) made = made_new(400, 16, 3);
    for (int r = 0; r < MADE_ROUTERS; r++)
        for (int slot = 0; slot < 3; slot++)
            made->expert[r][3 * 150 + slot] = r == 1 ? 15 : 0; /* all routers: can be dropped */
    for (int slot = 0; slot < 3; slot++)
        made->expert[2][3 * 20 + slot] = 7; /* one router: can't */
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "pads", 0, MOE_FINDING_ERROR, 1);
    g_assert_cmpint(expect_finding(findings, "pads", 2, MOE_FINDING_ERROR, 2)->token, ==, 20);
    expect_none(findings, "duplicate-experts");
    int64_t n;
    const MoeTraceRange *drops = moe_findings_drops(findings, "pads", &n);
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpint(drops[0].first, ==, 150);
    g_assert_cmpint(drops[0].n, ==, 1);
}

/* Slots without a pick, where k is fixed; the last token of one layer was lost. */
static void
test_empty(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    made->expert[1][2 * 399] = made->expert[1][2 * 399 + 1] = -1;
    made->expert[0][2 * 10 + 1] = -1;
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "pads", 1, MOE_FINDING_WARNING, 1);
    expect_finding(findings, "pads", 0, MOE_FINDING_NOTE, 1);
    const MoeFinding *finding =
        expect_finding(findings, "token-counts", -1, MOE_FINDING_WARNING, 1);
    g_assert_cmpint(finding->router, ==, 1);

    g_autoptr(Made) wide = made_new(400, 2, 2); /* where the number of picks may vary */
    for (int r = 0; r < MADE_ROUTERS; r++)
        wide->info[r].k = 0;
    wide->expert[1][2 * 9] = wide->expert[1][2 * 9 + 1] = -1;
    g_autoptr(MoeFindings) varying = made_check(wide);
    expect_none(varying, "pads");
    expect_none(varying, "token-counts");
}

/* A top-1 router: a pad shows by its gate, a layer without experts by never moving. */
static void
test_pads_of_one_slot(void)
{
    g_autoptr(Made) made = made_new(400, 16, 1);
    made->no_logits = made->no_stats = true;
    for (int r = 0; r < MADE_ROUTERS; r++) {
        made->info[r].gate = (char *)"softmax-all";
        made->info[r].gates_sum_to_one = false;
        for (int t = 0; t < 400; t++)
            made->gate[r][t] = 0.25f + (float)(t % 90) / 256;
    }
    made->expert[0][7] = 15;
    made->gate[0][7] = 0;
    made->expert[0][8] = 3; /* 0 from underflow, of an expert that isn't at the border */
    made->gate[0][8] = 0;
    for (int t = 0; t < 400; t++)
        made->expert[1][t] = 0;
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "pads", 0, MOE_FINDING_ERROR, 1);
    expect_finding(findings, "pads", 1, MOE_FINDING_WARNING, 400);
    g_assert_null(find_finding(findings, "pads", 2));
}

static void
test_duplicates(void)
{
    g_autoptr(Made) made = made_new(400, 16, 3);
    made->expert[1][3 * 123 + 2] = made->expert[1][3 * 123];
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding =
        expect_finding(findings, "duplicate-experts", 1, MOE_FINDING_ERROR, 1);
    g_assert_cmpint(finding->token, ==, 123);
    g_assert_cmpint(finding->chunk, ==, 1);
    expect_none(findings, "pads");
}

/* --- Ids --------------------------------------------------------------------------------------*/

/* The reader refuses such ids; the checker says what it said, and goes on with the rest. */
static void
test_out_of_range(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(400, 16, 2);
    g_autofree char *from = made_path("16.npz"), *to = made_path("15.npz");
    made->no_logits = true;
    made->domains = 0;
    for (int t = 0; t < 100; t++) /* router 0 has no 15 in the first chunk */
        for (int slot = 0; slot < 2; slot++)
            made->expert[0][2 * t + slot] = 2 * (t % 7) + slot;
    moe_trace_free(made_trace(made, "16.npz"));
    g_autoptr(MoeTrace) trace =
        made_restated(from, to, "meta.json", "\"experts\": 16", "\"experts\": 15");
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    g_assert_no_error(error);
    const MoeFinding *finding = expect_finding(findings, "readable", -1, MOE_FINDING_ERROR, 11);
    g_assert_cmpint(finding->all, ==, 12);
    g_assert_nonnull(strstr(finding->text, "picks/00000.r001.expert"));
    g_assert_nonnull(strstr(finding->text, "picks expert 15; 0 … 14 is expected"));
    expect_finding(findings, "domains", -1, MOE_FINDING_NOTE, 0);
}

/* A trace that lost its end is readable up to there. */
static void
test_cut_off(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(400, 16, 2);
    g_autofree char *path = made_path("cut.npz"), *bytes = NULL;
    gsize length;
    moe_trace_free(made_trace(made, "cut.npz"));
    g_file_get_contents(path, &bytes, &length, &error);
    g_assert_no_error(error);
    g_file_set_contents(path, bytes, (gssize)length - 30, &error);
    g_assert_no_error(error);
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    const MoeFinding *finding = expect_finding(findings, "readable", -1, MOE_FINDING_WARNING, 0);
    g_assert_nonnull(strstr(finding->text, "after 5 whole chunks")); /* the series' own */
}

/* Ids that rise in all units but 2 %, then but 1 %. */
static void
test_id_order(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    made->no_gates = made->no_logits = made->no_stats = true;
    for (int t = 0; t < 400; t++) {
        int32_t *expert = made->expert[1] + 2 * t;
        int32_t low = MIN(expert[0], expert[1]), high = MAX(expert[0], expert[1]);
        expert[0] = t < 8 ? high : low;
        expert[1] = t < 8 ? low : high;
    }
    g_autoptr(MoeFindings) below = made_check(made);
    expect_none(below, "id-order");
    for (int t = 0; t < 4; t++) {
        int32_t *expert = made->expert[1] + 2 * t, low = expert[1];
        expert[1] = expert[0];
        expert[0] = low;
    }
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "id-order", 1, MOE_FINDING_WARNING, 396);
    g_assert_null(find_finding(findings, "id-order", 0));
}

/* Highest ids first: the order of ids as well. */
static void
test_falling_ids(void)
{
    g_autoptr(Made) made = made_new(400, 16, 4);
    made->no_gates = made->no_logits = made->no_stats = true;
    for (int t = 0; t < 400; t++)
        for (int slot = 0; slot < 4; slot++)
            made->expert[1][4 * t + slot] = 15 - slot * 4 - t % 4;
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "id-order", 1, MOE_FINDING_WARNING, 400);
    g_assert_null(find_finding(findings, "id-order", 0));
}

/* Gates that fall explain ids that rise; gates in no order are worth a warning. */
static void
test_weight_order(void)
{
    g_autoptr(Made) made = made_new(400, 16, 4);
    made->no_logits = made->no_stats = true;
    for (int t = 0; t < 400; t++)
        for (int slot = 0; slot < 4; slot++) {
            made->expert[0][4 * t + slot] = slot * 4 + t % 4;
            made->gate[1][4 * t + slot] = (float)(1 + (slot + 1 + t) % 4) / 10;
        }
    for (int t = 0; t < 20; t++) { /* a bias that turns 5 % of the choices */
        float gate = made->gate[2][4 * t];
        made->gate[2][4 * t] = made->gate[2][4 * t + 1] - 0.01f;
        made->gate[2][4 * t + 1] = gate + 0.01f;
    }
    g_autoptr(MoeFindings) findings = made_check(made);
    g_assert_null(find_finding(findings, "id-order", 0));
    expect_finding(findings, "id-order", 1, MOE_FINDING_WARNING, 400);
    expect_finding(findings, "id-order", 2, MOE_FINDING_NOTE, 20);
}

static void
test_copied_router(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    memcpy(made->expert[2], made->expert[0], sizeof(int32_t) * 800);
    memcpy(made->gate[2], made->gate[0], sizeof(float) * 800);
    made->gate[2][799] += 0.001f;
    g_autoptr(MoeFindings) below = made_check(made);
    expect_none(below, "copied-router");
    made->gate[2][799] = made->gate[0][799];
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding =
        expect_finding(findings, "copied-router", 2, MOE_FINDING_ERROR, 400);
    g_assert_cmpint(finding->other, ==, 0);
}

/* Every other pick of expert 3 goes to slot 16, as a copy would get it. */
static void
test_copies(void)
{
    g_autoptr(Made) made = made_new(4000, 17, 4);
    made->no_logits = made->no_stats = true;
    for (int64_t i = 0, turn = 0; i < 4000; i++) {
        for (int e = 0; e < 17; e++) /* 16 experts route, slot 16 is no expert */
            made->logits[0][17 * i + e] -= e == 16 ? 100.0f : 0.0f;
        made_route(made, 0, i);
        for (int slot = 0; slot < 4; slot++) {
            int32_t *expert = &made->expert[0][4 * i + slot];
            *expert = *expert == 3 && turn++ % 2 ? 16 : *expert;
        }
    }
    g_autoptr(MoeFindings) findings = made_check(made);
    const MoeFinding *finding = expect_finding(findings, "physical-ids", 0, MOE_FINDING_WARNING, 1);
    g_assert_nonnull(strstr(finding->text, "(16 of 3)"));
    g_assert_null(find_finding(findings, "physical-ids", 1));
}

/* One expert of each of four groups of five: these never meet, are picked alike, and no copies. */
static void
test_groups(void)
{
    g_autoptr(Made) made = made_new(8000, 20, 4);
    made->no_gates = made->no_logits = made->no_stats = true;
    MoeRng rng = moe_rng(3, 3);
    for (int t = 0; t < 8000; t++)
        for (int slot = 0; slot < 4; slot++)
            made->expert[0][4 * t + slot] = (slot + t) % 4 * 5 + (int32_t)moe_rng_below(&rng, 5);
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_none(findings, "physical-ids");
}

/* 16 ids stated, 14 experts there; one of 15 picked once is no such case. */
static void
test_absent_ids(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    for (int r = 0; r < MADE_ROUTERS; r++)
        for (int t = 0; t < 400; t++) {
            made->logits[r][16 * t + 14] = made->logits[r][16 * t + 15] = -50;
            made_route(made, r, t);
        }
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "physical-ids", -1, MOE_FINDING_WARNING, 2);
    made->expert[1][0] = 15;
    g_autoptr(MoeFindings) below = made_check(made);
    expect_none(below, "physical-ids");
}

/* --- Amounts ----------------------------------------------------------------------------------*/

/* 128 experts, k 8: ln 128 / -ln (1 - 1/16) = 75.2. The published log had 18 tokens. */
static void
test_few_tokens(void)
{
    g_autoptr(Made) made = made_new(76, 128, 8);
    made->domains = 0;
    g_autoptr(MoeFindings) enough = made_check(made);
    expect_none(enough, "few-tokens");
    made->tokens = 75;
    g_autoptr(MoeFindings) below = made_check(made);
    const MoeFinding *finding = expect_finding(below, "few-tokens", 0, MOE_FINDING_WARNING, 75);
    g_assert_cmpint(finding->all, ==, 76);
    g_assert_cmpfloat(moe_null_dead(75, 8, 128), >=, 1);
    g_assert_cmpfloat(moe_null_dead(76, 8, 128), <, 1);
    made->tokens = 18;
    g_autoptr(MoeFindings) log = made_check(made);
    finding = expect_finding(log, "few-tokens", 0, MOE_FINDING_WARNING, 18);
    g_assert_nonnull(strstr(finding->text, "would leave 40.1 "));
}

static void
test_domains(void)
{
    g_autoptr(Made) made = made_new(400, 16, 2);
    for (int t = 0; t < 400; t++)
        made->domain[t] = t < 3 ? -1 : 0;
    g_autoptr(MoeFindings) findings = made_check(made);
    expect_finding(findings, "domains", -1, MOE_FINDING_NOTE, 3);
    made->domains = 0;
    g_autoptr(MoeFindings) none = made_check(made);
    expect_finding(none, "domains", -1, MOE_FINDING_NOTE, 0);
    made->domains = MADE_DOMAINS;
    for (int t = 0; t < 400; t++)
        made->domain[t] = t > 9; /* 10 tokens of the first: too few of it */
    g_autoptr(MoeFindings) few = made_check(made);
    expect_finding(few, "few-tokens", -1, MOE_FINDING_NOTE, 10);
    expect_clean(few);
}

/* A layout that no view shows: a column of scores across. */
static void
test_layout(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(400, 16, 2);
    g_autofree char *from = made_path("along.npz"), *to = made_path("across.npz");
    made->chunk_tokens = 400;
    moe_trace_free(made_trace(made, "along.npz"));
    g_autoptr(MoeTrace) trace =
        made_restated(from, to, "picks/00000.r001.logits.npy", "(400, 16)", "(16, 400)");
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    const MoeFinding *finding = expect_finding(findings, "readable", -1, MOE_FINDING_ERROR, 1);
    g_assert_nonnull(
        strstr(finding->text, "r001.logits: found f2 [16, 400], expected f2, f4 or f8 [400, 16]"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    made_begin();
    g_test_add_func("/check/clean", test_clean);
    g_test_add_func("/check/dummy-rows", test_dummy_rows);
    g_test_add_func("/check/dummy-rows/that-differ", test_rows_that_differ);
    g_test_add_func("/check/dummy-rows/repeated-token", test_repeated_token);
    g_test_add_func("/check/dummy-rows/that-say-little", test_rows_that_say_little);
    g_test_add_func("/check/pads", test_pads);
    g_test_add_func("/check/pads/empty", test_empty);
    g_test_add_func("/check/pads/one-slot", test_pads_of_one_slot);
    g_test_add_func("/check/duplicates", test_duplicates);
    g_test_add_func("/check/out-of-range", test_out_of_range);
    g_test_add_func("/check/cut-off", test_cut_off);
    g_test_add_func("/check/id-order", test_id_order);
    g_test_add_func("/check/id-order/falling", test_falling_ids);
    g_test_add_func("/check/weight-order", test_weight_order);
    g_test_add_func("/check/copied-router", test_copied_router);
    g_test_add_func("/check/physical-ids/copies", test_copies);
    g_test_add_func("/check/physical-ids/groups", test_groups);
    g_test_add_func("/check/physical-ids/absent", test_absent_ids);
    g_test_add_func("/check/few-tokens", test_few_tokens);
    g_test_add_func("/check/domains", test_domains);
    g_test_add_func("/check/layout", test_layout);
    int status = g_test_run();
    made_end();
    return status;
}
