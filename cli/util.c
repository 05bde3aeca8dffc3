/* SPDX-License-Identifier: MIT */
#include "util.h"

#include "cmd.h"
#include "describe.h"

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
cmd_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "moescope: %s\n", message);
}

bool
cmd_set_threads(int threads, int *status)
{
    if (threads < 0 || threads > MOE_THREADS_MOST) {
        *status = cmd_usage("found --threads %d, expected 1 to %d, or 0 for all", threads,
                            MOE_THREADS_MOST);
        return false;
    }
    moe_set_threads(threads);
    return true;
}

void
cmd_locate(GError *error, const char *where)
{
    g_autoptr(GString) message = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    gsize n = strlen(where);
    for (char **line = lines; *line; line++) {
        bool said = g_str_has_prefix(*line, where) && (*line)[n] == ':';
        g_string_append_printf(message, "%s%s%s%s", line == lines ? "" : "\n", said ? "" : where,
                               said ? "" : ": ", *line);
    }
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

/* A shell's variable that wasn't set, as a rule. */
static bool
none_empty(const CmdArguments *arguments, int n, char **given, int *status)
{
    for (int i = 0; i < n; i++)
        if (!*given[i]) {
            *status = cmd_usage("found an empty argument, expected %s", arguments->names);
            return false;
        }
    return true;
}

/* What --help ends with. (transfer full) */
static char *
examples_text(const char *examples)
{
    g_auto(GStrv) lines = g_strsplit(examples, "\n", -1);
    g_autoptr(GString) text = g_string_new("Examples:");
    for (char **line = lines; *line; line++)
        if (**line)
            g_string_append_printf(text, "\n  %s", *line);
    return g_strdup(text->str);
}

bool
cmd_options(const CmdArguments *arguments, const GOptionEntry *entries, int *argc, char ***argv,
            int *status)
{
    g_autoptr(GOptionContext) context = g_option_context_new(arguments->names);
    g_autoptr(GError) error = NULL;
    gboolean help = FALSE;
    const GOptionEntry help_entries[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "print this", NULL}, G_OPTION_ENTRY_NULL};
    *status = CMD_OK;
    if (cmd_describe_command(arguments, entries))
        return false;
    g_option_context_set_summary(context, arguments->about);
    if (arguments->examples) {
        g_autofree char *examples = examples_text(arguments->examples);
        g_option_context_set_description(context, examples);
    }
    g_option_context_add_main_entries(context, entries, NULL);
    /* GOption's own --help exits before anyone sees whether it could be written. */
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, help_entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        *status = cmd_usage("%s", error->message);
        return false;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        return false;
    }
    return count_fits(arguments, *argc - 1, status) &&
           none_empty(arguments, *argc - 1, *argv + 1, status);
}
