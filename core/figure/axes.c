/* SPDX-License-Identifier: MIT
 *
 * Axes: labels of bands without ticks, short ticks on linear axes, as many as have room.
 */
#include "figure/number.h"
#include "figure/parts.h"

#include <math.h>

#define TICK 2.0 /* length of a tick, points */
#define PAD  2.0 /* between panel and labels */

Scale
moe__frame_x(const Panel *panel, const Frame *frame)
{
    return (Scale){&panel->x, frame->box.x, frame->box.x + frame->box.width};
}

Scale
moe__frame_y(const Panel *panel, const Frame *frame)
{
    double top = frame->box.y, bottom = top + frame->box.height;
    bool band = panel->y.type == MOE_AXIS_BAND;
    return (Scale){&panel->y, band ? top : bottom, band ? bottom : top};
}

/* Ticks with labels, however many there are: places on the page and texts. */
typedef struct Label {
    double at;
    char *text;
} Label;

static void
label_clear(gpointer data)
{
    g_free(((Label *)data)->text);
}

static GArray *
labels_make(const Scale *scale, int most)
{
    const MoeAxis *axis = scale->axis;
    GArray *labels = g_array_new(FALSE, FALSE, sizeof(Label));
    g_array_set_clear_func(labels, label_clear);
    if (axis->type == MOE_AXIS_BAND) {
        BandTicks ticks = moe__band_ticks(axis, most);
        for (int i = ticks.first; i < axis->bands; i += ticks.stride) {
            Label label = {moe__scale_at(scale, i + 0.5), moe__axis_band_label(axis, i)};
            g_array_append_val(labels, label);
        }
        return labels;
    }
    if (axis->type == MOE_AXIS_LOG) {
        g_autofree double *values = g_new(double, MAX(most, 2));
        int n = moe__ticks_log(axis->min, axis->max, most, values);
        for (int i = 0; i < n; i++) {
            Label label = {moe__scale_at(scale, values[i]), moe__number_short(values[i])};
            g_array_append_val(labels, label);
        }
        return labels;
    }
    Ticks ticks = moe__ticks(axis->min, axis->max, most, 0);
    for (int i = 0; i < ticks.n; i++) {
        double value = moe__ticks_at(&ticks, i);
        Label label = {moe__scale_at(scale, value),
                       moe__number_tick(value, ticks.step, MOE_FORMAT_NUMBER)};
        g_array_append_val(labels, label);
    }
    return labels;
}

static double
widest(const MoeAxis *axis, Ruler *ruler, double size, int most)
{
    Scale scale = {axis, 0, 1};
    g_autoptr(GArray) labels = labels_make(&scale, most);
    double width = 0;
    for (guint i = 0; i < labels->len; i++)
        width = moe__ruler_wider(ruler, g_array_index(labels, Label, i).text, size, width);
    return width;
}

double
moe__axis_y_width(const MoeAxis *axis, Ruler *ruler, const Theme *theme)
{
    if (axis->bare)
        return 0;
    /* Names differ in width one by one; of numbers a few tell. */
    int most = axis->type == MOE_AXIS_BAND && axis->names ? axis->bands : 10;
    double width = widest(axis, ruler, theme->tick_size, most);
    if (axis->type == MOE_AXIS_BAND && !axis->names) {
        g_autofree char *last = moe__axis_band_label(axis, axis->bands - 1);
        width = MAX(width, moe__ruler_width(ruler, last, theme->tick_size, false));
    }
    return width + PAD + (moe__axis_ruled(axis) ? TICK : 0);
}

double
moe__axis_x_overhang(const MoeAxis *axis, Ruler *ruler, const Theme *theme)
{
    return moe__axis_ruled(axis) ? widest(axis, ruler, theme->tick_size, 8) / 2 : 0;
}

/* How many labels of the axis fit beside each other. Fewer labels may be wider ones, so that the
 * count is found by trying. */
static int
most_that_fit(const MoeAxis *axis, Ruler *ruler, const Theme *theme, double width)
{
    double gap = 0.7 * theme->tick_size;
    int most = (int)CLAMP(width / (0.6 * theme->tick_size + gap), 1, 1000);
    while (most > 1 && most * (widest(axis, ruler, theme->tick_size, most) + gap) > width + gap)
        most = MIN(most - 1, (int)(most * 0.8));
    return most;
}

void
moe__axis_draw_x(const Panel *panel, const Frame *frame, Ruler *ruler, const Theme *theme,
                 Drawing *drawing)
{
    Scale scale = moe__frame_x(panel, frame);
    double bottom = frame->box.y + frame->box.height;
    bool ruled = moe__axis_ruled(&panel->x);
    if (ruled)
        moe__drawing_line(drawing, (Point){frame->box.x, bottom},
                          (Point){frame->box.x + frame->box.width, bottom}, theme->faint,
                          theme->thin);
    if (!frame->x_ticks || panel->x.bare)
        return;
    int most = most_that_fit(&panel->x, ruler, theme, frame->box.width);
    g_autoptr(GArray) labels = labels_make(&scale, ruled ? MIN(most, 8) : most);
    double y = bottom + PAD + theme->tick_size * ruler->digit + (ruled ? TICK : 0);
    TextStyle style = {theme->soft, theme->tick_size, ANCHOR_MIDDLE, false, false};
    for (guint i = 0; i < labels->len; i++) {
        const Label *label = &g_array_index(labels, Label, i);
        if (ruled)
            moe__drawing_line(drawing, (Point){label->at, bottom},
                              (Point){label->at, bottom + TICK}, theme->faint, theme->thin);
        moe__drawing_text(drawing, label->text, label->at, y, style);
    }
}

void
moe__axis_draw_y(const Panel *panel, const Frame *frame, Ruler *ruler, const Theme *theme,
                 Drawing *drawing)
{
    Scale scale = moe__frame_y(panel, frame);
    double left = frame->box.x;
    bool ruled = moe__axis_ruled(&panel->y);
    if (panel->y.bare)
        return;
    int most = (int)MAX(frame->box.height / (1.15 * theme->tick_size), 1);
    g_autoptr(GArray) labels = labels_make(&scale, ruled ? CLAMP(most / 2, 3, 7) : most);
    TextStyle style = {theme->soft, theme->tick_size, ANCHOR_END, false, false};
    for (guint i = 0; i < labels->len; i++) {
        const Label *label = &g_array_index(labels, Label, i);
        /* Grid lines of the lightest kind let values be read off without a frame. */
        if (ruled)
            moe__drawing_line(drawing, (Point){left - TICK, label->at},
                              (Point){left + frame->box.width, label->at}, theme->faint,
                              theme->thin / 2);
        if (frame->y_ticks)
            moe__drawing_text(drawing, label->text, left - PAD - (ruled ? TICK : 0),
                              label->at + theme->tick_size * ruler->digit / 2, style);
    }
}
