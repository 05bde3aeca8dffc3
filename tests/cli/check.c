/* SPDX-License-Identifier: MIT
 *
 * moescope check from the outside: what it says, returns and writes, and that traces of shipped
 * plugins' variants are clean.
 */
#include "place.h"
#include "run.h"

#include <json-glib/json-glib.h>
#include <moescope/trace.h>
#include <string.h>

enum { TOKENS = 200, DUMMIES = 50, EXPERTS = 8, K = 2 };

/* Two routers; the first DUMMIES tokens are one row. */
static void
write_trace(const char *path)
{
    g_autoptr(GError) error = NULL;
    const MoeRouterInfo routers[2] = {
        {0, EXPERTS, K, 1, 0, true, true, (char *)"linear", (char *)"topk", (char *)"renormalised"},
        {4, EXPERTS, K, 1, 0, true, true, (char *)"linear", (char *)"topk", (char *)"renormalised"},
    };
    static int32_t id[TOKENS], expert[2][TOKENS * K];
    static float gate[2][TOKENS * K];
    MoeRng rng = moe_rng(1, 1);
    for (int t = 0; t < TOKENS; t++)
        for (int r = 0; r < 2; r++) {
            int like = t < DUMMIES ? 0 : t;
            float first = 0.5f + 0.4f * moe_rng_uniform(&rng);
            id[t] = (int32_t)moe_rng_below(&rng, 300);
            expert[r][K * t] = (int32_t)moe_rng_below(&rng, EXPERTS);
            expert[r][K * t + 1] =
                (expert[r][K * t] + 1 + (int32_t)moe_rng_below(&rng, EXPERTS - 1)) % EXPERTS;
            gate[r][K * t] = first;
            gate[r][K * t + 1] = 1 - first;
            memcpy(&expert[r][K * t], &expert[r][K * like], sizeof expert[0][0] * K);
            memcpy(&gate[r][K * t], &gate[r][K * like], sizeof gate[0][0] * K);
        }
    g_autofree char *meta = moe_trace_meta(routers, 2, NULL, 0, NULL);
    MoeTraceOptions options = {.gates = true};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, 2, &options, &error);
    g_assert_no_error(error);
    MoeTraceTokens tokens = {.n = TOKENS, .id = id};
    const MoeTracePicks picks[2] = {{.expert = expert[0], .gate = gate[0]},
                                    {.expert = expert[1], .gate = gate[1]}};
    moe_trace_writer_append(writer, &tokens, picks, &error);
    moe_trace_writer_close(writer, &error);
    g_assert_no_error(error);
}

static void
test_text(void)
{
    write_trace("bad.npz");
    g_auto(Run) found = run_moescope("check", "bad.npz", NULL);
    run_expect(&found, 1, "bad.npz: 1 error (dummy-rows), 1 note (domains) in 200 tokens\n", "");
    run_expect(&found, 1, "  error: dummy-rows\n    50 of 200 (25 %) tokens stand in 1 run", "");
    run_expect(&found, 1, "; the first in chunk 0, token 0\n    why:    ", "");
    g_auto(Run) other = run_moescope("check", "bad.npz", "--only", "pads,few-tokens", NULL);
    run_expect(&other, 0, "bad.npz: clean: 2 checks over 200 tokens found nothing", "");
    g_auto(Run) list = run_moescope("check", NULL);
    run_expect(&list, 0, "\ndummy-rows ", "");
}

static void
test_json(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(Run) found = run_moescope("check", "bad.npz", "bad.npz", "--json", NULL);
    run_expect(&found, 1, NULL, "");
    g_autoptr(JsonParser) parser = json_parser_new();
    json_parser_load_from_data(parser, found.out, -1, &error);
    g_assert_no_error(error);
    JsonArray *traces = json_node_get_array(json_parser_get_root(parser));
    g_assert_cmpint(json_array_get_length(traces), ==, 2);
    JsonObject *trace = json_array_get_object_element(traces, 1);
    g_assert_cmpint(json_object_get_int_member(trace, "tokens"), ==, TOKENS);
    JsonArray *findings = json_object_get_array_member(trace, "findings");
    JsonObject *finding = json_array_get_object_element(findings, 0);
    g_assert_cmpstr(json_object_get_string_member(finding, "check"), ==, "dummy-rows");
    g_assert_cmpstr(json_object_get_string_member(finding, "severity"), ==, "error");
    g_assert_cmpint(json_object_get_int_member(finding, "count"), ==, DUMMIES);
}

/* The status is that of the copy. */
static void
test_drop(void)
{
    g_auto(Run) dropped =
        run_moescope("check", "bad.npz", "--drop", "dummy-rows,pads", "-o", "good.npz", NULL);
    run_expect(&dropped, 0, "good.npz: clean: ", "");
    run_expect(&dropped, 0, "bad.npz: 1 error", "");
    run_expect(&dropped, 0, " tokens were left out (dummy-rows,pads)\n", "");
    g_auto(Run) again = run_moescope("check", "good.npz", NULL);
    run_expect(&again, 0, " over 150 tokens ", "");
    g_auto(Run) info = run_moescope("info", "good.npz", NULL);
    run_expect(&info, 0, NULL, "");
}

static void
test_refusals(void)
{
    g_auto(Run) no_out = run_moescope("check", "bad.npz", "--drop", "dummy-rows", NULL);
    run_expect(&no_out, 2, "", "found --drop, but no --out");
    g_auto(Run) no_drop = run_moescope("check", "bad.npz", "-o", "x.npz", NULL);
    run_expect(&no_drop, 2, "", "found --out, but no --drop");
    g_auto(Run) two =
        run_moescope("check", "bad.npz", "good.npz", "--drop", "pads", "-o", "x.npz", NULL);
    run_expect(&two, 2, "", "expected one with --drop");
    g_auto(Run) wrong = run_moescope("check", "bad.npz", "--only", "dummy-row", NULL);
    run_expect(&wrong, 1, "", "did you mean \"dummy-rows\"?");
    g_auto(Run) never = run_moescope("check", "bad.npz", "--drop", "domains", "-o", "x.npz", NULL);
    run_expect(&never, 1, "", "those that do: dummy-rows, ");
    g_auto(Run) nowhere =
        run_moescope("check", "bad.npz", "--drop", "pads", "-o", "no/such/x.npz", NULL);
    run_expect(&nowhere, 1, "", "no/such/x.npz");
    g_auto(Run) absent = run_moescope("check", "absent.npz", NULL);
    run_expect(&absent, 1, "", "absent.npz");
    g_assert_false(place_has("x.npz") || place_has("x.npz.part"));
}

/* Variants of the shipped plugins: other gates, a bias, groups, experts that choose. */
static void
test_plugins(void)
{
    static const struct {
        const char *variant, *more;
    } runs[] = {
        {"moe.variant=hash", "moe.experts=8"},
        {"moe.variant=loss-free", "moe.experts=8"},
        {"moe.variant=deepseek-v3", "moe.experts=8"},
        {"moe.variant=expert-choice", "moe.allow_noncausal=true"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autofree char *dir = g_strdup_printf("run%zu", i);
        g_autofree char *trace = g_strdup_printf("run%zu.npz", i);
        g_auto(Run) train = run_moescope("train", "tiny.ini", "-o", dir, "-s", "train.steps=5",
                                         "-s", runs[i].variant, "-s", runs[i].more, NULL);
        run_expect(&train, 0, NULL, NULL);
        g_auto(Run) record = run_moescope("record", dir, "-o", trace, "--stats", "--logits", NULL);
        run_expect(&record, 0, NULL, "");
        g_auto(Run) check = run_moescope("check", trace, NULL);
        run_expect(&check, 0, ": clean: ", "");
    }
}

/* One verdict: sums that look well don't contradict what was found in the trace. */
static void
test_summary(void)
{
    write_trace("bad.npz");
    g_auto(Run) sum = run_moescope("summary", "bad.npz", "--out", "sum.npz", NULL);
    run_expect(&sum, 0, NULL, "");
    g_auto(Run) text = run_moescope("check", "sum.npz", NULL);
    run_expect(&text, 1,
               "sum.npz: checked (bad.npz): 1 error (dummy-rows), 1 note (domains) in 200 tokens; "
               "moescope check bad.npz tells more\n  error: dummy-rows: 50 of 200 (25 %) tokens ",
               "");
    g_assert_nonnull(strstr(text.out, "\nsum.npz: its sums: "));
    g_assert_null(strstr(text.out, "clean"));
    g_auto(Run) json = run_moescope("check", "sum.npz", "--json", NULL);
    run_expect(&json, 1,
               "[{\"summary\": \"sum.npz\", \"verdict\": \"bad.npz: 1 error (dummy-rows), 1 note "
               "(domains) in 200 tokens",
               "");
    g_assert_nonnull(strstr(json.out, "\"checked\": [{\"trace\": \"bad.npz\""));
    g_assert_null(strstr(json.out, "clean"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    g_test_add_func("/check/text", test_text);
    g_test_add_func("/check/json", test_json);
    g_test_add_func("/check/drop", test_drop);
    g_test_add_func("/check/refusals", test_refusals);
    g_test_add_func("/check/plugins", test_plugins);
    g_test_add_func("/check/summary", test_summary);
    int status = g_test_run();
    place_leave();
    return status;
}
