/* SPDX-License-Identifier: MIT
 *
 * log.h: what an inference server writes of its routing, as it is imported.
 */
#ifndef TESTS_GUI_LOG_H
#define TESTS_GUI_LOG_H

enum { LOG_TOKENS = 200 };

/* LOG_TOKENS tokens of two layers of at least 7 experts, k = 2, in requests of 50 that are numbered
 * from `first` on. */
void write_log(const char *path, int first);

#endif
