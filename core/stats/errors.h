/* SPDX-License-Identifier: MIT
 *
 * errors.h: what several threads complained of.
 */
#ifndef MOESCOPE_STATS_ERRORS_H
#define MOESCOPE_STATS_ERRORS_H

#include <moescope/base.h>

/* Hands on the first of errors[n] (NULL: none), and one that says that all was stopped only where
 * there is no other; frees the rest. Returns whether there was none. */
bool moe__take_first_error(GError **errors, int n, GError **error);

#endif
