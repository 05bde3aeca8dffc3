/* SPDX-License-Identifier: MIT
 *
 * moescope metrics from the outside: its formats, what can be chosen, steps, and complaints.
 */
#include "place.h"
#include "run.h"

#include <json-glib/json-glib.h>
#include <moescope/trace.h>

enum { TOKENS = 40, EXPERTS = 4 };

/* Two layers of E 4, k 1 over two domains; layer 2 takes every expert in turn, layer 7 one alone.
 * With `steps`, tokens of the first and the second half are of steps 0 and 10, and so is the state.
 */
static void
write_trace(const char *path, bool steps)
{
    g_autoptr(GError) error = NULL;
    const char *const domains[2] = {"prose", "a, \"b\""};
    const MoeRouterInfo routers[2] = {
        {2, EXPERTS, 1, 1, 0, false, true, (char *)"linear", (char *)"topk", (char *)"score"},
        {7, EXPERTS, 1, 1, 0, false, true, (char *)"linear", (char *)"topk", (char *)"score"},
    };
    int32_t id[TOKENS], domain[TOKENS], step[TOKENS], expert[2][TOKENS] = {{0}};
    for (int t = 0; t < TOKENS; t++) {
        id[t] = t % 2;
        domain[t] = t >= TOKENS / 2;
        step[t] = 10 * domain[t];
        expert[0][t] = t % 4;
    }
    g_autofree char *meta =
        moe_trace_meta(routers, 2, domains, 2, "{\"tokens\": [\"ab|c\", \"de\"]}");
    MoeTraceOptions options = {0};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, 2, &options, &error);
    g_assert_no_error(error);
    MoeTraceTokens tokens = {.n = TOKENS, .id = id, .domain = domain, .step = steps ? step : NULL};
    const MoeTracePicks picks[2] = {{.expert = expert[0]}, {.expert = expert[1]}};
    moe_trace_writer_append(writer, &tokens, picks, &error);
    const int64_t even[EXPERTS] = {5, 5, 5, 5}, uneven[EXPERTS] = {20, 0, 0, 0};
    const MoeTraceState first[2] = {{.load = even}, {.load = uneven}};
    const MoeTraceState second[2] = {{.load = uneven}, {.load = even}};
    if (steps) {
        moe_trace_writer_state(writer, 0, first, &error);
        moe_trace_writer_state(writer, 10, second, &error);
    }
    moe_trace_writer_close(writer, &error);
    g_assert_no_error(error);
}

/* The report of one file. (transfer full: the parser holds it) */
static JsonObject *
parse(const Run *run, JsonParser **parser)
{
    g_autoptr(GError) error = NULL;
    *parser = json_parser_new();
    json_parser_load_from_data(*parser, run->out, -1, &error);
    g_assert_no_error(error);
    JsonArray *inputs = json_node_get_array(json_parser_get_root(*parser));
    return json_array_get_object_element(inputs, json_array_get_length(inputs) - 1);
}

static JsonObject *
metric_of(JsonObject *input, guint place, const char *name)
{
    JsonArray *places = json_object_get_array_member(input, "places");
    JsonObject *object = json_array_get_object_element(places, place);
    return json_object_get_object_member(json_object_get_object_member(object, "metrics"), name);
}

/* --- Formats ----------------------------------------------------------------------------------*/

static void
test_text(void)
{
    g_auto(Run) all = run_moescope("metrics", "t.npz", "--metrics", "cv,dead,margin", NULL);
    run_expect(&all, 0, "t.npz: checked: ", "");
    run_expect(&all, 0, "\n\nt.npz, layer 2, all tokens: E = 4, T = 40 units, N = 40 picks\n", "");
    run_expect(&all, 0, "\n\nt.npz, layer 7, all tokens: ", "");
    /* sqrt((1 - 1/4) / (40 / 4)) and sqrt(3). */
    run_expect(
        &all, 0,
        "\n  cv                        1.73205                     -     0.273861            "
        "-  ratio\n",
        "");
    run_expect(&all, 0, "\n  not defined here: margin\n", "");
    run_expect(&all, 0, "\n  no intervals: 1 group of documents to draw from, 8 needed\n", "");
    g_auto(Run) some = run_moescope("metrics", "t.npz", "--layers", "3-9", "--markdown", NULL);
    run_expect(&some, 0, "> t.npz: checked: ", "");
    run_expect(&some, 0, "### t.npz, layer 7, all tokens", "");
    run_expect(&some, 0, "\n| maxvio | 3 | - | ", "");
    g_assert_null(g_strrstr(some.out, "layer 2"));
    g_auto(Run) bare =
        run_moescope("metrics", "t.npz", "--no-intervals", "--no-check", "--layers", "2", NULL);
    run_expect(&bare, 0, "t.npz: not checked\n", "");
    g_assert_null(g_strrstr(bare.out, "interval"));
}

/* What has no interval beside others that have one says why: tables of many experts in many
 * domains; token ids of a summary. */
static void
test_no_interval(void)
{
    g_auto(Run) synth = run_moescope("trace", "synth", "--out", "wide.npz", "--tokens", "1600",
                                     "--document-tokens", "50", "--routers", "1", "--experts",
                                     "256", "-k", "2", "--domains", "40", NULL);
    run_expect(&synth, 0, NULL, "");
    g_auto(Run) text = run_moescope("metrics", "wide.npz", "-m", "cv,top-partner", NULL);
    run_expect(&text, 0,
               "\n  no interval of top-partner: the tables are too large to be kept apart by "
               "documents\n",
               "");
    g_auto(Run) json = run_moescope("metrics", "wide.npz", "-m", "cv,top-partner", "--json", NULL);
    g_autoptr(JsonParser) parser = NULL;
    JsonObject *input = parse(&json, &parser);
    g_assert_true(json_object_has_member(metric_of(input, 0, "top-partner"), "no_interval"));
    g_assert_false(json_object_has_member(metric_of(input, 0, "cv"), "no_interval"));
    g_auto(Run) bare =
        run_moescope("metrics", "wide.npz", "-m", "cv,top-partner", "--no-intervals", NULL);
    run_expect(&bare, 0, NULL, "");
    g_assert_null(strstr(bare.out, "no interval"));

    g_auto(Run) sum = run_moescope("summary", "wide.npz", "--out", "wide.sum.npz", NULL);
    run_expect(&sum, 0, NULL, "");
    g_auto(Run) summed = run_moescope("metrics", "wide.sum.npz", "-m", "cv,vocabulary", NULL);
    run_expect(&summed, 0, "\n  no interval of vocabulary: it takes the trace, ", "");
}

/* Layer 2 is even over 4 experts: ln 4 = 2 bits. Other units stay as they are. */
static void
test_bits(void)
{
    g_auto(Run) bits = run_moescope("metrics", "t.npz", "--layers", "2", "--metrics", "entropy,cv",
                                    "--bits", "--csv", NULL);
    run_expect(&bits, 0, ",entropy,2,", "");
    run_expect(&bits, 0, ",bits,", "");
    run_expect(&bits, 0, ",ratio,", "");
    g_assert_null(g_strrstr(bits.out, "nats"));
}

static void
test_csv(void)
{
    g_auto(Run) run = run_moescope("metrics", "t.npz", "--csv", "--domains", "all", "--metrics",
                                   "dead", "--layers", "7", NULL);
    run_expect(
        &run, 0,
        "trace,router,layer,scope,domain,step,experts,units,picks,metric,value,low,high,"
        "uniform,shuffled,unit,kind,where,checked,against\nt.npz,1,7,all,,,4,40,40,dead,3,,,",
        "");
    run_expect(&run, 0, "\nt.npz,1,7,domain,prose,,4,20,20,dead,3,,,", "");
    run_expect(&run, 0, "\nt.npz,1,7,domain,\"a, \"\"b\"\"\",,4,20,20,dead,3,,,", "");
    g_auto(Run) one = run_moescope("metrics", "t.npz", "--csv", "--domains", "a, \"b\"",
                                   "--metrics", "dead", "--layers", "7", NULL);
    run_expect(&one, 0, "\nt.npz,1,7,domain,\"a, \"\"b\"\"\",,", "");
    g_assert_null(g_strrstr(one.out, "prose"));
}

static void
test_json(void)
{
    g_auto(Run) run = run_moescope("metrics", "t.npz", "t.npz", "--json", "--all", NULL);
    run_expect(&run, 0, NULL, "");
    g_autoptr(JsonParser) parser = NULL;
    JsonObject *input = parse(&run, &parser);
    g_assert_cmpstr(json_object_get_string_member(input, "trace"), ==, "t.npz");
    JsonArray *checked = json_object_get_array_member(input, "checked");
    JsonObject *word = json_array_get_object_element(checked, 0);
    g_assert_nonnull(json_object_get_array_member(word, "findings"));
    JsonObject *one = metric_of(input, 0, "effective-experts");
    g_assert_cmpfloat_with_epsilon(json_object_get_double_member(one, "value"), 4, 1e-12);
    g_assert_true(json_object_get_null_member(one, "low"));
    one = metric_of(input, 1, "margin"); /* no gates */
    g_assert_true(json_object_get_null_member(one, "value"));
}

/* Experts 0 and 1 feed forward, 2 and 3 return nothing; layer 7 takes expert 0 alone. */
static void
test_kinds(void)
{
    g_assert_true(g_file_set_contents(
        "kinds.csv", "doc,pos,layer,experts\n0,0,7,0 3\n0,1,7,0 1\n1,0,7,1 2\n", -1, NULL));
    g_auto(Run) made = run_moescope("import", "kinds.csv", "-o", "kinds.npz", "--experts", "4",
                                    "--score", "softmax", "--select", "top-k", "--kinds",
                                    "ffn:2,zero:2", "--shared", "1", NULL);
    run_expect(&made, 0, NULL, NULL);
    g_auto(Run) text = run_moescope("metrics", "kinds.npz", "--kinds", "all", NULL);
    run_expect(&text, 0, "layer 7, all tokens: E = 4 and 1 shared, T = 3 units, N = 6 picks\n", "");
    run_expect(&text, 0,
               "layer 7, all tokens, experts of kind ffn: E = 2, T = 3 units, N = 4 picks\n", "");
    run_expect(&text, 0, "kind zero: E = 2, T = 3 units, N = 2 picks\n", "");
    g_auto(Run) csv = run_moescope("metrics", "kinds.npz", "--kinds", "zero", "-m",
                                   "kind-share,dead", "--csv", NULL);
    run_expect(&csv, 0, ",all,,,2,3,2,kind-share,0.33333333333333331,,,0.5,,share,zero,,", "");
    run_expect(&csv, 0, ",all,,,4,3,6,dead,0,", "");
    g_auto(Run) json = run_moescope("metrics", "kinds.npz", "--kinds", "zero", "--json", NULL);
    run_expect(&json, 0, "\"shared\": 1", "");
    run_expect(&json, 0, "\"kind\": \"zero\"", "");
    g_auto(Run) none = run_moescope("metrics", "kinds.npz", "--kinds", "copy", NULL);
    run_expect(&none, 1, "", "found no experts of kind \"copy\"; there are ffn, zero");
    g_auto(Run) untold = run_moescope("metrics", "t.npz", "--kinds", "all", NULL);
    run_expect(&untold, 1, "", "t.npz: found no kinds of experts to tell apart");
    g_auto(Run) alone = run_moescope("metrics", "kinds.npz", "-m", "kinds", NULL);
    run_expect(&alone, 2, "", "expected --kinds with them");
    g_auto(Run) wrong =
        run_moescope("import", "kinds.csv", "-o", "w.npz", "--experts", "4", "--score", "softmax",
                     "--select", "top-k", "--kinds", "ffn:5", NULL);
    run_expect(&wrong, 1, "", "--kinds: found kinds of experts \"ffn:5\"");
}

static void
test_where(void)
{
    g_auto(Run) text = run_moescope("metrics", "t.npz", "--where", "domain=prose text=b|", "-m",
                                    "dead", "--layers", "2", NULL);
    run_expect(&text, 0,
               "\nt.npz, layer 2, all tokens where domain=prose text='b|': E = 4, T = 10 units",
               "");
    g_auto(Run) json = run_moescope("metrics", "t.npz", "-w", "id=1", "--json", NULL);
    run_expect(&json, 0, "\"tokens\": 20, \"where\": \"id=1\"", "");
    run_expect(&json, 0, "\"trace\": \"t.npz\", \"tokens\": 20, ", ""); /* that were checked */
    g_auto(Run) experts =
        run_moescope("metrics", "t.npz", "--where", "id=1", "--experts", "--layers", "2", NULL);
    run_expect(&experts, 0, "layer 2, all tokens where id=1: E = 4, T = 20 units, N = 20 picks\n",
               "");
    g_auto(Run) csv = run_moescope("metrics", "t.npz", "-w", "id=1", "--csv", "-m", "dead", NULL);
    run_expect(&csv, 0, ",experts,,id=1,", "");
    g_auto(Run) each = run_moescope("metrics", "t.npz", "-w", "id=1", "--csv", "--experts", NULL);
    run_expect(&each, 0, ",partners,tokens,where,checked\n", "");
    run_expect(&each, 0, ",id=1,", "");
    g_auto(Run) bad = run_moescope("metrics", "t.npz", "--where", "doc", NULL);
    run_expect(&bad, 2, NULL, "--where: found \"doc\" to choose tokens by; expected words such as");
    g_auto(Run) none = run_moescope("metrics", "t.npz", "--where", "pos=3", NULL);
    run_expect(&none, 1, NULL, "t.npz: its tokens have no column pos to choose by");
    g_auto(Run) made = run_moescope("summary", "t.npz", "--out", "w.npz", NULL);
    run_expect(&made, 0, NULL, "");
    g_auto(Run) sums = run_moescope("metrics", "w.npz", "--where", "id=1", NULL);
    run_expect(&sums, 1, NULL, "w.npz: found a summary, which has no single tokens to choose from");
    g_auto(Run) state =
        run_moescope("metrics", "steps.npz", "--where", "id=1", "--steps", "state", NULL);
    run_expect(&state, 2, NULL, "found --where with --steps state");
    g_auto(Run) plot = run_moescope("plot", "load", "t.npz", "--where", "id=1", "--data", "d.csv",
                                    "--set", "norm=share", NULL);
    run_expect(&plot, 0, NULL, "");
    g_auto(Run) series =
        run_moescope("plot", "load-over-training", "t.npz", "--where", "id=1", "-o", "p.png", NULL);
    run_expect(&series, 1, NULL, "figure load-over-training is of a run, not of tokens");
}

/* Four experts on two devices, two on each. */
static void
test_ranks(void)
{
    g_auto(Run) text = run_moescope("metrics", "t.npz", "--ranks", "2", "--layers", "2", NULL);
    run_expect(&text, 0, "\n  rank-maxvio@2  ", "");
    g_auto(Run) alone =
        run_moescope("metrics", "t.npz", "--ranks", "3", "-m", "ranks", "--csv", NULL);
    run_expect(&alone, 0, ",rank-balancedness@3,", "");
    g_assert_null(strstr(alone.out, "@8"));
    g_auto(Run) many = run_moescope("metrics", "t.npz", "--ranks", "9", "-m", "ranks", NULL);
    run_expect(&many, 0, "not defined here: rank-balancedness@9, ", "");
    g_auto(Run) wrong = run_moescope("metrics", "t.npz", "--ranks", "1", NULL);
    run_expect(&wrong, 2, "", "found --ranks 1, expected 2 … 65535");
    g_auto(Run) experts = run_moescope("metrics", "t.npz", "--ranks", "2", "--experts", NULL);
    run_expect(&experts, 2, "", "found --ranks with --experts or --compat");
}

static void
test_list(void)
{
    g_auto(Run) text = run_moescope("metrics", "--list", NULL);
    run_expect(&text, 0, "\nmaxvio [ratio]\n  (max_e c_e - m) / m\n  source: Wang et al. 2024", "");
    run_expect(&text, 0,
               "  balance: the lower the better\n  by chance: uniform\n"
               "  interval: bootstrap over documents\n  group: load\n",
               "");
    run_expect(&text, 0, "  interval: jackknife over documents, of a trace\n", "");
    run_expect(&text, 0, "  by kind of experts: no: a cache holds experts of any kind\n", "");
    g_auto(Run) markdown = run_moescope("metrics", "--list", "--markdown", NULL);
    run_expect(&markdown, 0, "\n| avgvio | (1/E) Σ \\|c_e - m\\| / m | ratio |", "");
    g_auto(Run) csv = run_moescope("metrics", "--list", "--csv", NULL);
    run_expect(&csv, 0, "\ngini,\"Σ_i (2i - E - 1) c_(i) / (E N), c ascending\",ratio,", "");
    g_auto(Run) json = run_moescope("metrics", "--list", "--json", NULL);
    run_expect(&json, 0, "\"name\": \"dead\", ", "");
}

/* What the checker says stands beside the numbers. */
static void
test_checked(void)
{
    g_auto(Run) made = run_moescope("trace", "synth", "--out", "few.npz", "--tokens", "18",
                                    "--experts", "128", "--routers", "1", NULL);
    run_expect(&made, 0, NULL, "");
    g_auto(Run) text = run_moescope("metrics", "few.npz", "--metrics", "gini", NULL);
    run_expect(&text, 0, "few.npz: checked: 1 warning (few-tokens)", "");
    run_expect(&text, 0, "; moescope check tells more\n  warning: few-tokens: layer 0: 18 units, ",
               "");
    g_auto(Run) csv = run_moescope("metrics", "few.npz", "--metrics", "gini", "--csv", NULL);
    run_expect(&csv, 0, ",ratio,,,warning:few-tokens,\n", "");
    g_auto(Run) json = run_moescope("metrics", "few.npz", "--metrics", "gini", "--json", NULL);
    run_expect(
        &json, 0,
        "{\"check\": \"few-tokens\", \"severity\": \"warning\", \"router\": 0, \"layer\": 0, ", "");
}

/* --- Intervals, steps, views ------------------------------------------------------------------*/

static void
test_intervals(void)
{
    g_auto(Run) json = run_moescope("metrics", "s.npz", "-m", "load,order", "--json", NULL);
    g_auto(Run) again = run_moescope("metrics", "s.npz", "-m", "load,order", "--json", "--seed",
                                     "0", "--level", "0.95", "--threads", "3", NULL);
    g_auto(Run) other =
        run_moescope("metrics", "s.npz", "-m", "load,order", "--json", "--seed", "1", NULL);
    run_expect(&json, 0, NULL, "");
    g_assert_cmpstr(json.out, ==, again.out);
    g_assert_cmpstr(json.out, !=, other.out);
    g_autoptr(JsonParser) parser = NULL;
    JsonObject *cv = metric_of(parse(&json, &parser), 0, "cv");
    double value = json_object_get_double_member(cv, "value");
    g_assert_cmpfloat(json_object_get_double_member(cv, "low"), <, value);
    g_assert_cmpfloat(json_object_get_double_member(cv, "high"), >, value);
    g_assert_cmpint(json_object_get_int_member(cv, "groups"), ==, 64);
    g_auto(Run) none =
        run_moescope("metrics", "s.npz", "-m", "cv", "--json", "--no-intervals", NULL);
    run_expect(&none, 0, "\"low\": null, \"high\": null, ", "");
}

static void
test_steps(void)
{
    g_auto(Run) tokens = run_moescope("metrics", "steps.npz", "--steps", "tokens", "-m", "dead",
                                      "--csv", "--layers", "2", NULL);
    run_expect(&tokens, 0, "\nsteps.npz,0,2,all,,0,4,20,20,dead,0,,,", "");
    run_expect(&tokens, 0, "\nsteps.npz,0,2,all,,10,4,20,20,dead,0,,,", "");
    g_auto(Run) state = run_moescope("metrics", "steps.npz", "--steps", "state", "-m",
                                     "dead,margin,drop-rate", NULL);
    run_expect(&state, 0, "\n  not defined here: margin\n", "");
    run_expect(&state, 0,
               "steps.npz, layer 2, all tokens: E = 4\n"
               "      step         dead    drop-rate\n"
               "         0            0            0\n"
               "        10            3            0\n",
               "");
    g_auto(Run) last = run_moescope("metrics", "steps.npz", "-m", "dead", "--layers", "2", NULL);
    run_expect(&last, 0, "T = 20 units", "");
    g_auto(Run) none = run_moescope("metrics", "t.npz", "--steps", "state", NULL);
    run_expect(&none, 1, "", "t.npz: router 0: the trace has no load of training steps");
}

static void
test_experts(void)
{
    g_auto(Run) text = run_moescope("metrics", "t.npz", "--experts", "--layers", "7", NULL);
    run_expect(&text, 0,
               "\n      0         40         1            0.9124 … 1        -   4.000         -",
               "");
    run_expect(&text, 0, "  intervals are Wilson's, as if tokens were independent: too few", "");
    g_auto(Run) some = run_moescope("metrics", "t.npz", "--experts", "--layers", "2", NULL);
    run_expect(&some, 0, "  \"ab|c\" 2", ""); /* expert 0 takes every other of its tokens */
    g_auto(Run) markdown =
        run_moescope("metrics", "t.npz", "--experts", "--layers", "2", "--markdown", NULL);
    run_expect(&markdown, 0, " \"ab\\|c\" 2 |\n", "");
    g_auto(Run) csv = run_moescope("metrics", "s.npz", "--experts", "--csv", NULL);
    run_expect(&csv, 0, "trace,router,layer,scope,domain,expert,picks,share,low,high,interval,",
               "");
    run_expect(&csv, 0, ",bootstrap,", "");
    g_auto(Run) tested = run_moescope("metrics", "s.npz", "--experts", "--domains", "all", NULL);
    run_expect(&tested, 0, "of all experts and layers told, the share isn't 1/E\n", "");
    run_expect(&tested, 0, "the share isn't that of the other domains\n", "");
    g_auto(Run) json = run_moescope("metrics", "s.npz", "--experts", "--json", NULL);
    run_expect(&json, 0, "\"partners\": [{\"expert\": ", "");
    g_autoptr(JsonParser) parser = NULL;
    JsonArray *places = json_object_get_array_member(parse(&json, &parser), "places");
    JsonObject *place = json_array_get_object_element(places, 1);
    g_assert_cmpint(json_array_get_length(json_object_get_array_member(place, "experts")), ==, 8);
}

/* Ranks (0, 1, 2) and (0, 1, 3): 0 and 1 are neighbours in all of their units, 0 and 2 never. */
static void
test_compat(void)
{
    const char log[] = "{\"type\": \"route\", \"req_id\": \"r\", \"token_idx\": 0, \"layer\": 0, "
                       "\"topk_ids\": [0, 1, 2], \"topk_weights\": [0.5, 0.3, 0.2]}\n"
                       "{\"type\": \"route\", \"req_id\": \"r\", \"token_idx\": 1, \"layer\": 0, "
                       "\"topk_ids\": [0, 1, 3], \"topk_weights\": [0.5, 0.3, 0.2]}\n";
    g_assert_true(g_file_set_contents("log.txt", log, -1, NULL));
    g_auto(Run) made =
        run_moescope("import", "log.txt", "-o", "log.npz", "--experts=4", "--score=softmax",
                     "--select=top-k", "--gates=sum-to-one", NULL);
    run_expect(&made, 0, NULL, "");
    g_auto(Run) text = run_moescope("metrics", "log.npz", "--compat", "olmoe", NULL);
    run_expect(&text, 0,
               "\n       %      0      1      2      3\n"
               "       0   0.00 100.00   0.00   0.00\n"
               "       1 100.00   0.00  50.00  50.00\n"
               "       2   0.00 100.00   0.00   0.00\n",
               "");
    g_auto(Run) csv = run_moescope("metrics", "log.npz", "--compat", "olmoe", "--csv", NULL);
    run_expect(&csv, 0, "trace,router,layer,scope,domain,expert,with,score,where,checked\n", "");
    run_expect(&csv, 0, "\nlog.npz,0,0,all,,1,3,0.5,", "");
    g_auto(Run) json = run_moescope("metrics", "log.npz", "--compat", "olmoe", "--json", NULL);
    run_expect(&json, 0, "{\"expert\": 3, \"with\": 1, \"score\": 1}", "");
}

/* --- Complaints -------------------------------------------------------------------------------*/

static void
expect_usage(const char *option, const char *value, const char *complaint)
{
    g_auto(Run) run = run_moescope("metrics", "t.npz", option, value, NULL);
    run_expect(&run, 2, "", complaint);
}

static void
test_complaints(void)
{
    g_auto(Run) none = run_moescope("metrics", NULL);
    run_expect(&none, 2, "", "found no trace");
    expect_usage("--metrics", "", "found no name in --metrics; ");
    expect_usage("--no-check", "", "found an empty argument, expected [TRACE|SUMMARY…]");
    expect_usage("--metrics", "giny", "found no metric \"giny\"; did you mean \"gini\"?");
    expect_usage("--metrics", "ordre", "did you mean \"order\"?");
    const char *const layers[] = {"", "1,", "5-3", "x", "1-", "12345678901"};
    for (gsize i = 0; i < G_N_ELEMENTS(layers); i++)
        expect_usage("--layers", layers[i], "expected layers and ranges (0,3-5)");
    expect_usage("--replicates", "5", "found --replicates 5, expected 20 … 100000");
    expect_usage("--level", "95", "found --level 95, expected 0.5 … 0.999");
    expect_usage("--steps", "all", "found --steps all, expected tokens or state");
    expect_usage("--compat", "other", "found --compat other, expected olmoe");
    expect_usage("--json", "--csv", "expected one");
    expect_usage("--all", "--metrics=cv", "found --all with --metrics, expected either");
    expect_usage("--experts", "--metrics=cv", "found --metrics with --experts or --compat");
    expect_usage("--experts", "--steps=state", "found several of --steps, --experts and --compat");
    g_auto(Run) beyond = run_moescope("metrics", "t.npz", "--layers", "8-9", NULL);
    run_expect(&beyond, 1, "", "t.npz: found no router in the layers of --layers");
    g_auto(Run) domain = run_moescope("metrics", "t.npz", "--domains", "prose,verse", NULL);
    run_expect(&domain, 1, "", "t.npz: found no domain \"verse\"; there is prose, a, \"b\"\n");
    g_auto(Run) absent = run_moescope("metrics", "t.npz", "absent.npz", NULL);
    run_expect(&absent, 1, "", "moescope: absent.npz: ");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/metrics/text", test_text);
    g_test_add_func("/cli/metrics/no-interval", test_no_interval);
    g_test_add_func("/cli/metrics/bits", test_bits);
    g_test_add_func("/cli/metrics/csv", test_csv);
    g_test_add_func("/cli/metrics/json", test_json);
    g_test_add_func("/cli/metrics/kinds", test_kinds);
    g_test_add_func("/cli/metrics/where", test_where);
    g_test_add_func("/metrics/ranks", test_ranks);
    g_test_add_func("/cli/metrics/list", test_list);
    g_test_add_func("/cli/metrics/checked", test_checked);
    g_test_add_func("/cli/metrics/intervals", test_intervals);
    g_test_add_func("/cli/metrics/steps", test_steps);
    g_test_add_func("/cli/metrics/experts", test_experts);
    g_test_add_func("/cli/metrics/compat", test_compat);
    g_test_add_func("/cli/metrics/complaints", test_complaints);
    place_enter();
    write_trace("t.npz", false);
    write_trace("steps.npz", true);
    g_auto(Run) synth =
        run_moescope("trace", "synth", "--out", "s.npz", "--tokens", "6400", "--document-tokens",
                     "100", "--routers", "2", "--experts", "8", "-k", "2", NULL);
    run_expect(&synth, 0, NULL, "");
    int status = g_test_run();
    place_leave();
    return status;
}
