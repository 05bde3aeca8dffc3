/* SPDX-License-Identifier: MIT
 *
 * shaped.h: texts with their glyphs, kept while a drawing is drawn: the same labels stand at many
 * axes, and a picture that is drawn in bands comes to some of them again.
 */
#ifndef FIGURE_SHAPED_H
#define FIGURE_SHAPED_H

#include <glib.h>
#include <pango/pangocairo.h>
#include <stdbool.h>

typedef struct ShapedTexts ShapedTexts;

/* Texts that are going to be drawn with `cr`; `family` has to live as long. (transfer full) */
ShapedTexts *moe__shaped_new(cairo_t *cr, const char *family);
void moe__shaped_free(ShapedTexts *texts);
/* A text's layout; valid until the next call. `text` has to live as long as `texts`.
 * (transfer none) */
PangoLayout *moe__shaped_find(ShapedTexts *texts, const char *text, double size, bool bold);

#endif
