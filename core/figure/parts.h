/* SPDX-License-Identifier: MIT
 *
 * parts.h: what stands around the marks. Each draws from a finished layout.
 */
#ifndef FIGURE_PARTS_H
#define FIGURE_PARTS_H

#include "figure/ruler.h"
#include "figure/scale.h"
#include "figure/scene.h"

/* Line height of text of a size. */
#define LINE_HEIGHT 1.35

Scale moe__frame_x(const Panel *panel, const Frame *frame);
Scale moe__frame_y(const Panel *panel, const Frame *frame);

/* Widest label that the y axis can have. */
double moe__axis_y_width(const MoeAxis *axis, Ruler *ruler, const Theme *theme);
/* How far the label of a tick at the right end reaches beyond it. */
double moe__axis_x_overhang(const MoeAxis *axis, Ruler *ruler, const Theme *theme);
/* To which the type of bands' names may shrink so that all of them stand. */
#define AXIS_SMALLEST 0.8
/* What the names of all bands take beside each other; 0: numbers, or more names than anyone misses.
 */
double moe__axis_names_width(const MoeAxis *axis, Ruler *ruler, const Theme *theme);
void moe__axis_draw_x(const Panel *panel, const Frame *frame, Ruler *ruler, const Theme *theme,
                      Drawing *drawing);
void moe__axis_draw_y(const Panel *panel, const Frame *frame, Ruler *ruler, const Theme *theme,
                      Drawing *drawing);

/* The height that suits all panels of a scene at that width. */
double moe__panel_height(const MoeScene *scene, Ruler *ruler, double panel_width);

/* Room that the colour bar takes at the right, gap included. */
double moe__colour_bar_width(const MoeColourScale *scale, Ruler *ruler, const Theme *theme);
void moe__colour_bar_draw(const MoeColourScale *scale, Box bar, Ruler *ruler, const Theme *theme,
                          Drawing *drawing);

/* The legend: its height (0: no mark has a name), and the legend itself. */
double moe__legend_height(const MoeScene *scene, Ruler *ruler, double width);
void moe__legend_draw(const MoeScene *scene, Ruler *ruler, double x, double y, double width,
                      Drawing *drawing);

/* What the title of a panel and its note take beside each other. */
double moe__title_width(const Panel *panel, Ruler *ruler, const Theme *theme);
/* Title, caption, panel titles, axis labels. */
void moe__words_draw(const MoeScene *scene, const Layout *layout, Ruler *ruler, Drawing *drawing);

#endif
