/* SPDX-License-Identifier: MIT */
#include "util.h"

#include "cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
cmd_fail(const GError *error)
{
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    for (char **line = lines; *line; line++)
        fprintf(stderr, "moescope: %s\n", *line);
    return CMD_FAILED;
}

void
cmd_locate(GError *error, const char *where)
{
    g_autoptr(GString) message = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    for (char **line = lines; *line; line++)
        g_string_append_printf(message, "%s%s: %s", line == lines ? "" : "\n", where, *line);
    g_free(error->message);
    error->message = g_strdup(message->str);
}

int
cmd_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "moescope: %s (see \"%s --help\")\n", message, g_get_prgname());
    return CMD_USAGE;
}

static bool
count_fits(const CmdArguments *arguments, int n, int *status)
{
    if (n >= arguments->least && (arguments->most < 0 || n <= arguments->most))
        return true;
    *status = cmd_usage("found %d argument%s, expected %s", n, n == 1 ? "" : "s",
                        *arguments->names ? arguments->names : "none");
    return false;
}

bool
cmd_options(const CmdArguments *arguments, const GOptionEntry *entries, int *argc, char ***argv,
            int *status)
{
    g_autoptr(GOptionContext) context = g_option_context_new(arguments->names);
    g_autoptr(GError) error = NULL;
    *status = CMD_OK;
    g_option_context_set_summary(context, arguments->about);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        *status = cmd_usage("%s", error->message);
        return false;
    }
    return count_fits(arguments, *argc - 1, status);
}

static const MoePreset *
find_preset(const char *name)
{
    int n;
    const MoePreset *const *preset = moe_presets_list(&n);
    for (int i = 0; i < n; i++)
        if (strcmp(preset[i]->name, name) == 0)
            return preset[i];
    return NULL;
}

static const char *
nearest_preset(const char *name)
{
    int n;
    const MoePreset *const *preset = moe_presets_list(&n);
    g_autofree const char **names = g_new0(const char *, n + 1);
    for (int i = 0; i < n; i++)
        names[i] = preset[i]->name;
    return moe_nearest(name, names);
}

/* A file wins over a preset of the same name. */
static MoeRecipe *
recipe_named(const char *name, GError **error)
{
    if (!name)
        return moe_recipe_new();
    if (g_file_test(name, G_FILE_TEST_EXISTS))
        return moe_recipe_load(name, error);
    const MoePreset *preset = find_preset(name);
    if (!preset) {
        const char *nearest = nearest_preset(name);
        g_set_error(
            error, MOE_ERROR, MOE_ERROR_RECIPE, "\"%s\" is neither a file nor a preset%s%s%s", name,
            nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
        return NULL;
    }
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
