/* SPDX-License-Identifier: MIT
 *
 * What entries of tables say, in whatever format.
 */
#include "report/words.h"
#include "report/writers.h"

#include "figure/number.h"

#include <math.h>

char *
moe__entry_value(const MoeColumn *column, const MoeEntry *entry)
{
    if (isnan(entry->value))
        return g_strdup("\xe2\x80\x93");
    if (column->type == MOE_COLUMN_COUNT)
        return moe__number_count(llround(entry->value));
    return moe__say_value(entry->value, entry->low, entry->high, column->unit);
}

char *
moe__entry_interval(const MoeColumn *column, const MoeEntry *entry)
{
    if (column->type != MOE_COLUMN_VALUE || isnan(entry->value))
        return NULL;
    return moe__say_interval(entry->value, entry->low, entry->high, column->unit);
}

char *
moe__entry_said(const MoeColumn *column, const MoeEntry *entry)
{
    g_autofree char *interval = moe__entry_interval(column, entry);
    char *value = moe__entry_value(column, entry);
    if (!interval)
        return value;
    char *both = g_strconcat(value, " ", interval, NULL);
    g_free(value);
    return both;
}

char *
moe__entry_chance(const MoeColumn *column, const MoeEntry *entry)
{
    return moe__say_beside(entry->chance, entry->value, entry->low, entry->high, column->unit);
}

char *
moe__table_chance(const MoeTable *table, int column)
{
    const MoeColumn *head = &table->columns[column];
    g_autofree char *same = NULL;
    for (int r = 0; head->chance && r < table->n_rows; r++) {
        const MoeEntry *entry = &table->entries[r * table->n_columns + column];
        if (isnan(entry->value) || isnan(entry->chance))
            continue;
        g_autofree char *chance = moe__say_number(entry->chance, head->unit);
        if (same && !g_str_equal(same, chance))
            return NULL;
        if (!same)
            same = g_steal_pointer(&chance);
    }
    return same ? g_strdup_printf("%s %s", head->chance, same) : NULL;
}

const char *
moe__column_unit(const MoeColumn *column)
{
    return moe__say_percent(column->unit) ? "%" : column->unit;
}
