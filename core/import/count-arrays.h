/* SPDX-License-Identifier: MIT
 *
 * Arrays of counts [blocks][layers][experts] from files: what layers are in use, and their picks.
 */
#ifndef MOE_IMPORT_COUNT_ARRAYS_H
#define MOE_IMPORT_COUNT_ARRAYS_H

#include "import/counts.h"

typedef struct MoeCountArrays {
    MoeImport *import;
    int rows, experts; /* of every array */
    bool *used;        /* [rows] has a count in some file; else a layer without experts */
    int *router;       /* [rows], once begun; -1: unused */
    bool begun;
    int64_t blocks; /* seen so far: the number of the next one */
} MoeCountArrays;

void moe__count_arrays_clear(MoeCountArrays *arrays);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeCountArrays, moe__count_arrays_clear)
/* Takes an array of a file: before moe__count_arrays_begin() looks at it, then adds its picks.
 * Fails with MOE_ERROR_FORMAT on other shapes ([layers][experts] is one block) and on what isn't a
 * count; the message begins with `name`. */
bool moe__count_arrays_take(MoeCountArrays *arrays, int file, const char *name,
                            const MoeValues *values, GError **error);
/* Begins the summary: a router for each row that has counts. */
bool moe__count_arrays_begin(MoeCountArrays *arrays, GError **error);

/* Reads all files of an import, twice: `read` opens one and takes its array. */
typedef bool (*MoeCountArraysRead)(MoeCountArrays *arrays, int file, const char *path,
                                   GError **error);
bool moe__count_arrays_read(MoeImport *import, MoeCountArraysRead read, GError **error);

#endif
