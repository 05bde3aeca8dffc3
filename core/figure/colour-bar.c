/* SPDX-License-Identifier: MIT
 *
 * The colour bar: the scale upright, ticks at its right, values to compare with across it.
 */
#include "figure/mark.h"
#include "figure/number.h"
#include "figure/parts.h"

#include <math.h>

#define PAD   2.0 /* between bar and labels: a tick and a gap */
#define GAP   1.5
#define APART 0.3 /* of labels of ticks and that of the bar, in sizes of the type */
/* Pixels of the bar: every third of the levels that cells have, so that they share colours. */
#define STEPS (1 + (SCALE_LEVELS - 1) / 3)

#define MOST_TICKS 8

static int
most_ticks(const Theme *theme, double height)
{
    return (int)CLAMP(height / (2.6 * theme->tick_size), 2, MOST_TICKS);
}

static Ticks
bar_ticks(const MoeColourScale *scale, int most)
{
    if (scale->format != MOE_FORMAT_LOG2)
        return moe__ticks(scale->min, scale->max, most, 0);
    /* Whole doublings, in steps that meet the ends: 1/8, 1, 8 where 1/4 and 4 lack the room. */
    int step = 1;
    while (step < scale->max && (fmod(scale->max, step) != 0 || 2 * scale->max / step + 1 > most))
        step++;
    double first = ceil(scale->min / step);
    return (Ticks){first * step, step, (int)(floor(scale->max / step) - first) + 1};
}

/* At the ends, a label says if values beyond occur. (transfer full) */
static char *
tick_label(const MoeColourScale *scale, double value, double step)
{
    g_autofree char *text = moe__number_tick(value, step, scale->format);
    bool lowest = scale->below && value <= scale->min + step * 1e-6;
    bool highest = scale->above && value >= scale->max - step * 1e-6;
    return g_strconcat(lowest ? "\xe2\x89\xa4 " : highest ? "\xe2\x89\xa5 " : "", text, NULL);
}

static double
labels_width(const MoeColourScale *scale, Ruler *ruler, const Theme *theme)
{
    double width = 0;
    for (int most = 2; most <= MOST_TICKS; most++) { /* the height isn't known yet */
        Ticks ticks = bar_ticks(scale, most);
        for (int i = 0; i < ticks.n; i++) {
            g_autofree char *text = tick_label(scale, moe__ticks_at(&ticks, i), ticks.step);
            width = MAX(width, moe__ruler_width(ruler, text, theme->tick_size, false));
        }
    }
    for (int i = 0; i < scale->n_references; i++)
        width = MAX(width,
                    moe__ruler_width(ruler, scale->references[i].label, theme->tick_size, false));
    return width;
}

double
moe__colour_bar_width(const MoeColourScale *scale, Ruler *ruler, const Theme *theme)
{
    double label = scale->label ? theme->label_size * LINE_HEIGHT + APART * theme->tick_size : 0;
    return theme->gap + theme->tick_size * 1.1 + PAD + GAP + labels_width(scale, ruler, theme) +
           label;
}

/* An image of one column. Where a part of the colours is used, it is for lines and dots, which the
 * theme may have lightened. */
static void
draw_ramp(const MoeColourScale *scale, Box bar, const Theme *theme, Drawing *drawing)
{
    uint32_t *pixels = g_new(uint32_t, STEPS);
    for (int i = 0; i < STEPS; i++) {
        MoeColour colour = moe__scale_colour(scale, 1 - i / (STEPS - 1.0));
        pixels[i] = moe__pixel_of(scale->last > 0 ? moe__colour_on(colour, theme) : colour);
    }
    moe__drawing_image(drawing, bar, pixels, 1, STEPS, IMAGE_BLEND);
}

static double
place(const MoeColourScale *scale, Box bar, double value)
{
    return bar.y + bar.height * (1 - (value - scale->min) / (scale->max - scale->min));
}

/* Black or white, whichever stands out on the colour. */
static MoeColour
contrast(MoeColour colour)
{
    double light = 0.299 * colour.r + 0.587 * colour.g + 0.114 * colour.b;
    double grey = light > 0.5 ? 0 : 1;
    return (MoeColour){grey, grey, grey};
}

static bool
in_scale(const MoeColourScale *scale, double value)
{
    return value >= scale->min && value <= scale->max;
}

static void
draw_references(const MoeColourScale *scale, Box bar, Ruler *ruler, const Theme *theme,
                Drawing *drawing)
{
    TextStyle style = {theme->ink, theme->tick_size, ANCHOR_START, false, false};
    for (int i = 0; i < scale->n_references; i++) {
        const MoeReference *reference = &scale->references[i];
        if (!in_scale(scale, reference->value))
            continue;
        double y = place(scale, bar, reference->value);
        double t = (reference->value - scale->min) / (scale->max - scale->min);
        double right = bar.x + bar.width;
        moe__drawing_line(drawing, (Point){bar.x, y}, (Point){right, y},
                          contrast(moe__scale_colour(scale, t)), 1.5 * theme->thin);
        moe__drawing_line(drawing, (Point){right, y}, (Point){right + PAD, y}, theme->ink,
                          1.5 * theme->thin);
        moe__drawing_text(drawing, reference->label, right + PAD + GAP,
                          y + theme->tick_size * ruler->digit / 2, style);
    }
}

/* A tick's label makes room for that of a reference. */
static bool
tick_is_free(const MoeColourScale *scale, Box bar, const Theme *theme, double y)
{
    for (int i = 0; i < scale->n_references; i++) {
        double value = scale->references[i].value;
        if (in_scale(scale, value) && fabs(place(scale, bar, value) - y) < 1.05 * theme->tick_size)
            return false;
    }
    return true;
}

static void
draw_ticks(const MoeColourScale *scale, Box bar, Ruler *ruler, const Theme *theme, Drawing *drawing)
{
    TextStyle style = {theme->soft, theme->tick_size, ANCHOR_START, false, false};
    double right = bar.x + bar.width;
    Ticks ticks = bar_ticks(scale, most_ticks(theme, bar.height));
    for (int i = 0; i < ticks.n; i++) {
        double value = moe__ticks_at(&ticks, i), y = place(scale, bar, value);
        if (!tick_is_free(scale, bar, theme, y))
            continue;
        g_autofree char *text = tick_label(scale, value, ticks.step);
        moe__drawing_line(drawing, (Point){right, y}, (Point){right + PAD * 0.75, y}, theme->faint,
                          theme->thin);
        moe__drawing_text(drawing, text, right + PAD + GAP, y + theme->tick_size * ruler->digit / 2,
                          style);
    }
}

void
moe__colour_bar_draw(const MoeColourScale *scale, Box bar, Ruler *ruler, const Theme *theme,
                     Drawing *drawing)
{
    draw_ramp(scale, bar, theme, drawing);
    draw_ticks(scale, bar, ruler, theme, drawing);
    draw_references(scale, bar, ruler, theme, drawing);
    if (!scale->label)
        return;
    double x = bar.x + moe__colour_bar_width(scale, ruler, theme) - theme->gap -
               theme->label_size * (LINE_HEIGHT - 1);
    TextStyle style = {theme->ink, theme->label_size, ANCHOR_MIDDLE, false, true};
    moe__drawing_text(drawing, scale->label, x, bar.y + bar.height / 2, style);
}
