/* SPDX-License-Identifier: MIT
 *
 * moescope export: a made-up trace to files, and what is refused.
 */
#include "place.h"
#include "run.h"

#include <string.h>

static void
test_export(void)
{
    g_auto(Run) csv = run_moescope("export", "made.npz", "-o", "made.csv", "--as=csv", NULL);
    run_expect(&csv, 0, "made.csv: csv, 50 tokens, 2 routers\n", "");
    place_expect_begins("made.csv", "id,doc,pos,domain,layer,experts,gates\n");
    g_auto(Run) list = run_moescope("export", "made.npz", "-o", "hot.json", "--as=keep-list",
                                    "--coverage=0.6", NULL);
    run_expect(&list, 0, "hot.json: keep-list", "");
    g_autofree char *json = NULL;
    g_assert_true(g_file_get_contents("hot.json", &json, NULL, NULL));
    g_assert_true(g_str_has_prefix(json, "[{\"layer\": 0, \"num_experts\": 4, \"experts\": [3, 0], "
                                         "\"coverage\": 0.670000},\n"));
}

static void
test_list(void)
{
    g_auto(Run) list = run_moescope("export", "--list", NULL);
    run_expect(&list, 0, "eplb-npy ", "");
}

static void
test_refused(void)
{
    static const struct {
        const char *argument[4];
        int status;
        const char *part;
    } cases[] = {
        {{NULL}, 2, "found no trace, expected TRACE"},
        {{"made.npz"}, 2, "found no --out"},
        {{"made.npz", "--out=x"}, 2, "found no --as, expected a format"},
        {{"made.npz", "--out=x", "--as=eplbs"}, 1, "did you mean eplb"},
        {{"made.npz", "--out=x", "--as=csv", "--top=2"}, 2, "expected them with --as keep-list"},
        {{"made.npz", "--out=x", "--as=keep-list"}, 1, "found top 0 and coverage 0"},
        {{"made.npz", "--out=none/x", "--as=csv"}, 1, "none/x: can't be written: No such file"},
        {{"nowhere.npz", "--out=x", "--as=csv"}, 1, "nowhere.npz"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const *argument = cases[i].argument;
        g_auto(Run) run =
            run_moescope("export", argument[0], argument[1], argument[2], argument[3], NULL);
        run_expect(&run, cases[i].status, "", cases[i].part);
        g_assert_false(place_has("x"));
    }
}

/* Two layers, 50 tokens. */
static void
make_trace(void)
{
    g_autoptr(GString) log = g_string_new("");
    for (int t = 0; t < 50; t++)
        for (int layer = 0; layer < 2; layer++)
            g_string_append_printf(log, "{\"layer\": %d, \"pos\": %d, \"experts\": [%d, 3]}\n",
                                   layer, t, t % 3);
    g_assert_true(g_file_set_contents("made.jsonl", log->str, -1, NULL));
    g_auto(Run) run = run_moescope("import", "made.jsonl", "-o", "made.npz", "--experts=4",
                                   "--score=softmax", "--select=top-k", NULL);
    g_assert_cmpint(run.status, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    make_trace();
    g_test_add_func("/cli/export/export", test_export);
    g_test_add_func("/cli/export/list", test_list);
    g_test_add_func("/cli/export/refused", test_refused);
    int status = g_test_run();
    place_leave();
    return status;
}
