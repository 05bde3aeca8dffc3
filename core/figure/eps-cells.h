/* SPDX-License-Identifier: MIT
 *
 * eps-cells.h: cells as shapes in PostScript. Cairo's paths of them are twenty times as long as the
 * numbers packed, so we write them ourselves: while a page is drawn, a rectangle of a colour that
 * nothing else has stands for each grid; in the finished file, what paints it is replaced by what
 * paints the cells.
 */
#ifndef FIGURE_EPS_CELLS_H
#define FIGURE_EPS_CELLS_H

#include "figure/drawing.h"

#include <cairo.h>

/* The grids of a document, each as the words that go into the file. */
typedef struct EpsCells EpsCells;

/* From now on what is drawn on the surface has its grids collected. The surface has to be one of
 * PostScript, and must be finished before the cells are freed. (transfer full) */
EpsCells *moe__eps_cells_new(cairo_surface_t *surface);
void moe__eps_cells_free(EpsCells *cells);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpsCells, moe__eps_cells_free)
/* Draws what stands for the item, an image of IMAGE_SHAPES, and keeps it; false: nobody collects.
 */
bool moe__eps_cells_take(cairo_t *cr, const Item *item);
/* Puts the cells into the finished file. false, the file being as it was: it isn't built as ours
 * are (another Cairo's), and has to be drawn again without. */
bool moe__eps_cells_put(const EpsCells *cells, GByteArray *file);

#endif
