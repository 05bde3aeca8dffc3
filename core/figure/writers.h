/* SPDX-License-Identifier: MIT
 *
 * writers.h: a scene as the bytes of a file.
 */
#ifndef FIGURE_WRITERS_H
#define FIGURE_WRITERS_H

#include "figure/drawing.h"

#include <cairo.h>

/* Opaque pixels, 0xXXRRGGBB row by row with `stride` pixels a row, as a PNG: a palette where 256
 * colours suffice. `dpi` 0: none stated. */
GByteArray *moe__png_encode(const uint32_t *pixels, int width, int height, int stride, double dpi);
/* The same with 0xAARRGGBB, keeping alpha where there is any. */
GByteArray *moe__png_encode_alpha(const uint32_t *pixels, int width, int height);

/* Memory of a picture, in large pages where it can be had: touched page by page, 8 MB would take
 * longer than drawing into them. Ends the program where there is none. (transfer full: free()) */
void *moe__picture_memory(size_t bytes);

GString *moe__svg_encode(const Drawing *drawing, const char *title);

/* An <svg> that stands in a page (svg-page.c): colours of the theme are the page's, light or dark,
 * and marks tell what they are. */
typedef struct SvgPage {
    MoeScene *scene;
    double width, height; /* as laid out */
    int hovers;           /* marks that may still say something */
} SvgPage;
GString *moe__svg_encode_page(const Drawing *drawing, const char *title, SvgPage *page);
/* The class or style in place of attribute `name` of an item; false: none. */
bool moe__svg_page_colour(const SvgPage *page, GString *out, const char *name, const Item *item);
/* What the item's mark says, escaped; NULL: nothing. (transfer full) */
char *moe__svg_page_words(SvgPage *page, const Drawing *drawing, const Item *item);
/* What the cells of an image say, behind it. */
void moe__svg_page_image(SvgPage *page, GString *out, const Drawing *drawing, const Item *item);
/* The points of lines, which are told of one by one. */
void moe__svg_page_points(SvgPage *page, GString *out, const Drawing *drawing);

/* The writers of moe_scene_save() that Cairo does the work for; `dpi` is of pictures. */
bool moe__save_pdf(MoeScene *scene, const char *path, double dpi, GError **error);
bool moe__save_eps(MoeScene *scene, const char *path, double dpi, GError **error);
/* Whether `status` is an error, which is then set. */
bool moe__cairo_failed(cairo_status_t status, const char *path, GError **error);

#endif
