/* SPDX-License-Identifier: MIT
 *
 * Tables that grow row by row.
 */
#include "report/section.h"

RowTable
moe__row_table_new(const MoeColumn *columns, int n_columns)
{
    return (RowTable){columns, n_columns, g_array_new(FALSE, FALSE, sizeof(MoeEntry)),
                      g_ptr_array_new_with_free_func(g_free)};
}

void
moe__row_table_number(RowTable *table, double value)
{
    const MoeEntry entry = moe__entry_number(value);
    g_array_append_val(table->entries, entry);
}

void
moe__row_table_text(RowTable *table, char *text)
{
    const MoeEntry entry = moe__entry_text(text);
    g_ptr_array_add(table->texts, text);
    g_array_append_val(table->entries, entry);
}

bool
moe__row_table_end(RowTable *table, const char *name, const char *caption, MoeDocument *document)
{
    int rows = (int)table->entries->len / table->n_columns;
    const MoeTable made = {
        name, caption,        table->n_columns,
        rows, table->columns, (const MoeEntry *)(const void *)table->entries->data};
    if (rows > 0)
        moe_document_table(document, &made);
    g_array_unref(table->entries);
    g_ptr_array_unref(table->texts);
    return rows > 0;
}
