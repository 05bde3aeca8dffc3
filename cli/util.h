/* SPDX-License-Identifier: MIT
 *
 * util.h: what commands share: complaints and options.
 */
#ifndef CMD_UTIL_H
#define CMD_UTIL_H

#include <moescope/base.h>

/* Prints "moescope: MESSAGE" on stderr (a line for each line of it). Returns CMD_FAILED. */
int cmd_fail(const GError *error);
/* The same for a message of our own. */
void cmd_say(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Puts "WHERE: " before each line of the message that doesn't begin with it. */
void cmd_locate(GError *error, const char *where);
/* The same for a mistake on the command line, with a pointer to --help. Returns CMD_USAGE. */
int cmd_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* What GOption doesn't know of a command. */
typedef struct CmdArguments {
    const char *names; /* "RECIPE [FILE]", for the usage line */
    const char *about; /* what the command does: stands above the options in --help */
    /* Command lines that work as written, one a line, each a use that people have. */
    const char *examples;
    int least, most; /* how many arguments beside options; most < 0: any number */
} CmdArguments;

/* Takes the options out of argc, argv (the arguments are left as argv[1] …). Returns false,
 * with *status to return, having complained or, for --help, printed; else *status is CMD_OK. */
bool cmd_options(const CmdArguments *arguments, const GOptionEntry *entries, int *argc,
                 char ***argv, int *status);

/* What --where says of itself. */
#define CMD_WHERE                                                                                \
    "only tokens that fit all of: domain=law,code doc=12 pos=0-127 id=464,11 text=\" the\" (in " \
    "the token) text~=the (any case)"

/* What --threads gave: sets it, or complains, with *status to return. */
bool cmd_set_threads(int threads, int *status);

#endif
