/* SPDX-License-Identifier: MIT
 *
 * Lines and cells of CSV: cells stand between commas, semicolons or tabs, whichever the line of
 * names has, in quotation marks or not. Lines that begin with '#' are passed over, and "sep=;".
 */
#ifndef MOE_IMPORT_CSV_H
#define MOE_IMPORT_CSV_H

#include "import/stream.h"

/* The next line that says something: not empty, no '#' before it, not "sep=;". NULL at the end and
 * with an error. (transfer none: good until the next line) */
char *moe__csv_line(MoeStream *stream, GError **error);
/* The same of a row of `columns` cells: a cell in quotation marks may go on over lines, which are
 * then brought together in `whole`. Fails with MOE_ERROR_FORMAT, at the line where the cell begins,
 * if the mark isn't closed within some hundred lines, or if marks seem to be mere letters: each of
 * the lines has all the cells of a row. */
char *moe__csv_row(MoeStream *stream, char separator, int columns, GString *whole, GError **error);
/* What parts the cells of a line of names: of comma, semicolon and tab the one that stands there
 * most often outside of quotation marks; of equal ones the first of these. */
char moe__csv_separator(const char *line);
/* Cuts the cell at *at off and unquotes it in place; *at goes on behind it, NULL behind the last.
 * Returns NULL if a quotation mark isn't closed. */
char *moe__csv_cell(char **at, char separator);
/* The same of a line of names: in lower case, '_' for blanks and hyphens within it, so that
 * "Layer ID" is layer_id. (transfer full) */
char *moe__csv_name(char **at, char separator);
/* The names in the first line of a text that says something, as far as they can be read.
 * (transfer full) */
char **moe__csv_names(const char *text);

#endif
