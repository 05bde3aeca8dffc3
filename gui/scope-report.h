/* SPDX-License-Identifier: MIT
 *
 * scope-report.h: the whole report on a document, which the moescope program writes.
 */
#ifndef SCOPE_REPORT_H
#define SCOPE_REPORT_H

#include "scope-window.h"

G_BEGIN_DECLS

/* Asks for a folder, writes the report on the tab that is shown there, and opens it. */
void scope_report_begin(ScopeWindow *window);
/* Writes it into a folder, and opens it. */
void scope_report_write(ScopeWindow *window, const char *folder);

G_END_DECLS

#endif
