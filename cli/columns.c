/* SPDX-License-Identifier: MIT */
#include "columns.h"

#include <math.h>
#include <string.h>

/* --- Rows -------------------------------------------------------------------------------------*/

static void
add_blanks(GString *out, glong n)
{
    for (glong i = 0; i < n; i++)
        g_string_append_c(out, ' ');
}

static void
add_column(GString *out, const char *text, int width)
{
    glong blanks = ABS(width) - g_utf8_strlen(text, -1);
    add_blanks(out, width > 0 ? blanks : 1); /* to the left: one more, apart from numbers before */
    g_string_append(out, text);
    add_blanks(out, width > 0 ? 1 : blanks + 1);
}

void
cmd_row(GString *out, bool markdown, const char *const *cells, const int *widths, int n)
{
    g_string_append(out, markdown ? "|" : " ");
    for (int i = 0; i < n; i++) {
        if (markdown)
            cmd_markdown_cell(out, cells[i]);
        else
            add_column(out, cells[i], widths[i]);
    }
    while (!markdown && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

void
cmd_head(GString *out, bool markdown, const char *const *cells, const int *widths, int n)
{
    cmd_row(out, markdown, cells, widths, n);
    if (!markdown)
        return;
    g_string_append_c(out, '|');
    for (int i = 0; i < n; i++)
        g_string_append(out, widths[i] < 0 ? "---|" : "---:|");
    g_string_append_c(out, '\n');
}

/* --- Cells ------------------------------------------------------------------------------------*/

char *
cmd_number(double value, const char *format, const char *missing)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(value))
        return g_strdup(missing);
    return g_strdup(g_ascii_formatd(text, sizeof text, format, value));
}

char *
cmd_interval(const MoeInterval *interval)
{
    g_autofree char *low = cmd_number(interval->low, "%.4g", "");
    g_autofree char *high = cmd_number(interval->high, "%.4g", "");
    return *low ? g_strdup_printf("%s … %s", low, high) : g_strdup("-");
}

void
cmd_csv_field(GString *csv, const char *text, char end)
{
    if (strpbrk(text, ",\"\r\n")) {
        g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
        g_autofree char *doubled = g_strjoinv("\"\"", parts);
        g_string_append_printf(csv, "\"%s\"", doubled);
    } else {
        g_string_append(csv, text);
    }
    g_string_append_c(csv, end);
}

void
cmd_csv_number(GString *csv, double value, char end)
{
    g_autofree char *text = cmd_number(value, "%.17g", "");
    g_string_append_printf(csv, "%s%c", text, end);
}

void
cmd_markdown_cell(GString *line, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "|", -1);
    g_autofree char *escaped = g_strjoinv("\\|", parts);
    g_string_append_printf(line, " %s |", escaped);
}
