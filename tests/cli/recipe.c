/* SPDX-License-Identifier: MIT
 *
 * The command line itself, and moescope recipe.
 */
#include "run.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder, *path;

static void
test_help(void)
{
    g_auto(Run) help = run_moescope("--help", NULL), bare = run_moescope(NULL, NULL);
    g_auto(Run) version = run_moescope("--version", NULL);
    g_auto(Run) recipe = run_moescope("recipe", "--help", NULL);
    g_auto(Run) show = run_moescope("recipe", "show", "--help", NULL);
    run_expect(&help, 0, "recipe  ", "");
    run_expect(&bare, 2, "", "Commands:");
    run_expect(&version, 0, "threads", "");
    g_assert_true(g_str_has_prefix(version.out, "moescope "));
    run_expect(&recipe, 0, "moescope recipe COMMAND", "");
    run_expect(&show, 0, "moescope recipe show [OPTION…] [FILE|SAMPLE|PRESET]", "");
    run_expect(&show, 0, "--set=GROUP.KEY=VALUE", "");
}

static void
test_unknown(void)
{
    g_auto(Run) command = run_moescope("recpie", NULL), far = run_moescope("xyzzy", NULL);
    g_auto(Run) option = run_moescope("--hlep", NULL);
    g_auto(Run) below = run_moescope("recipe", "lst", NULL);
    g_auto(Run) flag = run_moescope("recipe", "show", "--sett", "a=b", NULL);
    g_auto(Run) many = run_moescope("recipe", "show", "a", "b", NULL);
    run_expect(&command, 2, "",
               "moescope: unknown command \"recpie\"; did you mean \"recipe\"? (see "
               "\"moescope --help\")\n");
    run_expect(&far, 2, "", "unknown command \"xyzzy\" (see");
    run_expect(&option, 2, "", "unknown option \"--hlep\"");
    run_expect(&below, 2, "", "did you mean \"list\"? (see \"moescope recipe --help\")");
    run_expect(&flag, 2, "", "--sett");
    run_expect(&many, 2, "", "found 2 arguments, expected [FILE|SAMPLE|PRESET]");
}

static void
test_keys(void)
{
    g_auto(Run) all = run_moescope("recipe", "keys", NULL);
    g_auto(Run) optim = run_moescope("recipe", "keys", "optim", NULL);
    g_auto(Run) wrong = run_moescope("recipe", "keys", "optimm", NULL);
    run_expect(&all, 0, "optim.lr", "");
    run_expect(&all, 0, "moe.variant", "");
    run_expect(&optim, 0, "3e-4", "");
    g_assert_null(strstr(optim.out, "moe.variant"));
    run_expect(&wrong, 2, "", "found group \"optimm\", expected one of ");
}

static void
test_list(void)
{
    g_auto(Run) list = run_moescope("recipe", "list", NULL);
    run_expect(&list, 0, "moe.variant = smoe", "");
    g_assert_null(strstr(list.out, "moe.score ="));
}

static void
test_parts(void)
{
    g_auto(Run) parts = run_moescope("recipe", "parts", NULL);
    run_expect(&parts, 0, "moe.split (split)\n  token ", "");
    run_expect(&parts, 0, "\nmoe.balance (balance)\n", "");
    run_expect(&parts, 0, "\n                    Do et al. 2023 (HyperRouter), ", "");
}

static void
test_show(void)
{
    g_assert_true(g_file_set_contents(path, "[optim]\nlr = 0.25\n", -1, NULL));
    g_auto(Run) defaults = run_moescope("recipe", "show", NULL);
    g_auto(Run) file = run_moescope("recipe", "show", path, "--set", "optim.decay=0.5", NULL);
    g_auto(Run) preset = run_moescope("recipe", "show", "smoe", NULL);
    g_auto(Run) json = run_moescope("recipe", "show", "--json", NULL);
    g_auto(Run) neither = run_moescope("recipe", "show", "smeo", NULL);
    g_auto(Run) set = run_moescope("recipe", "show", "-s", "optim.lrr=1", NULL);
    run_expect(&defaults, 0, "lr = 3e-4\n", "");
    run_expect(&file, 0, "lr = 0.25\n", "");
    run_expect(&file, 0, "decay = 0.5\n", "");
    run_expect(&preset, 0, "variant = smoe\n", "");
    run_expect(&json, 0, "\"optim\": {\"lr\": 0.0003,", "");
    run_expect(&neither, 1, "",
               "\"smeo\" is neither a file nor a sample nor a preset; did you mean \"smoe\"?");
    run_expect(&set, 1, "", "--set: optim.lrr: unknown key; did you mean optim.lr?");
}

/* What `show` prints is a recipe that says the same. */
static void
test_show_again(void)
{
    g_auto(Run) first = run_moescope("recipe", "show", "smoe", NULL);
    g_assert_true(g_file_set_contents(path, first.out, -1, NULL));
    g_auto(Run) second = run_moescope("recipe", "show", path, NULL);
    run_expect(&second, 0, NULL, "");
    g_assert_cmpstr(first.out, ==, second.out);
}

static void
test_check(void)
{
    g_assert_true(g_file_set_contents(path, "[optim]\nlr = 0.25\n", -1, NULL));
    g_auto(Run) good = run_moescope("recipe", "check", path, NULL);
    g_assert_true(g_file_set_contents(path, "[optim]\nlr = fast\nbeta = 1\n", -1, NULL));
    g_auto(Run) bad = run_moescope("recipe", "check", path, NULL);
    g_auto(Run) missing = run_moescope("recipe", "check", "/nonexistent.ini", NULL);
    run_expect(&good, 0, "", "");
    run_expect(&bad, 1, "", "[optim] lr: found \"fast\", expected a number in 0 … 10");
    run_expect(&bad, 1, "", "[optim] beta: unknown key; did you mean optim.beta1?");
    run_expect(&missing, 1, "", "moescope: /nonexistent.ini: can't be read: ");
    g_auto(Run) endless = run_moescope("recipe", "check", "/dev/zero", NULL);
    run_expect(&endless, 1, "", "/dev/zero: found more than 1048576 bytes");
}

/* A recipe with six problems: a line for each, from check and from train, and nothing made. */
static void
test_six_problems(void)
{
    static const char *const problems[] = {
        "r.ini: moe.k: 9 experts a unit, but only 8 in moe.experts\n",
        "r.ini: model.heads: 7 does not divide model.d_model = 30\n",
        "r.ini: heads.count: model.d_model (30) is not a multiple of 4 heads\n",
        "r.ini: moe.capacity_fill: 'random' needs a capacity (moe.capacity_factor), else nothing",
        "r.ini: moe.balance: 'switch' can't balance moe.score = frozen, which nothing trains\n",
        "r.ini: hyper.size: only moe.score = hyper reads it, and that is 'frozen' here\n"};
    g_assert_true(g_file_set_contents(path,
                                      "[model]\nd_model = 30\nheads = 7\n[moe]\nk = 9\n"
                                      "split = heads\nscore = frozen\ncapacity_fill = random\n"
                                      "[hyper]\nsize = 64\n",
                                      -1, NULL));
    g_autofree char *out = g_build_filename(folder, "run", NULL);
    g_auto(Run) check = run_moescope("recipe", "check", path, NULL);
    g_auto(Run) train = run_moescope("train", path, "--out", out, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(problems); i++) {
        run_expect(&check, 1, "", problems[i]);
        run_expect(&train, 1, "", problems[i]);
    }
    g_auto(GStrv) lines = g_strsplit(g_strchomp(check.err), "\n", -1);
    g_assert_cmpint(g_strv_length(lines), ==, G_N_ELEMENTS(problems));
    for (char **line = lines; *line; line++)
        g_assert_true(g_str_has_prefix(*line, "moescope: /"));
    g_assert_cmpstr(check.err, ==, g_strchomp(train.err));
    g_assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    path = g_build_filename(folder, "r.ini", NULL);
    g_test_add_func("/cli/help", test_help);
    g_test_add_func("/cli/unknown", test_unknown);
    g_test_add_func("/cli/recipe/keys", test_keys);
    g_test_add_func("/cli/recipe/list", test_list);
    g_test_add_func("/cli/recipe/parts", test_parts);
    g_test_add_func("/cli/recipe/show", test_show);
    g_test_add_func("/cli/recipe/show-again", test_show_again);
    g_test_add_func("/cli/recipe/check", test_check);
    g_test_add_func("/cli/recipe/six-problems", test_six_problems);
    int status = g_test_run();
    g_unlink(path);
    g_rmdir(folder);
    g_free(path);
    g_free(folder);
    return status;
}
