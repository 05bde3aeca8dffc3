/* SPDX-License-Identifier: MIT
 *
 * Reports from the outside: what is written, the same bytes again, many at a time, what is refused.
 */
#include "place.h"
#include "run.h"
#include "tool.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>

static void
good(Run run)
{
    run_expect(&run, 0, NULL, "");
    run_clear(&run);
}

static char *
contents(const char *path)
{
    char *text;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static bool
says(const char *path, const char *what)
{
    g_autofree char *text = contents(path);
    return strstr(text, what) != NULL;
}

/* a: two layers; b: others; run: of a recipe; bad.npz: no trace. */
static void
make_inputs(void)
{
    good(run_moescope("trace", "synth", "--out", "a.npz", "--tokens", "4000", "--document-tokens",
                      "100", "--routers", "2", "--experts", "8", "-k", "2", "--vocabulary", "50",
                      NULL));
    good(run_moescope("trace", "synth", "--out", "b.npz", "--tokens", "2000", "--document-tokens",
                      "100", "--routers", "3", "--experts", "6", "-k", "1", NULL));
    Run run = run_moescope("train", "tiny.ini", "-o", "run", "-s", "train.steps=20", NULL);
    run_expect(&run, 0, NULL, NULL);
    run_clear(&run);
    g_assert_true(g_file_set_contents("bad.npz", "no trace", -1, NULL));
}

static const char *const endings[] = {"html", "pdf", "md", "json"};

static void
expect_same(const char *a, const char *b, const char *stem)
{
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *one = g_strdup_printf("%s/%s.%s", a, stem, endings[i]);
        g_autofree char *two = g_strdup_printf("%s/%s.%s", b, stem, endings[i]);
        place_expect_same(one, two);
    }
}

/* Whatever the folder is called, however many are made at once, and on however many threads. */
static void
test_same_bytes(void)
{
    good(run_moescope("report", "a.npz", "-o", "one", NULL));
    good(run_moescope("report", "a.npz", "-o", "two/deep", NULL));
    good(run_moescope("report", "b.npz", "a.npz", "run", "-o", "many", NULL));
    good(run_moescope("report", "b.npz", "a.npz", "run", "-o", "again", NULL));
    expect_same("one", "two/deep", "a");
    expect_same("one", "many", "a");
    expect_same("many", "again", "b");
    expect_same("many", "again", "run");
    expect_same("many", "again", "index");
    good(run_moescope("report", "run", "-o", "alone", "--threads", "1", NULL));
    good(run_moescope("report", "run", "-o", "three", "--threads", "3", NULL));
    expect_same("alone", "three", "run");
    expect_same("alone", "many", "run");
    g_assert_false(place_has("one/index.html"));
}

static JsonObject *
load(JsonParser *parser, const char *path)
{
    g_autoptr(GError) error = NULL;
    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    return json_node_get_object(json_parser_get_root(parser));
}

static JsonObject *
find_block(JsonObject *report, const char *type, const char *name)
{
    JsonArray *blocks = json_object_get_array_member(report, "blocks");
    for (guint i = 0; i < json_array_get_length(blocks); i++) {
        JsonObject *block = json_array_get_object_element(blocks, i);
        if (g_str_equal(json_object_get_string_member(block, "type"), type) &&
            g_strcmp0(json_object_get_string_member_with_default(block, "name", NULL), name) == 0)
            return block;
    }
    g_error("no %s %s", type, name);
}

/* The numbers are those that metrics prints. */
static void
test_numbers(void)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    good(run_moescope("report", "a.npz", "-o", "numbers", "--formats", "json", NULL));
    JsonObject *report = load(parser, "numbers/a.json");
    JsonArray *rows = json_object_get_array_member(find_block(report, "table", "balance"), "rows");
    g_assert_cmpuint(json_array_get_length(rows), ==, 2);
    JsonObject *value = json_array_get_object_element(json_array_get_array_element(rows, 0), 1);
    g_auto(Run) run =
        run_moescope("metrics", "a.npz", "-m", "effective-experts", "--csv", "--layers", "0", NULL);
    g_autofree char *number =
        g_strdup_printf(",%.17g,", json_object_get_double_member(value, "value"));
    g_autofree char *low = g_strdup_printf(",%.17g,", json_object_get_double_member(value, "low"));
    run_expect(&run, 0, number, "");
    run_expect(&run, 0, low, "");
    g_assert_false(place_has("numbers/a.html"));
    find_block(report, "section", "summary");
    find_block(report, "fact", "fingerprint");
    find_block(report, "figure", "load-norm-relative");
}

/* Of 18 tokens every id comes once or twice, which tells nothing of what ids bring about. */
static void
test_few_tokens(void)
{
    good(run_moescope("trace", "synth", "--out", "few.npz", "--tokens", "18", "--experts", "128",
                      "--routers", "1", "-k", "8", NULL));
    good(run_moescope("report", "few.npz", "a.npz", "-o", "few", "--formats", "md", NULL));
    g_assert_true(says("few/few.md", "**warning:** few-tokens: layer 0: 18 units"));
    g_assert_false(says("few/few.md", "The token alone explains"));
    g_assert_true(says("few/a.md", "The token alone explains"));
}

/* A page that fetches nothing, with a script that is its own. */
static void
test_html(void)
{
    static const char *const foreign[] = {"http://", "https://", "src=", "@import", "url("};
    good(run_moescope("report", "a.npz", "run", "-o", "html", "--formats", "html", NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(foreign); i++) {
        g_assert_false(says("html/a.html", foreign[i]));
        g_assert_false(says("html/run.html", foreign[i]));
        g_assert_false(says("html/index.html", foreign[i]));
    }
    g_assert_true(says("html/a.html", "<h2 id=\"summary-title\">In short</h2>"));
    g_assert_true(says("html/a.html", "experts effectively"));
    g_assert_true(says("html/a.html", "<figure id=\"fig-load-norm-relative\">"));
    g_assert_true(says("html/run.html", "<section id=\"training\""));
    g_assert_true(says("html/index.html", "<a href=\"run.html\">run</a>"));
    g_assert_true(says("html/run.html", "<section id=\"definitions\""));
}

/* What isn't HTML is an error to HTML Tidy; it warns of what is newer than itself. */
static void
test_tidy(void)
{
    static const char *const pages[] = {"html/a.html", "html/run.html", "html/index.html"};
    if (!tool_there("tidy"))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_auto(Run) run =
            tool_run("tidy", "-errors", "-quiet", "--show-warnings", "no", pages[i], NULL);
        g_assert_cmpint(run.status, <=, 1);
        g_assert_cmpstr(run.err, ==, "");
    }
}

/* One input that can't be read spoils no other. */
static void
test_broken(void)
{
    g_auto(Run) run = run_moescope("report", "a.npz", "bad.npz", "none.npz", "b.npz", "-o", "some",
                                   "--formats", "md", NULL);
    run_expect(&run, 1, "", "moescope: bad.npz");
    run_expect(&run, 1, "", "moescope: none.npz");
    g_assert_true(place_has("some/a.md"));
    g_assert_true(place_has("some/b.md"));
    g_assert_false(place_has("some/bad.md"));
    g_assert_true(says("some/index.md", "| [a](a.md) |"));
    g_assert_true(says("some/index.md", "| [b](b.md) |"));
    g_assert_true(says("some/index.md", "\n2\xc2\xa0inputs\n"));
    g_auto(Run) alone = run_moescope("report", "bad.npz", "-o", "nothing", NULL);
    run_expect(&alone, 1, "", "moescope: bad.npz");
    g_assert_false(place_has("nothing"));
    g_auto(Run) place = run_moescope("report", "a.npz", "-o", "bad.npz", "--formats", "md", NULL);
    run_expect(&place, 1, "", "moescope: bad.npz: can't make the folder: ");
}

static void
test_sections(void)
{
    good(run_moescope("report", "a.npz", "-o", "s1", "--formats", "md", "--sections",
                      "locality,balance", NULL));
    g_assert_true(says("s1/a.md", "## Balance\n"));
    g_assert_true(says("s1/a.md", "## Locality\n"));
    g_assert_false(says("s1/a.md", "## Expert load\n"));
    good(run_moescope("report", "a.npz", "-o", "s2", "--formats", "md", "--sections", "-locality",
                      NULL));
    g_assert_false(says("s2/a.md", "## Locality\n"));
    g_assert_true(says("s2/a.md", "## Expert load\n"));
    g_auto(Run) list = run_moescope("report", "--list", NULL);
    run_expect(&list, 0, "locality       Locality: ", "");
    /* What can't be shown says how to record it. */
    g_assert_true(says("s2/a.md", "## Not shown\n"));
    g_assert_true(says("s2/a.md", "- **Training:** no series or states of a run"));
}

/* Experts that aren't all alike: what each kind takes, beside what uniform picks would give it. */
static void
test_kinds(void)
{
    good(run_moescope("export", "a.npz", "--as", "csv", "-o", "a.csv", NULL));
    good(run_moescope("import", "a.csv", "-o", "kinds.npz", "--experts", "8", "-k", "2", "--score",
                      "softmax", "--select", "top-k", "--gates", "sum-to-one", "--kinds",
                      "ffn:6,zero:1,copy:1", NULL));
    good(run_moescope("report", "kinds.npz", "-o", "k", "--formats", "md,pdf", NULL));
    g_assert_true(says("k/kinds.md", "## Kinds of experts\n"));
    g_assert_true(says("k/kinds.md", "- Experts of kind zero take "));
    g_assert_true(says("k/kinds.md", "uniform picks among all experts would give them 12.5"));
    g_assert_true(says("k/kinds.md", "| layer | ffn, %; uniform 75"));
    good(run_moescope("report", "a.npz", "-o", "k", "--formats", "md", NULL));
    g_assert_true(says("k/a.md", "- **Kinds of experts:** experts all of one kind, "));
}

/* A run without routers has a report of its training. */
static void
test_dense(void)
{
    Run run = run_moescope("train", "tiny.ini", "-o", "dense", "-s", "train.steps=12", "-s",
                           "moe.variant=dense", NULL);
    run_expect(&run, 0, NULL, NULL);
    run_clear(&run);
    good(run_moescope("report", "dense", "run", "-o", "d1", NULL));
    good(run_moescope("report", "dense", "-o", "d2", "--threads", "1", NULL));
    expect_same("d1", "d2", "dense");
    g_assert_true(says("d1/dense.md", "The training loss fell from "));
    g_assert_true(says("d1/dense.html", "<figure id=\"fig-losses\""));
    g_assert_true(says("d1/index.md", "| [dense](dense.md) | dense |"));
    good(run_moescope("report", "dense", "-o", "d3", "--sections", "load", NULL));
    g_assert_false(says("d3/dense.md", "## Training\n"));
}

/* Inputs of one name, and one called like the index. */
static void
test_names(void)
{
    g_autofree char *trace = NULL;
    gsize length;
    g_assert_true(g_file_get_contents("b.npz", &trace, &length, NULL));
    g_assert_true(g_file_set_contents("index.npz", trace, (gssize)length, NULL));
    g_assert_true(g_file_set_contents("x <i>&\".npz", trace, (gssize)length, NULL));
    good(run_moescope("report", "b.npz", "./b.npz", "index.npz", "x <i>&\".npz", "-o", "names",
                      "--formats", "html", "--sections", "load", NULL));
    g_assert_true(place_has("names/b.html"));
    g_assert_true(place_has("names/b-2.html"));
    g_assert_true(place_has("names/index-2.html"));
    g_assert_true(says("names/index.html", "<a href=\"index-2.html\">"));
    g_assert_true(says("names/x <i>&\".html", "<h1>Routing of x &lt;i&gt;&amp;&quot;</h1>"));
}

static void
test_compare(void)
{
    good(run_moescope("trace", "synth", "--out", "c.npz", "--tokens", "4000", "--document-tokens",
                      "100", "--routers", "2", "--experts", "8", "-k", "2", "--vocabulary", "50",
                      "--specialisation", "0.1", NULL));
    good(run_moescope("compare", "a.npz", "c.npz", "-m", "-o", "c1", NULL));
    good(run_moescope("compare", "a.npz", "c.npz", "-m", "-o", "c2", NULL));
    expect_same("c1", "c2", "compare");
    g_assert_true(says("c1/compare.md", "# a and c\n"));
    g_assert_true(says("c1/compare.md", "The two agree least in layer"));
    g_assert_true(says("c1/compare.html", "<section id=\"first\""));
    g_assert_true(says("c1/compare.html", "<section id=\"second\""));
    g_assert_true(says("c1/compare.html", "<figure id=\"fig-load-norm-relative\""));
    g_assert_true(says("c1/compare.html", "<figure id=\"fig-load-norm-relative-2\""));
    g_assert_true(says("c1/compare.md", "## With experts matched\n"));
    g_auto(Run) both = run_moescope("compare", "a.npz", "c.npz", "--json", "-o", "c3", NULL);
    run_expect(&both, 2, "", "with --out, expected a report");
    g_auto(Run) other = run_moescope("compare", "a.npz", "b.npz", "-o", "c3", NULL);
    run_expect(&other, 1, "", "a.npz (first) and b.npz (second): ");
    g_assert_false(place_has("c3"));
}

static void
test_refused(void)
{
    g_auto(Run) none = run_moescope("report", "-o", "x", NULL);
    g_auto(Run) out = run_moescope("report", "a.npz", NULL);
    g_auto(Run) section = run_moescope("report", "a.npz", "-o", "x", "--sections", "balence", NULL);
    g_auto(Run) formats = run_moescope("report", "a.npz", "-o", "x", "--formats", "docx", NULL);
    g_auto(Run) theme = run_moescope("report", "a.npz", "-o", "x", "--theme", "pink", NULL);
    g_auto(Run) flag = run_moescope("report", "a.npz", "--outt", "x", NULL);
    g_auto(Run) help = run_moescope("report", "--help", NULL);
    run_expect(&none, 2, "", "found no trace, run or summary");
    run_expect(&out, 2, "", "found no --out, expected the folder to write into");
    run_expect(&section, 2, "", "found no section \"balence\"; did you mean \"balance\"?");
    run_expect(&formats, 2, "", "found --formats docx, expected some of html, pdf, md and json");
    run_expect(&theme, 2, "", "found --theme pink, expected auto, light or dark");
    run_expect(&flag, 2, "", "Unknown option --outt");
    run_expect(&help, 0, "moescope report first.npz runs/second", "");
    g_assert_false(place_has("x"));
}

/* What is there after Ctrl-C is whole. */
static void
test_interrupted(void)
{
    RunChild child = run_start("report", "a.npz", "b.npz", "run", "-o", "cut", NULL);
    place_wait_for("cut");
    g_auto(Run) run = run_signal(&child, SIGINT);
    g_assert_true(run.status == 130 || run.status == 0);
    g_autoptr(GDir) folder = g_dir_open("cut", 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename("cut", name, NULL);
        g_autofree char *text = contents(path);
        g_autoptr(JsonParser) parser = json_parser_new();
        g_assert_true(strchr(name, '.') != NULL);
        if (g_str_has_suffix(name, ".html"))
            g_assert_true(g_str_has_suffix(text, "</html>\n"));
        else if (g_str_has_suffix(name, ".json"))
            load(parser, path);
        else
            g_assert_true(g_str_has_suffix(name, ".md") || g_str_has_suffix(name, ".pdf"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    make_inputs();
    g_test_add_func("/cli/report/same-bytes", test_same_bytes);
    g_test_add_func("/cli/report/numbers", test_numbers);
    g_test_add_func("/cli/report/few-tokens", test_few_tokens);
    g_test_add_func("/cli/report/html", test_html);
    g_test_add_func("/cli/report/tidy", test_tidy);
    g_test_add_func("/cli/report/broken", test_broken);
    g_test_add_func("/cli/report/sections", test_sections);
    g_test_add_func("/cli/report/kinds", test_kinds);
    g_test_add_func("/cli/report/dense", test_dense);
    g_test_add_func("/cli/report/names", test_names);
    g_test_add_func("/cli/report/compare", test_compare);
    g_test_add_func("/cli/report/refused", test_refused);
    g_test_add_func("/cli/report/interrupted", test_interrupted);
    int status = g_test_run();
    place_leave();
    return status;
}
