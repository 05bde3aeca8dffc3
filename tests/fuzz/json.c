/* SPDX-License-Identifier: MIT
 *
 * The small JSON documents of traces: any object, and a trace's meta.json.
 */
#include "fuzz.h"

#include "trace/meta.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL, reason = NULL;
    g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
    g_autoptr(JsonNode) node = moe__json_object_parse(text, &error);
    g_assert_true((node == NULL) == (error != NULL));
    if (node) {
        g_autofree char *again = moe__json_to_text(node);
        g_assert_nonnull(again);
    }
    MoeTraceMeta meta = {0};
    g_assert_true(moe__trace_meta_parse(text, &meta, &reason) == !reason);
    moe__trace_meta_clear(&meta);
    return 0;
}
