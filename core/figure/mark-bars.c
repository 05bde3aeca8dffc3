/* SPDX-License-Identifier: MIT
 *
 * Bars in bands, upright or lying, with whiskers for intervals.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

/* Share of a band that its bars take, and of a bar that its whisker's ends are wide. */
#define FILL 0.8
#define CAP  0.35

static bool
upright(const View *view)
{
    return view->panel->x.type == MOE_AXIS_BAND;
}

static double
base_of(const MoeBars *bars, const View *view, int i)
{
    const MoeAxis *axis = upright(view) ? &view->panel->y : &view->panel->x;
    if (bars->base)
        return bars->base[i];
    return axis->type == MOE_AXIS_LOG ? axis->min : CLAMP(0.0, axis->min, axis->max);
}

/* Where the bar begins and ends across its band. */
static void
across(const MoeBars *bars, const View *view, int i, double *from, double *to)
{
    const Scale *scale = upright(view) ? &view->x : &view->y;
    double start = moe__scale_at(scale, i), end = moe__scale_at(scale, i + 1);
    double wide = (end - start) * FILL / MAX(bars->places, 1);
    *from = start + (end - start) * (1 - FILL) / 2 + wide * bars->place;
    *to = *from + wide;
}

static Box
bar_box(const MoeBars *bars, const View *view, int i)
{
    double from, to;
    const Scale *scale = upright(view) ? &view->y : &view->x;
    double base = moe__scale_at(scale, base_of(bars, view, i));
    double end = moe__scale_at(scale, bars->value[i]);
    across(bars, view, i, &from, &to);
    if (upright(view))
        return (Box){from, MIN(base, end), to - from, fabs(end - base)};
    return (Box){MIN(base, end), from, fabs(end - base), to - from};
}

static void
draw_whisker(const MoeBars *bars, const View *view, int i, Drawing *drawing)
{
    double from, to;
    if (!bars->low || !bars->high || !isfinite(bars->low[i]) || !isfinite(bars->high[i]))
        return;
    const Theme *theme = view->scene->theme;
    const Scale *scale = upright(view) ? &view->y : &view->x;
    across(bars, view, i, &from, &to);
    double middle = (from + to) / 2, cap = MIN((to - from) * CAP, 2.5 * theme->line);
    double ends[2] = {moe__scale_at(scale, bars->low[i]), moe__scale_at(scale, bars->high[i])};
    bool up = upright(view);
    moe__drawing_line(drawing, up ? (Point){middle, ends[0]} : (Point){ends[0], middle},
                      up ? (Point){middle, ends[1]} : (Point){ends[1], middle}, theme->ink,
                      theme->thin * 1.5);
    for (int j = 0; j < 2; j++)
        moe__drawing_line(drawing,
                          up ? (Point){middle - cap, ends[j]} : (Point){ends[j], middle - cap},
                          up ? (Point){middle + cap, ends[j]} : (Point){ends[j], middle + cap},
                          theme->ink, theme->thin * 1.5);
}

static void
bars_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeBars *bars = &mark->bars;
    drawing->opacity = moe__ink_opacity(&bars->ink, view->scene->theme);
    for (int i = 0; i < bars->n; i++) {
        if (!isfinite(bars->value[i]))
            continue;
        MoeColour colour =
            bars->each ? bars->each[i] : moe__ink_colour(&bars->ink, view->scene->theme);
        moe__drawing_rect(drawing, bar_box(bars, view, i), colour);
    }
    drawing->opacity = 1;
    for (int i = 0; i < bars->n; i++)
        draw_whisker(bars, view, i, drawing);
}

static char *
bar_words(const MoeBars *bars, const View *view, int i)
{
    const MoeAxis *axis = upright(view) ? &view->panel->x : &view->panel->y;
    g_autofree char *band = moe__axis_band_label(axis, i);
    g_autofree char *value = moe__number_short(bars->value[i]);
    g_autofree char *low = moe__number_short(bars->low ? bars->low[i] : NAN);
    g_autofree char *high = moe__number_short(bars->high ? bars->high[i] : NAN);
    const WordsKey keys[] = {{"{band}", band},
                             {"{value}", value},
                             {"{low}", low},
                             {"{high}", high},
                             {"{name}", bars->ink.name ? bars->ink.name : ""}};
    return moe__words_fill(bars->words, keys, G_N_ELEMENTS(keys));
}

/* The whole height of a bar's band is its own: short bars would be hard to hit. */
static int
bars_hit(const Mark *mark, const View *view, double x, double y)
{
    const MoeBars *bars = &mark->bars;
    double from, to, place = upright(view) ? x : y;
    int i = moe__scale_band(upright(view) ? &view->x : &view->y, place);
    if (i < 0 || i >= bars->n || !isfinite(bars->value[i]))
        return -1;
    across(bars, view, i, &from, &to);
    return place >= from && place < to ? i : -1;
}

static int
bars_count(const Mark *mark)
{
    return mark->bars.n;
}

static bool
bars_place(const Mark *mark, const View *view, int piece, Place *place)
{
    bool up = upright(view);
    if (!isfinite(mark->bars.value[piece]))
        return false;
    *place =
        (Place){bar_box(&mark->bars, view, piece), up ? piece + 0.5 : NAN, up ? NAN : piece + 0.5};
    return true;
}

static void
bars_tell(const Mark *mark, const View *view, int piece, MoeDatum *datum)
{
    datum->row = mark->bars.place;
    datum->column = piece;
    datum->value = mark->bars.value[piece];
    datum->words = bar_words(&mark->bars, view, piece);
}

static void
bars_dump(const Mark *mark, GString *out)
{
    const MoeBars *bars = &mark->bars;
    g_string_append_printf(out, " %d, place %d of %d, colour %d \"%s\"", bars->n, bars->place,
                           MAX(bars->places, 1), bars->ink.colour, bars->words ? bars->words : "");
    moe__dump_name(out, &bars->ink);
    for (int i = 0; i < bars->n; i++) {
        const double values[] = {bars->value[i], bars->base ? bars->base[i] : NAN,
                                 bars->low ? bars->low[i] : NAN, bars->high ? bars->high[i] : NAN};
        moe__dump_row(out, values, G_N_ELEMENTS(values), NULL);
    }
}

const MarkClass moe__mark_bars = {.name = "bars",
                                  .draw = bars_draw,
                                  .hit = bars_hit,
                                  .dump = bars_dump,
                                  .count = bars_count,
                                  .place = bars_place,
                                  .tell = bars_tell};
