/* SPDX-License-Identifier: MIT
 *
 * archive.h: a few named arrays and a meta.json in a file of their own: summaries and the like. It
 * is a zip archive of .npy arrays, as a trace is: numpy.load() opens it. Readers trust nothing in
 * it: damage, overlapping members and shapes that don't fit give one error that names the place.
 */
#ifndef MOESCOPE_ARCHIVE_H
#define MOESCOPE_ARCHIVE_H

#include <moescope/trace.h>

G_BEGIN_DECLS

/* --- Writing ----------------------------------------------------------------------------------*/

typedef struct MoeArchiveWriter MoeArchiveWriter;

/* Begins an archive beside `path`. `meta_json`, a JSON object, becomes meta.json. Fails with
 * MOE_ERROR_FORMAT if it isn't one, G_FILE_ERROR, MOE_ERROR_UNSUPPORTED if `path` is there and not
 * a regular file. Not thread-safe. */
MOE_API MoeArchiveWriter *moe_archive_begin(const char *path, const char *meta_json,
                                            GError **error);
/* Adds an array, deflated. `name`: 1 to 200 of A-Z a-z 0-9 _ - . and /, between which no part is
 * empty or begins with "."; not ending in ".npy", which the file adds. Fails with MOE_ERROR_DATA on
 * a name that won't do or was there before, G_FILE_ERROR; the archive can then only be abandoned.
 */
MOE_API bool moe_archive_add(MoeArchiveWriter *writer, const char *name, const MoeArray *array,
                             GError **error);
/* The same for `n` plain bytes, such as text. */
MOE_API bool moe_archive_add_bytes(MoeArchiveWriter *writer, const char *name, const void *bytes,
                                   size_t n, GError **error);
/* Ends the archive and puts it in place of `path`, whole. The writer is freed in any case. */
MOE_API bool moe_archive_close(MoeArchiveWriter *writer, GError **error);
/* Frees the writer; nothing is left of what was written. */
MOE_API void moe_archive_abandon(MoeArchiveWriter *writer);

/* --- Reading ----------------------------------------------------------------------------------*/

typedef struct MoeArchive MoeArchive;

/* Fails with MOE_ERROR_FORMAT if `path` is no such archive or is damaged, MOE_ERROR_TRUNCATED if it
 * has no directory, G_FILE_ERROR. Threads may share it. */
MOE_API MoeArchive *moe_archive_open(const char *path, GError **error);
MOE_API void moe_archive_free(MoeArchive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeArchive, moe_archive_free)
MOE_API const char *moe_archive_meta(const MoeArchive *archive);
/* Names as they were added, in file order. (transfer none) */
MOE_API const char *const *moe_archive_names(const MoeArchive *archive, int *n);
MOE_API bool moe_archive_has(const MoeArchive *archive, const char *name);
/* Reads an array, or bytes as an array of u1. `out->data` is the caller's to g_free(). Fails with
 * MOE_ERROR_DATA if there is none of that name. */
MOE_API bool moe_archive_read(const MoeArchive *archive, const char *name, MoeArray *out,
                              GError **error);

G_END_DECLS

#endif
