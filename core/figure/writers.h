/* SPDX-License-Identifier: MIT
 *
 * writers.h: a scene as the bytes of a file.
 */
#ifndef FIGURE_WRITERS_H
#define FIGURE_WRITERS_H

#include "figure/drawing.h"

#include <cairo.h>

/* A PNG of rows as they are drawn; it keeps what differs from row to row. `alpha`: pixels may have
 * any but 0xff, for moe__png_encode_alpha(). */
typedef struct MoePng MoePng;
MoePng *moe__png_new(int width, int height, bool alpha);
void moe__png_free(MoePng *png);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoePng, moe__png_free)
/* The next rows, of opaque pixels 0xXXRRGGBB, `stride` pixels apart. */
void moe__png_rows(MoePng *png, const uint32_t *pixels, int rows, int stride);
/* The file's bytes, when all rows were given: a palette where 256 colours suffice. `dpi` 0: none
 * stated. (transfer full) */
GByteArray *moe__png_finish(MoePng *png, double dpi);
/* All at once, of 0xAARRGGBB, keeping alpha where there is any. (transfer full) */
GByteArray *moe__png_encode_alpha(const uint32_t *pixels, int width, int height);

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
