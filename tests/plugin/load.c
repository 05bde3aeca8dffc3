/* SPDX-License-Identifier: MIT
 *
 * The loader: what it takes, what it refuses and how it says so, and that nothing of a plugin that
 * was refused stays.
 */
#include <glib/gstdio.h>
#include <moescope/metrics.h>
#include <moescope/plugin.h>
#include <string.h>

#define INTERFACE G_STRINGIFY(MOE_PLUGIN_ABI)

static char *
specimen(const char *name)
{
    g_autofree char *file = g_strdup_printf("moescope-%s.so", name);
    return g_build_filename(g_getenv("MOESCOPE_SPECIMENS"), file, NULL);
}

typedef struct {
    int fields, presets, parts;
} Registered;

static Registered
registered(void)
{
    Registered now = {0};
    moe_fields_list(&now.fields);
    moe_presets_list(&now.presets);
    for (int place = 0; place < MOE_N_PLACES; place++) {
        int n;
        moe_parts_list((MoePlace)place, &n);
        now.parts += n;
    }
    return now;
}

static void
expect_refused(const char *path, const char *why)
{
    g_autoptr(GError) error = NULL;
    Registered before = registered();
    int n;
    g_assert_null(moe_plugin_load(path, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    g_autofree char *begins = g_strdup_printf("%s: ", path);
    if (!g_str_has_prefix(error->message, begins) || !strstr(error->message, why) ||
        strchr(error->message, '\n'))
        g_error("found \"%s\", expected \"%s\" in it", error->message, why);
    Registered after = registered();
    g_assert_cmpmem(&before, sizeof before, &after, sizeof after);
    const MoePluginStatus *last = moe_plugins_list(&n)[n - 1];
    g_assert_null(last->plugin);
    g_assert_cmpstr(last->path, ==, path);
    g_assert_cmpstr(last->problem, ==, error->message);
}

static void
test_refused(void)
{
    static const struct {
        const char *name, *why;
    } cases[] = {
        {"other-abi", "built for plugin interface 7, this library has interface " INTERFACE},
        {"no-symbol", "not a plugin: it exports no symbol moe_plugin_abi_4"},
        {"size", "the plugin is described by "},
        {"part-size", "a part is described by "},
        {"no-slot", "part no-slot (score): the slot 'score' is required and empty"},
        {"no-place", "part no-place: its place, name, help or fields are missing"},
        {"no-loss", "part no-loss (balance): the slot 'loss (or prefer)' is required and empty"},
        {"bad-name", "part bad, name (score): a name of letters"},
        {"taken-part", "part linear (score): the name is taken"},
        {"taken-key", "recipe key \"moe.k\" refused: it is registered already"},
        {"taken-preset", "preset moe.variant = smoe: the name is taken"},
        {"bad-key", "recipe key \"level\" refused: expected \"group.key\""},
        {"bad-default", "its default is \"many\", expected a whole number in 1 … 9"},
        {"bad-preset-key", "preset moe.variant = bad-preset-key: it sets moe.kk, which is no key"},
        {"bad-preset-value", "it sets moe.k to \"many\", which that doesn't take"},
        {"bad-preset-part", "it sets moe.balance to \"switch, nothing\""},
        {"nothing", "the plugin brings neither parts nor presets, nor adds anything"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = specimen(cases[i].name);
        expect_refused(path, cases[i].why);
        g_autofree char *first = g_strconcat(cases[i].name, "-first", NULL);
        g_assert_null(moe_part_find(MOE_PLACE_SCORE, first));
    }
}

static char *
write_file(const char *folder, const char *name, const char *bytes, gsize length)
{
    char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
    return path;
}

/* A plugin that brings a metric and nothing else. */
static void
test_metric(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = specimen("metric");
    g_assert_null(moe_metric_find("twice"));
    const MoePlugin *plugin = moe_plugin_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(plugin->name, ==, "metric");
    const MoeSummaryCell summary = {.units = 21};
    const MoeMetric *metric = moe_metric_find("twice");
    g_assert_nonnull(metric);
    g_assert_cmpfloat(moe_metric_value(metric, &(MoeMetricCell){.summary = &summary}), ==, 42);
    g_assert_true(moe_plugin_load(path, &error) == plugin); /* not added twice, which warns */
}

static void
test_no_shared_object(void)
{
    static const char words[] = "not a shared object, and longer than the header of one would be";
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    g_autofree char *empty = write_file(folder, "moescope-empty.so", "", 0);
    g_autofree char *text = write_file(folder, "moescope-text.so", words, sizeof words);
    g_autofree char *missing = g_build_filename(folder, "moescope-missing.so", NULL);
    expect_refused(empty, "not a plugin: too short for a shared object");
    expect_refused(text, "not a plugin: no shared object");
    expect_refused(missing, "not a plugin: no such file");
    expect_refused(folder, "not a plugin: no regular file");
    expect_refused("/dev/null", "not a plugin: no regular file");
    g_unlink(empty);
    g_unlink(text);
    g_rmdir(folder);
    /* A bare name is a file here, never a library of the system's. */
    expect_refused("libm.so.6", "not a plugin: no such file");
}

/* A plugin that was copied by half, wherever it ends. */
static void
test_cut_off(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", NULL), *whole = specimen("good");
    g_autofree char *bytes = NULL;
    gsize length;
    g_file_get_contents(whole, &bytes, &length, &error);
    g_assert_no_error(error);
    for (gsize end = 1; end < length; end += MAX(length / 50, 1)) {
        g_autofree char *path = write_file(folder, "moescope-cut.so", bytes, end);
        expect_refused(path, "not a plugin: ");
        g_unlink(path);
    }
    g_autofree char *last = write_file(folder, "moescope-cut.so", bytes, length - 1);
    expect_refused(last, "not a plugin: a shared object that is cut off");
    g_unlink(last);
    g_rmdir(folder);
}

static void
test_good(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = specimen("good"), *other = specimen("again");
    int n, again;
    const MoePlugin *plugin = moe_plugin_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(plugin->name, ==, "good");
    g_assert_true(moe_plugins_list(&n)[n - 1]->plugin == plugin);
    g_assert_nonnull(moe_part_find(MOE_PLACE_SCORE, "good-first"));
    g_assert_nonnull(moe_part_find(MOE_PLACE_SCORE, "good"));

    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_assert_true(moe_recipe_set(recipe, "moe.variant=good", &error));
    g_assert_cmpint(moe_recipe_int(recipe, "good.level"), ==, 5);
    g_assert_true(moe_recipe_has(recipe, "moe.score", "good"));
    g_assert_true(moe_recipe_check(recipe, &error));
    g_autofree char *help = moe_recipe_help("good");
    g_assert_nonnull(strstr(help, "a level"));

    /* A recipe that doesn't choose its parts is written as if the plugin weren't there. */
    g_autoptr(MoeRecipe) without = moe_recipe_new();
    g_autofree char *with_text = moe_recipe_to_text(recipe);
    g_autofree char *without_text = moe_recipe_to_text(without);
    g_autofree char *without_json = moe_recipe_to_json(without);
    g_assert_nonnull(strstr(with_text, "\n[good]\nlevel = 5\n"));
    g_assert_null(strstr(without_text, "good"));
    g_assert_null(strstr(without_json, "good"));
    g_assert_true(moe_recipe_set(without, "good.level=7", &error));
    g_autofree char *given_text = moe_recipe_to_text(without);
    g_assert_nonnull(strstr(given_text, "\n[good]\nlevel = 7\n"));

    /* The same file once more is the same plugin; another of its name is refused. */
    g_assert_true(moe_plugin_load(path, &error) == plugin);
    moe_plugins_list(&again);
    g_assert_cmpint(again, ==, n);
    expect_refused(other, "plugin good is loaded from ");
}

static void
test_folders(void)
{
    g_assert_true(g_setenv("MOESCOPE_PLUGIN_PATH", "/one::two/three", TRUE));
    g_auto(GStrv) given = moe_plugin_folders();
    g_assert_cmpstr(given[0], ==, "/one");
    g_assert_cmpstr(given[1], ==, "two/three");
    g_assert_null(given[2]);
    g_assert_true(g_setenv("MOESCOPE_PLUGIN_PATH", "", TRUE));
    g_auto(GStrv) none = moe_plugin_folders();
    g_assert_null(none[0]);
    /* The folder of this build, where the shipped ones are. */
    g_unsetenv("MOESCOPE_PLUGIN_PATH");
    g_auto(GStrv) build = moe_plugin_folders();
    g_autofree char *hash = g_build_filename(build[0], "moescope-hash.so", NULL);
    g_assert_true(g_file_test(hash, G_FILE_TEST_EXISTS));
    g_assert_null(build[1]);
}

/* Beside what was tried before: the shipped ones, in the order of their names. */
static void
test_load_all(void)
{
    int before, after;
    moe_plugins_list(&before);
    moe_plugins_load();
    moe_plugins_load();
    const MoePluginStatus *const *status = moe_plugins_list(&after);
    static const char *const names[] = {"expert-choice", "hash", "loss-free"};
    g_assert_cmpint(after - before, ==, G_N_ELEMENTS(names));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_null(status[before + (int)i]->problem);
        g_assert_cmpstr(status[before + (int)i]->plugin->name, ==, names[i]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/plugin/load/refused", test_refused);
    g_test_add_func("/plugin/load/no-shared-object", test_no_shared_object);
    g_test_add_func("/plugin/load/cut-off", test_cut_off);
    g_test_add_func("/plugin/load/good", test_good);
    g_test_add_func("/plugin/load/metric", test_metric);
    g_test_add_func("/plugin/load/folders", test_folders);
    g_test_add_func("/plugin/load/all", test_load_all);
    return g_test_run();
}
