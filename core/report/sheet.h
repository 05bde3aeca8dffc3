/* SPDX-License-Identifier: MIT
 *
 * sheet.h: pages of a PDF, filled from the top, and text on them. Lengths are points.
 */
#ifndef REPORT_SHEET_H
#define REPORT_SHEET_H

#include <cairo.h>
#include <moescope/scene.h>
#include <pango/pangocairo.h>

/* A4, ISO 216. */
#define PAGE_WIDTH  595.276
#define PAGE_HEIGHT 841.890
#define LEFT        54.0
#define TOP         54.0
#define BOTTOM      (PAGE_HEIGHT - 62.0)
#define TEXT_WIDTH  (PAGE_WIDTH - 2 * LEFT)

typedef struct Sheet {
    cairo_surface_t *surface;
    cairo_t *cr;
    GByteArray *bytes;
    const char *running; /* what stands at the foot beside the page's number */
    int page;
    double y;           /* where the next thing goes */
    PangoLayout *gauge; /* for measuring; NULL: not yet */
    const struct Style *gauged;
} Sheet;

typedef struct Style {
    double size;
    double line; /* distance of lines, as a multiple of the size */
    bool bold;
    MoeColour colour;
} Style;

extern const Style moe__style_title, moe__style_lead, moe__style_section, moe__style_heading,
    moe__style_text, moe__style_soft, moe__style_strong, moe__style_label, moe__style_small;

/* `title` becomes metadata, and the foot of every page. */
void moe__sheet_init(Sheet *sheet, const char *title);
/* What was drawn, as a PDF; NULL with MOE_ERROR_DATA. */
GBytes *moe__sheet_finish(Sheet *sheet, GError **error);

void moe__sheet_break(Sheet *sheet);
/* A new page unless so much still fits on this one. */
void moe__sheet_need(Sheet *sheet, double height);
/* Space, but none at the top of a page. */
void moe__sheet_skip(Sheet *sheet, double height);

/* Text set in a column of that width (0: as wide as it is). (transfer full) */
PangoLayout *moe__sheet_layout(Sheet *sheet, const char *text, const Style *style, double width);
double moe__layout_height(PangoLayout *layout);
double moe__layout_width(PangoLayout *layout);
/* The width of a line of text. */
double moe__sheet_width(Sheet *sheet, const char *text, const Style *style);
/* Draws it with its upper left corner there. */
void moe__sheet_draw(Sheet *sheet, PangoLayout *layout, const Style *style, double x, double y);
/* Text in the flow from `x` on, broken between lines where the page ends. */
void moe__sheet_text(Sheet *sheet, const char *text, const Style *style, double x);
double moe__sheet_text_height(Sheet *sheet, const char *text, const Style *style, double width);
void moe__sheet_rule(Sheet *sheet, double y, double x0, double x1, double grey, double width);

#endif
