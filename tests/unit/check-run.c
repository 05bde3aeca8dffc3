/* SPDX-License-Identifier: MIT
 *
 * The checker: choosing checks, adding one, and copies of traces without what they found.
 */
#include "check-trace.h"
#include "zip-without.h"

#include <moescope/trace-tools.h>

#include <math.h>
#include <string.h>

static void
test_only(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(10, 16, 2);
    g_autoptr(MoeTrace) trace = made_trace(made, "only.npz");
    const char *const some[] = {"domains", "pads", NULL}, *const wrong[] = {"pad", NULL};
    g_autoptr(MoeFindings) findings = moe_check(trace, &(MoeCheckOptions){some, NULL}, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_findings_count(findings), ==, 0);
    g_assert_null(moe_check(trace, &(MoeCheckOptions){wrong, NULL}, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "did you mean \"pads\"?"));
}

/* --- What isn't read --------------------------------------------------------------------------*/

static MoeFindings *
check_path(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    MoeFindings *findings = moe_check(trace, NULL, &error);
    g_assert_no_error(error);
    return findings;
}

/* Chunks behind one whose closing member is missing are in no number: that isn't clean. */
static void
test_gap(void)
{
    g_autoptr(Made) made = made_new(3000, 16, 2);
    made->chunk_tokens = 1000;
    moe_trace_free(made_trace(made, "whole.npz"));
    g_autofree char *whole = made_path("whole.npz"), *path = made_path("gap.npz");
    static const char *const closing[] = {"chunks/00000.json", "chunks/00001.json",
                                          "chunks/00002.json"};
    for (int i = 0; i < 3; i++) {
        zip_without(whole, path, closing[i]);
        g_autoptr(MoeFindings) findings = check_path(path);
        g_assert_cmpint(moe_findings_tokens(findings), ==, i * 1000);
        const MoeFinding *finding = expect_finding(findings, "readable", -1, MOE_FINDING_ERROR, 0);
        g_assert_nonnull(strstr(finding->text, closing[i]));
    }
    g_autoptr(MoeFindings) good = check_path(whole);
    expect_none(good, "readable");
}

/* A trace that was cut off stays known as such when it is written anew, and a repaired one too. */
static void
test_made_of_part(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(3000, 16, 2);
    made->chunk_tokens = 1000;
    g_autoptr(MoeTrace) trace = made_trace(made, "source.npz");
    g_autofree char *whole = made_path("source.npz"), *path = made_path("cut.npz");
    g_autofree char *again = made_path("again.npz"), *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(whole, &bytes, &length, NULL));
    g_assert_true(g_file_set_contents(path, bytes, (gssize)(length * 3 / 4), NULL));
    const MoeTraceOutput output = {.compression = -1};
    for (int way = 0; way < 4; way++) {
        g_autoptr(MoeTrace) cut = moe_trace_open(path, NULL);
        const MoeTrace *const both[] = {trace, cut};
        MoeTraceRepaired repaired;
        const bool ok[] = {
            way == 0 &&
                moe_trace_select(cut, again, &(MoeTraceSelection){0}, &output, NULL, NULL, &error),
            way == 1 &&
                moe_trace_merge(both, 2, again, MOE_TRACE_DOCUMENTS_KEEP, &output, NULL, &error),
            way == 2 && moe_trace_copy_without(cut, again, NULL, 0, "{}", NULL, &error),
            way == 3 && moe_trace_repair(path, again, &repaired, NULL, &error),
        };
        g_assert_no_error(error);
        g_assert_true(ok[way]);
        MoeSeverity severity = way < 3 ? MOE_FINDING_WARNING : MOE_FINDING_NOTE;
        g_autoptr(MoeFindings) findings = check_path(again);
        expect_finding(findings, "readable", -1, severity, 0);
    }
    /* And once more: the second of a merge brings no history of its own. */
    g_autoptr(MoeTrace) cut = moe_trace_open(path, NULL);
    g_assert_true(moe_trace_select(cut, again, &(MoeTraceSelection){0}, &output, NULL, NULL, NULL));
    g_autoptr(MoeTrace) second = moe_trace_open(again, NULL);
    const MoeTrace *const both[] = {trace, second};
    g_autofree char *joined = made_path("joined.npz");
    g_assert_true(
        moe_trace_merge(both, 2, joined, MOE_TRACE_DOCUMENTS_KEEP, &output, NULL, &error));
    g_autoptr(MoeFindings) findings = check_path(joined);
    expect_finding(findings, "readable", -1, MOE_FINDING_WARNING, 0);
}

static void
test_no_tokens(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(10, 16, 2);
    g_autofree char *path = made_path("no-tokens.npz");
    g_autofree char *meta = moe_trace_meta(made->info, MADE_ROUTERS, NULL, 0, NULL);
    const MoeTraceOptions options = {.gates = true};
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, made->info, MADE_ROUTERS, &options, &error);
    g_assert_no_error(error);
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_autoptr(MoeFindings) findings = check_path(path);
    expect_finding(findings, "readable", -1, MOE_FINDING_WARNING, 0);
}

static bool
refuse(int64_t done, int64_t total, const char *what, void *user)
{
    return false;
}

/* --- A part of the tokens ---------------------------------------------------------------------*/

static MoeFindings *
check_where(const MoeTrace *trace, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse(words, &error);
    g_assert_no_error(error);
    const char *const some[] = {"dummy-rows", "non-finite", "domains", NULL};
    MoeFindings *findings =
        moe_check(trace, &(MoeCheckOptions){.only = some, .filter = filter}, &error);
    g_assert_no_error(error);
    return findings;
}

/* A run of equal rows in the first domain, one gate that is no number in the second: each is found
 * in its part alone, where it is in the trace. Domains take turns. */
static void
test_part(void)
{
    enum { TOKENS = 1000, BAD = 701 };
    g_autoptr(Made) made = made_new(TOKENS, 16, 2);
    made->chunk_tokens = 90;
    for (int64_t t = 0; t < TOKENS; t++) {
        made->id[t] = 7 + (int)(t % 2);
        made->domain[t] = (int)(t % 2);
    }
    for (int64_t t = 300; t < 420; t += 2)
        made_copy(made, 300, t);
    made->gate[1][BAD * 2] = NAN;
    g_autoptr(MoeTrace) trace = made_trace(made, "part.npz");
    const char *const rows_alone[] = {"dummy-rows", NULL};
    g_autoptr(MoeFindings) all = moe_check(trace, &(MoeCheckOptions){.only = rows_alone}, NULL);
    g_autofree char *first = g_strdup_printf("domain=%s", moe_trace_domain_name(trace, 0));
    g_autofree char *second = g_strdup_printf("domain=%s", moe_trace_domain_name(trace, 1));
    g_autoptr(MoeFindings) even = check_where(trace, first);
    g_autoptr(MoeFindings) odd = check_where(trace, second);
    expect_none(all, "dummy-rows"); /* others stand between them */
    const MoeFinding *rows = find_finding(even, "dummy-rows", -1);
    g_assert_nonnull(rows);
    g_assert_cmpint(rows->count, ==, 60);
    g_assert_cmpint(rows->all, ==, TOKENS / 2);
    g_assert_cmpint(rows->token, ==, 300);
    g_assert_cmpint(rows->chunk, ==, 300 / 90);
    expect_none(even, "non-finite");
    expect_none(odd, "dummy-rows");
    const MoeFinding *gate = find_finding(odd, "non-finite", -1);
    g_assert_nonnull(gate);
    g_assert_cmpint(gate->token, ==, BAD);
    g_assert_cmpint(gate->chunk, ==, BAD / 90);
    g_assert_cmpint(moe_findings_tokens(even), ==, TOKENS / 2);
    expect_none(even, "domains"); /* that the other one has no tokens is no news */
    /* Nothing to drop is told, since places would be of the part. */
    int64_t n;
    moe_findings_drops(even, "dummy-rows", &n);
    g_assert_cmpint(n, ==, 0);
}

/* --- A check of one's own ---------------------------------------------------------------------*/

typedef struct {
    int rows, chunks;
    int64_t tokens;
    char *owned;
} Counted;

static int begun, ended, cancelled_ends;

static void
count_begin(MoeCheckRun *run, void *state)
{
    begun++;
    ((Counted *)state)->owned = g_strdup("freed in any case");
}

static void
count_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    Counted *counted = state;
    g_assert_true(rows->logits && rows->entropy && rows->margin && rows->view->gate && rows->id);
    g_assert_cmpint(rows->first, ==, rows->chunk * 100);
    counted->rows++;
    counted->tokens += rows->router == 0 ? rows->view->tokens : 0;
}

static void
count_chunk(MoeCheckRun *run, void *state, int chunk)
{
    Counted *counted = state;
    g_assert_cmpint(counted->rows, ==, (chunk + 1) * MADE_ROUTERS);
    counted->chunks++;
    if (chunk == 1)
        moe_check_run_drop(run, 150, 25);
}

static void
count_end(MoeCheckRun *run, void *state, bool cancelled)
{
    Counted *counted = state;
    ended++;
    cancelled_ends += cancelled;
    if (!cancelled) {
        MoeFinding finding = {.severity = MOE_FINDING_NOTE,
                              .router = -1,
                              .other = -1,
                              .chunk = -1,
                              .token = -1,
                              .count = counted->chunks,
                              .all = counted->tokens,
                              .text = g_strdup("counted")};
        moe_check_run_add(run, &finding);
    }
    g_free(counted->owned);
}

static const MoeCheck counting = {
    .struct_size = sizeof(MoeCheck),
    .name = "counting",
    .help = "nothing",
    .why = "a plugin may bring one",
    .remedy = "none",
    .drops = true,
    .state_size = sizeof(Counted),
    .begin = count_begin,
    .rows = count_rows,
    .chunk = count_chunk,
    .end = count_end,
};

static bool
stop_later(int64_t done, int64_t total, const char *what, void *user)
{
    return done < 2;
}

static void
test_add(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(250, 16, 2);
    g_autoptr(MoeTrace) trace = made_trace(made, "own.npz");
    moe_checks_add(&counting);
    g_test_expect_message("moescope", G_LOG_LEVEL_WARNING, "*\"counting\"*");
    moe_checks_add(&counting);
    g_test_assert_expected_messages();
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    g_assert_no_error(error);
    const MoeFinding *finding = expect_finding(findings, "counting", -1, MOE_FINDING_NOTE, 3);
    g_assert_cmpint(finding->all, ==, 250);
    int64_t n;
    g_assert_cmpint(moe_findings_drops(findings, "counting", &n)[0].n, ==, 25);

    const MoeProgress stop = {stop_later, NULL};
    g_assert_null(moe_check(trace, &(MoeCheckOptions){NULL, &stop}, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    g_assert_cmpint(begun, ==, 2);
    g_assert_cmpint(ended, ==, 2);
    g_assert_cmpint(cancelled_ends, ==, 1);
}

/* --- Dropping ---------------------------------------------------------------------------------*/

/* Rows go from every column of every router; the rest stays; the metadata say so. */
static void
test_drop(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(400, 16, 2);
    g_autoptr(Made) clean = made_new(400, 16, 2);
    for (int t = 60; t < 260; t++) /* chunk 1 goes whole */
        made_copy(made, 60, t);
    g_autoptr(MoeTrace) trace = made_trace(made, "drop.npz");
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    const char *const names[] = {"dummy-rows", NULL}, *const wrong[] = {"domains", NULL};
    g_autofree char *path = made_path("dropped.npz");
    g_autofree char *part = g_strconcat(path, ".part", NULL);

    g_assert_false(moe_check_drop(trace, findings, wrong, path, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    const MoeProgress stop = {refuse, NULL};
    g_assert_false(moe_check_drop(trace, findings, names, path, &stop, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    g_clear_error(&error);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(part, G_FILE_TEST_EXISTS));

    moe_check_drop(trace, findings, names, path, NULL, &error);
    g_assert_no_error(error);
    g_assert_false(g_file_test(part, G_FILE_TEST_EXISTS));
    g_autoptr(MoeTrace) copy = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_trace_tokens(copy, -1), ==, 200);
    g_assert_cmpint(moe_trace_tokens(copy, 1), ==, 0);
    g_assert_cmpint(moe_trace_tokens(copy, 2), ==, 40);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    moe_trace_view(copy, 2, 1, view, &error);
    g_assert_no_error(error);
    for (int t = 0; t < 40; t++)
        for (int slot = 0; slot < 2; slot++)
            g_assert_cmpint(view->expert[slot * 40 + t], ==,
                            clean->expert[1][2 * (260 + t) + slot]);
    MoeArray logits, loss;
    g_assert_true(moe_trace_read(copy, "picks/00002.r001.logits", &logits, &error));
    g_assert_cmpint(logits.shape[0], ==, 40);
    g_assert_cmpfloat_with_epsilon(moe_array_value(&logits, 16 * 7 + 3),
                                   (double)clean->logits[1][16 * 267 + 3], 1e-2);
    g_free((gpointer)logits.data);
    g_assert_true(moe_trace_join(copy, "series/loss", &loss, &error));
    g_assert_cmpint(loss.shape[0], ==, 1);
    g_free((gpointer)loss.data);
    g_autoptr(MoeFindings) again = moe_check(copy, NULL, &error);
    expect_clean(again);
    g_assert_nonnull(strstr(moe_trace_meta_json(copy),
                            "\"checks\": \"dummy-rows\", \"dropped\": 200, \"of\": 400"));
    g_assert_nonnull(strstr(moe_trace_meta_json(copy), "\"ranges\": [[60, 200]]"));
}

static void
test_drop_everything(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made = made_new(100, 16, 2);
    for (int t = 1; t < 100; t++)
        made_copy(made, 0, t);
    g_autoptr(MoeTrace) trace = made_trace(made, "all.npz");
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    const char *const names[] = {"dummy-rows", NULL};
    g_autofree char *path = made_path("none.npz");
    g_assert_false(moe_check_drop(trace, findings, names, path, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* One line a kind: the worst of it, and the layers of the others. */
static void
test_together(void)
{
    static const MoeFindingLine lines[] = {
        {"pads", "1 of 3,000 units hold expert 0", MOE_FINDING_ERROR, 0, 1, 3000},
        {"flat", "it is 2.77, exactly ln 16", MOE_FINDING_ERROR, 13, 0, 0},
        {"flat", "it is inf", MOE_FINDING_ERROR, 2, 0, 0},
        {"pads", "2,900 of 3,000 units hold expert 0", MOE_FINDING_ERROR, 3, 2900, 3000},
        {"pads", "12 of 3,000 units hold expert 7", MOE_FINDING_ERROR, 5, 12, 3000},
        {"pads", "2,900 of 3,000 units hold expert 0", MOE_FINDING_WARNING, 6, 2900, 3000},
        {"flat", "it is 2.77, exactly ln 16", MOE_FINDING_ERROR, 15, 0, 0},
        {"flat", "it is 2.77, exactly ln 16", MOE_FINDING_ERROR, 14, 0, 0},
        {"flat", "it is 6e-44, too small", MOE_FINDING_ERROR, 7, 0, 0},
        {"flat", "it is 0.5, too small", MOE_FINDING_ERROR, 9, 0, 0},
        {"notes", "2 lines were passed over", MOE_FINDING_WARNING, -1, 0, 0},
        {"notes", "3 lines were passed over", MOE_FINDING_WARNING, -1, 0, 0},
    };
    static const struct {
        int worst;
        const char *text;
    } expected[] = {
        {3, "layer 3: 2,900 of 3,000 units hold expert 0; also in layers 0, 5"},
        {1, "layers 13–15: it is 2.77, exactly ln 16"},
        {2, "layer 2: it is inf"},
        {5, "layer 6: 2,900 of 3,000 units hold expert 0"},
        {8, "layer 7: it is 6e-44, too small; also in layer 9"},
        {10, "2 lines were passed over (and 1 more like it)"},
    };
    int n;
    MoeFindingGroup *groups = moe_findings_together(lines, G_N_ELEMENTS(lines), &n);
    g_assert_cmpint(n, ==, G_N_ELEMENTS(expected));
    for (int i = 0; i < n; i++) {
        g_assert_cmpint(groups[i].worst, ==, expected[i].worst);
        g_assert_cmpstr(groups[i].text, ==, expected[i].text);
    }
    moe_finding_groups_free(groups, n);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    made_begin();
    g_test_add_func("/check/only", test_only);
    g_test_add_func("/check/gap", test_gap);
    g_test_add_func("/check/made-of-part", test_made_of_part);
    g_test_add_func("/check/no-tokens", test_no_tokens);
    g_test_add_func("/check-run/part", test_part);
    g_test_add_func("/check/drop", test_drop);
    g_test_add_func("/check/drop/everything", test_drop_everything);
    g_test_add_func("/check/add", test_add);
    g_test_add_func("/check/together", test_together);
    int status = g_test_run();
    made_end();
    return status;
}
