/* SPDX-License-Identifier: MIT
 *
 * meta.h: the JSON members of a trace.
 */
#ifndef MOESCOPE_TRACE_META_H
#define MOESCOPE_TRACE_META_H

#include "base/json-in.h"

#include <moescope/trace.h>

/* Bytes that meta.json may have, and a chunk's closing member: a few, but for texts of tokens. */
#define MOE_TRACE_META_MOST    (UINT64_C(64) << 20)
#define MOE_TRACE_CLOSING_MOST (UINT64_C(64) << 10)
/* Tokens that a chunk may have, 500 times the usual number, and recorded training steps: it is read
 * as a whole. */
#define MOE_TRACE_CHUNK_MOST  (INT64_C(1) << 25)
#define MOE_TRACE_STATES_MOST (INT64_C(1) << 20)

/* What the library itself needs of meta.json. */
typedef struct MoeTraceMeta {
    MoeRouterInfo *routers;
    int n_routers;
    char **domains; /* NULL-terminated */
    int n_domains;
} MoeTraceMeta;

/* Parses and checks meta.json. On failure `out` is left empty. */
bool moe__trace_meta_parse(const char *json, MoeTraceMeta *out, GError **error);
/* The part of it that summaries have too: "routers" and "domains". What was read before a failure
 * stays in `out`. */
bool moe__trace_meta_read(JsonObject *object, MoeTraceMeta *out, GError **error);
void moe__trace_meta_clear(MoeTraceMeta *meta);
/* Checks that a trace's meta describes these routers as far as the layout of columns goes. */
bool moe__trace_meta_match(const MoeTraceMeta *meta, const MoeRouterInfo *routers, int n_routers,
                           GError **error);

/* The tree as text. (transfer full) */
char *moe__json_to_text(JsonNode *node);
/* Adds the members of another object's text that `object` hasn't got: what the library fills in
 * itself stays. Fails with MOE_ERROR_DATA where the text is no object. */
bool moe__json_object_add_missing(JsonObject *object, const char *extra_json, GError **error);

#endif
