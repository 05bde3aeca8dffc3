/* SPDX-License-Identifier: MIT
 *
 * The header of a safetensors file, read with as little trust as possible.
 */
#ifndef MOE_NN_SAFETENSORS_HEADER_H
#define MOE_NN_SAFETENSORS_HEADER_H

#include <moescope/safetensors.h>

/* One array as the header states it; begin and end are offsets into the values. */
typedef struct {
    char *name;
    MoeStoredType type;
    GArray *shape; /* int64_t */
    uint64_t begin, end;
} MoeStoredHeader;

/* Appends what the JSON text holds to `arrays` (of MoeStoredHeader, not yet compared with each
 * other) and to `metadata` (string -> string). Error messages begin with `path`. */
bool moe__safetensors_parse(const char *json, size_t length, const char *path, GArray *arrays,
                            GHashTable *metadata, GError **error);

#endif
