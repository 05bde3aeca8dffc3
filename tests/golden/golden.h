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

/* Fails the test if the PNG at `path` and tests/golden/NAME differ in size, or by more than 40 of
 * 255 in some channel in more than 1 % of the pixels: rasterisers differ a little at the edges of
 * letters. Skips it where the font of the committed picture is missing. */
void golden_check_png(const char *name, const char *path);

#endif
