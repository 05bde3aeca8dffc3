/* SPDX-License-Identifier: MIT
 *
 * JSON that comes in, of unknown origin: parsed without trusting it, members read by type. All
 * errors are MOE_ERROR_FORMAT and name the member.
 */
#ifndef MOE_BASE_JSON_IN_H
#define MOE_BASE_JSON_IN_H

#include <json-glib/json-glib.h>
#include <moescope/base.h>

/* Parses a JSON text whose root is an object. Unlike json-glib alone it refuses deep nesting,
 * which would overflow the stack. (transfer full) */
JsonNode *moe__json_object_parse(const char *text, GError **error);
/* The same, with nodes of the members `keys` (NULL behind the last) and, as a rule, of no others:
 * the rest of the text is checked, and left. (transfer full) */
JsonNode *moe__json_object_some(const char *text, const char *const *keys, GError **error);
/* The same for those who only read; keys NULL: all of it. What was parsed of the last text is
 * remembered by the address of `keys`, so that a trace's meta.json, of which everybody wants
 * something, is parsed once for each. The node is sealed. (transfer full) */
JsonNode *moe__json_object_shared(const char *text, const char *const *keys, GError **error);
/* The integer member `key`, required to be in low … high. */
bool moe__json_get_int(JsonObject *object, const char *key, int64_t low, int64_t high, int64_t *out,
                       GError **error);
bool moe__json_get_small_int(JsonObject *object, const char *key, int low, int high, int *out,
                             GError **error);
bool moe__json_get_bool(JsonObject *object, const char *key, bool *out, GError **error);
/* (transfer full) */
bool moe__json_get_string(JsonObject *object, const char *key, char **out, GError **error);
/* The list `key` of at most `most` elements, or NULL. (transfer none) */
JsonArray *moe__json_get_list(JsonObject *object, const char *key, guint most, GError **error);
/* Element i of a list of `what`s, which has to be an object, or NULL. (transfer none) */
JsonObject *moe__json_object_at(JsonArray *list, int i, const char *what, GError **error);

#endif
