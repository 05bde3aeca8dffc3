/* SPDX-License-Identifier: MIT
 *
 * The kinds of marks, and what they share: drawing order, hit tests, words.
 */
#include "figure/mark.h"
#include "figure/number.h"
#include "figure/parts.h"

#include <math.h>

/* What thin marks need to be seen on white paper (WCAG 2.1 asks for 3, which the light half of no
 * colour map has), and how colours get there. */
#define LEAST_CONTRAST 1.45
#define STEP           0.08
#define MOST_STEPS     10

/* The same share of a colour shows less on a dark ground than on a light one. */
#define DARK_GROUND 1.7

static const MarkClass *const classes[] = {
    [MARK_AREA] = &moe__mark_area,     [MARK_BARS] = &moe__mark_bars,
    [MARK_CELLS] = &moe__mark_cells,   [MARK_FLOWS] = &moe__mark_flows,
    [MARK_LABELS] = &moe__mark_labels, [MARK_LINE] = &moe__mark_line,
    [MARK_POINTS] = &moe__mark_points, [MARK_PROSE] = &moe__mark_prose,
    [MARK_RULE] = &moe__mark_rule,     [MARK_TREE] = &moe__mark_tree,
};

const MarkClass *
moe__mark_class(MarkType type)
{
    return classes[type];
}

/* Relative luminance (sRGB, ITU-R BT.709). */
static double
luminance(MoeColour colour)
{
    const double channel[3] = {colour.r, colour.g, colour.b}, weight[3] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += weight[i] * (channel[i] <= 0.04045 ? channel[i] / 12.92
                                                  : pow((channel[i] + 0.055) / 1.055, 2.4));
    return sum;
}

/* Contrast ratio as WCAG 2 has it, 1 … 21. */
static double
contrast(MoeColour a, MoeColour b)
{
    double x = luminance(a), y = luminance(b);
    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

MoeColour
moe__colour_on(MoeColour colour, const Theme *theme)
{
    double least = theme->contrast > 0 ? theme->contrast : LEAST_CONTRAST;
    for (int step = 0; step < MOST_STEPS && contrast(colour, theme->paper) < least; step++)
        colour = (MoeColour){colour.r + STEP * (theme->ink.r - colour.r),
                             colour.g + STEP * (theme->ink.g - colour.g),
                             colour.b + STEP * (theme->ink.b - colour.b)};
    return colour;
}

MoeColour
moe__ink_colour(const MoeInk *ink, const Theme *theme)
{
    if (ink->plain)
        return theme->ink;
    if (ink->own && ink->exact)
        return *ink->own;
    return moe__colour_on(ink->own ? *ink->own : moe_colour_qualitative(ink->colour), theme);
}

double
moe__ink_opacity(const MoeInk *ink, const Theme *theme)
{
    double opacity = ink->opacity > 0 ? MIN(ink->opacity, 1) : 1;
    return theme->contrast > 0 ? 1 - pow(1 - opacity, DARK_GROUND) : opacity;
}

View
moe__view_of(const MoeScene *scene, int number, Frame *frame, Ruler *ruler)
{
    const Panel *panel = moe__scene_panel(scene, number);
    return (View){scene, panel, frame, moe__frame_x(panel, frame), moe__frame_y(panel, frame),
                  ruler};
}

void
moe__marks_draw(const MoeScene *scene, int number, Frame *frame, Ruler *ruler, Drawing *drawing)
{
    View view = moe__view_of(scene, number, frame, ruler);
    const Panel *panel = view.panel;
    for (guint i = 0; i < panel->marks->len; i++) {
        const Mark *mark = &g_array_index(panel->marks, Mark, i);
        classes[mark->type]->draw(mark, &view, drawing);
        drawing->opacity = 1;
    }
    for (guint i = 0; i < panel->marks->len; i++) {
        const Mark *mark = &g_array_index(panel->marks, Mark, i);
        if (classes[mark->type]->write)
            classes[mark->type]->write(mark, &view, drawing);
    }
}

char *
moe__words_fill(const char *words, const WordsKey *keys, int n)
{
    GString *out = g_string_new(NULL);
    for (const char *at = words ? words : ""; *at;) {
        int key = 0;
        size_t length = 0;
        for (; key < n; key++) {
            length = strlen(keys[key].name);
            if (strncmp(at, keys[key].name, length) == 0)
                break;
        }
        if (key < n) {
            g_string_append(out, keys[key].text);
            at += length;
        } else {
            g_string_append_c(out, *at++);
        }
    }
    return g_string_free(out, FALSE);
}

void
moe__dump_name(GString *out, const MoeInk *ink)
{
    if (ink->dashed)
        g_string_append(out, " dashed");
    if (ink->name)
        g_string_append_printf(out, " name \"%s\"", ink->name);
    g_string_append_c(out, '\n');
}

void
moe__dump_row(GString *out, const double *values, int n, const char *text)
{
    g_string_append(out, "     ");
    for (int i = 0; i < n; i++) {
        g_string_append_c(out, ' ');
        if (isnan(values[i]))
            g_string_append_c(out, '-');
        else
            moe__number_append(out, values[i], 6);
    }
    if (text)
        g_string_append_printf(out, " \"%s\"", text);
    g_string_append_c(out, '\n');
}

/* A dot is a polygon: at this size no eye tells it from a circle. */
#define CORNERS 20

void
moe__draw_dot(Point at, double r, MoeColour colour, Drawing *drawing)
{
    moe__drawing_shape(drawing, colour);
    for (int i = 0; i < CORNERS; i++)
        moe__drawing_point(drawing, at.x + r * cos(2 * G_PI * i / CORNERS),
                           at.y + r * sin(2 * G_PI * i / CORNERS));
}
