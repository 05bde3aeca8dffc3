/* SPDX-License-Identifier: MIT
 *
 * tool.h: runs tools of others that judge what moescope writes.
 */
#ifndef TESTS_CLI_TOOL_H
#define TESTS_CLI_TOOL_H

#include "run.h"

#include <stdbool.h>

/* Whether it is in PATH; else the test is skipped. */
bool tool_there(const char *program);
/* Runs "PROGRAM ARGUMENT…"; the list ends with NULL. */
Run tool_run(const char *program, ...) G_GNUC_NULL_TERMINATED;

#endif
