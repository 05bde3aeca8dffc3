/* SPDX-License-Identifier: MIT
 *
 * Tables of a page: readable as they stand; the page's script sorts them by what cells carry in
 * data-v.
 */
#include "report/html.h"

#include <math.h>

/* With more columns, or things in them, intervals stand below their numbers. */
enum { MOST_COLUMNS = 8, MOST_THINGS = 18 };

static void
add_span(GString *out, const char *class, const char *text)
{
    if (!text)
        return;
    g_string_append_printf(out, " <span class=\"%s\">", class);
    moe__html_text(out, text);
    g_string_append(out, "</span>");
}

static void
add_head(GString *out, const Manner *manner)
{
    const MoeColumn *column = manner->column;
    g_string_append_printf(out, "<th scope=\"col\"%s",
                           column->type == MOE_COLUMN_TEXT ? " class=\"t\"" : "");
    if (column->help) {
        g_string_append(out, " title=\"");
        moe__html_text(out, column->help);
        g_string_append_c(out, '"');
    }
    g_string_append_c(out, '>');
    moe__html_text(out, column->title);
    add_span(out, "u", manner->unit);
    add_span(out, "c", manner->note);
    g_string_append(out, "</th>");
}

static void
add_text(GString *out, const MoeEntry *entry, bool first)
{
    g_string_append(out, first ? "<th scope=\"row\">" : "<td class=\"t\">");
    if (entry->link) {
        g_autofree char *escaped = g_uri_escape_string(entry->link, NULL, FALSE);
        g_string_append_printf(out, "<a href=\"%s.html\">", escaped);
    }
    moe__html_text(out, entry->text ? entry->text : "");
    g_string_append_printf(out, "%s%s", entry->link ? "</a>" : "", first ? "</th>" : "</td>");
}

/* All digits, for those who point at the number. */
static void
add_full(GString *out, const MoeColumn *column, const MoeEntry *entry)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof text, "%.15g", entry->value);
    g_string_append_printf(out, " data-v=\"%s\"", text);
    if (column->type == MOE_COLUMN_COUNT)
        return;
    g_ascii_formatd(text, sizeof text, "%.9g", entry->value);
    g_string_append_printf(out, " title=\"%s", text);
    if (isfinite(entry->chance)) {
        g_ascii_formatd(text, sizeof text, "%.6g", entry->chance);
        g_string_append(out, "; ");
        moe__html_text(out, column->chance ? column->chance : "chance");
        g_string_append_printf(out, ": %s", text);
    }
    g_string_append_c(out, '"');
}

static void
add_number(GString *out, const Manner *manner, const MoeEntry *entry)
{
    g_autofree char *value = moe__entry_value(manner, entry);
    g_autofree char *interval = moe__entry_interval(manner, entry);
    g_autofree char *chance = moe__entry_chance(manner, entry);
    g_string_append(out, "<td");
    if (isfinite(entry->value))
        add_full(out, manner->column, entry);
    g_string_append_printf(out, ">%s", value);
    add_span(out, "i", interval);
    add_span(out, "c", chance);
    g_string_append(out, "</td>");
}

static void
add_row(GString *out, const MoeTable *table, int r, const Manner *manners)
{
    g_string_append(out, "<tr>");
    for (int c = 0; c < table->n_columns; c++) {
        const MoeEntry *entry = &table->entries[r * table->n_columns + c];
        if (table->columns[c].type == MOE_COLUMN_TEXT)
            add_text(out, entry, c == 0);
        else
            add_number(out, &manners[c], entry);
    }
    g_string_append(out, "</tr>\n");
}

/* Whether intervals and chance stand below their numbers, lest a window scrolls: a column has up to
 * three things beside each other. */
static bool
is_wide(const MoeTable *table)
{
    int things = 0;
    for (int c = 0; c < table->n_columns; c++) {
        bool interval = false, chance = false;
        for (int r = 0; r < table->n_rows; r++) {
            const MoeEntry *entry = &table->entries[r * table->n_columns + c];
            interval |= isfinite(entry->low);
            chance |= table->columns[c].chance && isfinite(entry->chance);
        }
        things += 1 + interval + chance;
    }
    return table->n_columns > MOST_COLUMNS || things > MOST_THINGS;
}

void
moe__html_table(GString *out, const Block *block)
{
    const MoeTable *table = block->table;
    Manner *manners = moe__manners_new(table);
    g_autofree char *caption = g_markup_escape_text(block->text, -1);
    /* Outside of what scrolls. */
    g_string_append_printf(out, "<p class=\"caption\">%s</p>\n", caption);
    g_string_append_printf(out,
                           "<div class=\"scroll\" role=\"region\" aria-label=\"%s\" "
                           "tabindex=\"0\">\n<table aria-label=\"%s\"%s>\n<thead><tr>",
                           caption, caption, is_wide(table) ? " class=\"wide\"" : "");
    for (int c = 0; c < table->n_columns; c++)
        add_head(out, &manners[c]);
    g_string_append(out, "</tr></thead>\n<tbody>\n");
    for (int r = 0; r < table->n_rows; r++)
        add_row(out, table, r, manners);
    g_string_append(out, "</tbody>\n</table>\n</div>\n");
    moe__manners_free(manners, table);
}
