/* SPDX-License-Identifier: MIT */
#include "describe.h"

#include <moescope/figure.h>
#include <moescope/moe.h>
#include <stdio.h>
#include <string.h>

/* While commands are gathered: where they go, and the line of the table they stand in. */
static GPtrArray *pages;
static const char *help_line;

static void
option_clear(gpointer data)
{
    DescribedOption *option = data;
    g_free(option->name);
    g_free(option->help);
    g_free(option->value);
    g_free(option->values);
}

static void
described_free(gpointer data)
{
    Described *page = data;
    g_free(page->program);
    g_free(page->help);
    g_free(page->about);
    g_free(page->names);
    g_free(page->examples);
    g_array_unref(page->options);
    g_free(page);
}

static Described *
page_add(const char *about)
{
    Described *page = g_new0(Described, 1);
    page->program = g_strdup(g_get_prgname());
    page->help = g_strdup(help_line);
    page->about = g_strdup(about);
    page->options = g_array_new(FALSE, FALSE, sizeof(DescribedOption));
    g_array_set_clear_func(page->options, option_clear);
    g_ptr_array_add(pages, page);
    return page;
}

/* --- What a value can be ----------------------------------------------------------------------*/

static bool
is_word(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && !strchr("-_.", *text))
            return false;
    return true;
}

/* The choices that a help text lists: "train | validation | all (default: all)". NULL: it doesn't.
 * (transfer full) */
static char *
choices(const char *help)
{
    g_auto(GStrv) parts = g_strsplit(help, " | ", -1);
    g_autoptr(GString) words = g_string_new(NULL);
    guint n = g_strv_length(parts);
    if (n < 2)
        return NULL;
    for (guint i = 0; i < n; i++) {
        char *start = i == 0 ? strrchr(parts[i], ' ') : NULL;
        char *word = start ? start + 1 : parts[i];
        word[strcspn(word, " ,")] = '\0';
        if (!*word || !is_word(word))
            return NULL;
        g_string_append_printf(words, "%s%s", i > 0 ? " " : "", word);
    }
    return g_strdup(words->str);
}

static char *
figures(void)
{
    int n;
    const MoeFigure *const *list = moe_figures_list(&n);
    g_autoptr(GString) words = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append_printf(words, "%s%s", i > 0 ? " " : "", list[i]->name);
    return g_strdup(words->str);
}

/* Of the key that chooses a method as a whole. */
static char *
presets(void)
{
    int n;
    const MoePreset *const *list = moe_presets_list(&n);
    g_autoptr(GString) words = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        if (strcmp(list[i]->key, "moe.variant") == 0)
            g_string_append_printf(words, "%s%s", words->len > 0 ? " " : "", list[i]->name);
    return g_strdup(words->str);
}

char *
cmd_describe_words(const char *names)
{
    if (!names)
        return NULL;
    if (strstr(names, "FIGURE"))
        return figures();
    if (strstr(names, "RECIPE") || strstr(names, "PRESET"))
        return presets();
    return NULL;
}

/* --- Gathering --------------------------------------------------------------------------------*/

static DescribedOption
option_of(const GOptionEntry *entry)
{
    DescribedOption option = {.letter = entry->short_name,
                              .name = g_strdup(entry->long_name),
                              .help = g_strdup(entry->description)};
    if (entry->arg == G_OPTION_ARG_NONE)
        return option;
    option.value = g_strdup(entry->arg_description);
    option.file = entry->arg == G_OPTION_ARG_FILENAME || entry->arg == G_OPTION_ARG_FILENAME_ARRAY;
    if (strcmp(entry->long_name, "theme") == 0 && strcmp(g_get_prgname(), "moescope plot") == 0)
        option.values = g_strjoinv(" ", (char **)moe_themes());
    else if (entry->arg_description && strchr(entry->arg_description, '|'))
        option.values = g_strdelimit(g_strdup(entry->arg_description), "|", ' ');
    else
        option.values = choices(entry->description);
    return option;
}

bool
cmd_describe_command(const CmdArguments *arguments, const GOptionEntry *entries)
{
    if (!pages)
        return false;
    Described *page = page_add(arguments->about);
    page->names = g_strdup(arguments->names);
    page->examples = g_strdup(arguments->examples);
    for (; entries->long_name; entries++) {
        DescribedOption option = option_of(entries);
        g_array_append_val(page->options, option);
    }
    return true;
}

bool
cmd_describe_table(const CommandTable *table)
{
    if (!pages)
        return false;
    page_add(table->about)->table = true;
    for (const Command *command = table->commands; command->name; command++) {
        g_autofree char *program = g_strdup_printf("%s %s", table->program, command->name);
        char *argv[] = {(char *)command->name, NULL};
        g_set_prgname(program);
        help_line = command->help;
        command->run(1, argv);
    }
    return true;
}

GPtrArray *
cmd_describe(const CommandTable *table)
{
    pages = g_ptr_array_new_with_free_func(described_free);
    g_set_prgname(table->program);
    help_line = NULL;
    cmd_describe_table(table);
    g_set_prgname(table->program);
    return g_steal_pointer(&pages);
}

int
cmd_describe_as(const CommandTable *table, const char *what)
{
    static const struct {
        const char *name;
        void (*print)(const GPtrArray *pages);
    } kinds[] = {{"man", cmd_manual_print}, {"bash", cmd_bash_print}, {"zsh", cmd_zsh_print}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_strcmp0(what, kinds[i].name) != 0)
            continue;
        g_autoptr(GPtrArray) all = cmd_describe(table);
        kinds[i].print(all);
        return CMD_OK;
    }
    return cmd_usage("found --describe %s, expected man, bash or zsh", what);
}
