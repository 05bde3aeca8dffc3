/* SPDX-License-Identifier: MIT
 *
 * support.h: what tests of the app share: a trace, waiting, finding widgets, looking at them.
 */
#ifndef TESTS_GUI_SUPPORT_H
#define TESTS_GUI_SUPPORT_H

#include <gtk/gtk.h>
#include <stdbool.h>

/* Settings and samples of the app go below `folder`. Call it before anything else. */
void keep_state_in(const char *folder);
/* Removes a folder and all that is in it. */
void remove_tree(const char *path);

/* Writes a trace of 3 layers × 8 experts, k = 2, with two domains that route differently. */
void write_trace(const char *path);

/* Runs the main loop until `condition(user)` holds; the test fails after a minute. */
void wait_until(bool (*condition)(gpointer user), gpointer user);
/* The same for so many seconds; false: in vain. */
bool wait_a_while(bool (*condition)(gpointer user), gpointer user, int seconds);
/* Runs the main loop until nothing is left to do, and two frames more. */
void settle(GtkWidget *widget);

/* The first widget below `root` of that type, with that name unless NULL, that is mapped. */
GtkWidget *find(GtkWidget *root, GType type, const char *name);
/* Whether a label that can be seen below `root` contains `text`. */
bool says(GtkWidget *root, const char *text);

/* What a widget shows, as pixels. Where MOESCOPE_GUI_PICTURES names a folder, it is also written
 * there as NAME.png, to be looked at. */
typedef struct Picture {
    int width, height;
    guint32 *pixels; /* B8G8R8A8 */
} Picture;
Picture look_at(GtkWidget *widget, const char *name);
void picture_clear(Picture *picture);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Picture, picture_clear)
/* Mean of red, green and blue of all pixels, 0 … 1. */
double picture_brightness(const Picture *picture);

/* Fails if a widget shows hardly anything: fewer than fifty colours. Keeps a picture as look_at().
 */
void assert_drawn(GtkWidget *widget, const char *name);

/* The pointer moves to a point of a widget. */
void point_at(GtkWidget *widget, double x, double y);

/* Real events need xdotool; tests without it skip themselves. */
bool have_hands(void);
/* A click in the middle of a widget, or at a point of it. */
void click(GtkWidget *widget);
/* Returns false, having clicked on nothing, if the widget isn't to be seen. */
bool click_if_seen(GtkWidget *widget);
void click_at(GtkWidget *widget, double x, double y);
/* Keys as xdotool names them: "ctrl+l", "Return". */
void press(GtkWidget *window, const char *keys);
/* Types a text. */
void type_text(GtkWidget *window, const char *text);
/* What xdotool does with these words, a blank between each two. */
void do_by_hand(GtkWidget *window, const char *words);

#endif
