/* SPDX-License-Identifier: MIT
 *
 * cmd.h: what a command is, and the commands there are. A command gets its own name as argv[0] and
 * returns the exit status.
 */
#ifndef CMD_H
#define CMD_H

#include <glib.h>
#include <stdbool.h>

/* 130 is what a shell says of a program that Ctrl-C ended. */
enum { CMD_OK = 0, CMD_FAILED = 1, CMD_USAGE = 2, CMD_INTERRUPTED = 130 };

typedef struct Command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help; /* one line */
} Command;

/* Commands that stand behind one name ("moescope", "moescope recipe"). */
typedef struct CommandTable {
    const char *program;
    const char *about;       /* one line */
    const Command *commands; /* ended by an empty one */
} CommandTable;

/* Runs the command that argv[1] names; prints the list of commands for --help, and a complaint
 * that names the nearest for an unknown one. */
int cmd_dispatch(const CommandTable *table, int argc, char **argv);

int cmd_check(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_figures(int argc, char **argv);
int cmd_gui(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_plugins(int argc, char **argv);
int cmd_recipe(int argc, char **argv);
int cmd_recipe_parity(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_summary(int argc, char **argv);
int cmd_tokens(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_train(int argc, char **argv);

#endif
