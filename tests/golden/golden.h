/* SPDX-License-Identifier: MIT
 *
 * golden.h: what is made now against what was looked at once and committed in tests/golden.
 * MOE_UPDATE_GOLDEN=1 rewrites the committed files. What differs is written to the folder that the
 * test runs in: NAME.out.EXT, and for pictures NAME.diff.png.
 */
#ifndef MOESCOPE_TESTS_GOLDEN_H
#define MOESCOPE_TESTS_GOLDEN_H

#include <stddef.h>

/* Fails the test if `text` isn't exactly that of tests/golden/NAME. */
void golden_check_text(const char *name, const char *text);

/* Fails the test if the PNG at `path` and tests/golden/NAME differ in size by more than 1.5 %, or
 * if the means of more than 0.15 % of all windows of 7 x 7 pixels do by more than 20 of 255 in some
 * channel: versions of FreeType draw letters otherwise, but a label that is missing, or a colour
 * that is another one, is found. Skips it where the font of the committed picture is missing. */
void golden_check_png(const char *name, const char *path);

#endif
