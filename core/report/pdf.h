/* SPDX-License-Identifier: MIT
 *
 * pdf.h: blocks on pages.
 */
#ifndef REPORT_PDF_H
#define REPORT_PDF_H

#include "report/sheet.h"
#include "report/writers.h"

/* A table, over as many pages as it needs, its head on each; columns that don't fit beside the
 * others follow below, behind the first column once more. */
void moe__pdf_table(Sheet *sheet, const Block *block);
/* The height of its caption, head and first rows. */
double moe__pdf_table_start(void);

#endif
