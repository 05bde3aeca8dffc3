/* SPDX-License-Identifier: MIT
 *
 * Values to colours, for marks that have a value a cell.
 */
#include "figure/mark.h"

#include <math.h>

MoeColour
moe__scale_colour(const MoeColourScale *scale, double t)
{
    double first = scale->first, last = scale->last > 0 ? scale->last : 1;
    return moe_colour_at(scale->colours, first + (last - first) * CLAMP(t, 0.0, 1.0));
}

void
moe__tint_init(Tint *tint, const MoeScene *scene, int categories)
{
    tint->scale = &scene->colours;
    tint->categories = categories;
    int levels = categories > 0 ? MIN(categories, COLOUR_LEVELS) : SCALE_LEVELS;
    for (int i = 0; i < levels; i++) {
        tint->levels[i] = categories > 0
                              ? moe_colour_category(i, categories)
                              : moe__scale_colour(&scene->colours, i / (SCALE_LEVELS - 1.0));
        tint->pixels[i] = moe__pixel_of(tint->levels[i]);
    }
}

/* The level of a value, or its category. */
static int
level_of(const Tint *tint, double value)
{
    if (tint->categories > 0)
        return (int)CLAMP(value, 0.0, (double)tint->categories - 1);
    double t = (value - tint->scale->min) / (tint->scale->max - tint->scale->min);
    return (int)lround(CLAMP(t, 0.0, 1.0) * (SCALE_LEVELS - 1));
}

MoeColour
moe__tint_at(const Tint *tint, double value)
{
    int level = level_of(tint, value);
    return level < COLOUR_LEVELS ? tint->levels[level]
                                 : moe_colour_category(level, tint->categories);
}

uint32_t
moe__tint_pixel(const Tint *tint, double value)
{
    int level = level_of(tint, value);
    return level < COLOUR_LEVELS ? tint->pixels[level]
                                 : moe__pixel_of(moe_colour_category(level, tint->categories));
}

MoeColour
moe__tint_text(MoeColour ground)
{
    /* Relative luminance (WCAG 2.1); contrast with black and with white is equal at 0.179. */
    double channel[3] = {ground.r, ground.g, ground.b}, luminance = 0;
    static const double weight[3] = {0.2126, 0.7152, 0.0722};
    for (int i = 0; i < 3; i++) {
        double c = channel[i];
        luminance += weight[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return luminance > 0.179 ? (MoeColour){0.05, 0.05, 0.05} : (MoeColour){1, 1, 1};
}
