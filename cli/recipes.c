/* SPDX-License-Identifier: MIT */
#include "recipes.h"

#include "samples.h"
#include "util.h"

#include <string.h>

/* --- Recipes ----------------------------------------------------------------------------------*/

/* A preset of some values. The name of a part is a preset without any: no recipe on its own. */
static const MoePreset *
find_preset(const char *name)
{
    int n;
    const MoePreset *const *preset = moe_presets_list(&n);
    for (int i = 0; i < n; i++)
        if (*preset[i]->values && strcmp(preset[i]->name, name) == 0)
            return preset[i];
    return NULL;
}

/* Adds the names of the sample recipes, each to be freed. */
static void
add_samples(GPtrArray *names)
{
    g_autofree char *path = cmd_sample("recipes");
    g_autoptr(GDir) folder = path ? g_dir_open(path, 0, NULL) : NULL;
    const char *name;
    while (folder && (name = g_dir_read_name(folder)))
        if (g_str_has_suffix(name, ".ini"))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".ini")));
}

static MoeRecipe *
unknown_recipe(const char *name, GError **error)
{
    int n;
    const MoePreset *const *preset = moe_presets_list(&n);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < n; i++)
        if (*preset[i]->values)
            g_ptr_array_add(names, g_strdup(preset[i]->name));
    add_samples(names);
    g_ptr_array_add(names, NULL);
    const char *nearest = moe_nearest(name, (const char *const *)names->pdata);
    g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE,
                "\"%s\" is neither a file nor a sample nor a preset%s%s%s", name,
                nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return NULL;
}

static MoeRecipe *
recipe_named(const char *name, GError **error)
{
    if (!name)
        return moe_recipe_new();
    if (g_file_test(name, G_FILE_TEST_EXISTS))
        return moe_recipe_load(name, error);
    g_autofree char *file = g_strdup_printf("recipes/%s.ini", name);
    g_autofree char *sample = cmd_sample(file);
    if (sample && g_file_test(sample, G_FILE_TEST_EXISTS))
        return moe_recipe_load(sample, error);
    const MoePreset *preset = find_preset(name);
    if (!preset)
        return unknown_recipe(name, error);
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_autofree char *choice = g_strdup_printf("%s=%s", preset->key, preset->name);
    return moe_recipe_set(recipe, choice, error) ? g_steal_pointer(&recipe) : NULL;
}

MoeRecipe *
cmd_recipe_open(const char *name, char *const *set, GError **error)
{
    g_autoptr(MoeRecipe) recipe = recipe_named(name, error);
    GError *problem = NULL;
    if (!recipe)
        return NULL;
    for (; set && *set; set++) {
        if (!moe_recipe_set(recipe, *set, &problem)) {
            cmd_locate(problem, "--set");
            g_propagate_error(error, problem);
            return NULL;
        }
    }
    if (moe_recipe_check(recipe, &problem))
        return g_steal_pointer(&recipe);
    cmd_locate(problem, name ? name : "recipe");
    g_propagate_error(error, problem);
    return NULL;
}

/* --- Text -------------------------------------------------------------------------------------*/

/* Paths as data.corpus lists them. (transfer full) */
static char *
join_paths(char *const *paths, GError **error)
{
    for (char *const *path = paths; *path; path++) {
        if (!strchr(*path, ','))
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: a recipe can't hold a path with a comma, which separates paths there",
                    *path);
        return NULL;
    }
    return g_strjoinv(",", (char **)paths);
}

bool
cmd_recipe_settle_corpus(MoeRecipe *recipe, char *const *data, GError **error)
{
    if (!data && *moe_recipe_text(recipe, "data.corpus"))
        return true;
    g_autofree char *corpus = data ? join_paths(data, error) : cmd_sample("corpus");
    if (!corpus) {
        if (!data)
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "data.corpus is empty and the sample corpus is not there; name files or "
                        "folders of text (--data)");
        return false;
    }
    g_autofree char *assignment = g_strconcat("data.corpus=", corpus, NULL);
    return moe_recipe_set(recipe, assignment, error);
}

MoeCorpus *
cmd_corpus_open(const MoeRecipe *recipe, char *const *data, bool all, GError **error)
{
    MoeCorpusOptions options = moe_corpus_options(recipe);
    if (all)
        options.validation = options.probe = 0;
    g_auto(GStrv) paths = data ? g_strdupv((char **)data)
                               : g_strsplit(moe_recipe_text(recipe, "data.corpus"), ",", -1);
    return moe_corpus_load((const char *const *)paths, (int)g_strv_length(paths), &options, error);
}
