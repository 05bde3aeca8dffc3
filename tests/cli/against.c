/* SPDX-License-Identifier: MIT
 *
 * moescope metrics --against from the outside: the numbers of moescope compare, in the formats of
 * moescope metrics, and complaints.
 */
#include "place.h"
#include "run.h"

#include <json-glib/json-glib.h>
#include <moescope/trace.h>
#include <string.h>

/* --- Traces -----------------------------------------------------------------------------------*/

static void
synth(const char *out, const char *option, const char *value)
{
    g_auto(Run) run =
        run_moescope("trace", "synth", "-o", out, "-t", "8000", "-e", "16", "-k", "4", "-d", "2",
                     "--document-tokens", "200", "-r", "2", option, value, NULL);
    run_expect(&run, 0, NULL, "");
}

/* a.npz, b.npz, wide.npz: other picks of the same tokens; wide.npz has one router, of 32 experts;
 * other.npz: other tokens. */
static void
make_traces(void)
{
    synth("a.npz", "--skew", "1");
    synth("b.npz", "--skew", "1.5");
    synth("other.npz", "--seed", "5");
    g_auto(Run) wide =
        run_moescope("trace", "synth", "-o", "wide.npz", "-t", "8000", "-e", "32", "-k", "4", "-d",
                     "2", "--document-tokens", "200", "-r", "1", NULL);
    run_expect(&wide, 0, NULL, "");
}

enum { TOKENS = 20, EXPERTS = 4 };

/* One layer of E 4, k 1; token t picks expert t mod 4. With `domains` it tells two apart, and the
 * last token picks nothing. */
static void
write_small(const char *path, bool domains)
{
    g_autoptr(GError) error = NULL;
    const char *const names[2] = {"prose", "verse"};
    const MoeRouterInfo router = {
        2, EXPERTS, 1, 1, 0, false, true, (char *)"linear", (char *)"topk", (char *)"score"};
    int32_t id[TOKENS], domain[TOKENS], expert[TOKENS];
    for (int t = 0; t < TOKENS; t++) {
        id[t] = t;
        domain[t] = t >= TOKENS / 4;
        expert[t] = t % EXPERTS;
    }
    expert[TOKENS - 1] = domains ? -1 : expert[TOKENS - 1];
    g_autofree char *meta = moe_trace_meta(&router, 1, names, domains ? 2 : 0, NULL);
    const MoeTraceOptions options = {0};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, &router, 1, &options, &error);
    g_assert_no_error(error);
    const MoeTraceTokens tokens = {.n = TOKENS, .id = id, .domain = domains ? domain : NULL};
    const MoeTracePicks picks = {.expert = expert};
    moe_trace_writer_append(writer, &tokens, &picks, &error);
    moe_trace_writer_close(writer, &error);
    g_assert_no_error(error);
}

/* --- The numbers of moescope compare ----------------------------------------------------------*/

static JsonNode *
parse(JsonParser *parser, const char *text)
{
    g_autoptr(GError) error = NULL;
    json_parser_load_from_data(parser, text, -1, &error);
    g_assert_no_error(error);
    return json_parser_get_root(parser);
}

/* What moescope metrics says of its first file. */
static JsonObject *
parse_input(JsonParser *parser, const char *text)
{
    return json_array_get_object_element(json_node_get_array(parse(parser, text)), 0);
}

static JsonObject *
element(JsonObject *object, const char *array, guint i)
{
    return json_array_get_object_element(json_object_get_array_member(object, array), i);
}

/* The place of a router and domain ("": all tokens) among those of moescope metrics. */
static JsonObject *
find_place(JsonObject *input, gint64 router, const char *domain)
{
    JsonArray *places = json_object_get_array_member(input, "places");
    for (guint i = 0; i < json_array_get_length(places); i++) {
        JsonObject *place = json_array_get_object_element(places, i);
        if (json_object_get_int_member(place, "router") == router &&
            g_str_equal(json_object_get_string_member_with_default(place, "domain", ""), domain) &&
            !json_object_has_member(place, "kind"))
            return place;
    }
    g_error("there is no place of router %d and domain \"%s\"", (int)router, domain);
}

static void
expect_same(JsonObject *a, JsonObject *b, const char *member)
{
    JsonNode *of_a = json_object_get_member(a, member), *of_b = json_object_get_member(b, member);
    g_autofree char *text_a = json_to_string(of_a, FALSE);
    g_autofree char *text_b = json_to_string(of_b, FALSE);
    g_assert_cmpstr(text_a, ==, text_b);
}

/* Each place of the comparison stands in the input, too. Returns how many there are. */
static int
expect_places(JsonObject *input, JsonObject *compared)
{
    int n = 0;
    JsonArray *routers = json_object_get_array_member(compared, "routers");
    for (guint r = 0; r < json_array_get_length(routers); r++) {
        JsonObject *router = json_array_get_object_element(routers, r);
        JsonArray *places = json_object_get_array_member(router, "places");
        gint64 number = json_object_get_int_member(router, "first_router");
        for (guint p = 0; p < json_array_get_length(places); p++) {
            JsonObject *place = json_array_get_object_element(places, p);
            const char *domain = json_object_get_string_member_with_default(place, "domain", "");
            if (json_object_get_int_member(place, "units") == 0)
                continue; /* moescope metrics leaves domains out that have no tokens */
            JsonObject *against =
                json_object_get_object_member(find_place(input, number, domain), "against");
            expect_same(against, place, "metrics");
            expect_same(against, place, "units");
            expect_same(against, place, "apart");
            g_assert_cmpint(json_object_get_int_member(against, "router"), ==,
                            json_object_get_int_member(router, "second_router"));
            n++;
        }
    }
    return n;
}

/* With the same options, the metrics of a trace are those of it alone, and beside them stands what
 * the comparison says. */
static void
expect_both(const char *first, const char *second, const char *option, const char *value, int n)
{
    g_auto(Run) both =
        run_moescope("metrics", first, "--against", second, "--json", option, value, NULL);
    g_auto(Run) alone = run_moescope("metrics", first, "--json", option, value, NULL);
    g_auto(Run) compared = run_moescope("compare", first, second, "--json", option, value, NULL);
    run_expect(&both, 0, NULL, "");
    run_expect(&alone, 0, NULL, "");
    run_expect(&compared, 0, NULL, "");
    g_autoptr(JsonParser) of_both = json_parser_new();
    g_autoptr(JsonParser) of_one = json_parser_new();
    g_autoptr(JsonParser) of_compare = json_parser_new();
    JsonObject *input = parse_input(of_both, both.out), *bare = parse_input(of_one, alone.out);
    JsonObject *comparison = json_node_get_object(parse(of_compare, compared.out));
    g_assert_cmpint(expect_places(input, comparison), ==, n);
    JsonArray *places = json_object_get_array_member(input, "places");
    g_assert_cmpint(json_array_get_length(places), ==,
                    json_array_get_length(json_object_get_array_member(bare, "places")));
    for (guint p = 0; p < json_array_get_length(places); p++)
        expect_same(json_array_get_object_element(places, p), element(bare, "places", p),
                    "metrics");
    expect_same(input, bare, "checked");
    g_assert_cmpint(json_object_get_int_member(input, "tokens"), ==,
                    json_object_get_int_member(comparison, "tokens"));
    JsonObject *checked = element(input, "against_checked", 0);
    expect_same(checked, element(comparison, "second_checked", 0), "verdict");
    expect_same(checked, element(comparison, "second_checked", 0), "findings");
}

static void
test_same(void)
{
    expect_both("a.npz", "b.npz", "--domains", "all", 6);
    expect_both("a.npz", "b.npz", "--where", "domain=domain-1 pos=0-99", 2);
    expect_both("a.npz", "b.npz", "--layers", "1", 1);
    expect_both("a.npz", "b.npz", "--seed", "7", 2);
    expect_both("a.npz", "b.npz", "--threads", "1", 2);
    expect_both("a.npz", "wide.npz", "--level", "0.8", 1);
}

/* Two seeds of a recipe: the last of the steps that their folders hold, and records with logits, of
 * which every metric has a value. */
static void
test_runs(void)
{
    const char *const names[] = {"one", "two"};
    for (int i = 0; i < 2; i++) {
        g_autofree char *seed = g_strdup_printf("train.seed=%d", i);
        g_auto(Run) run = run_moescope("train", "tiny.ini", "-o", names[i], "-s", "train.steps=12",
                                       "-s", "train.snapshots=0,4,8", "-s", seed, NULL);
        run_expect(&run, 0, NULL, NULL);
        g_autofree char *file = g_strdup_printf("%s.npz", names[i]);
        g_auto(Run) record = run_moescope("record", names[i], "-o", file, "--logits", NULL);
        run_expect(&record, 0, NULL, NULL);
    }
    expect_both("one", "two", "--domains", "all", 6);
    expect_both("one.npz", "two.npz", "--domains", "all", 6);
    g_auto(Run) scores = run_moescope("metrics", "one.npz", "--against", "two.npz", "--csv", NULL);
    run_expect(&scores, 0, ",js-scores,0.", "");
    g_auto(Run) json = run_moescope("metrics", "one", "--against", "two", "--json", NULL);
    run_expect(&json, 0, "\"against\": \"two/trace.npz\", \"against_checked\": [", "");
}

/* --- Formats ----------------------------------------------------------------------------------*/

static void
test_text(void)
{
    g_auto(Run) run =
        run_moescope("metrics", "a.npz", "--against", "b.npz", "-m", "cv", "--layers", "0", NULL);
    run_expect(&run, 0, "a.npz: checked: ", "");
    run_expect(&run, 0, "\nb.npz: checked: ", "");
    run_expect(&run, 0, "  ratio\n  against b.npz\n  agreement   ", "");
    run_expect(&run, 0, "\n  js-load   ", "");
    run_expect(&run, 0, "  nats\n  not defined here: js-scores\n", "");
    g_auto(Run) bits =
        run_moescope("metrics", "a.npz", "--against", "b.npz", "-m", "cv", "--bits", NULL);
    run_expect(&bits, 0, "  bits\n  not defined here: js-scores\n", "");
    g_assert_null(strstr(bits.out, "nats"));
    g_auto(Run) markdown = run_moescope("metrics", "a.npz", "--against", "b.npz", "-m", "cv",
                                        "--no-intervals", "--markdown", NULL);
    run_expect(&markdown, 0, "> b.npz: checked: ", "");
    run_expect(&markdown, 0,
               "\n\nagainst b.npz\n\n| metric | value | uniform | shuffled | unit |\n"
               "|---|---:|---:|---:|---|\n| agreement | ",
               "");
    run_expect(&markdown, 0, "\n\nnot defined here: js-scores\n", "");
}

/* The file is one of those that are measured: it agrees with itself, and is told of once. */
static void
test_itself(void)
{
    g_auto(Run) csv = run_moescope("metrics", "a.npz", "b.npz", "--against", "b.npz", "--csv", "-m",
                                   "cv", "--no-check", NULL);
    run_expect(&csv, 0, "unit,kind,where,checked,against\na.npz,0,0,all,,,16,8000,32000,cv,", "");
    run_expect(&csv, 0, ",ratio,,,unchecked,\na.npz,0,0,all,,,16,8000,32000,agreement,0.", "");
    run_expect(&csv, 0, ",share,,,unchecked,b.npz\n", "");
    run_expect(&csv, 0, "\nb.npz,1,1,all,,,16,8000,32000,overlap,1,1,1,0.25,", "");
    run_expect(&csv, 0, "\nb.npz,1,1,all,,,16,8000,32000,flips,0,0,0,", "");
    g_auto(Run) text = run_moescope("metrics", "a.npz", "b.npz", "--against", "b.npz", NULL);
    run_expect(&text, 0, "\nb.npz: checked: ", "");
    char *first = strstr(text.out, "b.npz: checked");
    g_assert_null(strstr(first + 1, "b.npz: checked"));
}

/* What was found in either file stands in the rows that are of both. */
static void
test_checked(void)
{
    const char *const experts[] = {"4", "512"}, *const names[] = {"clean.npz", "few.npz"};
    for (int i = 0; i < 2; i++) {
        g_auto(Run) made = run_moescope("trace", "synth", "-o", names[i], "-t", "2000", "-r", "1",
                                        "-k", "1", "-e", experts[i], NULL);
        run_expect(&made, 0, NULL, "");
    }
    g_auto(Run) csv =
        run_moescope("metrics", "clean.npz", "--against", "few.npz", "--csv", "-m", "cv", NULL);
    run_expect(&csv, 0, ",cv,", "");
    run_expect(&csv, 0, ",ratio,,,clean,\n", "");
    run_expect(&csv, 0, ",share,,,warning:few-tokens,few.npz\n", "");
    g_auto(Run) unlooked = run_moescope("metrics", "clean.npz", "--against", "few.npz", "--csv",
                                        "-m", "cv", "--no-check", NULL);
    run_expect(&unlooked, 0, ",share,,,unchecked,few.npz\n", "");
}

/* --- What can't be held against each other ----------------------------------------------------*/

static void
test_apart(void)
{
    g_auto(Run) text = run_moescope("metrics", "a.npz", "--against", "wide.npz", NULL);
    run_expect(&text, 0, "\n  against wide.npz, E = 32 there\n  agreement ", "");
    run_expect(&text, 0, "\n  against wide.npz: it has no router that goes with this one\n", "");
    g_auto(Run) csv =
        run_moescope("metrics", "a.npz", "--against", "wide.npz", "--csv", "-m", "cv", NULL);
    run_expect(&csv, 0, "\na.npz,0,0,all,,,16,8000,32000,overlap,", "");
    g_assert_null(strstr(csv.out, "\na.npz,1,1,all,,,16,8000,32000,overlap"));
    g_auto(Run) json = run_moescope("metrics", "a.npz", "--against", "wide.npz", "--json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *input = parse_input(parser, json.out);
    g_assert_true(json_object_has_member(element(input, "places", 0), "against"));
    g_assert_false(json_object_has_member(element(input, "places", 1), "against"));
}

/* The trace tells no domains apart: its tokens are of none, whatever they are of in the other, in
 * which one of them has no picks. */
static void
test_domains_of_one(void)
{
    write_small("plain.npz", false);
    write_small("told.npz", true);
    g_auto(Run) text =
        run_moescope("metrics", "plain.npz", "--against", "told.npz", "-d", "all", NULL);
    run_expect(&text, 0, "\nplain.npz, layer 2, no known domain: E = 4, T = 20 units", "");
    run_expect(&text, 0,
               "\n  no intervals: 1 group of documents to draw from, 8 needed\n"
               "  against told.npz, T = 19 units, 1 with picks in one alone\n",
               "");
    g_auto(Run) once = run_moescope("metrics", "plain.npz", "--against", "told.npz", NULL);
    char *none = strstr(once.out, "no intervals");
    g_assert_nonnull(none);
    g_assert_null(strstr(none + 1, "no intervals"));
    g_auto(Run) csv =
        run_moescope("metrics", "plain.npz", "--against", "told.npz", "-d", "all", "--csv", NULL);
    run_expect(&csv, 0, "\nplain.npz,0,2,domain,,,4,19,19,agreement,1,", "");
    g_auto(Run) told =
        run_moescope("metrics", "told.npz", "--against", "plain.npz", "-d", "prose", "--csv", NULL);
    run_expect(&told, 0, "\ntold.npz,0,2,domain,prose,,4,5,5,agreement,1,", "");
}

/* Kinds of experts aren't compared; where nothing else was asked for, the comparison stands alone.
 */
static void
test_kinds(void)
{
    g_assert_true(g_file_set_contents(
        "kinds.csv", "doc,pos,layer,experts\n0,0,7,0 3\n0,1,7,0 1\n1,0,7,1 2\n", -1, NULL));
    g_auto(Run) made =
        run_moescope("import", "kinds.csv", "-o", "kinds.npz", "--experts", "4", "--score",
                     "softmax", "--select", "top-k", "--kinds", "ffn:2,zero:2", NULL);
    run_expect(&made, 0, NULL, NULL);
    g_auto(Run) text = run_moescope("metrics", "kinds.npz", "--against", "kinds.npz", "--kinds",
                                    "zero", "-m", "kind-share", NULL);
    run_expect(&text, 0, "N = 6 picks\n  against kinds.npz\n  metric   ", "");
    run_expect(&text, 0, "experts of kind zero: E = 2, T = 3 units, N = 2 picks\n  metric  ", "");
    char *first = strstr(text.out, "against");
    g_assert_nonnull(first);
    g_assert_null(strstr(first + 1, "against"));
}

/* --- Complaints -------------------------------------------------------------------------------*/

static void
expect_usage(const char *option, const char *complaint)
{
    g_auto(Run) run = run_moescope("metrics", "a.npz", "--against", "b.npz", option, NULL);
    run_expect(&run, 2, "", complaint);
}

static void
expect_failure(const char *trace, const char *file, const char *complaint)
{
    g_auto(Run) run = run_moescope("metrics", trace, "--against", file, NULL);
    run_expect(&run, 1, "", complaint);
}

static void
test_complaints(void)
{
    const char *const views[] = {"--steps=tokens", "--steps=state", "--experts", "--compat=olmoe"};
    for (gsize i = 0; i < G_N_ELEMENTS(views); i++)
        expect_usage(views[i],
                     "found --against with --steps, --experts or --compat, expected either");
    g_auto(Run) list = run_moescope("metrics", "--list", "--against", "b.npz", NULL);
    run_expect(&list, 2, "", "found --against with --list, expected either");
    g_auto(Run) made = run_moescope("summary", "a.npz", "-o", "a.sum.npz", NULL);
    run_expect(&made, 0, NULL, "");
    expect_failure(
        "a.npz", "a.sum.npz",
        "moescope: a.sum.npz: found a summary, expected a trace, which has the tokens\n");
    expect_failure("a.sum.npz", "a.npz",
                   "moescope: a.sum.npz: found a summary, which has no single tokens to compare; "
                   "--against takes the trace that it was made of\n");
    expect_failure("a.npz", "other.npz",
                   "moescope: a.npz (first) and other.npz (second): the tokens aren't the same: "
                   "token 0 has id ");
    expect_failure("a.npz", "tiny.ini", "moescope: tiny.ini is not a trace: ");
    expect_failure("a.npz", "absent.npz", "moescope: absent.npz: ");
    expect_failure("a.npz", "text", "moescope: text/trace.npz: ");
    g_auto(Run) layer =
        run_moescope("metrics", "a.npz", "--against", "wide.npz", "--layers", "1", NULL);
    run_expect(&layer, 1, "", "found no router of these layers in both\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/against/same", test_same);
    g_test_add_func("/cli/against/runs", test_runs);
    g_test_add_func("/cli/against/text", test_text);
    g_test_add_func("/cli/against/itself", test_itself);
    g_test_add_func("/cli/against/checked", test_checked);
    g_test_add_func("/cli/against/apart", test_apart);
    g_test_add_func("/cli/against/domains-of-one", test_domains_of_one);
    g_test_add_func("/cli/against/kinds", test_kinds);
    g_test_add_func("/cli/against/complaints", test_complaints);
    place_enter();
    make_traces();
    int status = g_test_run();
    place_leave();
    return status;
}
