/* SPDX-License-Identifier: MIT
 *
 * One line of a JSON Lines log: a token's picks in one layer, or what the log says of the model.
 */
#ifndef MOE_IMPORT_JSONL_ROW_H
#define MOE_IMPORT_JSONL_ROW_H

#include "import/json-pull.h"

typedef struct MoeJsonlRow {
    bool meta; /* "type" says other than "route": no picks, but perhaps the model */
    int64_t meta_experts, meta_k; /* 0: not said */
    int meta_renormalised;        /* -1: not said */
    GString *model;               /* empty: not said */

    GString *doc;            /* as text; empty: not said */
    GString *domain;         /* likewise */
    int64_t pos, id;         /* -1: not said */
    int64_t layer;           /* -1: not said */
    GArray *experts, *gates; /* int32_t, float; gates may be empty */
} MoeJsonlRow;

void moe__jsonl_row_init(MoeJsonlRow *row);
void moe__jsonl_row_clear(MoeJsonlRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeJsonlRow, moe__jsonl_row_clear)

/* Reads the next line. Returns false at the end, and with json->error. */
bool moe__jsonl_row_read(MoeJson *json, MoeJsonlRow *row);

#endif
