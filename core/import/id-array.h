/* SPDX-License-Identifier: MIT
 *
 * Expert ids [tokens][layers][k] as servers and trainers send them: base64 of a .npy file, of bare
 * int32, an object with shape, dtype and base64 (and the place of its first token), NeMo-RL's
 * "nrlre1:int16:SxLxK:BASE64", or plain lists.
 */
#ifndef MOE_IMPORT_ID_ARRAY_H
#define MOE_IMPORT_ID_ARRAY_H

#include "import/json-pull.h"

typedef struct MoeIdArray {
    uint8_t *bytes; /* the ids */
    size_t length;
    char kind;   /* 'i' or 'u' */
    int width;   /* bytes an id */
    bool shaped; /* the next three are known; a bare array doesn't say */
    int64_t tokens, layers, k;
    int64_t start; /* position of the first token; -1: not said */
    bool bare;     /* type and shape aren't the array's own */
} MoeIdArray;

void moe__id_array_free(MoeIdArray *array);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeIdArray, moe__id_array_free)

/* Reads the value that follows a key. NULL where it is null (json->error unset), or with
 * json->error. (transfer full) */
MoeIdArray *moe__id_array_read(MoeJson *json);
/* Gives a bare array its type; NULL: int32. Returns false with json->error if the bytes aren't a
 * whole number of these. */
bool moe__id_array_type(MoeJson *json, MoeIdArray *array, const char *name);
/* Gives it its shape, once it has a type. Returns false if `tokens` and `k` don't divide it. */
bool moe__id_array_shape(MoeIdArray *array, int64_t tokens, int64_t k);
/* An id, in the order of the file. */
int64_t moe__id_array_at(const MoeIdArray *array, int64_t i);

#endif
