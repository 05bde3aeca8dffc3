/* SPDX-License-Identifier: MIT
 *
 * The map in a dump of SGLang's expert distribution recorder: which expert each of the copies
 * ("physical experts") that a server holds was at the end.
 */
#ifndef MOE_IMPORT_SGLANG_MAP_H
#define MOE_IMPORT_SGLANG_MAP_H

#include "import/python.h"

typedef struct MoeSglangMap {
    MoeValues values; /* last_physical_to_logical_map [layers, copies]; data NULL: there is none */
    int64_t experts;  /* 0 … experts - 1 are in it */
    bool moved;       /* some copy's number isn't its expert's */
} MoeSglangMap;

/* Reads the map of a dump into `map`, if it has one. Fails with MOE_ERROR_FORMAT, the message
 * beginning with `path`, and as reading values does. */
bool moe__sglang_map_read(const MoePyDoc *doc, const char *path, MoeSglangMap *map, GError **error);
void moe__sglang_map_clear(MoeSglangMap *map);
/* The expert that a copy of a layer is of; where there is no map, and below 0, the same number.
 * Both have to lie within the map. */
int64_t moe__sglang_map_expert(const MoeSglangMap *map, int64_t layer, int64_t copy);

/* What a reader has to know where a map moved experts. */
#define MOE_SGLANG_MOVED                                                                  \
    "experts were told by the server's last map of copies; if it moved experts while it " \
    "recorded, "                                                                          \
    "those of earlier passes are wrong"

#endif
