/* SPDX-License-Identifier: MIT
 *
 * small-run.h: a run of a tiny model, made by the moescope program, for the views that need
 * training steps, text and gates.
 */
#ifndef TESTS_GUI_SMALL_RUN_H
#define TESTS_GUI_SMALL_RUN_H

#include <gtk/gtk.h>

/* Keys of a recipe that trains in a second, "group.key=value" each, NULL at the end. */
extern const char *const small_keys[];
/* The folder with the text that it is trained on: two domains. Made when it is first asked for.
 * (transfer full) */
char *small_text(void);
/* The folder of the run; likewise. (transfer full) */
char *small_run(void);
/* Fills the form of view "run", which has to be shown: a run of as many steps, into that folder. */
void small_fill_form(GtkWidget *window, const char *folder, const char *steps);

#endif
