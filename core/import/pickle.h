/* SPDX-License-Identifier: MIT
 *
 * pickle.h: Python's pickles, protocols 0 to 5 (pickletools.py of CPython documents them), read
 * without executing anything. A pickle is a program for a stack machine that may call any function
 * of any module; this machine knows the few that containers, numpy and torch need
 * (pickle-global.c), and each other one is an error that names it and its byte.
 *
 * Whatever the bytes are: memory is bounded by their number, nesting by MOE_PY_DEPTH_MAX.
 */
#ifndef MOESCOPE_IMPORT_PICKLE_H
#define MOESCOPE_IMPORT_PICKLE_H

#include "import/python.h"

/* Reads one pickle that takes up all of `bytes` (referenced as long as the tree lives). `name`
 * stands before each message. Fails with MOE_ERROR_FORMAT, _TRUNCATED or _UNSUPPORTED. */
MoePyDoc *moe__pickle_read(GBytes *bytes, const char *name, GError **error);

/* Reads one pickle that begins at `*at` and moves `*at` behind it; its tree goes into `doc`.
 * `nesting` counts the streams around it. NULL on error. (transfer none) */
MoePy *moe__pickle_next(MoePyDoc *doc, const uint8_t *bytes, size_t length, size_t *at,
                        const char *name, int nesting, GError **error);

#endif
