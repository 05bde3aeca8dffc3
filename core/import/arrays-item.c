/* SPDX-License-Identifier: MIT
 *
 * What an item says of itself.
 */
#include "import/arrays.h"

#include <string.h>

bool
moe__item_is_float(const MoeItem *item)
{
    switch (item->type) {
    case MOE_STORED_F8_E4M3:
    case MOE_STORED_F8_E5M2:
    case MOE_STORED_F16:
    case MOE_STORED_BF16:
    case MOE_STORED_F32:
    case MOE_STORED_F64:
        return item->kind == MOE_ITEM_ARRAY;
    default:
        return false;
    }
}

bool
moe__item_is_integer(const MoeItem *item)
{
    return item->kind == MOE_ITEM_ARRAY && !moe__item_is_float(item);
}

int64_t
moe__item_count(const MoeItem *item, int axes)
{
    int64_t count = 1;
    for (int i = 0; i < MIN(axes, item->ndim); i++)
        if (__builtin_mul_overflow(count, item->shape[i], &count))
            return INT64_MAX;
    return count;
}

char *
moe__item_shape(const MoeItem *item)
{
    GString *text = g_string_new("[");
    for (int i = 0; i < item->ndim; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? ", " : "", item->shape[i]);
    g_string_append_c(text, ']');
    return g_string_free(text, FALSE);
}

int
moe__item_number(const char *name)
{
    const char *end = name + strlen(name);
    while (end > name && !g_ascii_isdigit(end[-1]))
        end--;
    const char *begin = end;
    while (begin > name && g_ascii_isdigit(begin[-1]))
        begin--;
    return end > begin && end - begin <= 9 ? (int)g_ascii_strtoll(begin, NULL, 10) : -1;
}
