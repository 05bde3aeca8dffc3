/* SPDX-License-Identifier: MIT
 *
 * moescope demo, with few steps of a small model.
 */
#include "place.h"
#include "run.h"

#include <glib/gstdio.h>

#define DEMO "demo", "--steps", "3", "-s", "model.d_model=16", "-s", "model.layers=2"

/* It makes what it says it makes, and again over an earlier one. */
static void
test_demo(void)
{
    static const char *const files[] = {"load.png",
                                        "load.svg",
                                        "load.pdf",
                                        "load-over-training.png",
                                        "smoe.npz",
                                        "demo.ini",
                                        "smoe/recipe.ini",
                                        "dense/recipe.ini",
                                        "smoe/trace.npz",
                                        "report/index.html",
                                        "report/smoe.html",
                                        "report/smoe.pdf",
                                        "report/smoe-run.json"};
    g_auto(Run) first = run_moescope(DEMO, "-o", "d", NULL);
    run_expect(&first, 0, "what each domain uses most", "");
    run_expect(&first, 0, "report            d/report/index.html (also .pdf, .md, .json)\n", "");
    run_expect(&first, 0, "pictures          d/load.png, d/load-over-training.png", "");
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename("d", files[i], NULL);
        g_assert_true(place_has(path));
    }
    g_auto(Run) second = run_moescope(DEMO, "-o", "d", NULL);
    run_expect(&second, 0, first.out, "");
}

/* A run that isn't a demo's stays as it is. */
static void
test_others_run(void)
{
    g_auto(Run) train =
        run_moescope("train", "tiny.ini", "-o", "mine/dense", "-s", "train.steps=2", NULL);
    run_expect(&train, 0, NULL, "");
    g_auto(Run) demo = run_moescope(DEMO, "-o", "mine", NULL);
    run_expect(&demo, 1, "", "moescope: mine/dense: holds a run that no demo left there");
    g_assert_true(place_has("mine/dense/trace.npz"));
    g_assert_false(place_has("mine/demo.ini"));
}

static void
test_refused(void)
{
    g_auto(Run) steps = run_moescope("demo", "--steps", "0", "-o", "x", NULL);
    g_auto(Run) key = run_moescope("demo", "-s", "moe.expertss=3", "-o", "x", NULL);
    g_auto(Run) rule = run_moescope("demo", "-s", "moe.k=9", "-o", "x", NULL);
    g_auto(Run) argument = run_moescope("demo", "here", NULL);
    g_auto(Run) file = run_moescope(DEMO, "-o", "tiny.ini", NULL);
    run_expect(&steps, 1, "", "steps: found \"0\", expected a whole number in 1 … ");
    run_expect(&key, 1, "", "unknown key; did you mean moe.experts?\n");
    run_expect(&rule, 1, "", "moe.k: 9 experts a unit, but only 8 in moe.experts\n");
    run_expect(&argument, 2, "", "found 1 argument, expected none");
    run_expect(&file, 1, "", "moescope: tiny.ini: can't make the folder: ");
    g_assert_false(place_has("x"));
}

/* Without a corpus to train on, it says so. */
static void
test_no_samples(void)
{
    g_autofree char *samples = g_strdup(g_getenv("MOESCOPE_SAMPLES"));
    g_setenv("MOESCOPE_SAMPLES", "/nowhere", TRUE);
    g_auto(Run) run = run_moescope(DEMO, "-o", "x", NULL);
    g_setenv("MOESCOPE_SAMPLES", samples, TRUE);
    run_expect(&run, 1, "", "moescope: /nowhere/corpus: can't open: ");
    g_assert_false(place_has("x/smoe"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    g_test_add_func("/cli/demo", test_demo);
    g_test_add_func("/cli/demo-others-run", test_others_run);
    g_test_add_func("/cli/demo-refused", test_refused);
    g_test_add_func("/cli/demo-no-samples", test_no_samples);
    int status = g_test_run();
    place_leave();
    return status;
}
