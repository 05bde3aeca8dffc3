/* SPDX-License-Identifier: MIT
 *
 * What the tests of Python's files share: where they are, and checks of what was read.
 */
#ifndef MOESCOPE_TESTS_PYTHON_TREE_H
#define MOESCOPE_TESTS_PYTHON_TREE_H

#include "import/python.h"

/* A file of fixtures/pickle: its path (transfer full), its bytes (transfer full). */
char *fixture_path(const char *name);
GBytes *fixture(const char *name);
/* A file of the measured data, or NULL, and then the test is skipped: they lie in MOESCOPE_DATA
 * or in ../shared/data beside the source tree, where there are any. (transfer full) */
char *data_path(const char *name);

int64_t integer(const MoePy *value);
double number(const MoePy *value);
/* Type, shape ("[2, 3]") and values. */
void check_values(const MoeValues *values, MoeStoredType type, const char *shape,
                  const double *expected);
/* The same of the array that the root, a dict, has under `key`. */
void check_array(const MoePyDoc *doc, const char *key, MoeStoredType type, const char *shape,
                 const double *expected);
/* Reads every array below `value`, which may fail in any way but with a crash. */
void read_all_arrays(const MoePyDoc *doc, const MoePy *value);

#endif
