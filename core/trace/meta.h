/* SPDX-License-Identifier: MIT
 *
 * meta.h: the JSON members of a trace.
 */
#ifndef MOESCOPE_TRACE_META_H
#define MOESCOPE_TRACE_META_H

#include <json-glib/json-glib.h>
#include <moescope/trace.h>

/* What the library itself needs of meta.json. */
typedef struct MoeTraceMeta {
    MoeRouterInfo *routers;
    int n_routers;
    char **domains; /* NULL-terminated */
    int n_domains;
} MoeTraceMeta;

/* Parses and checks meta.json. On failure `out` is left empty. */
bool moe__trace_meta_parse(const char *json, MoeTraceMeta *out, GError **error);
void moe__trace_meta_clear(MoeTraceMeta *meta);
/* Checks that a trace's meta describes these routers as far as the layout of columns goes. */
bool moe__trace_meta_match(const MoeTraceMeta *meta, const MoeRouterInfo *routers, int n_routers,
                           GError **error);

/* Parses a JSON text whose root is an object. Unlike json-glib alone it refuses deep nesting,
 * which would overflow the stack. (transfer full) */
JsonNode *moe__json_object_parse(const char *text, GError **error);
/* The tree as text. (transfer full) */
char *moe__json_to_text(JsonNode *node);
/* The integer member `key`, required to be in low … high. */
bool moe__json_get_int(JsonObject *object, const char *key, int64_t low, int64_t high, int64_t *out,
                       GError **error);

#endif
