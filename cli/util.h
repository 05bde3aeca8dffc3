/* SPDX-License-Identifier: MIT
 *
 * util.h: what commands share: complaints, options, the recipe argument.
 */
#ifndef CMD_UTIL_H
#define CMD_UTIL_H

#include <moescope/recipe.h>

/* Prints "moescope: MESSAGE" on stderr (a line for each line of it). Returns CMD_FAILED. */
int cmd_fail(const GError *error);
/* Puts "WHERE: " before each line of the message. */
void cmd_locate(GError *error, const char *where);
/* The same for a mistake on the command line, with a pointer to --help. Returns CMD_USAGE. */
int cmd_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* What GOption doesn't know of a command. */
typedef struct CmdArguments {
    const char *names; /* "RECIPE [FILE]", for the usage line */
    const char *about; /* what the command does: stands above the options in --help */
    int least, most;   /* how many arguments beside options; most < 0: any number */
} CmdArguments;

/* Takes the options out of argc, argv (the arguments are left as argv[1] …). --help prints and
 * exits. Returns false, having complained, with *status to return; else *status is CMD_OK. */
bool cmd_options(const CmdArguments *arguments, const GOptionEntry *entries, int *argc,
                 char ***argv, int *status);

/* The recipe that `name` stands for, a file or a preset's name (NULL: all defaults), with the
 * assignments `set` ("group.key=value", ended by NULL; may be NULL) on top, checked. */
MoeRecipe *cmd_recipe_open(const char *name, char *const *set, GError **error);

#endif
