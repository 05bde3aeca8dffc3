/* SPDX-License-Identifier: MIT
 *
 * Layers as they occur in files: their numbers, ascending; a layer's place among them is its
 * router.
 */
#ifndef MOE_IMPORT_LAYER_SET_H
#define MOE_IMPORT_LAYER_SET_H

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* Of int. */
static inline GArray *
moe__layer_set_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(int));
}

static inline const int *
moe__layer_set_numbers(const GArray *set)
{
    return (const int *)(const void *)set->data;
}

/* Where a layer stands, or would stand. */
static inline guint
moe__layer_set_place(const GArray *set, int layer)
{
    guint low = 0, high = set->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (moe__layer_set_numbers(set)[middle] < layer)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Its router; -1: it isn't one of them. */
static inline int
moe__layer_set_find(const GArray *set, int layer)
{
    guint at = moe__layer_set_place(set, layer);
    return at < set->len && moe__layer_set_numbers(set)[at] == layer ? (int)at : -1;
}

static inline void
moe__layer_set_add(GArray *set, int layer)
{
    if (moe__layer_set_find(set, layer) < 0)
        g_array_insert_val(set, moe__layer_set_place(set, layer), layer);
}

#endif
