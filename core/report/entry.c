/* SPDX-License-Identifier: MIT
 *
 * What entries of tables say, in whatever format: the numbers of a column have the same decimals,
 * so that they can be compared down the page.
 */
#include "report/words.h"
#include "report/writers.h"

#include "figure/number.h"

#include <math.h>

/* Numbers of a column that lie further apart than this have decimals of their own. */
#define ONE_KIND 1000.0
/* A chance so many times smaller than the value is 0. */
#define NEGLIGIBLE 1000.0

static const MoeEntry *
entry_at(const MoeTable *table, int row, int column)
{
    return &table->entries[row * table->n_columns + column];
}

static int
by_number(const void *a, const void *b)
{
    const int *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int
decimals_of(const MoeColumn *column, const MoeEntry *entry)
{
    double scale = moe__say_percent(column->unit) ? 100 : 1;
    return moe__say_decimals(scale * entry->value, scale * entry->low, scale * entry->high);
}

/* Those of the middle row, or, without intervals, of the largest number; -1: each has its own. */
static int
column_decimals(const MoeTable *table, int c)
{
    g_autoptr(GArray) each = g_array_new(FALSE, FALSE, sizeof(int));
    double least = INFINITY, most = 0;
    bool intervals = false;
    for (int r = 0; r < table->n_rows; r++) {
        const MoeEntry *entry = entry_at(table, r, c);
        double size = fabs(entry->value);
        if (!isfinite(size) || size == 0)
            continue;
        least = MIN(least, size);
        most = MAX(most, size);
        intervals |= isfinite(entry->low);
        int decimals = decimals_of(&table->columns[c], entry);
        g_array_append_val(each, decimals);
    }
    if (each->len == 0 || most > ONE_KIND * least)
        return -1;
    qsort(each->data, each->len, sizeof(int), by_number);
    return g_array_index(each, int, intervals ? each->len / 2 : 0);
}

/* What chance would show in every row alike, or NULL. */
static char *
column_chance(const MoeTable *table, int c)
{
    const MoeColumn *column = &table->columns[c];
    g_autofree char *same = NULL;
    for (int r = 0; column->chance && r < table->n_rows; r++) {
        const MoeEntry *entry = entry_at(table, r, c);
        if (isnan(entry->value) || isnan(entry->chance))
            continue;
        bool nothing = fabs(entry->chance) < fabs(entry->value) / NEGLIGIBLE;
        g_autofree char *chance = moe__say_number(nothing ? 0 : entry->chance, column->unit);
        if (same && !g_str_equal(same, chance))
            return NULL;
        if (!same)
            same = g_steal_pointer(&chance);
    }
    return same ? g_strdup_printf("%s %s", column->chance, same) : NULL;
}

Manner *
moe__manners_new(const MoeTable *table)
{
    Manner *manners = g_new0(Manner, (gsize)table->n_columns + 1);
    for (int c = 0; c < table->n_columns; c++) {
        const MoeColumn *column = &table->columns[c];
        bool value = column->type == MOE_COLUMN_VALUE;
        char *alike = value ? column_chance(table, c) : NULL;
        manners[c] = (Manner){column, value ? column_decimals(table, c) : 0, alike,
                              moe__say_percent(column->unit) ? "%" : column->unit,
                              value && column->chance && !alike};
        manners[c].note = alike                    ? g_strdup(alike)
                          : manners[c].each_chance ? g_strdup_printf("(%s)", column->chance)
                                                   : NULL;
    }
    return manners;
}

void
moe__manners_free(Manner *manners, const MoeTable *table)
{
    for (int c = 0; c < table->n_columns; c++) {
        g_free(manners[c].alike);
        g_free(manners[c].note);
    }
    g_free(manners);
}

static char *
say(const Manner *manner, const MoeEntry *entry, double number)
{
    int decimals = manner->decimals >= 0 ? manner->decimals : decimals_of(manner->column, entry);
    return moe__say_fixed(number, decimals, manner->column->unit);
}

char *
moe__entry_value(const Manner *manner, const MoeEntry *entry)
{
    if (manner->column->type == MOE_COLUMN_TEXT)
        return g_strdup(entry->text ? entry->text : "");
    if (isnan(entry->value))
        return g_strdup("\xe2\x80\x93");
    if (manner->column->type == MOE_COLUMN_COUNT)
        return moe__number_count(llround(entry->value));
    return say(manner, entry, entry->value);
}

char *
moe__entry_interval(const Manner *manner, const MoeEntry *entry)
{
    if (manner->column->type != MOE_COLUMN_VALUE || isnan(entry->value) || !isfinite(entry->low) ||
        !isfinite(entry->high))
        return NULL;
    g_autofree char *low = say(manner, entry, entry->low);
    g_autofree char *high = say(manner, entry, entry->high);
    return g_strdup_printf("[%s," NBSP "%s]", low, high);
}

char *
moe__entry_chance(const Manner *manner, const MoeEntry *entry)
{
    if (!manner->each_chance || isnan(entry->value) || !isfinite(entry->chance))
        return NULL;
    int decimals = MAX(manner->decimals, 0);
    double scale = moe__say_percent(manner->column->unit) ? 100 : 1;
    double size = fabs(scale * entry->chance);
    /* A chance that is much smaller than the value isn't 0. */
    if (size > fabs(scale * entry->value) / NEGLIGIBLE && size < 1)
        decimals = MAX(decimals, moe__say_decimals(scale * entry->chance, NAN, NAN) - 1);
    g_autofree char *said = moe__say_fixed(entry->chance, decimals, manner->column->unit);
    return g_strdup_printf("(%s)", said);
}
