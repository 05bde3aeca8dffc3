/* SPDX-License-Identifier: MIT
 *
 * moescope compare from the outside: its formats, trained runs and their steps, real traces, and
 * complaints.
 */
#include "place.h"
#include "run.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* a.npz, b.npz: other picks of the same tokens, in other chunks; c.npz: other tokens. */
static void
make_traces(void)
{
    g_auto(Run) a = run_moescope("trace", "synth", "-o", "a.npz", "-t", "8000", "-r", "2", "-e",
                                 "16", "-k", "4", "-d", "2", "--document-tokens", "200", NULL);
    run_expect(&a, 0, NULL, "");
    g_auto(Run) b = run_moescope("trace", "synth", "-o", "b.npz", "-t", "8000", "-r", "2", "-e",
                                 "16", "-k", "4", "-d", "2", "--document-tokens", "200", "--skew",
                                 "1.5", "--chunk-tokens", "1001", NULL);
    run_expect(&b, 0, NULL, "");
    g_auto(Run) c = run_moescope("trace", "synth", "-o", "c.npz", "-t", "8000", "-r", "2", "-e",
                                 "16", "-k", "4", "-d", "2", "--seed", "5", NULL);
    run_expect(&c, 0, NULL, "");
}

static JsonObject *
parse(JsonParser *parser, const char *text)
{
    g_autoptr(GError) error = NULL;
    json_parser_load_from_data(parser, text, -1, &error);
    g_assert_no_error(error);
    return json_node_get_object(json_parser_get_root(parser));
}

static JsonObject *
element(JsonObject *object, const char *array, guint i)
{
    return json_array_get_object_element(json_object_get_array_member(object, array), i);
}

/* A number of a metric of a router, of all tokens. */
static double
number_of(JsonObject *root, guint router, const char *metric, const char *member)
{
    JsonObject *place = element(element(root, "routers", router), "places", 0);
    JsonObject *metrics = json_object_get_object_member(place, "metrics");
    return json_object_get_double_member(json_object_get_object_member(metrics, metric), member);
}

/* --- Formats ----------------------------------------------------------------------------------*/

static void
test_text(void)
{
    g_auto(Run) run = run_moescope("compare", "a.npz", "b.npz", "--match", "-d", "domain-1",
                                   "--layers", "1", NULL);
    run_expect(&run, 0,
               "a.npz (first) and b.npz (second): 8000 tokens, 1 of 2 and 2 routers\n"
               "a.npz: checked: ",
               "");
    run_expect(&run, 0, "\nb.npz: checked: ", "");
    run_expect(&run, 0, "\n\nlayer 1, all tokens: E = 16, T = 8000 units\n  metric ", "");
    run_expect(&run, 0, "\n  matching moves ", "");
    run_expect(&run, 0, "\n\nlayer 1, domain domain-1: E = 16, T = 4000 units\n", "");
    g_assert_null(strstr(run.out, "layer 0"));
    g_auto(Run) markdown = run_moescope("compare", "a.npz", "a.npz", "--markdown", "--no-intervals",
                                        "--no-check", NULL);
    run_expect(&markdown, 0,
               "\n\n### layer 0, all tokens: E = 16, T = 8000 units\n\n"
               "| metric | value | uniform | shuffled | unit |\n|---|",
               "");
    run_expect(&markdown, 0, "\n| flips | 0 | 0.999451 | ", "");
}

/* Of routers of 6 and 9 experts, three of the nine go with none, whichever comes first. */
static void
test_unmatched(void)
{
    const char *const experts[] = {"6", "9"}, *const names[] = {"six.npz", "nine.npz"};
    for (int i = 0; i < 2; i++) {
        g_auto(Run) made =
            run_moescope("trace", "synth", "-o", names[i], "-t", "4000", "-r", "1", "-e",
                         experts[i], "-k", "2", "--document-tokens", "100", NULL);
        run_expect(&made, 0, NULL, "");
    }
    g_auto(Run) wider =
        run_moescope("compare", "six.npz", "nine.npz", "--match", "--no-check", NULL);
    char *left = strstr(wider.out, "\n  3 of the second's have none to go with: ");
    g_assert_nonnull(left);
    g_auto(Run) json = run_moescope("compare", "six.npz", "nine.npz", "--match", "--json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *matching =
        json_object_get_object_member(element(parse(parser, json.out), "routers", 0), "matching");
    JsonArray *list = json_object_get_array_member(matching, "second_unmatched");
    JsonArray *to = json_object_get_array_member(matching, "to");
    g_assert_cmpint(json_array_get_length(list), ==, 3);
    gint64 sum = 0;
    for (guint i = 0; i < 9; i++)
        sum += json_array_get_int_element(i < 6 ? to : list, i < 6 ? i : i - 6);
    g_assert_cmpint(sum, ==, 36); /* each once */
    g_auto(Run) narrower =
        run_moescope("compare", "nine.npz", "six.npz", "--match", "--no-check", NULL);
    run_expect(&narrower, 0, " -", "");
    g_assert_null(strstr(narrower.out, "none to go with"));
}

static void
test_csv(void)
{
    g_auto(Run) run = run_moescope("compare", "a.npz", "a.npz", "--csv", "--layers", "0",
                                   "--no-check", "-d", "all", NULL);
    run_expect(&run, 0,
               "first,second,layer,first_router,second_router,scope,domain,first_experts,"
               "second_experts,units,metric,value,low,high,uniform,shuffled,matched,matched_low,"
               "matched_high,matched_shuffled,unit,where,first_checked,second_checked\n"
               "a.npz,a.npz,0,0,0,all,,16,16,8000,agreement,1,1,1,0.0625,",
               "");
    run_expect(&run, 0, "\na.npz,a.npz,0,0,0,domain,domain-0,16,16,4000,overlap,1,1,1,0.25,", "");
    run_expect(&run, 0, ",,,,,share,,unchecked,unchecked\n", "");
}

/* What is found doesn't depend on threads, but the drawing on its seed. */
static void
test_json(void)
{
    g_auto(Run) run = run_moescope("compare", "a.npz", "b.npz", "--json", "--match", NULL);
    g_auto(Run) one =
        run_moescope("compare", "a.npz", "b.npz", "--json", "--match", "--threads", "1", NULL);
    g_auto(Run) seed =
        run_moescope("compare", "a.npz", "b.npz", "--json", "--match", "--seed", "1", NULL);
    run_expect(&run, 0, NULL, "");
    g_assert_cmpstr(run.out, ==, one.out);
    g_assert_cmpstr(run.out, !=, seed.out);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *root = parse(parser, run.out);
    g_assert_cmpint(json_object_get_int_member(root, "tokens"), ==, 8000);
    for (guint r = 0; r < 2; r++) {
        JsonObject *router = element(root, "routers", r);
        JsonObject *matching = json_object_get_object_member(router, "matching");
        double overlap = number_of(root, r, "overlap", "value");
        g_assert_cmpint(json_object_get_int_member(router, "layer"), ==, r);
        g_assert_cmpint(json_array_get_length(json_object_get_array_member(matching, "to")), ==,
                        16);
        g_assert_cmpfloat(number_of(root, r, "overlap", "low"), <, overlap);
        g_assert_cmpfloat(number_of(root, r, "overlap", "high"), >, overlap);
        g_assert_cmpfloat_with_epsilon(number_of(root, r, "overlap", "matched"),
                                       overlap + json_object_get_double_member(matching, "gain"),
                                       1e-9);
    }
}

static void
test_list(void)
{
    g_auto(Run) text = run_moescope("compare", "--list", NULL);
    run_expect(&text, 0, "\noverlap [share]\n  Σ |A ∩ B| / Σ max(|A|, |B|)\n  source: ", "");
    run_expect(&text, 0, "\nfluctuation [share]\n", "");
    g_auto(Run) markdown = run_moescope("compare", "--list", "--markdown", NULL);
    run_expect(&markdown, 0, "\n| jaccard | mean \\|A ∩ B\\| / \\|A ∪ B\\| | ratio |", "");
    g_auto(Run) csv = run_moescope("compare", "--list", "--csv", NULL);
    run_expect(&csv, 0, "\nflips,P(A ≠ B),share,", "");
    g_auto(Run) json = run_moescope("compare", "--list", "--json", NULL);
    run_expect(&json, 0, "\"name\": \"cumulative\", ", "");
}

/* Only tokens that fit count, in every format, which says so; the two halves make up the whole. */
static void
test_where(void)
{
    g_auto(Run) text = run_moescope("compare", "a.npz", "b.npz", "--where", "domain=domain-1",
                                    "--layers", "1", "--no-check", NULL);
    run_expect(&text, 0, "b.npz (second): 4000 tokens, 1 of 2 and 2 routers\n", "");
    run_expect(&text, 0, "\nlayer 1, all tokens where domain=domain-1: E = 16, T = 4000 units\n",
               "");
    g_auto(Run) markdown = run_moescope("compare", "a.npz", "b.npz", "-w", "pos=0-9", "--markdown",
                                        "--no-check", NULL);
    run_expect(&markdown, 0, "\n### layer 0, all tokens where pos=0-9: E = 16, T = 400 units\n",
               "");
    g_auto(Run) csv = run_moescope("compare", "a.npz", "a.npz", "-w", "domain=domain-0 pos=0-9",
                                   "--csv", "--no-check", NULL);
    run_expect(&csv, 0, "\na.npz,a.npz,0,0,0,all,,16,16,200,agreement,1,", "");
    run_expect(&csv, 0, ",share,domain=domain-0 pos=0-9,unchecked,unchecked\n", "");
    g_auto(Run) chosen = run_moescope("compare", "a.npz", "b.npz", "-w", "domain=domain-1",
                                      "--json", "--no-check", NULL);
    g_auto(Run) whole =
        run_moescope("compare", "a.npz", "b.npz", "-d", "domain-1", "--json", "--no-check", NULL);
    run_expect(&chosen, 0, "\"where\": \"domain=domain-1\"", "");
    g_autoptr(JsonParser) one = json_parser_new();
    g_autoptr(JsonParser) both = json_parser_new();
    JsonObject *of_chosen = parse(one, chosen.out), *of_whole = parse(both, whole.out);
    JsonObject *apart = element(element(of_whole, "routers", 1), "places", 1);
    JsonObject *overlap =
        json_object_get_object_member(json_object_get_object_member(apart, "metrics"), "overlap");
    g_assert_cmpint(json_object_get_int_member(of_chosen, "tokens"), ==, 4000);
    g_assert_false(json_object_has_member(of_whole, "where"));
    g_assert_cmpfloat(number_of(of_chosen, 1, "overlap", "value"), ==,
                      json_object_get_double_member(overlap, "value"));
}

/* A report of them has the same numbers, and says so in its lead and below its figures. */
static void
test_where_report(void)
{
    g_auto(Run) report = run_moescope("compare", "a.npz", "b.npz", "-w", "domain=domain-1", "-o",
                                      "chosen", "--formats", "json,md", NULL);
    run_expect(&report, 0, NULL, "");
    place_expect_holds("chosen/compare.md", "tokens where domain=domain-1, compared in ");
    place_expect_holds("chosen/compare.md", "Only tokens where domain=domain-1");
    g_auto(Run) chosen = run_moescope("compare", "a.npz", "b.npz", "-w", "domain=domain-1",
                                      "--json", "--no-check", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    double overlap = number_of(parse(parser, chosen.out), 0, "overlap", "value");
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(digits, sizeof digits, "%.15g", overlap);
    place_expect_holds("chosen/compare.json", digits);
}

static void
test_where_refused(void)
{
    g_auto(Run) none = run_moescope("compare", "a.npz", "b.npz", "-w", "doc=4000", NULL);
    run_expect(&none, 1, "", "a.npz (first) and b.npz (second): ");
    run_expect(&none, 1, "", "doc=4000");
    g_auto(Run) word = run_moescope("compare", "a.npz", "b.npz", "-w", "colour=red", NULL);
    run_expect(&word, 2, "", "--where: ");
    g_auto(Run) steps = run_moescope("compare", "a.npz", "--steps", "-w", "doc=1", NULL);
    run_expect(&steps, 2, "", "or --where with --steps, expected either");
    g_auto(Run) report =
        run_moescope("compare", "a.npz", "b.npz", "-o", "none", "-w", "doc=4000", NULL);
    run_expect(&report, 1, "",
               "a.npz (first) and b.npz (second): there is no token where doc=4000");
    g_assert_false(place_has("none"));
}

/* --- Runs -------------------------------------------------------------------------------------*/

static void
train(const char *folder, const char *seed)
{
    g_auto(Run) run = run_moescope("train", "tiny.ini", "-o", folder, "-s", "train.steps=12", "-s",
                                   "train.snapshots=0,4,8", "-s", seed, NULL);
    run_expect(&run, 0, NULL, NULL);
}

/* Two seeds of a recipe, and the steps of one of them. */
static void
test_runs(void)
{
    train("one", "train.seed=1");
    train("two", "train.seed=2");
    g_auto(Run) seeds =
        run_moescope("compare", "one/trace.npz", "two/trace.npz@8", "--match", "--json", NULL);
    run_expect(&seeds, 0, "\"second\": \"two/trace.npz@8\"", "");
    g_auto(Run) last = run_moescope("compare", "one/trace.npz@4", "one/trace.npz", "--json", NULL);
    g_auto(Run) same = run_moescope("compare", "one/trace.npz@12", "one/trace.npz", "--json", NULL);
    g_auto(Run) steps = run_moescope("compare", "one/trace.npz", "--steps", "--json", NULL);
    run_expect(&steps, 0, NULL, "");
    g_autoptr(JsonParser) pair = json_parser_new();
    g_autoptr(JsonParser) itself = json_parser_new();
    g_autoptr(JsonParser) whole = json_parser_new();
    JsonObject *found = parse(pair, last.out), *all = parse(whole, steps.out);
    JsonObject *alike = parse(itself, same.out);
    for (guint r = 0; r < 2; r++) {
        JsonObject *router = element(all, "routers", r), *early = element(router, "steps", 1);
        g_assert_cmpint(json_object_get_int_member(early, "step"), ==, 4);
        g_assert_cmpfloat(json_object_get_double_member(early, "saturation-first"), ==,
                          number_of(found, r, "agreement", "value"));
        g_assert_cmpfloat(json_object_get_double_member(early, "saturation"), ==,
                          number_of(found, r, "overlap", "value"));
        g_assert_cmpfloat(json_object_get_double_member(element(router, "steps", 3), "cumulative"),
                          ==, 1);
        g_assert_cmpfloat(number_of(alike, r, "weighted-overlap", "value"), >, 0.999999);
    }
    g_auto(Run) text = run_moescope("compare", "one/trace.npz", "--steps", "--layers", "1", NULL);
    run_expect(&text, 0, "one/trace.npz, layer 1: E = 4, T = ", "");
    run_expect(&text, 0, "\n        12 ", "");
    g_auto(Run) csv = run_moescope("compare", "one/trace.npz", "--steps", "--csv", NULL);
    run_expect(&csv, 0,
               "trace,router,layer,experts,step,units,fluctuation,saturation-first,"
               "saturation,last-fluctuation,cumulative,checked\none/trace.npz,0,0,4,0,",
               "");
}

/* --- Real traces ------------------------------------------------------------------------------*/

static void
import_esft(const char *folder, const char *out)
{
    g_auto(Run) run =
        run_moescope("import", folder, "-o", out, "--experts", "64", "--k", "6", "--score",
                     "softmax", "--select", "top-k", "--gates", "as-scored", NULL);
    run_expect(&run, 0, NULL, NULL);
}

/* DeepSeek-V2-Lite over two texts: each is like itself, and the texts aren't the same. */
static void
test_real(void)
{
    const char *named = g_getenv("MOESCOPE_DATA"), *root = g_getenv("MOESCOPE_SOURCE_ROOT");
    g_autofree char *folder =
        named ? g_strdup(named) : g_build_filename(root ? root : ".", "../shared/data", NULL);
    g_autofree char *intent = g_build_filename(folder, "real/esft-dsv2lite/intent", NULL);
    g_autofree char *law = g_build_filename(folder, "real/esft-dsv2lite/law", NULL);
    if (!g_file_test(intent, G_FILE_TEST_EXISTS)) {
        g_test_skip("esft-dsv2lite is absent (MOESCOPE_DATA)");
        return;
    }
    import_esft(intent, "intent.npz");
    import_esft(law, "law.npz");
    g_auto(Run) same = run_moescope("compare", "intent.npz", "intent.npz", "--json", "--match",
                                    "--no-check", NULL);
    run_expect(&same, 0, NULL, "");
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *found = parse(parser, same.out);
    g_assert_cmpint(json_array_get_length(json_object_get_array_member(found, "routers")), ==, 26);
    for (guint r = 0; r < 26; r++) {
        JsonObject *matching =
            json_object_get_object_member(element(found, "routers", r), "matching");
        g_assert_cmpfloat(number_of(found, r, "overlap", "value"), ==, 1);
        g_assert_cmpfloat(number_of(found, r, "flips", "value"), ==, 0);
        g_assert_cmpfloat(number_of(found, r, "weighted-overlap", "value"), >, 0.999999);
        g_assert_cmpfloat(number_of(found, r, "overlap", "shuffled"), <, 0.4);
        g_assert_cmpint(json_object_get_int_member(matching, "moved"), ==, 0);
    }
    g_auto(Run) other = run_moescope("compare", "intent.npz", "law.npz", "--no-check", NULL);
    run_expect(&other, 1, "",
               "intent.npz (first) and law.npz (second): the tokens aren't the same: token ");
}

/* Tokens that only one has are left out, and told in every format. */
static void
test_alone(void)
{
    g_auto(Run) slice =
        run_moescope("trace", "slice", "b.npz", "--tokens", "150-7899", "-o", "cut.npz", NULL);
    run_expect(&slice, 0, NULL, "");
    g_auto(Run) text = run_moescope("compare", "a.npz", "cut.npz", "--no-check", NULL);
    run_expect(&text, 0,
               "a.npz (first) and cut.npz (second): 7750 tokens, 2 of 2 and 2 routers\n"
               "  left out, as the other lacks them: 250 tokens of the first, 0 of the second\n",
               "");
    run_expect(&text, 0, "layer 0, all tokens: E = 16, T = 7750 units\n", "");
    g_auto(Run) csv = run_moescope("compare", "cut.npz", "a.npz", "--no-check", "--csv", NULL);
    run_expect(&csv, 0, ",7750,agreement,",
               "moescope: cut.npz and a.npz: left out, as the other lacks them: 0 tokens of the "
               "first, 250 of the second\n");
    g_auto(Run) json = run_moescope("compare", "cut.npz", "a.npz", "--no-check", "--json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *root = parse(parser, json.out);
    g_assert_cmpint(json_object_get_int_member(root, "first_alone"), ==, 0);
    g_assert_cmpint(json_object_get_int_member(root, "second_alone"), ==, 250);
    g_auto(Run) against =
        run_moescope("metrics", "cut.npz", "--against", "a.npz", "-m", "cv", "--no-check", NULL);
    run_expect(&against, 0,
               "\n  against a.npz, T = 7750 units, left out 0 tokens that it lacks and 250 that it "
               "has alone\n",
               "");
    g_auto(Run) report =
        run_moescope("compare", "a.npz", "cut.npz", "-o", "alone", "--formats", "md", NULL);
    run_expect(&report, 0, NULL, NULL);
    g_autofree char *page = NULL;
    g_assert_true(g_file_get_contents("alone/compare.md", &page, NULL, NULL));
    g_assert_nonnull(strstr(page, "250\u00a0tokens of the first and 0\u00a0tokens of the second, "
                                  "which the other lacks, are left out."));
}

/* --- Complaints -------------------------------------------------------------------------------*/

static void
test_complaints(void)
{
    g_auto(Run) none = run_moescope("compare", NULL);
    run_expect(&none, 2, "", "found 0 traces, expected two (or one with --steps)");
    g_auto(Run) both = run_moescope("compare", "a.npz", "b.npz", "--steps", NULL);
    run_expect(&both, 2, "", "found 2 traces, expected one with --steps");
    g_auto(Run) match = run_moescope("compare", "a.npz", "--steps", "--match", NULL);
    run_expect(&match, 2, "", "with --steps, expected either");
    g_auto(Run) level = run_moescope("compare", "a.npz", "b.npz", "--level", "2", NULL);
    run_expect(&level, 2, "", "found --level 2, expected 0.5 … 0.999");
    g_auto(Run) few = run_moescope("compare", "a.npz", "b.npz", "--replicates", "3", NULL);
    run_expect(&few, 2, "", "found --replicates 3, expected 20 … 100000");
    g_auto(Run) list = run_moescope("compare", "a.npz", "--list", NULL);
    run_expect(&list, 2, "", "found --list with a trace");
    g_auto(Run) tokens = run_moescope("compare", "a.npz", "c.npz", NULL);
    run_expect(&tokens, 1, "",
               "a.npz (first) and c.npz (second): the tokens aren't the same: token ");
    g_auto(Run) step = run_moescope("compare", "a.npz@7", "b.npz", NULL);
    run_expect(&step, 1, "", "no token was recorded at step 7; the trace has steps 0 … 0");
    g_auto(Run) steps = run_moescope("compare", "a.npz", "--steps", NULL);
    run_expect(&steps, 1, "", "a.npz: found picks of 1 step, expected those of two or more");
    g_auto(Run) layers = run_moescope("compare", "a.npz", "b.npz", "--layers", "7", NULL);
    run_expect(&layers, 1, "", "found no router of these layers in both");
    g_auto(Run) domain = run_moescope("compare", "a.npz", "b.npz", "-d", "nothing", NULL);
    run_expect(&domain, 1, "", "found no domain \"nothing\"");
    g_auto(Run) absent = run_moescope("compare", "a.npz", "absent.npz", NULL);
    run_expect(&absent, 1, "", "moescope: absent.npz: ");
    g_auto(Run) sum = run_moescope("summary", "a.npz", "-o", "a.sum.npz", NULL);
    run_expect(&sum, 0, NULL, NULL);
    g_auto(Run) summary = run_moescope("compare", "a.npz", "a.sum.npz", NULL);
    run_expect(&summary, 1, "",
               "moescope: a.sum.npz: found a summary, expected a trace, which has the tokens\n");
    g_auto(Run) wrong = run_moescope("compare", "tiny.ini", "a.npz", NULL);
    run_expect(&wrong, 1, "", "moescope: tiny.ini is not a trace: ");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/compare/text", test_text);
    g_test_add_func("/cli/compare/unmatched", test_unmatched);
    g_test_add_func("/cli/compare/csv", test_csv);
    g_test_add_func("/cli/compare/json", test_json);
    g_test_add_func("/cli/compare/list", test_list);
    g_test_add_func("/cli/compare/where", test_where);
    g_test_add_func("/cli/compare/where-report", test_where_report);
    g_test_add_func("/cli/compare/where-refused", test_where_refused);
    g_test_add_func("/cli/compare/runs", test_runs);
    g_test_add_func("/cli/compare/real", test_real);
    g_test_add_func("/cli/compare/alone", test_alone);
    g_test_add_func("/cli/compare/complaints", test_complaints);
    place_enter();
    make_traces();
    int status = g_test_run();
    place_leave();
    return status;
}
