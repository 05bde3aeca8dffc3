/* SPDX-License-Identifier: MIT
 *
 * source.h: where a corpus comes from: which files make which domain, and their bytes.
 */
#ifndef MOE_TEXT_SOURCE_H
#define MOE_TEXT_SOURCE_H

#include <moescope/base.h>

/* One domain before it is read. */
typedef struct MoeSource {
    char *domain;
    char *origin;     /* the file or folder, for messages */
    GPtrArray *files; /* of char *, in the order they are read */
} MoeSource;

/* The sources behind `paths`, ordered by domain name: see moe_corpus_load() for the rules. Errors:
 * an unreadable folder, folders nested too deep, two sources of one name, none at all. The array
 * owns its sources. */
GPtrArray *moe__sources_list(const char *const *paths, int n_paths, GError **error);

/* Bytes that grow. Zero is empty; g_free(data) frees. */
typedef struct MoeBytes {
    char *data;
    size_t length, capacity;
} MoeBytes;

/* Appends a file's bytes, decompressed if its content is gzip, until `bytes` holds `limit` of
 * them. Errors: not a readable regular file, corrupt or cut gzip data, no memory. */
bool moe__source_read(const char *path, size_t limit, MoeBytes *bytes, GError **error);

#endif
