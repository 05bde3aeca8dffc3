/* SPDX-License-Identifier: MIT
 *
 * ruler.h: measures text with Pango, as it will be drawn: no hinting, one unit a point.
 */
#ifndef FIGURE_RULER_H
#define FIGURE_RULER_H

#include <moescope/figure.h>
#include <pango/pangocairo.h>

typedef struct Ruler {
    PangoLayout *layout;
    const char *family;
    double letters[128]; /* widths of ASCII letters of size 1; 0: not known yet */
    double digit; /* height of a digit as a share of the font size: centres labels on lines */
} Ruler;

Ruler *moe__ruler_new(const char *family);
void moe__ruler_free(Ruler *ruler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ruler, moe__ruler_free)

double moe__ruler_width(Ruler *ruler, const char *text, double size, bool bold);
/* The text's width or `width`, whichever is more; the text is measured only if it can be. */
double moe__ruler_wider(Ruler *ruler, const char *text, double size, double width);
/* The text, or as much of its beginning as fits with an ellipsis behind it. (transfer full) */
char *moe__ruler_fit(Ruler *ruler, const char *text, double size, double width);
/* The same, with the ellipsis in the middle: names often differ at their ends. (transfer full) */
char *moe__ruler_fit_name(Ruler *ruler, const char *text, double size, double width);
/* Breaks text into lines no wider than `width`; no-break spaces have then done their work and
 * become plain ones. (transfer full) */
char **moe__ruler_wrap(Ruler *ruler, const char *text, double size, double width);

/* Sets font and text of a layout whose context has one unit a point. */
void moe__ruler_set(PangoLayout *layout, const char *family, const char *text, double size,
                    bool bold);
/* Begins to look for fonts, in a thread of its own: that takes some milliseconds. */
void moe__ruler_prepare(void);
/* Hinting off: the same outlines at every size and on every device. */
void moe__ruler_unhint(PangoContext *context);

#endif
