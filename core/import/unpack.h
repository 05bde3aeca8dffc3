/* SPDX-License-Identifier: MIT
 *
 * unpack.h: text is unpacked as it is read, but arrays, pickles and GGUF are read here and there,
 * so that a packed file of these is unpacked first.
 */
#ifndef MOE_IMPORT_UNPACK_H
#define MOE_IMPORT_UNPACK_H

#include <moescope/base.h>

/* Where `path` is a gzip'd file of arrays: sets *plain to an unpacked copy of the same name without
 * its ".gz", in a folder of its own among temporary files (transfer full); NULL for anything else.
 * Fails with G_FILE_ERROR, MOE_ERROR_TRUNCATED and MOE_ERROR_FORMAT, and leaves nothing then. */
bool moe__import_unpack(const char *path, char **plain, GError **error);
/* Removes such a copy with its folder. (transfer full) */
void moe__import_unpacked_free(void *plain);

#endif
