/* SPDX-License-Identifier: MIT
 *
 * html.h: parts of a page.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "report/writers.h"

/* Escaped for content and for attributes. */
void moe__html_text(GString *out, const char *text);
void moe__html_table(GString *out, const Block *block);
/* The elements <style> and <script>. */
void moe__html_style(GString *out, MoeReportTheme theme);
void moe__html_script(GString *out);

#endif
