/* SPDX-License-Identifier: MIT
 *
 * moescope plugins, and what a plugin, good or spoilt, means to the other commands.
 */
#include "place.h"
#include "run.h"

#include <glib/gstdio.h>
#include <string.h>

static char *
specimen(const char *name)
{
    g_autofree char *file = g_strdup_printf("moescope-%s.so", name);
    return g_build_filename(g_getenv("MOESCOPE_SPECIMENS"), file, NULL);
}

/* Puts the specimen into a folder of this place, under a name. */
static void
put(const char *name, const char *folder, const char *as)
{
    g_autofree char *from = specimen(name), *to = g_build_filename(folder, as, NULL);
    g_autoptr(GError) error = NULL;
    char *bytes;
    gsize length;
    g_mkdir(folder, 0777);
    g_file_get_contents(from, &bytes, &length, &error);
    g_assert_no_error(error);
    g_assert_true(g_file_set_contents(to, bytes, (gssize)length, NULL));
    g_free(bytes);
}

static void
search(const char *path)
{
    if (path)
        g_setenv("MOESCOPE_PLUGIN_PATH", path, TRUE);
    else
        g_unsetenv("MOESCOPE_PLUGIN_PATH");
}

/* Asserts that `text` has both, a before b. */
static void
expect_order(const char *text, const char *a, const char *b)
{
    const char *first = strstr(text, a), *second = strstr(text, b);
    if (!first || !second || first >= second)
        g_error("expected \"%s\" before \"%s\" in:\n%s", a, b, text);
}

/* Those that are shipped, from the build folder. */
static void
test_shipped(void)
{
    search(NULL);
    g_auto(Run) list = run_moescope("plugins", NULL);
    run_expect(&list, 0, "hash           1.0      score hash, moe.variant hash", "");
    expect_order(list.out, "name", "expert-choice");
    expect_order(list.out, "expert-choice", "plugins/moescope-loss-free.so\n");
    g_auto(Run) presets = run_moescope("recipe", "list", NULL);
    run_expect(&presets, 0, "moe.variant = deepseek-v3", "");
    g_auto(Run) parts = run_moescope("recipe", "parts", NULL);
    run_expect(&parts, 0, "\n  loss-free ", "");
    g_auto(Run) keys = run_moescope("recipe", "keys", "expert_choice", NULL);
    run_expect(&keys, 0, "expert_choice.factor", "");
    g_auto(Run) show = run_moescope("recipe", "show", "deepseek-v3", NULL);
    run_expect(&show, 0, "balance = loss-free, switch\n", "");
}

static void
test_check(void)
{
    static const struct {
        const char *name, *why;
    } cases[] = {
        {"other-abi", ": built for plugin interface 7, this library has interface 3\n"},
        {"no-slot", ": part no-slot (score): the slot 'score' is required and empty\n"},
        {"taken-key", ": recipe key \"moe.k\" refused: it is registered already\n"},
    };
    search(NULL);
    g_autofree char *good = specimen("good");
    g_auto(Run) fits = run_moescope("plugins", good, NULL);
    run_expect(&fits, 0, "good 0.9: for tests\n  score good-first, score good, moe.variant good\n",
               "");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = specimen(cases[i].name);
        g_autofree char *sentence = g_strconcat("moescope: ", path, cases[i].why, NULL);
        g_auto(Run) run = run_moescope("plugins", path, NULL);
        run_expect(&run, 1, "", sentence);
    }
    g_auto(Run) text = run_moescope("plugins", "tiny.ini", NULL);
    run_expect(&text, 1, "", "moescope: tiny.ini: not a plugin: ");
    g_auto(Run) two = run_moescope("plugins", "a", "b", NULL);
    run_expect(&two, 2, "", "found 2 arguments, expected [FILE]");
}

/* Folders in the order of the path, files by name; of one file name the first that fits; others are
 * left out with a line each, and the program goes on. */
static void
test_path(void)
{
    put("good", "one", "moescope-b.so");
    put("other-abi", "one", "moescope-a.so");
    put("again", "one", "no-plugin.so");
    put("no-slot", "two", "moescope-b.so");
    put("good", "two", "moescope-c.so");
    search("one:two:three");
    g_auto(Run) list = run_moescope("plugins", NULL);
    run_expect(&list, 0, "good  0.9      score good-first, score good, moe.variant good  one/mo",
               "");
    expect_order(list.out, "one/moescope-b.so\n", "refused: one/moescope-a.so: built for");
    expect_order(
        list.out, "one/moescope-a.so: built",
        "refused: two/moescope-c.so: plugin good is loaded from one/moescope-b.so already");
    expect_order(list.out, "two/moescope-c.so",
                 "refused: three: named by MOESCOPE_PLUGIN_PATH, but");
    g_assert_null(strstr(list.out, "two/moescope-b.so"));
    g_assert_null(strstr(list.out, "no-plugin"));
    g_assert_null(strstr(list.out, "hash"));

    g_auto(Run) show = run_moescope("recipe", "show", "good", NULL);
    run_expect(&show, 0, "level = 5\n",
               "moescope: plugin left out: one/moescope-a.so: built for plugin interface 7");
    run_expect(&show, 0, "score = good\n", "moescope: plugin left out: three: ");
}

static void
test_none(void)
{
    search("");
    g_auto(Run) list = run_moescope("plugins", NULL);
    run_expect(&list, 0, "no plugins in MOESCOPE_PLUGIN_PATH, which is empty\n", "");
    g_auto(Run) hash = run_moescope("recipe", "show", "hash", NULL);
    run_expect(&hash, 1, "", "\"hash\" is neither a file nor a sample nor a preset");
}

/* From training to a picture, with a router that varies k and sees later tokens. */
static void
test_expert_choice(void)
{
    search(NULL);
    g_auto(Run) plain = run_moescope("train", "expert-choice", "-d", "text", "-o", "run", NULL);
    run_expect(&plain, 1, "", "'expert-choice' sees later tokens");
    g_assert_false(place_has("run"));
    g_auto(Run) train =
        run_moescope("train", "tiny.ini", "-s", "moe.variant=expert-choice", "-s",
                     "moe.allow_noncausal=true", "-s", "train.steps=20", "-o", "run", NULL);
    run_expect(&train, 0, NULL, NULL);
    g_auto(Run) info = run_moescope("info", "run", NULL);
    run_expect(&info, 0, "k varies, 2 on average, score linear, select expert-choice", "");
    g_auto(Run) record = run_moescope("record", "run", "--data", "text", "--out", "a.npz", NULL);
    run_expect(&record, 0, NULL, NULL);
    g_auto(Run) plot = run_moescope("plot", "load", "a.npz", "-o", "x.png", NULL);
    run_expect(&plot, 0, "", "");
    place_expect_begins("x.png", "\x89PNG");
    g_auto(Run) trace = run_moescope("info", "a.npz", NULL);
    run_expect(&trace, 0, "2 routers", "");
}

/* A run whose router came with a plugin can't be opened without it, and says so; any other can. */
static void
test_missing_plugin(void)
{
    search(NULL);
    g_auto(Run) plain =
        run_moescope("train", "tiny.ini", "-s", "train.steps=2", "-o", "plain", NULL);
    run_expect(&plain, 0, NULL, NULL);
    g_auto(Run) train = run_moescope("train", "tiny.ini", "-s", "moe.variant=hash", "-s",
                                     "train.steps=2", "-o", "hashed", NULL);
    run_expect(&train, 0, NULL, NULL);
    search("");
    g_auto(Run) info = run_moescope("info", "hashed", NULL);
    run_expect(&info, 1, "", "[moe] score: found \"hash\", expected one of linear");
    g_auto(Run) other = run_moescope("info", "plain", NULL);
    run_expect(&other, 0, "variant           smoe\n", "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    g_test_add_func("/cli/plugins/shipped", test_shipped);
    g_test_add_func("/cli/plugins/check", test_check);
    g_test_add_func("/cli/plugins/path", test_path);
    g_test_add_func("/cli/plugins/none", test_none);
    g_test_add_func("/cli/plugins/expert-choice", test_expert_choice);
    g_test_add_func("/cli/plugins/missing", test_missing_plugin);
    int status = g_test_run();
    place_leave();
    return status;
}
