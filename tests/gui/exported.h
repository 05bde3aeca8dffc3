/* SPDX-License-Identifier: MIT
 *
 * exported.h: figures on their way out: what the dialog writes is what the command line writes.
 */
#ifndef TESTS_GUI_EXPORTED_H
#define TESTS_GUI_EXPORTED_H

#include "stage.h"

/* Waits for an export dialog in front of the window, and for its figure. */
GtkWidget *exported_dialog(void);
/* Saves as "pdf", "eps", "svg", "png" or "csv", runs the command that the dialog shows, and fails
 * where a byte is another one. Keeps a picture of the dialog. */
void exported_compare(GtkWidget *dialog, const char *ending);

#endif
