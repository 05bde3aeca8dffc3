/* SPDX-License-Identifier: MIT
 *
 * number.h: numbers as readers see them, whatever the locale. All return text to g_free().
 */
#ifndef FIGURE_NUMBER_H
#define FIGURE_NUMBER_H

#include <moescope/figure.h>

/* Fixed decimals, with a true minus sign. */
char *moe__number_fixed(double value, int decimals);
/* Three significant digits, or a whole number: "0.183", "1.46", "50", "1,500". */
char *moe__number_short(double value);
/* "65,536" */
char *moe__number_count(int64_t value);
/* The label of a tick, with the decimals that its distance to the next one calls for. */
char *moe__number_tick(double value, double step, MoeFormat format);
/* For machines (SVG, dumps): at most `digits` significant digits, no trailing zeros. */
void moe__number_append(GString *out, double value, int digits);

#endif
