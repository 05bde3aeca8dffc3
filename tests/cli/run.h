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

/* Asserts the exit status, and that out / err contain a text ("" : is empty; NULL: anything). */
void run_expect(const Run *run, int status, const char *out, const char *err);

#endif
