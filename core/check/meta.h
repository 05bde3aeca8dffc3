/* SPDX-License-Identifier: MIT
 *
 * meta.h: what an import left in meta.json.
 */
#ifndef MOESCOPE_CHECK_META_H
#define MOESCOPE_CHECK_META_H

#include "base/json-in.h"
#include "check/check.h"

/* The object "import"; NULL: there is none. It lives as long as `*root`, which is the caller's. */
JsonObject *moe__check_import(const char *meta_json, JsonNode **root);
/* Element i of a list if it is a text, else NULL. (transfer none) */
const char *moe__check_text_at(JsonArray *list, guint i);
/* A member that is a number; 0 where there is none. */
int64_t moe__check_number(JsonObject *object, const char *name);

#endif
