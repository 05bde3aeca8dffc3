/* SPDX-License-Identifier: MIT
 *
 * steps.c: the steps that the tokens of a trace were recorded at.
 */
#include <moescope/trace.h>

static gint
ascending(gconstpointer a, gconstpointer b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Adds the steps of one chunk that aren't there yet; a chunk without the column is at step 0. */
static bool
add_steps(const MoeTrace *trace, int chunk, GHashTable *seen, GError **error)
{
    g_autofree char *name = g_strdup_printf("tokens/%05d.step", chunk);
    MoeArray column;
    if (moe_trace_tokens(trace, chunk) == 0)
        return true;
    if (!moe_trace_has(trace, name)) {
        g_hash_table_add(seen, GINT_TO_POINTER(0));
        return true;
    }
    if (!moe_trace_read(trace, name, &column, error))
        return false;
    int32_t last = -1;
    for (int64_t i = 0; i < moe_array_count(&column); i++) {
        int32_t step = (int32_t)moe_array_value(&column, i);
        if (i == 0 || step != last)
            g_hash_table_add(seen, GINT_TO_POINTER(step));
        last = step;
    }
    g_free((gpointer)column.data);
    return true;
}

int32_t *
moe_trace_steps(const MoeTrace *trace, int *n, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (int i = 0; i < moe_trace_chunks(trace); i++)
        if (!add_steps(trace, i, seen, error))
            return NULL;
    GArray *steps = g_array_new(TRUE, FALSE, sizeof(int32_t));
    GHashTableIter iterator;
    gpointer key;
    g_hash_table_iter_init(&iterator, seen);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        int32_t step = GPOINTER_TO_INT(key);
        g_array_append_val(steps, step);
    }
    g_array_sort(steps, ascending);
    *n = (int)steps->len;
    return (int32_t *)(void *)g_array_free(steps, FALSE);
}
