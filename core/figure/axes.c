/* SPDX-License-Identifier: MIT
 *
 * Axes: labels of bands without ticks, short ticks on linear axes, as many as have room.
 */
#include "figure/number.h"
#include "figure/parts.h"

#include <math.h>

#define TICK       2.0  /* length of a tick, points */
#define PAD        2.0  /* between panel and labels */
#define LABEL_GAP  0.5  /* between labels beside each other, in sizes of the type */
#define NAME_SHARE 0.34 /* of the theme's width, for names of the bands of y */
#define NAME_GAP   0.25 /* … where all of them have to stand */
#define FEW_NAMES  16   /* so many bands are names by themselves; of more, some tell */
/* A band of which less is seen has no label. */
#define LITTLE 0.25
/* Names whose width is measured. */
#define MOST_MEASURED 2000

Scale
moe__frame_x(const Panel *panel, const Frame *frame)
{
    double width = frame->box.width / (panel->view.right - panel->view.left);
    double left = frame->box.x - panel->view.left * width;
    return (Scale){&panel->x, left, left + width};
}

Scale
moe__frame_y(const Panel *panel, const Frame *frame)
{
    double height = frame->box.height / (panel->view.bottom - panel->view.top);
    double top = frame->box.y - panel->view.top * height, bottom = top + height;
    bool band = panel->y.type == MOE_AXIS_BAND;
    return (Scale){&panel->y, band ? top : bottom, band ? bottom : top};
}

/* The part of an axis that a panel shows, as an axis of its own from edge to edge: of bands all
 * that are seen, cut off or not. `left_out`: bands before it. */
typedef struct Part {
    MoeAxis axis;
    double start, end;
    int left_out;
    double from, to; /* the edges of the panel */
} Part;

static Part
part_seen(const Scale *scale, double from, double to)
{
    Part part = {*scale->axis, from, to, 0, from, to};
    double first = moe__scale_invert(scale, from), last = moe__scale_invert(scale, to);
    if (part.axis.type != MOE_AXIS_BAND) {
        part.axis.min = MIN(first, last);
        part.axis.max = MAX(first, last);
        return part;
    }
    /* A hair of slack: the edge of a band may be that of the panel. */
    int begin = (int)CLAMP(floor(first + 1e-9), 0, part.axis.bands - 1);
    int end = (int)CLAMP(ceil(last - 1e-9), begin + 1, part.axis.bands);
    part.axis.bands = end - begin;
    part.axis.first += begin * part.axis.step;
    part.axis.names += part.axis.names ? begin : 0;
    part.start = moe__scale_at(scale, begin);
    part.end = moe__scale_at(scale, end);
    part.left_out = begin;
    return part;
}

static Part
part_of_x(const Panel *panel, const Frame *frame)
{
    Scale scale = moe__frame_x(panel, frame);
    Box box = frame->box;
    if (moe__panel_whole(panel))
        return (Part){panel->x, scale.start, scale.end, 0, scale.start, scale.end};
    return part_seen(&scale, box.x, box.x + box.width);
}

static Part
part_of_y(const Panel *panel, const Frame *frame)
{
    Scale scale = moe__frame_y(panel, frame);
    double top = frame->box.y, bottom = top + frame->box.height;
    if (moe__panel_whole(panel))
        return (Part){panel->y, scale.start, scale.end, 0, scale.start, scale.end};
    bool band = panel->y.type == MOE_AXIS_BAND;
    return part_seen(&scale, band ? top : bottom, band ? bottom : top);
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

/* Where labels stand for round numbers they do so wherever one looks; others are those of every
 * so many bands, counted from the axis' first. */
static int
first_label(const BandTicks *ticks, const Part *part)
{
    double apart = ticks->stride * part->axis.step;
    double value = part->axis.first + ticks->first * part->axis.step;
    bool round = !part->axis.names && fabs(remainder(value, apart)) < 1e-6 * apart;
    return round ? ticks->first : (ticks->stride - part->left_out % ticks->stride) % ticks->stride;
}

/* Where the label of a band stands: in the middle of what is seen of it, unless that is little. */
static double
middle_seen(const Scale *scale, const Part *part, int band)
{
    double start = moe__scale_at(scale, band), end = moe__scale_at(scale, band + 1);
    double from = MAX(start, part->from), to = MIN(end, part->to);
    bool cut = start < part->from - 1e-9 || end > part->to + 1e-9;
    return cut && to - from >= LITTLE * (end - start) ? (from + to) / 2
                                                      : moe__scale_at(scale, band + 0.5);
}

static GArray *
labels_make(const Part *part, int most)
{
    const MoeAxis *axis = &part->axis;
    const Scale own = {axis, part->start, part->end}, *scale = &own;
    GArray *labels = g_array_new(FALSE, FALSE, sizeof(Label));
    g_array_set_clear_func(labels, label_clear);
    if (axis->type == MOE_AXIS_BAND) {
        BandTicks ticks = moe__band_ticks(axis, most);
        for (int i = part->left_out ? first_label(&ticks, part) : ticks.first; i < axis->bands;
             i += ticks.stride) {
            Label label = {middle_seen(scale, part, i), moe__axis_band_label(axis, i)};
            g_array_append_val(labels, label);
        }
        return labels;
    }
    if (axis->type == MOE_AXIS_LOG) {
        g_autofree double *values = g_new(double, MAX(most, 2));
        int n = moe__ticks_log(axis->min, axis->max, most, values);
        for (int i = 0; i < n; i++) {
            Label label = {moe__scale_at(scale, values[i]),
                           moe__number_tick(values[i], values[i], MOE_FORMAT_NUMBER)};
            g_array_append_val(labels, label);
        }
        return labels;
    }
    Ticks ticks = moe__ticks(axis->min, axis->max, most, axis->whole ? 1 : 0);
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
    Part part = {*axis, 0, 1, 0, 0, 1};
    g_autoptr(GArray) labels = labels_make(&part, most);
    double width = 0;
    for (guint i = 0; i < labels->len; i++)
        width = moe__ruler_wider(ruler, g_array_index(labels, Label, i).text, size, width);
    return width;
}

/* Names differ in width one by one; of very many, those with the most letters are measured. */
static double
widest_name(const MoeAxis *axis, Ruler *ruler, double size)
{
    glong longest = 0;
    double width = 0;
    for (int i = 0; i < axis->bands; i++)
        longest = MAX(longest, g_utf8_strlen(axis->names[i], -1));
    int measured = 0;
    for (int i = 0; i < axis->bands && measured < MOST_MEASURED; i++) {
        if (axis->bands > MOST_MEASURED &&
            g_utf8_strlen(axis->names[i], -1) < 0.8 * (double)longest)
            continue;
        width = moe__ruler_wider(ruler, axis->names[i], size, width);
        measured++;
    }
    return width;
}

/* What names beside a panel may take of the page. */
static double
most_name(const Theme *theme)
{
    return NAME_SHARE * theme->width_mm / 25.4 * 72;
}

double
moe__axis_y_width(const MoeAxis *axis, Ruler *ruler, const Theme *theme)
{
    if (axis->bare)
        return 0;
    bool named = axis->type == MOE_AXIS_BAND && axis->names;
    double width = named ? widest_name(axis, ruler, theme->tick_size)
                         : widest(axis, ruler, theme->tick_size, 10);
    if (axis->type == MOE_AXIS_BAND && !axis->names) {
        g_autofree char *last = moe__axis_band_label(axis, axis->bands - 1);
        width = MAX(width, moe__ruler_width(ruler, last, theme->tick_size, false));
    }
    return fmin(width, most_name(theme)) + PAD + (moe__axis_ruled(axis) ? TICK : 0);
}

double
moe__axis_x_overhang(const MoeAxis *axis, Ruler *ruler, const Theme *theme)
{
    return moe__axis_ruled(axis) ? widest(axis, ruler, theme->tick_size, 8) / 2 : 0;
}

double
moe__axis_names_width(const MoeAxis *axis, Ruler *ruler, const Theme *theme)
{
    if (axis->type != MOE_AXIS_BAND || !axis->names || axis->bare || axis->bands > FEW_NAMES)
        return 0;
    double name = widest(axis, ruler, theme->tick_size, axis->bands);
    return axis->bands * (name + NAME_GAP * theme->tick_size);
}

/* How many labels of the axis fit beside each other. Fewer labels may be wider ones, so that the
 * count is found by trying. A few names are set smaller if that lets all of them stand. */
static int
most_that_fit(const MoeAxis *axis, Ruler *ruler, const Theme *theme, double width, double *shrink)
{
    double names = moe__axis_names_width(axis, ruler, theme);
    if (names > 0 && AXIS_SMALLEST * names <= width) {
        *shrink = fmin(width / names, 1);
        return axis->bands;
    }
    double gap = LABEL_GAP * theme->tick_size;
    int most = (int)CLAMP(width / (0.6 * theme->tick_size + gap), 1, 1000);
    while (most > 1 && most * (widest(axis, ruler, theme->tick_size, most) + gap) > width + gap)
        most = MIN(most - 1, (int)(most * 0.8));
    return most;
}

/* Bands that are cut off may have their middle outside; ticks lie on edges, give or take a hair. */
static bool
within(double at, double from, double to)
{
    return at >= from - 1e-6 && at <= to + 1e-6;
}

void
moe__axis_draw_x(const Panel *panel, const Frame *frame, Ruler *ruler, const Theme *theme,
                 Drawing *drawing)
{
    Part part = part_of_x(panel, frame);
    double left = frame->box.x, right = left + frame->box.width;
    double bottom = frame->box.y + frame->box.height;
    bool ruled = moe__axis_ruled(&panel->x);
    if (ruled)
        moe__drawing_line(drawing, (Point){frame->box.x, bottom},
                          (Point){frame->box.x + frame->box.width, bottom}, theme->faint,
                          theme->thin);
    if (!frame->x_ticks || panel->x.bare)
        return;
    double shrink = 1;
    int most = most_that_fit(&part.axis, ruler, theme, frame->box.width, &shrink);
    g_autoptr(GArray) labels = labels_make(&part, ruled ? MIN(most, 8) : most);
    double y = bottom + PAD + theme->tick_size * ruler->digit + (ruled ? TICK : 0);
    TextStyle style = {theme->soft, shrink * theme->tick_size, ANCHOR_MIDDLE, false, false};
    double taken = -INFINITY; /* where the last label ends */
    for (guint i = 0; i < labels->len; i++) {
        const Label *label = &g_array_index(labels, Label, i);
        if (!within(label->at, left, right))
            continue;
        if (ruled)
            moe__drawing_line(drawing, (Point){label->at, bottom},
                              (Point){label->at, bottom + TICK}, theme->faint, theme->thin);
        double half = moe__ruler_width(ruler, label->text, style.size, false) / 2;
        if (panel->x.type == MOE_AXIS_LOG && label->at - half < taken + 0.5 * style.size)
            continue; /* ticks of less than a decade crowd together */
        double least = left - frame->spill_left + half, last = right + frame->spill_right - half;
        double at = least < last ? CLAMP(label->at, least, last) : label->at;
        moe__drawing_text(drawing, label->text, at, y, style);
        taken = at + half;
    }
}

void
moe__axis_draw_y(const Panel *panel, const Frame *frame, Ruler *ruler, const Theme *theme,
                 Drawing *drawing)
{
    Part part = part_of_y(panel, frame);
    double left = frame->box.x, top = frame->box.y, bottom = top + frame->box.height;
    bool ruled = moe__axis_ruled(&panel->y);
    if (panel->y.bare)
        return;
    int most = (int)MAX(frame->box.height / (1.15 * theme->tick_size), 1);
    g_autoptr(GArray) labels = labels_make(&part, ruled ? CLAMP(most / 2, 3, 7) : most);
    TextStyle style = {theme->soft, theme->tick_size, ANCHOR_END, false, false};
    for (guint i = 0; i < labels->len; i++) {
        const Label *label = &g_array_index(labels, Label, i);
        if (!within(label->at, top, bottom))
            continue;
        /* Grid lines of the lightest kind let values be read off without a frame. */
        if (ruled)
            moe__drawing_line(drawing, (Point){left - TICK, label->at},
                              (Point){left + frame->box.width, label->at}, theme->faint,
                              theme->thin / 2);
        g_autofree char *text =
            moe__ruler_fit_name(ruler, label->text, theme->tick_size, most_name(theme));
        if (frame->y_ticks)
            moe__drawing_text(drawing, text, left - PAD - (ruled ? TICK : 0),
                              label->at + theme->tick_size * ruler->digit / 2, style);
    }
}
