/* SPDX-License-Identifier: MIT
 *
 * zip-array.h: arrays and plain bytes as members of an archive: an array NAME is the member
 * NAME.npy, bytes are the member NAME. Traces' attachments and archives of their own have these.
 */
#ifndef MOESCOPE_TRACE_ZIP_ARRAY_H
#define MOESCOPE_TRACE_ZIP_ARRAY_H

#include "trace/zip.h"

#include <moescope/trace.h>

/* Whether `name` will do as a member's: 1 to 200 of A-Z a-z 0-9 _ - . /, no part of it empty or
 * beginning with "." (other programs unpack members to files), not ending in ".npy". */
bool moe__zip_check_name(const char *name, GError **error);

/* Deflates an array, or plain bytes, as a member; false where there is no memory. Thread-safe. */
bool moe__zip_pack_array(const MoeArray *array, MoeZipPacked *out);
bool moe__zip_pack_bytes(const void *bytes, size_t n, MoeZipPacked *out);
/* Adds what one of them made, or says that it had no memory (`packed` false); clears `bytes`. */
bool moe__zip_add_packed(MoeZipWriter *writer, const char *member, bool packed, MoeZipPacked *bytes,
                         GError **error);

/* Adds PREFIX NAME.npy, or PREFIX NAME, deflated where that makes it smaller. */
bool moe__zip_add_array(MoeZipWriter *writer, const char *prefix, const char *name,
                        const MoeArray *array, GError **error);
bool moe__zip_add_bytes(MoeZipWriter *writer, const char *prefix, const char *name,
                        const void *bytes, size_t n, GError **error);

/* The array's header is read first: type and shape. The stream stands where the data begin, as many
 * bytes as type and shape say. (transfer full) */
MoeZipStream *moe__zip_array_begin(const MoeZipReader *zip, const MoeZipEntry *entry, MoeArray *out,
                                   GError **error);
/* Reads the data, checks the CRC, and points array->data at them. */
bool moe__zip_array_finish(MoeZipStream *stream, void *data, MoeArray *array, GError **error);
/* Both: the data, which `out` points at. (transfer full) */
uint8_t *moe__zip_array_read(const MoeZipReader *zip, const MoeZipEntry *entry, MoeArray *out,
                             GError **error);

/* Appends names of the members below a prefix, without it and ".npy", in file order, but for
 * meta.json. (transfer full) */
void moe__zip_names(const MoeZipReader *zip, const char *prefix, GPtrArray *names);
/* The member of that name, array or bytes; NULL if there is none. */
const MoeZipEntry *moe__zip_find(const MoeZipReader *zip, const char *prefix, const char *name);
/* What such a member holds: bytes are an array of u1. out->data is the caller's to g_free(). */
bool moe__zip_read(const MoeZipReader *zip, const MoeZipEntry *entry, MoeArray *out,
                   GError **error);

#endif
