/* SPDX-License-Identifier: MIT */
#include "cmd.h"

#include "describe.h"
#include "util.h"

#include <moescope/base.h>
#include <stdio.h>
#include <string.h>

static void
print_help(const CommandTable *table, FILE *out)
{
    int width = 0;
    for (const Command *command = table->commands; command->name; command++)
        width = MAX(width, (int)strlen(command->name));
    fprintf(out, "%s\n\nUsage:\n  %s COMMAND [OPTION…]\n\nCommands:\n", table->about,
            table->program);
    for (const Command *command = table->commands; command->name; command++)
        fprintf(out, "  %-*s  %s\n", width, command->name, command->help);
    fprintf(out, "\n\"%s COMMAND --help\" tells more.\n", table->program);
}

static const Command *
find(const CommandTable *table, const char *name)
{
    for (const Command *command = table->commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static int
complain(const CommandTable *table, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const Command *command = table->commands; command->name; command++)
        g_ptr_array_add(names, (char *)command->name);
    g_ptr_array_add(names, NULL);
    const char *nearest = moe_nearest(name, (const char *const *)names->pdata);
    const char *kind = *name == '-' ? "option" : "command";
    if (nearest)
        return cmd_usage("unknown %s \"%s\"; did you mean \"%s\"?", kind, name, nearest);
    return cmd_usage("unknown %s \"%s\"", kind, name);
}

int
cmd_dispatch(const CommandTable *table, int argc, char **argv)
{
    if (cmd_describe_table(table))
        return CMD_OK;
    g_set_prgname(table->program);
    if (argc < 2) {
        print_help(table, stderr);
        return CMD_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(table, stdout);
        return CMD_OK;
    }
    const Command *command = find(table, argv[1]);
    if (!command)
        return complain(table, argv[1]);
    /* The name under which GOption's help and our complaints speak. */
    g_autofree char *program = g_strdup_printf("%s %s", table->program, command->name);
    g_set_prgname(program);
    return command->run(argc - 1, argv + 1);
}
