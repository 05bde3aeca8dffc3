/* SPDX-License-Identifier: MIT
 *
 * moescope info of a recipe, --json, and moescope recipe parity.
 */
#include "place.h"
#include "run.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* What a command printed, as JSON. (transfer full) */
static JsonNode *
parsed(const Run *run)
{
    g_autoptr(GError) error = NULL;
    JsonNode *root = json_from_string(run->out, &error);
    g_assert_no_error(error);
    return root;
}

/* The number at "a.b.c" of an object. */
static double
number_at(JsonNode *root, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    JsonObject *object = json_node_get_object(root);
    char **name = names;
    for (; name[1]; name++)
        object = json_object_get_object_member(object, *name);
    return json_object_get_double_member(object, *name);
}

static void
test_recipe(void)
{
    g_auto(Run) file = run_moescope("info", "tiny.ini", NULL);
    run_expect(&file, 0, "recipe            tiny.ini, not trained\n", "");
    run_expect(&file, 0, "vocabulary 256 (bytes)\n", "");
    /* embedding and head 2·256·16, norm 16; two blocks of 4·16² + 2·16 */
    run_expect(&file, 0, "\n  outside routed layers          10320", "");
    /* 4 experts of 2·16·16 + 32, and their router of 4·16 */
    run_expect(&file, 0, "\n  of routers 0 to 1, each         2240        1152        2240", "");
    run_expect(&file, 0, "\n    score linear                    64", "");
    g_auto(Run) set =
        run_moescope("info", "tiny.ini", "--set", "moe.experts=9", "--vocabulary", "1000", NULL);
    run_expect(&set, 0, "vocabulary 1000 (--vocabulary)\n", "");
    run_expect(&set, 0, "block 1: 9 experts", "");
    g_auto(Run) sample = run_moescope("info", "hyperrouter-base", NULL);
    run_expect(&sample, 0, "(bpe, at most: data.vocabulary)\n", "");
    run_expect(&sample, 0, "pass forward", "");
    g_auto(Run) preset = run_moescope("info", "dense", NULL);
    run_expect(&preset, 0, "recipe            dense, not trained\n", "");
}

static void
test_refused(void)
{
    g_auto(Run) wrong = run_moescope("info", "tiny.ini", "-s", "moe.k=9", NULL);
    run_expect(&wrong, 1, "", "tiny.ini: moe.k: 9 experts a unit, but only 4 in moe.experts\n");
    g_auto(Run) unknown = run_moescope("info", "smeo", NULL);
    run_expect(&unknown, 1, "", "did you mean \"smoe\"?");
    g_auto(Run) negative = run_moescope("info", "tiny.ini", "--vocabulary=-1", NULL);
    run_expect(&negative, 2, "", "found --vocabulary -1, expected 1 or more");
    g_auto(Run) text = run_moescope("info", "text", "--vocabulary=7", NULL);
    run_expect(&text, 2, "", "found --set or --vocabulary and text, expected a recipe with them");
}

static void
test_json(void)
{
    g_auto(Run) run = run_moescope("info", "hyperrouter", "--json", NULL);
    run_expect(&run, 0, NULL, "");
    g_autoptr(JsonNode) root = parsed(&run);
    JsonArray *routers = json_object_get_array_member(json_node_get_object(root), "routers");
    g_assert_cmpint(json_array_get_length(routers), ==, 4);
    JsonNode *last = json_array_get_element(routers, 3);
    g_assert_cmpfloat(number_at(last, "places.score.costs.trained"), ==, 256);
    g_assert_cmpfloat(number_at(last, "places.score.costs.frozen"), ==, 256 * 257 + 8 * 257 * 257);
    g_assert_cmpfloat(number_at(root, "costs.params"), ==,
                      number_at(root, "costs.trained") + number_at(root, "costs.frozen"));
    g_assert_cmpfloat(number_at(root, "outside.frozen"), ==, 0);
}

/* A run and its trace say the same of themselves as JSON. */
static void
test_json_of_run(void)
{
    g_auto(Run) train = run_moescope("train", "tiny.ini", "-o", "run", "-s", "train.steps=2", NULL);
    run_expect(&train, 0, "run: 2 steps", "");
    g_auto(Run) run = run_moescope("info", "run", "--json", NULL);
    g_auto(Run) recipe = run_moescope("info", "tiny.ini", "--json", NULL);
    g_auto(Run) trace = run_moescope("info", "run/trace.npz", "--json", NULL);
    g_autoptr(JsonNode) a = parsed(&run), b = parsed(&recipe), c = parsed(&trace);
    g_assert_cmpfloat(number_at(a, "step"), ==, 2);
    g_assert_cmpfloat(number_at(a, "costs.params"), ==, number_at(b, "costs.params"));
    g_assert_cmpfloat(number_at(a, "costs.train_flops"), ==, number_at(b, "costs.train_flops"));
    JsonObject *object = json_node_get_object(c);
    g_assert_true(json_object_get_boolean_member(object, "complete"));
    g_assert_cmpint(json_array_get_length(json_object_get_array_member(object, "domains")), ==, 2);
    g_assert_cmpint(json_array_get_length(json_object_get_array_member(object, "routers")), ==, 2);
}

static void
test_parity(void)
{
    g_auto(Run) run =
        run_moescope("recipe", "parity", "mhmoe-parity-small", "--to", "smoe-small", NULL);
    run_expect(&run, 0, "\nrecipe               384       20         1.0486          =", "");
    run_expect(&run, 0, "exact parity: moe.hidden 384 for the FLOPs, and with it 19.95 experts",
               "");
    run_expect(&run, 0, "compared with smoe-small; ", "");
    g_auto(Run) alone = run_moescope("recipe", "parity", "mhmoe-tiny", NULL);
    run_expect(&alone, 0, "compared with mhmoe-tiny with one head; ", "");
    g_auto(Run) json = run_moescope("recipe", "parity", "mhmoe-parity-small", "--to", "smoe-small",
                                    "--json", NULL);
    g_autoptr(JsonNode) root = parsed(&json);
    g_assert_cmpfloat(number_at(root, "hidden"), ==, 384);
    g_assert_cmpfloat(number_at(root, "to.hidden"), ==, 512);
    JsonArray *choices = json_object_get_array_member(json_node_get_object(root), "choices");
    g_assert_cmpint(json_array_get_length(choices), ==, 4);
    g_assert_cmpfloat(number_at(json_array_get_element(choices, 0), "flops_off"), ==, 0);
}

static void
test_parity_refused(void)
{
    g_auto(Run) none = run_moescope("recipe", "parity", NULL);
    run_expect(&none, 2, "", "found 0 arguments, expected RECIPE");
    g_auto(Run) widths = run_moescope("recipe", "parity", "mhmoe-tiny", "--to", "smoe-base", NULL);
    run_expect(&widths, 1, "", "moescope: model.d_model is 64 and 512, expected one width");
    g_auto(Run) dense = run_moescope("recipe", "parity", "dense", NULL);
    run_expect(&dense, 1, "", "moescope: moe.every is 0 in the first of the two recipes");
    g_auto(Run) narrow = run_moescope("recipe", "parity", "mhmoe-small", "--to", "thin.ini", NULL);
    run_expect(&narrow, 0, "\nno moe.hidden gives the same FLOPs: ", "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    g_assert_true(g_file_set_contents("thin.ini", "[moe]\nhidden = 8\n", -1, NULL));
    g_test_add_func("/cli/costs/recipe", test_recipe);
    g_test_add_func("/cli/costs/refused", test_refused);
    g_test_add_func("/cli/costs/json", test_json);
    g_test_add_func("/cli/costs/json-of-run", test_json_of_run);
    g_test_add_func("/cli/costs/parity", test_parity);
    g_test_add_func("/cli/costs/parity-refused", test_parity_refused);
    int status = g_test_run();
    place_leave();
    return status;
}
