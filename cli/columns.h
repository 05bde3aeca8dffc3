/* SPDX-License-Identifier: MIT
 *
 * columns.h: rows of tables, as aligned text or as Markdown; and what stands in their cells.
 */
#ifndef CMD_COLUMNS_H
#define CMD_COLUMNS_H

#include <moescope/resample.h>

/* A row of n cells. Text: columns as wide as |width| characters, to the right (width > 0) or to the
 * left (width < 0), without blanks at the end. */
void cmd_row(GString *out, bool markdown, const char *const *cells, const int *widths, int n);
/* The same as the head of a table. */
void cmd_head(GString *out, bool markdown, const char *const *cells, const int *widths, int n);

/* A value as text; `missing` where it is NaN. (transfer full) */
char *cmd_number(double value, const char *format, const char *missing);
/* "0.91 … 0.94", or "-". (transfer full) */
char *cmd_interval(const MoeInterval *interval);
/* A field of CSV, quoted where it has to be (RFC 4180), and what follows it. */
void cmd_csv_field(GString *csv, const char *text, char end);
/* A value as a field of CSV, all its digits, empty where it is NaN; and what follows it. */
void cmd_csv_number(GString *csv, double value, char end);
/* A cell of a Markdown table: " text |", bars in it escaped. */
void cmd_markdown_cell(GString *line, const char *text);

#endif
