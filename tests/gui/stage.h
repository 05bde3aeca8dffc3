/* SPDX-License-Identifier: MIT
 *
 * stage.h: a window of the app with nothing open, for each case anew, and what is done with it
 * again and again.
 */
#ifndef TESTS_GUI_STAGE_H
#define TESTS_GUI_STAGE_H

#include "scope-tabs.h"
#include "scope-window.h"
#include "support.h"

typedef struct Stage {
    ScopeWindow *window;
    char *path; /* of a good trace: write_trace() */
} Stage;

/* A path in the folder of the tests, which goes when they are over. (transfer full) */
char *stage_path(const char *name);
/* Another window of the same application. */
ScopeWindow *stage_window_new(void);

void stage_open(Stage *stage, const char *path);
/* Opens the good trace, at view "figures", and waits for its picture: the widget that shows it. */
GtkWidget *stage_open_good(Stage *stage);
/* The pane that can be seen. */
ScopePane *stage_pane(Stage *stage);
ScopeTab *stage_tab(Stage *stage);
ScopeTabs *stage_tabs(Stage *stage);
/* The window, as what is looked at, clicked and typed into. */
GtkWidget *stage_widget(Stage *stage);
/* What is chosen in the tab. */
ScopeFocus *stage_focus(Stage *stage);
/* Until these words are the filter: what a click brings about may take its time. */
void stage_wait_filter(Stage *stage, const char *words);
/* Clicks on a box of the filter's form until these words are the filter; opens the form if it is
 * closed, as it may be by the very click that opened it where there is no window manager. */
void stage_tick_filter(Stage *stage, const char *name, const char *words);
/* For wait_until(), of the stage: whether the tab shows its document. */
bool stage_is_open(gpointer stage);
/* At view "figures": another figure, by its name. */
void stage_choose_figure(Stage *stage, const char *name);
/* For wait_until(), of the window: whether a figure is there, and none is under way. */
bool stage_shows_figure(gpointer window);

/* Adds a case. */
void stage_add(const char *path, void (*test)(Stage *, gconstpointer));
/* What main() returns; `add` adds the cases. Without a display all is skipped. */
int stage_run(int argc, char **argv, void (*add)(void));

#endif
