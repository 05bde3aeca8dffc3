/* SPDX-License-Identifier: MIT
 *
 * numpy.h: what numpy.save() and numpy.savez() write: one array, or an archive of them, stored or
 * deflated, told apart by content. Any numbers and booleans, little-endian, C or Fortran order.
 */
#ifndef MOESCOPE_IMPORT_NUMPY_H
#define MOESCOPE_IMPORT_NUMPY_H

#include "import/values.h"

typedef struct MoeNumpy MoeNumpy;

/* Opens a file and lists its arrays. Errors name the file and the member: MOE_ERROR_FORMAT,
 * _TRUNCATED, _UNSUPPORTED, G_FILE_ERROR. A .npy file is mapped and must not be cut short while it
 * is open. */
MoeNumpy *moe__numpy_open(const char *path, GError **error);
void moe__numpy_free(MoeNumpy *numpy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeNumpy, moe__numpy_free)
/* The arrays: of an archive its members whose names end in ".npy", in file order; else one. */
int moe__numpy_count(const MoeNumpy *numpy);
/* Without ".npy"; "" for the array of a .npy file. (transfer full) */
char *moe__numpy_name(const MoeNumpy *numpy, int i);
/* The index of an array, or -1. */
int moe__numpy_find(const MoeNumpy *numpy, const char *name);
/* Reads and checks array `i`. */
bool moe__numpy_values(const MoeNumpy *numpy, int i, MoeValues *out, GError **error);

/* The array that `bytes` hold. Messages don't say where they came from. */
bool moe__npy_values(const uint8_t *bytes, size_t length, MoeValues *out, GError **error);

#endif
