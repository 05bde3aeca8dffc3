/* SPDX-License-Identifier: MIT */
#include <moescope/recipe.h>

#include <glib/gstdio.h>
#include <locale.h>
#include <math.h>
#include <string.h>

static const MoeField test_fields[] = {
    {"layer.variant", MOE_FIELD_CHOICE, "plain", .help = "a bundle of choices"},
    {"layer.experts", MOE_FIELD_INT, "8", 1, 64, .unit = "experts", .help = "how many there are"},
    {"layer.k", MOE_FIELD_INT, "2", 1, 64, .help = "picks a token"},
    {"layer.balance", MOE_FIELD_CHOICES, "none", .choices = "switch | cv2", .help = "losses"},
    {"layer.split", MOE_FIELD_CHOICE, "token", .choices = "token | heads", .help = "units"},
    {"run.size", MOE_FIELD_CHOICE, "own", .help = "a bundle that chooses a variant"},
    {"run.rate", MOE_FIELD_REAL, "3e-4", 0, INFINITY, .help = "learning rate"},
    {"run.share", MOE_FIELD_REAL, ".5", 0, 1, .help = "a share"},
    {"run.keep", MOE_FIELD_BOOL, "true", .help = "keep it"},
    {"run.title", MOE_FIELD_STRING, "", .help = "title"},
    {"run.steps", MOE_FIELD_INTS, "none", 0, 1000, .unit = "steps", .help = "when to record"},
};

static const MoePreset test_presets[] = {
    {"layer.variant", "plain", "layer.k=1", "the plain one"},
    {"layer.variant", "wide", "layer.k=4\nlayer.experts=32\n layer.balance = cv2, switch\n", ""},
    {"layer.variant", "broken", "layer.kk=1\nlayer.k=0\n", "has two mistakes"},
    {"run.size", "own", "", "as it stands"},
    {"run.size", "big", "layer.variant=wide\nlayer.experts=64", "chooses wide"},
};

static void
k_rule(const MoeRecipe *recipe, GPtrArray *problems)
{
    if (moe_recipe_int(recipe, "layer.k") > moe_recipe_int(recipe, "layer.experts"))
        g_ptr_array_add(problems, g_strdup("layer.k: must not exceed layer.experts"));
}

/* Parses, and expects an error that contains each of `parts` (ended by NULL). */
static void
expect_refusal(const char *text, const char *const *parts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_parse(text, "run.ini", &error);
    g_assert_null(recipe);
    g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
    for (; *parts; parts++)
        if (!strstr(error->message, *parts))
            g_error("\"%s\" isn't in:\n%s", *parts, error->message);
}

static MoeRecipe *
parsed(const char *text)
{
    g_autoptr(GError) error = NULL;
    MoeRecipe *recipe = moe_recipe_parse(text, "run.ini", &error);
    g_assert_no_error(error);
    return recipe;
}

static void
test_defaults(void)
{
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    int n = -1;
    g_assert_null(moe_recipe_ints(recipe, "run.steps", &n));
    g_assert_cmpint(n, ==, 0);
    g_assert_cmpint(moe_recipe_int(recipe, "layer.experts"), ==, 8);
    g_assert_cmpfloat(moe_recipe_real(recipe, "run.rate"), ==, 3e-4);
    g_assert_true(moe_recipe_bool(recipe, "run.keep"));
    g_assert_cmpstr(moe_recipe_text(recipe, "layer.split"), ==, "token");
    g_assert_cmpint(moe_recipe_choice(recipe, "layer.split"), ==, 0);
    g_assert_false(moe_recipe_has(recipe, "layer.balance", "cv2"));
    g_assert_false(moe_recipe_given(recipe, "layer.k"));
}

static void
test_values(void)
{
    g_autoptr(MoeRecipe) recipe = parsed("# a comment\n[layer]\nsplit = heads\n"
                                         "balance = cv2 ,switch\n[run]\nrate = 1e-3\n"
                                         "keep=false\nsteps = 1,20, 300\ntitle = a = b; c\\n\n");
    int n;
    g_autofree int64_t *steps = moe_recipe_ints(recipe, "run.steps", &n);
    g_assert_cmpint(n, ==, 3);
    g_assert_cmpint(steps[2], ==, 300);
    g_assert_cmpint(moe_recipe_choice(recipe, "layer.split"), ==, 1);
    g_assert_true(moe_recipe_has(recipe, "layer.split", "heads"));
    g_assert_true(moe_recipe_has(recipe, "layer.balance", "switch"));
    g_assert_true(moe_recipe_has(recipe, "layer.balance", "cv2"));
    g_assert_cmpstr(moe_recipe_text(recipe, "layer.balance"), ==, "cv2, switch");
    g_assert_cmpfloat(moe_recipe_real(recipe, "run.rate"), ==, 1e-3);
    g_assert_false(moe_recipe_bool(recipe, "run.keep"));
    g_assert_cmpstr(moe_recipe_text(recipe, "run.title"), ==, "a = b; c\n");
    g_assert_true(moe_recipe_given(recipe, "layer.split"));
}

/* The key that chooses the preset stands last, and still doesn't override what is written out. */
static void
test_precedence(void)
{
    g_autoptr(MoeRecipe) recipe = parsed("[layer]\nk = 3\nvariant = wide\n");
    g_assert_cmpint(moe_recipe_int(recipe, "layer.k"), ==, 3);
    g_assert_cmpint(moe_recipe_int(recipe, "layer.experts"), ==, 32);
    g_assert_true(moe_recipe_has(recipe, "layer.balance", "switch"));
    g_assert_false(moe_recipe_given(recipe, "layer.experts"));

    g_autoptr(MoeRecipe) plain = moe_recipe_new();
    g_assert_cmpint(moe_recipe_int(plain, "layer.k"), ==, 1); /* preset of the default */
    g_assert_true(moe_recipe_set(plain, "layer.variant=wide", NULL));
    g_assert_cmpint(moe_recipe_int(plain, "layer.k"), ==, 4);
    g_assert_true(moe_recipe_set(plain, "layer.variant=plain", NULL));
    g_assert_cmpint(moe_recipe_int(plain, "layer.k"), ==, 1);
    g_assert_cmpint(moe_recipe_int(plain, "layer.experts"), ==, 8);
}

static void
test_preset_of_preset(void)
{
    g_autoptr(MoeRecipe) big = parsed("[run]\nsize = big\n");
    g_assert_cmpstr(moe_recipe_text(big, "layer.variant"), ==, "wide");
    g_assert_cmpint(moe_recipe_int(big, "layer.k"), ==, 4);
    g_assert_cmpint(moe_recipe_int(big, "layer.experts"), ==, 64);
    g_autoptr(MoeRecipe) own = parsed("[run]\nsize = big\n[layer]\nvariant = plain\n");
    g_assert_cmpint(moe_recipe_int(own, "layer.k"), ==, 1);
    g_assert_cmpint(moe_recipe_int(own, "layer.experts"), ==, 64);
}

static void
test_all_problems_at_once(void)
{
    expect_refusal("[layer]\nk = 0\nexpert = 8\nsplit = tail\n[runn]\nkeep = 1\n"
                   "[run]\nrate = -1\nkeep = yes\nsteps = 1,x\n",
                   (const char *const[]){
                       "run.ini: [layer] k: found \"0\", expected a whole number in 1 … 64",
                       "run.ini: [layer] expert: unknown key; did you mean layer.experts?",
                       "run.ini: [layer] split: found \"tail\", expected one of token | heads",
                       "run.ini: [runn]: unknown group; did you mean [run]?",
                       "run.ini: [run] rate: found \"-1\", expected a number >= 0",
                       "run.ini: [run] keep: found \"yes\", expected true or false",
                       "run.ini: [run] steps: found \"1,x\", expected whole numbers in 0 … 1000, "
                       "separated by commas, or none (steps)",
                       NULL,
                   });
    /* What a rule finds is told beside keys that can't be read. */
    expect_refusal("[layer]\nk = 9\nexperts = 8\nexpert = 8\n",
                   (const char *const[]){"run.ini: [layer] expert: unknown key",
                                         "run.ini: layer.k: must not exceed layer.experts", NULL});
}

static void
test_bad_numbers(void)
{
    const char *const bad[] = {"nan", "inf", "0x10", "1e999", "1,5", "", "3 4", "1e", "--1", NULL};
    for (int i = 0; bad[i]; i++) {
        g_autoptr(MoeRecipe) recipe = moe_recipe_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *set = g_strconcat("run.rate=", bad[i], NULL);
        g_assert_false(moe_recipe_set(recipe, set, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
        g_assert_cmpfloat(moe_recipe_real(recipe, "run.rate"), ==, 3e-4);
        g_assert_false(moe_recipe_given(recipe, "run.rate"));
    }
}

static void
test_bad_text(void)
{
    expect_refusal("k = 2\n", (const char *const[]){"run.ini: ", NULL});
    expect_refusal("[layer\n", (const char *const[]){"run.ini: ", NULL});
    expect_refusal("[layer]\nk = \xff\n", (const char *const[]){"byte 12 isn't UTF-8", NULL});
    g_autofree char *flood = g_strnfill(100000, 'x');
    g_autofree char *text = g_strdup_printf("[layer]\n%s = 1\nk = %s\n", flood, flood);
    expect_refusal(text, (const char *const[]){"unknown key", "xxx…\", expected", NULL});
}

static void
test_preset_problems(void)
{
    expect_refusal(
        "[layer]\nvariant = broken\n",
        (const char *const[]){
            "preset layer.variant = broken: layer.kk: unknown key; did you mean layer.k?",
            "preset layer.variant = broken: layer.k: a whole number in 1 … 64", NULL});
}

static void
test_set(void)
{
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(moe_recipe_set(recipe, "layer.k = 5", &error));
    g_assert_no_error(error);
    g_assert_cmpint(moe_recipe_int(recipe, "layer.k"), ==, 5);
    g_assert_false(moe_recipe_set(recipe, "layer.k", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
    g_clear_error(&error);
    g_assert_false(moe_recipe_set(recipe, "moe.experts=3", &error));
    g_assert_nonnull(strstr(error->message, "did you mean layer.experts?"));
}

static void
test_rules(void)
{
    g_autoptr(MoeRecipe) recipe = parsed("[layer]\nk = 9\n");
    g_autoptr(GError) error = NULL;
    g_assert_false(moe_recipe_check(recipe, &error));
    g_assert_cmpstr(error->message, ==, "layer.k: must not exceed layer.experts");
    g_assert_true(moe_recipe_set(recipe, "layer.experts=9", NULL));
    g_assert_true(moe_recipe_check(recipe, NULL));
}

static void
test_round_trip(void)
{
    g_autoptr(MoeRecipe) recipe = parsed("[layer]\nvariant = wide\nk=7\n"
                                         "[run]\ntitle = \\sspaced \\\\ Ünïcode\nsteps=3,4\n");
    g_autoptr(MoeRecipe) copy = moe_recipe_copy(recipe);
    g_autofree char *text = moe_recipe_to_text(recipe), *same = moe_recipe_to_text(copy);
    g_assert_cmpstr(text, ==, same);
    g_assert_true(g_str_has_prefix(text, "[layer]\nvariant = wide\nexperts = 32\nk = 7\n"));
    g_autoptr(MoeRecipe) again = parsed(text);
    g_autofree char *third = moe_recipe_to_text(again);
    g_assert_cmpstr(text, ==, third);
    g_assert_cmpstr(moe_recipe_text(again, "run.title"), ==, " spaced \\ Ünïcode");
}

static void
test_json(void)
{
    g_autoptr(MoeRecipe) recipe = parsed("[layer]\nvariant=wide\n[run]\ntitle=\"x\\\\\"\n"
                                         "steps=3,4\n");
    g_autofree char *json = moe_recipe_to_json(recipe);
    g_assert_cmpstr(json, ==,
                    "{\"layer\": {\"variant\": \"wide\", \"experts\": 32, \"k\": 4, "
                    "\"balance\": [\"cv2\", \"switch\"], \"split\": \"token\"}, "
                    "\"run\": {\"size\": \"own\", \"rate\": 0.0003, \"share\": 0.5, "
                    "\"keep\": true, \"title\": \"\\\"x\\\\\\\"\", \"steps\": [3, 4]}}");
}

static void
test_file(void)
{
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "r.ini", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_null(moe_recipe_load(path, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_clear_error(&error);
    g_assert_true(g_file_set_contents(path, "\xEF\xBB\xBF[layer]\nk=6\n", -1, NULL));
    g_autoptr(MoeRecipe) recipe = moe_recipe_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_recipe_int(recipe, "layer.k"), ==, 6);
    g_assert_true(g_file_set_contents(path, "[layer]\0", 8, NULL));
    g_assert_null(moe_recipe_load(path, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
    g_unlink(path);
    g_rmdir(folder);
}

static void
test_help(void)
{
    g_autofree char *all = moe_recipe_help(NULL), *layer = moe_recipe_help("layer");
    g_assert_null(moe_recipe_help("nothing"));
    g_assert_nonnull(strstr(all, "run.rate"));
    g_assert_null(strstr(layer, "run.rate"));
    /* The columns stand below each other. */
    g_auto(GStrv) lines = g_strsplit(layer, "\n", -1);
    const char *experts = strstr(lines[1], "how many"), *k = strstr(lines[2], "picks a token");
    g_assert_nonnull(experts);
    g_assert_nonnull(k);
    g_assert_cmpint(g_utf8_pointer_to_offset(lines[1], experts), ==,
                    g_utf8_pointer_to_offset(lines[2], k));
    g_assert_nonnull(strstr(lines[1], "a whole number in 1 … 64"));
    g_assert_nonnull(strstr(lines[1], "experts "));
}

static void
test_registry_refuses(void)
{
    int before, after;
    moe_fields_list(&before);
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*\"layer.k\" refused*already*");
    moe_fields_add(&(MoeField){"layer.k", MOE_FIELD_INT, "1", .help = ""}, 1);
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*\"k\" refused*group.key*");
    moe_fields_add(&(MoeField){"k", MOE_FIELD_INT, "1", .help = ""}, 1);
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*default is \"9\"*in 1 … 4*");
    moe_fields_add(&(MoeField){"layer.z", MOE_FIELD_INT, "9", 1, 4, .help = ""}, 1);
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING,
                          "preset layer.variant = wide refused*");
    moe_presets_add(&test_presets[1], 1);
    g_test_assert_expected_messages();
    moe_fields_list(&after);
    g_assert_cmpint(before, ==, after);
}

static void
test_nearest(void)
{
    const char *const words[] = {"train", "record", "recipe", "plot", NULL};
    g_assert_cmpstr(moe_nearest("trian", words), ==, "train");
    g_assert_cmpstr(moe_nearest("recod", words), ==, "record");
    g_assert_cmpstr(moe_nearest("plt", words), ==, "plot");
    g_assert_null(moe_nearest("xyzzy", words));
    g_assert_null(moe_nearest("", words));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    setlocale(LC_ALL, ""); /* a locale with decimal commas must change nothing */
    moe_fields_add(test_fields, G_N_ELEMENTS(test_fields));
    moe_presets_add(test_presets, G_N_ELEMENTS(test_presets));
    moe_rules_add(k_rule);
    g_test_add_func("/recipe/defaults", test_defaults);
    g_test_add_func("/recipe/values", test_values);
    g_test_add_func("/recipe/precedence", test_precedence);
    g_test_add_func("/recipe/preset-of-preset", test_preset_of_preset);
    g_test_add_func("/recipe/all-problems-at-once", test_all_problems_at_once);
    g_test_add_func("/recipe/bad-numbers", test_bad_numbers);
    g_test_add_func("/recipe/bad-text", test_bad_text);
    g_test_add_func("/recipe/preset-problems", test_preset_problems);
    g_test_add_func("/recipe/set", test_set);
    g_test_add_func("/recipe/rules", test_rules);
    g_test_add_func("/recipe/round-trip", test_round_trip);
    g_test_add_func("/recipe/json", test_json);
    g_test_add_func("/recipe/file", test_file);
    g_test_add_func("/recipe/help", test_help);
    g_test_add_func("/recipe/registry-refuses", test_registry_refuses);
    g_test_add_func("/recipe/nearest", test_nearest);
    return g_test_run();
}
