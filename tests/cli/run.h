/* SPDX-License-Identifier: MIT
 *
 * run.h: runs moescope (MOESCOPE_PROGRAM) as a child process.
 */
#ifndef TESTS_CLI_RUN_H
#define TESTS_CLI_RUN_H

#include <glib.h>

typedef struct {
    int status; /* exit status; a signal fails the test */
    char *out, *err;
} Run;

/* Runs "moescope ARGUMENT…"; the list ends with NULL. */
Run run_moescope(const char *argument, ...) G_GNUC_NULL_TERMINATED;
void run_clear(Run *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* Starts "moescope ARGUMENT…" and returns without waiting; the list ends with NULL. */
typedef struct RunChild {
    GPid pid;
    int out, err; /* pipes */
} RunChild;
RunChild run_start(const char *argument, ...) G_GNUC_NULL_TERMINATED;
/* Sends a signal, which may come too late, and waits for the end. `status`: the exit status, or
 * 128 + the number of the signal that ended it. */
Run run_signal(RunChild *child, int number);

/* Asserts the exit status, and that out / err contain a text ("" : is empty; NULL: anything). */
void run_expect(const Run *run, int status, const char *out, const char *err);

#endif
