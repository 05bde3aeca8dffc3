/* SPDX-License-Identifier: MIT
 *
 * pt.h: files that torch.save() and pickle.dump() write, told apart by their content: a zip archive
 * with a pickle and one member a storage (torch 1.6 and later), the legacy stream before that, or
 * a plain pickle.
 */
#ifndef MOESCOPE_IMPORT_PT_H
#define MOESCOPE_IMPORT_PT_H

#include "import/python.h"

/* Reads the tree of a file. Values of an archive's tensors stay in the file until
 * moe__py_values() asks for them; the other kinds are mapped and must not be cut short while they
 * are open. Not thread-safe. Errors name the file and the byte: MOE_ERROR_FORMAT, _TRUNCATED,
 * _UNSUPPORTED (an unknown global, big-endian values), G_FILE_ERROR. */
MoePyDoc *moe__pt_open(const char *path, GError **error);

/* The same of bytes in memory that aren't an archive. */
MoePyDoc *moe__pt_read(GBytes *bytes, const char *name, GError **error);

#endif
