/* SPDX-License-Identifier: MIT
 *
 * numpy.h: what numpy.save() and numpy.savez() write: one array, or an archive of them, stored or
 * deflated, told apart by content. Any numbers and booleans, of either order of bytes, in C or
 * Fortran order, and arrays of objects, which are pickles.
 */
#ifndef MOESCOPE_IMPORT_NUMPY_H
#define MOESCOPE_IMPORT_NUMPY_H

#include "import/python.h"

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
/* Type and shape of array `i`, of its header alone (strides and offset stay 0). Fails as reading
 * does; an array of objects has no type. */
bool moe__numpy_layout(const MoeNumpy *numpy, int i, MoeLayout *out, GError **error);
/* Reads and checks array `i`. */
bool moe__numpy_values(const MoeNumpy *numpy, int i, MoeValues *out, GError **error);

/* Whether array `i` is one of texts ("<U4", "|S4") along one axis, by its header alone. */
bool moe__numpy_is_texts(const MoeNumpy *numpy, int i);
/* These as a list; fails as moe__numpy_values(). (transfer full) */
MoePyDoc *moe__numpy_texts(const MoeNumpy *numpy, int i, GError **error);

/* Whether array `i` is one of objects, which moe__numpy_objects() reads and moe__numpy_values()
 * refuses: ragged data, or a dict that was given to numpy.save(). Reads the header alone; false if
 * that can't be read. */
bool moe__numpy_is_objects(const MoeNumpy *numpy, int i);
/* The objects as a list; errors as moe__pickle_read() and moe__numpy_values(). (transfer full) */
MoePyDoc *moe__numpy_objects(const MoeNumpy *numpy, int i, GError **error);

/* The array that `bytes` hold. Messages don't say where they came from. */
bool moe__npy_values(const uint8_t *bytes, size_t length, MoeValues *out, GError **error);

#endif
