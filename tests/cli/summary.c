/* SPDX-License-Identifier: MIT
 *
 * Summaries from the outside: what is written, added, brought along by traces, read in place of
 * them, and refused.
 */
#include "place.h"
#include "run.h"

#include <json-glib/json-glib.h>
#include <moescope/summary.h>

static void
good(Run run)
{
    run_expect(&run, 0, NULL, "");
    run_clear(&run);
}

/* Whole and parts, cut between documents; other: of other routers. */
static void
write_traces(void)
{
    good(run_moescope("trace", "synth", "--out", "whole.npz", "--tokens", "6400",
                      "--document-tokens", "100", "--routers", "2", "--experts", "8", "-k", "2",
                      "--vocabulary", "50", NULL));
    good(run_moescope("trace", "slice", "whole.npz", "--tokens", "0-2099", "--out", "a.npz", NULL));
    good(run_moescope("trace", "slice", "whole.npz", "--tokens", "2100-", "--out", "b.npz", NULL));
    good(run_moescope("trace", "synth", "--out", "other.npz", "--tokens", "640", "--routers", "2",
                      "--experts", "9", "-k", "2", NULL));
}

static void
sum_up(const char *trace, const char *out)
{
    good(run_moescope("summary", trace, "--out", out, "--with", "pairs,adjacent", "--with", "flow",
                      "--tokens", "--no-check", NULL));
}

/* Whatever is counted: bit by bit. */
static void
test_merged(void)
{
    sum_up("whole.npz", "whole.sum.npz");
    sum_up("a.npz", "a.sum.npz");
    sum_up("b.npz", "b.sum.npz");
    g_auto(Run) merged =
        run_moescope("merge", "a.sum.npz", "b.sum.npz", "--out", "merged.npz", NULL);
    run_expect(&merged, 0,
               "merged.npz: 6400 tokens, 2 routers, 4 domains; load, pairs, adjacent, flow, "
               "tokens\n",
               "");
    place_expect_same("merged.npz", "whole.sum.npz");
    good(run_moescope("summary", "a.npz", "b.npz", "--out", "at-once.npz", "--with",
                      "pairs,adjacent,flow,tokens", "--no-check", NULL));
    place_expect_same("at-once.npz", "whole.sum.npz");
}

/* What a part doesn't hold, the sum hasn't either, and says why. */
static void
test_left_out(void)
{
    good(run_moescope("summary", "a.npz", "--out", "bare.npz", "--no-check", NULL));
    good(run_moescope("summary", "b.npz", "--out", "flow.npz", "--with", "flow,tokens", "--tokens",
                      "--no-check", NULL));
    g_auto(Run) merged = run_moescope("merge", "bare.npz", "flow.npz", "--out", "less.npz", NULL);
    run_expect(&merged, 0, "less.npz: 6400 tokens, 2 routers, 4 domains; load, flow\n",
               "moescope: less.npz: without tokens: bare.npz keeps no tables by token id");
    g_assert_nonnull(strstr(merged.err, "summary --tokens keeps these\n"));
    g_assert_nonnull(strstr(merged.err, "less.npz: without order: flow.npz holds none; moescope "
                                        "summary --with all counts them"));
    g_assert_nonnull(strstr(merged.err, "less.npz: without pairs: flow.npz holds none"));
    g_assert_null(strstr(merged.err, "without scores")); /* none has any */
}

/* Metrics of what a summary doesn't hold say how to get it; the usual ones ask for nothing else. */
static void
test_without(void)
{
    good(run_moescope("summary", "a.npz", "--out", "usual.npz", "--no-check", NULL));
    static const char *const why =
        "usual.npz: holds no caches, documents, which moescope summary --with all counts of a trace\n";
    g_auto(Run) text = run_moescope("metrics", "usual.npz", "-m", "cv,cache-lru@4/8", NULL);
    run_expect(&text, 0, why, "");
    run_expect(&text, 0, "\n  not defined here: cache-lru@4/8\n", "");
    g_autofree char *said = g_strdup_printf("moescope: %s", why);
    g_auto(Run) csv = run_moescope("metrics", "usual.npz", "-m", "cache-lru@4/8", "--csv", NULL);
    run_expect(&csv, 0, NULL, said);
    g_auto(Run) json = run_moescope("metrics", "usual.npz", "-m", "cache-lru@4/8", "--json", NULL);
    run_expect(&json, 0, "\"without\": \"holds no caches, ", "");
    g_auto(Run) usual = run_moescope("metrics", "usual.npz", NULL);
    g_assert_null(strstr(usual.out, "holds no"));
    g_auto(Run) trace = run_moescope("metrics", "a.npz", "-m", "cache-lru@4/8", NULL);
    g_assert_null(strstr(trace.out, "holds no"));
}

static void
expect_same_numbers(const char *metrics, const char *intervals)
{
    g_auto(Run) of_trace =
        run_moescope("metrics", "whole.npz", "--csv", "--metrics", metrics, intervals, NULL);
    g_auto(Run) of_summary =
        run_moescope("metrics", "s.npz", "--csv", "--metrics", metrics, intervals, NULL);
    run_expect(&of_trace, 0, ",clean,\n", "");
    g_auto(GStrv) parts = g_strsplit(of_trace.out, "\nwhole.npz,", -1);
    g_autofree char *renamed = g_strjoinv("\ns.npz,", parts);
    g_assert_cmpstr(of_summary.out, ==, renamed);
}

/* A summary gives the numbers of its trace, and what the checker found there; but for intervals of
 * token ids, which take the trace. */
static void
test_same_numbers(void)
{
    good(run_moescope("summary", "whole.npz", "--out", "s.npz", NULL));
    expect_same_numbers("load,gates,order,max-coactivation,flow-information,domain-js", NULL);
    expect_same_numbers("load,tokens", "--no-intervals");
    g_auto(Run) of_tokens = run_moescope("metrics", "whole.npz", "--csv", "-m", "vocabulary", NULL);
    g_auto(Run) summed = run_moescope("metrics", "s.npz", "--csv", "-m", "vocabulary", NULL);
    g_assert_null(strstr(of_tokens.out, ",,,0."));
    g_assert_nonnull(strstr(summed.out, ",,,0.")); /* an interval is missing before the nulls */
    g_auto(Run) steps = run_moescope("metrics", "s.npz", "--steps", "tokens", NULL);
    run_expect(&steps, 1, "", "s.npz: found a summary, which doesn't tell steps apart");
}

static void
test_info(void)
{
    good(run_moescope("summary", "whole.npz", "--out", "s.npz", "--with", "order", NULL));
    g_auto(Run) text = run_moescope("info", "s.npz", NULL);
    run_expect(&text, 0,
               "summary           s.npz\n"
               "tokens            6400, 2 routers\n"
               "tallies           load, order\n"
               "domains           domain-0, domain-1, domain-2, domain-3\n"
               "\n"
               "s.npz: checked (whole.npz): clean: ",
               "");
    run_expect(&text, 0, "\n      0       8    2 ", "");
    g_auto(Run) json = run_moescope("info", "s.npz", "--json", NULL);
    run_expect(&json, 0, "\"tallies\": [\"load\", \"order\"]", "");
    g_autoptr(JsonParser) parser = json_parser_new();
    g_assert_true(json_parser_load_from_data(parser, json.out, -1, NULL));
    g_auto(Run) check = run_moescope("check", "s.npz", NULL);
    run_expect(&check, 0, "s.npz: checked (whole.npz): clean: ", "");
    good(run_moescope("summary", "whole.npz", "--out", "u.npz", "--no-check", NULL));
    g_auto(Run) unchecked = run_moescope("check", "u.npz", "--json", NULL);
    run_expect(&unchecked, 0,
               "[{\"summary\": \"u.npz\", \"verdict\": \"clean: 6 checks over 6,400 tokens found "
               "nothing to warn of\", \"tokens\": 6400, \"findings\": []}]\n",
               "");
}

static void
test_plot(void)
{
    good(run_moescope("summary", "whole.npz", "--out", "s.npz", "--with", "load", NULL));
    good(run_moescope("plot", "load", "s.npz", "--out", "of-summary.svg", NULL));
    good(run_moescope("plot", "load", "whole.npz", "--out", "of-trace.svg", NULL));
    place_expect_same("of-summary.svg", "of-trace.svg");
    g_auto(Run) other = run_moescope("plot", "measures", "s.npz", "--out", "x.svg", NULL);
    run_expect(&other, 1, "", "s.npz is a summary; the figure needs the trace");
}

/* --- In traces --------------------------------------------------------------------------------*/

static bool
brings_summary(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_autoptr(MoeSummary) summary = moe_summary_attached(trace, &error);
    g_assert_no_error(error);
    return summary != NULL;
}

static void
test_attach(void)
{
    good(run_moescope("trace", "slice", "whole.npz", "--tokens", "0-", "--out", "own.npz", NULL));
    g_auto(Run) before = run_moescope("metrics", "own.npz", "--domains", "all", NULL);
    g_assert_false(brings_summary("own.npz"));
    g_auto(Run) attach = run_moescope("summary", "own.npz", "--attach", NULL);
    run_expect(&attach, 0, "own.npz: its summary is in it\n", "");
    g_assert_true(brings_summary("own.npz"));
    g_auto(Run) after = run_moescope("metrics", "own.npz", "--domains", "all", NULL);
    g_assert_cmpstr(before.out, ==, after.out);
    good(run_moescope("trace", "verify", "own.npz", NULL));
    /* What isn't in it is counted. */
    g_auto(Run) more = run_moescope("metrics", "own.npz", "--compat", "olmoe", NULL);
    run_expect(&more, 0, "neighbours in rank", "");
}

static void
test_import(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    for (int t = 0; t < 40; t++)
        g_string_append_printf(log,
                               "{\"type\": \"route\", \"req_id\": \"r\", \"token_idx\": %d, "
                               "\"layer\": 0, \"topk_ids\": [%d, %d], "
                               "\"topk_weights\": [0.75, 0.25]}\n",
                               t, t % 3, 3 + t % 2);
    g_assert_true(g_file_set_contents("log.txt", log->str, -1, NULL));
    good(run_moescope("import", "log.txt", "-o", "with.npz", "--experts=6", "--score=softmax",
                      "--select=top-k", "--gates=sum-to-one", NULL));
    good(run_moescope("import", "log.txt", "-o", "without.npz", "--experts=6", "--score=softmax",
                      "--select=top-k", "--gates=sum-to-one", "--no-summary", NULL));
    g_assert_true(brings_summary("with.npz"));
    g_assert_false(brings_summary("without.npz"));
}

static void
test_train(void)
{
    good(run_moescope("train", "tiny.ini", "--out", "run", "--set", "train.steps=30", NULL));
    g_assert_true(brings_summary("run/trace.npz"));
    g_auto(Run) folder = run_moescope("metrics", "run", "-m", "dead", "--json", NULL);
    run_expect(&folder, 0, "{\"trace\": \"run/trace.npz\", ", "");
    good(run_moescope("record", "run", "--out", "r.npz", NULL));
    good(run_moescope("record", "run", "--out", "bare.npz", "--no-summary", NULL));
    g_assert_true(brings_summary("r.npz"));
    g_assert_false(brings_summary("bare.npz"));
    g_auto(Run) experts = run_moescope("metrics", "r.npz", "--experts", "--json", NULL);
    run_expect(&experts, 0, "\"text\": \"", ""); /* of bytes, as the trace has them */
    /* A summary keeps what the model is called, and the texts of the tokens that it names. */
    good(run_moescope("summary", "r.npz", "--out", "r.sum.npz", NULL));
    g_auto(Run) same = run_moescope("metrics", "r.sum.npz", "--experts", "--json", NULL);
    run_expect(&same, 0, "\"text\": \"", "");
    good(run_moescope("plot", "load", "r.npz", "--out", "r.svg", NULL));
    good(run_moescope("plot", "load", "r.sum.npz", "--out", "r.sum.svg", NULL));
    place_expect_same("r.svg", "r.sum.svg");
}

/* --- Complaints -------------------------------------------------------------------------------*/

static void
test_refused(void)
{
    sum_up("a.npz", "a.sum.npz");
    sum_up("other.npz", "other.sum.npz");
    g_auto(Run) differ =
        run_moescope("merge", "a.sum.npz", "other.sum.npz", "--out", "never.npz", NULL);
    run_expect(&differ, 1, "", "moescope: other.sum.npz: router 0: found ");
    g_auto(Run) twice =
        run_moescope("merge", "a.sum.npz", "./a.sum.npz", "--out", "never.npz", NULL);
    run_expect(&twice, 2, "", "found ./a.sum.npz twice, expected each part once");
    g_auto(Run) again = run_moescope("import", "a.sum.npz", "--out", "never.npz", NULL);
    run_expect(&again, 1, "", "a.sum.npz: is a trace or summary already, which needs no import\n");
    g_auto(Run) whole = run_moescope("import", "a.npz", "--out", "never.npz", NULL);
    run_expect(&whole, 1, "", "a.npz: is a trace or summary already, which needs no import\n");
    g_auto(Run) trace = run_moescope("merge", "a.sum.npz", "a.npz", "--out", "never.npz", NULL);
    run_expect(&trace, 1, "", "moescope: a.npz: found no summary");
    g_auto(Run) absent = run_moescope("merge", "absent.npz", "--out", "never.npz", NULL);
    run_expect(&absent, 1, "", "moescope: absent.npz: ");
    place_cut("a.sum.npz", "cut.npz", 4000);
    g_auto(Run) cut = run_moescope("metrics", "cut.npz", NULL);
    run_expect(&cut, 1, "", "moescope: cut.npz has no directory: it was cut off");
    g_assert_false(place_has("never.npz"));
}

static void
test_usage(void)
{
    g_auto(Run) none = run_moescope("summary", "a.npz", NULL);
    run_expect(&none, 2, "", "found no --out");
    g_auto(Run) both = run_moescope("summary", "a.npz", "--attach", "--out", "x.npz", NULL);
    run_expect(&both, 2, "", "found --out with --attach");
    g_auto(Run) ending = run_moescope("summary", "a.npz", "--out", "x.json", NULL);
    run_expect(&ending, 2, "", "expected a name that ends with .npz");
    g_auto(Run) with = run_moescope("summary", "a.npz", "--out", "x.npz", "--with", "pair", NULL);
    run_expect(&with, 2, "", "did you mean \"pairs\"?");
    g_auto(Run) steps = run_moescope("summary", "a.npz", "--out", "x.npz", "--steps", "9", NULL);
    run_expect(&steps, 2, "", "found --steps 9, expected last or all");
    g_auto(Run) merge = run_moescope("merge", "a.npz", NULL);
    run_expect(&merge, 2, "", "found no --out");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/summary/merged", test_merged);
    g_test_add_func("/cli/summary/left-out", test_left_out);
    g_test_add_func("/cli/summary/without", test_without);
    g_test_add_func("/cli/summary/same-numbers", test_same_numbers);
    g_test_add_func("/cli/summary/info", test_info);
    g_test_add_func("/cli/summary/plot", test_plot);
    g_test_add_func("/cli/summary/attach", test_attach);
    g_test_add_func("/cli/summary/import", test_import);
    g_test_add_func("/cli/summary/train", test_train);
    g_test_add_func("/cli/summary/refused", test_refused);
    g_test_add_func("/cli/summary/usage", test_usage);
    place_enter();
    write_traces();
    int status = g_test_run();
    place_leave();
    return status;
}
