/* SPDX-License-Identifier: MIT
 *
 * moescope import: a log of another tool, from file to figure, and what is asked and refused.
 */
#include "place.h"
#include "run.h"

#include <string.h>

/* 40 tokens, two layers. */
static void
write_log(void)
{
    g_autoptr(GString) log = g_string_new("{\"type\": \"meta\", \"model_id\": \"m\"}\n");
    for (int t = 0; t < 40; t++)
        for (int layer = 0; layer < 2; layer++)
            g_string_append_printf(
                log,
                "{\"type\": \"route\", \"req_id\": \"r\", \"token_idx\": %d, \"layer\": %d, "
                "\"topk_ids\": [%d, %d], \"topk_weights\": [0.75, 0.25]}\n",
                t, layer, (t + layer) % 3, 3 + t % 2);
    g_assert_true(g_file_set_contents("log.txt", log->str, -1, NULL));
}

static void
test_import(void)
{
    g_auto(Run) got =
        run_moescope("import", "log.txt", "-o", "log.npz", "--experts=6", "--score=softmax",
                     "--select=top-k", "--gates=sum-to-one", "--domain=chat", NULL);
    run_expect(&got, 0,
               "log.npz: vllm-jsonl, 40 tokens in 1 documents, 2 routers, k 2 of 6 experts\n", "");
    run_expect(&got, 0, "\nlog.npz: clean: ", ""); /* the checker's verdict */
    g_auto(Run) info = run_moescope("info", "log.npz", NULL);
    run_expect(&info, 0, "tokens            40 in 1 chunks, 2 routers\ndomains           chat\n",
               "");
    g_auto(Run) plot = run_moescope("plot", "load", "log.npz", "-o", "log.svg", NULL);
    run_expect(&plot, 0, NULL, "");
    place_expect_begins("log.svg", "<?xml");
    g_auto(Run) cut =
        run_moescope("import", "log.txt", "-o", "cut.npz", "--experts=6", "--score=softmax",
                     "--select=top-k", "--gates=sum-to-one", "--chunk-tokens=16", NULL);
    run_expect(&cut, 0, "cut.npz: vllm-jsonl, 40 tokens", "");
    g_auto(Run) chunks = run_moescope("info", "cut.npz", NULL);
    run_expect(&chunks, 0, "tokens            40 in 3 chunks", "");
    g_auto(Run) wrong = run_moescope("import", "log.txt", "-o", "x.npz", "--chunk-tokens=-1", NULL);
    run_expect(&wrong, 2, "", "found --chunk-tokens -1, expected 0 or more");
}

/* A log that begins with a profiling pass is imported as it is, and said to be what it is. */
static void
test_verdict(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    for (int t = 0; t < 200; t++) {
        int like = t < 50 ? 0 : t;
        g_string_append_printf(log,
                               "{\"type\": \"route\", \"req_id\": \"a\", \"token_idx\": %d, "
                               "\"layer\": 0, \"topk_ids\": [%d, %d], "
                               "\"topk_weights\": [0.%d, 0.%d]}\n",
                               t, like % 3, 3 + like % 2, 900 - like, 100 + like);
    }
    g_assert_true(g_file_set_contents("dummies.txt", log->str, -1, NULL));
    g_auto(Run) got = run_moescope("import", "dummies.txt", "-o", "dummies.npz", "--experts=5",
                                   "--score=softmax", "--select=top-k", "--gates=sum-to-one", NULL);
    run_expect(
        &got, 0,
        "\ndummies.npz: 1 error (dummy-rows), 1 note (domains) in 200 tokens; moescope check "
        "tells more\n",
        "");
}

/* Importing without domains: every tool has to take such a trace too. */
static void
test_without_domain(void)
{
    g_auto(Run) got =
        run_moescope("import", "log.txt", "-o", "none.npz", "--experts=6", "--score=softmax",
                     "--select=top-k", "--gates=sum-to-one", "--as=jsonl", "--compression=0", NULL);
    run_expect(&got, 0, "none.npz: jsonl, 40 tokens", "");
    g_auto(Run) info = run_moescope("info", "none.npz", NULL);
    run_expect(&info, 0, "tokens            40 in 1 chunks", "");
    g_auto(Run) plot = run_moescope("plot", "load", "none.npz", "-o", "none.svg", NULL);
    run_expect(&plot, 0, NULL, "");
}

/* Counts come out as a summary, which check and export take. */
static void
test_counts(void)
{
    static const char table[] = "domain,layer,expert,count\nprose,3,0,30\nprose,3,1,20\n"
                                "prose,3,2,10\nprose,3,3,4\nprose,5,1,32\nprose,5,2,32\n";
    g_assert_true(g_file_set_contents("counts.csv", table, -1, NULL));
    g_auto(Run) got =
        run_moescope("import", "counts.csv", "-o", "counts.npz", "--experts=4", "-k", "2", NULL);
    run_expect(&got, 0,
               "counts.npz: a summary by counts-csv, 32 tokens, 2 routers, k 2 of 4 experts, 1 "
               "domains\ncounts.npz: 1 error (even-load) in 32 tokens; moescope check tells more\n",
               "");
    g_auto(Run) info = run_moescope("info", "counts.npz", NULL);
    run_expect(&info, 0, "0.00 %          -\n", "");
    run_expect(&info, 0, "counts.npz: checked: 1 error (even-load)", "");
    g_auto(Run) check = run_moescope("check", "counts.npz", NULL);
    run_expect(&check, 1, "    router 1 (layer 5): 2 of 4 experts, the first of them 1, have", "");
    g_auto(Run) json = run_moescope("check", "counts.npz", "--json", NULL);
    run_expect(&json, 1, "\"summary\": \"counts.npz\"", "");
    g_auto(Run) drop = run_moescope("check", "counts.npz", "--drop=pads", "-o", "x.npz", NULL);
    run_expect(&drop, 2, "", "counts.npz is a summary, expected a trace with --drop");
    g_auto(Run) hot =
        run_moescope("export", "counts.npz", "-o", "hot.json", "--as=hot-list", "--top=2", NULL);
    run_expect(&hot, 0, "hot.json: hot-list of a summary, 32 tokens, 2 routers\n", "");
    g_autofree char *list = NULL;
    g_assert_true(g_file_get_contents("hot.json", &list, NULL, NULL));
    g_assert_cmpstr(list, ==,
                    "[{\"layer\": 5, \"expert\": 1, \"picks\": 32, \"share\": 0.500000},\n"
                    " {\"layer\": 5, \"expert\": 2, \"picks\": 32, \"share\": 0.500000}]\n");
    g_auto(Run) rows = run_moescope("export", "counts.npz", "-o", "x", "--as=jsonl", NULL);
    run_expect(&rows, 1, "", "jsonl needs every token's picks, found a summary, expected a trace");
}

/* Shares without counts have the measures of gate sums, and none of those of picks. */
static void
test_shares(void)
{
    static const char table[] = "layer,expert,gate_sum\n0,0,0.5\n0,1,0.25\n0,2,0.25\n0,3,0\n";
    g_assert_true(g_file_set_contents("shares.csv", table, -1, NULL));
    g_auto(Run) got = run_moescope("import", "shares.csv", "-o", "shares.npz", "--experts=4", NULL);
    run_expect(&got, 0, "shares.npz: a summary by counts-csv, 0 tokens", NULL);
    g_auto(Run) info = run_moescope("info", "shares.npz", NULL);
    run_expect(
        &info, 0,
        "      0       4    -      2.83      1.00   0.707       -     -         -          -\n"
        "  1 of 1 routers have no counts of picks: ",
        "");
    g_assert_null(strstr(info.out, "nan"));
    g_auto(Run) experts = run_moescope("metrics", "shares.npz", "--experts", NULL);
    run_expect(&experts, 0, "\n      1          -         -                     -", "");
    run_expect(&experts, 0, "      0.25         -", "");
    g_auto(Run) report = run_moescope("report", "shares.npz", "-o", "shares", NULL);
    run_expect(&report, 0, NULL, "");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents("shares/shares.md", &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "| 0 | 2.83 | 1 | 0.707 | 0.375 |"));
    g_assert_nonnull(strstr(text, "**Expert load:** found no counts of picks in 1 MoE layers"));
}

/* What is left out, and what has to be known, is said; logits are kept where that is asked. */
static void
test_notes(void)
{
    const char *root = g_getenv("MOESCOPE_SOURCE_ROOT");
    g_autofree char *folder = g_build_filename(root, "tests", "fixtures", "import", NULL);
    g_autofree char *sglang = g_build_filename(folder, "sglang.pt", NULL);
    g_autofree char *logits = g_build_filename(folder, "switch.pt", NULL);
    g_autofree char *array = g_build_filename(folder, "logits.npy", NULL);
    g_auto(Run) first =
        run_moescope("import", sglang, "-o", "s.npz", "--score=sigmoid", "--select=top-k", NULL);
    run_expect(&first, 0, "s.npz: sglang, 13 tokens", "1 tokens were padding and were left out\n");
    run_expect(&first, 0, NULL, "last map of copies");
    g_auto(Run) second = run_moescope("import", logits, "-o", "l.npz", "--score=softmax",
                                      "--select=top-k", "--gates=as-scored", "--logits", NULL);
    run_expect(&second, 0, "l.npz: router-logits, 6 tokens",
               "in 1 of 12 units the picks aren't the k highest logits");
    g_auto(Run) info = run_moescope("trace", "info", "l.npz", NULL);
    run_expect(&info, 0, "logits", "");
    g_auto(Run) third =
        run_moescope("import", array, "-o", "a.npz", "--score=softmax", "--select=top-k",
                     "--gates=as-scored", "-k", "2", "--axes=LTE", NULL);
    run_expect(&third, 0, "a.npz: router-logits, 6 tokens in 1 documents, 3 routers",
               "places were taken, 0 … 2; if layers without experts were left out, --layers says");
    g_auto(Run) fourth =
        run_moescope("import", array, "-o", "a.npz", "--score=softmax", "--select=top-k",
                     "--gates=as-scored", "-k", "2", "--axes=LTE", "--layers=2-4", NULL);
    run_expect(&fourth, 0, "a.npz: router-logits, 6 tokens in 1 documents, 3 routers",
               "nothing beside the logits says where sequences begin or what is padding");
    g_assert_null(strstr(fourth.err, "places were taken"));
}

/* A gate that is no number has no sum: the trace goes without its summary, and the check says so.
 */
static void
test_not_finite(void)
{
    g_assert_true(g_file_set_contents(
        "nan.jsonl", "{\"layer\": 0, \"experts\": [1, 0], \"gates\": [NaN, 0.5]}\n", -1, NULL));
    g_auto(Run) got = run_moescope("import", "nan.jsonl", "-o", "nan.npz", "--experts=2",
                                   "--score=softmax", "--select=top-k", "--gates=as-scored", NULL);
    run_expect(&got, 0, "nan.npz: 1 error (non-finite)", "it goes without its summary\n");
    g_auto(Run) check = run_moescope("check", "nan.npz", NULL);
    run_expect(&check, 1, "error: non-finite", "");
}

static void
test_list(void)
{
    g_auto(Run) list = run_moescope("import", "--list", NULL);
    run_expect(&list, 0, "esft ", "");
    run_expect(&list, 0, "gpt-oss ", "");
    run_expect(&list, 0, "olmoe-counts ", "");
}

static void
test_refused(void)
{
    static const struct {
        const char *argument[4];
        int status;
        const char *part;
    } cases[] = {
        {{NULL}, 2, "found no file, expected SRC…"},
        {{"log.txt"}, 2, "found no --out"},
        {{"log.txt", "--out=x.png"}, 2, "found --out x.png, expected a name that ends with .npz"},
        {{"log.txt", "--out=x.npz"}, 1, "(the highest id that was seen is 4): give --experts N\n"},
        {{"log.txt", "--out=x.npz", "--experts=70000"}, 2, "found --experts 70000, expected 1 …"},
        {{"log.txt", "--out=x.npz", "--gates=some"}, 2, "found --gates some, expected sum-to-one"},
        {{"log.txt", "--out=x.npz", "--k=-1"}, 2, "found --k -1, expected 1 or more"},
        {{"log.txt", "--out=x.npz", "--layers=3,1"}, 2, "found --layers 3,1, expected rising"},
        {{"log.txt", "--out=x.npz", "--layers=1-"}, 2, "found --layers 1-, expected rising"},
        {{"log.txt", "--out=x.npz", "--compression=10"}, 2, "found --compression 10, expected 0"},
        {{"log.txt", "--out=x.npz", "--as=olmo"}, 1, "did you mean olmoe"},
        {{"log.txt", "--out=x.npz", "--logits"}, 1, "--logits: there are no logits in the files"},
        {{"tiny.ini", "--out=x.npz"}, 1, "tiny.ini: no importer knows this content"},
        {{"text", "--out=x.npz"}, 1, "text: found no file in this folder that an importer knows"},
        {{"nowhere", "--out=x.npz"}, 1, "nowhere: can't be read: No such file"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const *argument = cases[i].argument;
        g_auto(Run) run =
            run_moescope("import", argument[0], argument[1], argument[2], argument[3], NULL);
        run_expect(&run, cases[i].status, "", cases[i].part);
        g_assert_true(g_str_has_prefix(run.err, "moescope: "));
        g_assert_false(place_has("x.npz"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    write_log();
    g_test_add_func("/cli/import/verdict", test_verdict);
    g_test_add_func("/cli/import/import", test_import);
    g_test_add_func("/cli/import/without-domain", test_without_domain);
    g_test_add_func("/cli/import/counts", test_counts);
    g_test_add_func("/cli/import/notes", test_notes);
    g_test_add_func("/cli/import/not-finite", test_not_finite);
    g_test_add_func("/cli/import/list", test_list);
    g_test_add_func("/import/shares", test_shares);
    g_test_add_func("/cli/import/refused", test_refused);
    int status = g_test_run();
    place_leave();
    return status;
}
