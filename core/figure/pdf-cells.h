/* SPDX-License-Identifier: MIT
 *
 * pdf-cells.h: cells as shapes in a PDF. Cairo takes half a second to write tens of thousands of
 * rectangles, so we write them ourselves: while a page is drawn, an empty image stands for each
 * grid; in the finished file, its object is replaced by a form that paints the cells.
 */
#ifndef FIGURE_PDF_CELLS_H
#define FIGURE_PDF_CELLS_H

#include "figure/drawing.h"

#include <cairo.h>

/* The grids of a document, each as the form that goes into the file. */
typedef struct PdfCells PdfCells;

/* From now on what is drawn on the surface has its grids collected. The surface has to be one of
 * PDF, and must be finished before the cells are freed. (transfer full) */
PdfCells *moe__pdf_cells_new(cairo_surface_t *surface);
void moe__pdf_cells_free(PdfCells *cells);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PdfCells, moe__pdf_cells_free)
/* Draws what stands for the item, an image of IMAGE_SHAPES, and keeps it; false: nobody collects.
 */
bool moe__pdf_cells_take(cairo_t *cr, const Item *item);
/* Puts the forms into the finished file. false, the file being as it was: it isn't built as ours
 * are (another Cairo's), and has to be drawn again without. */
bool moe__pdf_cells_put(const PdfCells *cells, GByteArray *file);

#endif
