/* SPDX-License-Identifier: MIT
 *
 * moescope recipe: what recipes may say, and what one says.
 */
#include "cmd.h"
#include "recipes.h"
#include "util.h"

#include <moescope/moe.h>
#include <stdio.h>
#include <string.h>

/* A part's name is a choice of its key too; recipe_parts() lists those. */
static bool
names_part(const MoePreset *preset)
{
    for (int place = 0; place < MOE_N_PLACES; place++)
        if (strcmp(preset->key, moe_place_key((MoePlace)place)) == 0)
            return true;
    return false;
}

static int
recipe_list(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "",
        .about = "Lists the presets: named sets of values, by the key that takes them.",
        .examples = "moescope recipe list\n",
    };
    static const GOptionEntry no_options[] = {G_OPTION_ENTRY_NULL};
    int n, width = 0, status;
    if (!cmd_options(&arguments, no_options, &argc, &argv, &status))
        return status;
    const MoePreset *const *preset = moe_presets_list(&n);
    for (int i = 0; i < n; i++)
        if (!names_part(preset[i]))
            width = MAX(width, (int)(strlen(preset[i]->key) + strlen(preset[i]->name)));
    for (int i = 0; i < n; i++)
        if (!names_part(preset[i]))
            printf("%s = %-*s  %s\n", preset[i]->key, width - (int)strlen(preset[i]->key),
                   preset[i]->name, preset[i]->help);
    return CMD_OK;
}

static void
print_parts(MoePlace place)
{
    int n;
    const MoePart *const *part = moe_parts_list(place, &n);
    printf("%s%s (%s)\n", place ? "\n" : "", moe_place_key(place), moe_place_name(place));
    for (int i = 0; i < n; i++) {
        printf("  %-17s %s\n", part[i]->name, part[i]->help);
        if (part[i]->cite)
            printf("%20s%s\n", "", part[i]->cite);
    }
}

static int
recipe_parts(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "",
        .about = "Lists the parts of an MoE layer, by the key that chooses them: name, what it "
                 "does, paper.",
        .examples = "moescope recipe parts\n",
    };
    static const GOptionEntry no_options[] = {G_OPTION_ENTRY_NULL};
    int status;
    if (!cmd_options(&arguments, no_options, &argc, &argv, &status))
        return status;
    for (int place = 0; place < MOE_N_PLACES; place++)
        print_parts((MoePlace)place);
    return CMD_OK;
}

/* Groups in the order of their first key, ended by NULL. (transfer full) */
static char **
groups(void)
{
    int n;
    const MoeField *const *field = moe_fields_list(&n);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (int i = 0; i < n; i++) {
        g_auto(GStrv) part = g_strsplit(field[i]->name, ".", 2);
        if (!g_ptr_array_find_with_equal_func(list, part[0], g_str_equal, NULL))
            g_ptr_array_add(list, g_strdup(part[0]));
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_steal(list, NULL);
}

static int
unknown_group(const char *group)
{
    g_auto(GStrv) all = groups();
    g_autofree char *list = g_strjoinv(", ", all);
    return cmd_usage("found group \"%s\", expected one of %s", group, list);
}

static int
recipe_keys(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[GROUP]",
        .about = "Lists the keys: name, what it takes, default, unit, meaning.",
        .examples = "moescope recipe keys moe\n",
        .most = 1,
    };
    static const GOptionEntry no_options[] = {G_OPTION_ENTRY_NULL};
    int status;
    if (!cmd_options(&arguments, no_options, &argc, &argv, &status))
        return status;
    if (argc == 2) {
        g_autofree char *help = moe_recipe_help(argv[1]);
        if (!help)
            return unknown_group(argv[1]);
        fputs(help, stdout);
        return CMD_OK;
    }
    g_auto(GStrv) all = groups();
    for (char **group = all; *group; group++) {
        g_autofree char *help = moe_recipe_help(*group);
        printf("%s%s", group == all ? "" : "\n", help);
    }
    return CMD_OK;
}

static int
show(const char *name, char *const *set, bool json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = cmd_recipe_open(name, set, &error);
    if (!recipe)
        return cmd_fail(error);
    g_autofree char *text = json ? moe_recipe_to_json(recipe) : moe_recipe_to_text(recipe);
    printf("%s%s", text, json ? "\n" : "");
    return CMD_OK;
}

static int
recipe_show(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[FILE|SAMPLE|PRESET]",
        .about = "Prints the recipe as it is used, every key that matters to it with its value.",
        .examples = "moescope recipe show smoe-small --set moe.k=1\n",
        .most = 1,
    };
    g_auto(GStrv) set = NULL;
    gboolean json = FALSE;
    const GOptionEntry options[] = {
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &set, "give a key a value; may be repeated",
         "GROUP.KEY=VALUE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, options, &argc, &argv, &status))
        return status;
    return show(argc > 1 ? argv[1] : NULL, set, json);
}

static int
recipe_check(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "FILE…",
        .about = "Says everything that is wrong with recipes; silent if nothing is.",
        .examples = "moescope recipe check my.ini\n",
        .least = 1,
        .most = -1,
    };
    static const GOptionEntry no_options[] = {G_OPTION_ENTRY_NULL};
    int status;
    if (!cmd_options(&arguments, no_options, &argc, &argv, &status))
        return status;
    for (int i = 1; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeRecipe) recipe = moe_recipe_load(argv[i], &error);
        if (recipe && !moe_recipe_check(recipe, &error))
            cmd_locate(error, argv[i]);
        if (error)
            status = cmd_fail(error);
    }
    return status;
}

int
cmd_recipe(int argc, char **argv)
{
    static const Command commands[] = {
        {"list", recipe_list, "presets"},
        {"parts", recipe_parts, "parts of an MoE layer, with their papers"},
        {"keys", recipe_keys, "keys, of one group or of all"},
        {"show", recipe_show, "a recipe as it is used"},
        {"check", recipe_check, "what is wrong with a recipe"},
        {"parity", cmd_recipe_parity, "how far a recipe with heads is from the costs of another"},
        {NULL, NULL, NULL},
    };
    static const CommandTable table = {
        .program = "moescope recipe",
        .about = "What recipes may say, and what one says.",
        .commands = commands,
    };
    return cmd_dispatch(&table, argc, argv);
}
