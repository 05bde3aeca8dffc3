/* SPDX-License-Identifier: MIT
 *
 * describe.h: what the commands are, gathered from the tables that --help is made of, for the
 * manual page and for the completion of shells.
 */
#ifndef CMD_DESCRIBE_H
#define CMD_DESCRIBE_H

#include "cmd.h"
#include "util.h"

/* An option, as of GOptionEntry. */
typedef struct DescribedOption {
    char letter; /* 0: none */
    char *name, *help;
    char *value;  /* what stands for it, "FILE"; NULL: the option takes none */
    char *values; /* what it can be, separated by blanks; NULL: anything */
    bool file;    /* the value is a file's name */
} DescribedOption;

/* A command, or a table of them. */
typedef struct Described {
    char *program; /* "moescope trace cat" */
    char *help;    /* one line, of its table; NULL: of the program itself */
    char *about, *names, *examples;
    GArray *options; /* of DescribedOption */
    bool table;
} Described;

/* Gathers all commands, in order, a table before its commands. (transfer full) */
GPtrArray *cmd_describe(const CommandTable *table);

/* Called by those who'd otherwise run: true while commands are gathered, which then do nothing. */
bool cmd_describe_command(const CmdArguments *arguments, const GOptionEntry *entries);
bool cmd_describe_table(const CommandTable *table);

/* "moescope --describe man | bash | zsh": prints it. Returns the exit status. */
int cmd_describe_as(const CommandTable *table, const char *what);

void cmd_manual_print(const GPtrArray *pages);
void cmd_bash_print(const GPtrArray *pages);
void cmd_zsh_print(const GPtrArray *pages);

/* What can stand where `names` says so, separated by blanks; NULL: nothing that is known. Figures,
 * themes, presets. (transfer full) */
char *cmd_describe_words(const char *names);

#endif
