/* SPDX-License-Identifier: MIT
 *
 * Running text whose pieces have a background.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

#define LINE 1.55 /* height of a line, in sizes of the type */

/* Where the next piece goes. */
typedef struct Pen {
    double x, y, width, size;
} Pen;

static void
new_line(Pen *pen)
{
    pen->x = 0;
    pen->y += LINE * pen->size;
}

/* The box of a piece of that width, relative to the text's corner. A piece that doesn't fit begins
 * a line; blanks may end one. */
static Box
set_piece(Pen *pen, double width, bool blank)
{
    if (pen->x > 0 && pen->x + width > pen->width && !blank)
        new_line(pen);
    Box box = {pen->x, pen->y, MIN(width, pen->width - pen->x), LINE * pen->size};
    pen->x += width;
    return box;
}

/* Sets all pieces; `boxes` [n] may be NULL. Returns the height. */
static double
set_text(const MoeProse *prose, Ruler *ruler, const Theme *theme, double width, Box *boxes)
{
    Pen pen = {0, 0, width, theme->label_size};
    for (int i = 0; i < prose->n; i++) {
        g_auto(GStrv) lines = g_strsplit(prose->texts[i], "\n", -1);
        Box box = {0};
        for (int j = 0; lines[j]; j++) {
            if (j > 0)
                new_line(&pen);
            bool blank = strspn(lines[j], " ") == strlen(lines[j]);
            Box own =
                set_piece(&pen, moe__ruler_width(ruler, lines[j], theme->label_size, false), blank);
            if (j == 0)
                box = own;
        }
        if (boxes)
            boxes[i] = box;
    }
    return pen.y + LINE * theme->label_size;
}

double
moe__prose_height(const MoeProse *prose, Ruler *ruler, const Theme *theme, double width)
{
    return set_text(prose, ruler, theme, width, NULL);
}

static void
draw_piece(const MoeProse *prose, int i, Box box, const Tint *tint, const View *view,
           Drawing *drawing)
{
    const Theme *theme = view->scene->theme;
    g_autofree char *text = g_strndup(prose->texts[i], strcspn(prose->texts[i], "\n"));
    TextStyle style = {theme->ink, theme->label_size, ANCHOR_START, false, false};
    if (isfinite(prose->values[i])) {
        MoeColour ground = moe__tint_at(tint, prose->values[i]);
        Box inner = {box.x, box.y + 0.06 * box.height, box.width, 0.88 * box.height};
        moe__drawing_rect(drawing, inner, ground);
        style.colour = moe__tint_text(ground);
    }
    if (text[0])
        moe__drawing_text(drawing, text, box.x, box.y + 0.7 * box.height, style);
}

/* Where its pieces are, relative to the page. */
static const Box *
boxes_of(const MoeProse *prose, const View *view)
{
    Frame *frame = view->frame;
    if (frame->pieces)
        return frame->pieces;
    frame->pieces = g_new0(Box, prose->n + 1);
    set_text(prose, view->ruler, view->scene->theme, frame->box.width, frame->pieces);
    for (int i = 0; i < prose->n; i++) {
        frame->pieces[i].x += frame->box.x;
        frame->pieces[i].y += frame->box.y;
    }
    return frame->pieces;
}

static void
prose_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeProse *prose = &mark->prose;
    const Box *boxes = boxes_of(prose, view);
    g_autofree Tint *tint = g_new(Tint, 1);
    moe__tint_init(tint, view->scene, prose->categories);
    for (int i = 0; i < prose->n; i++)
        draw_piece(prose, i, boxes[i], tint, view, drawing);
}

static int
prose_hit(const Mark *mark, const View *view, double x, double y)
{
    const Box *boxes = boxes_of(&mark->prose, view);
    for (int i = 0; i < mark->prose.n; i++) {
        Box box = boxes[i];
        if (x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height)
            return i;
    }
    return -1;
}

static int
prose_count(const Mark *mark)
{
    return mark->prose.n;
}

static bool
prose_place(const Mark *mark, const View *view, int piece, Place *place)
{
    *place = (Place){boxes_of(&mark->prose, view)[piece], NAN, NAN};
    return place->box.width > 0;
}

static void
prose_tell(const Mark *mark, const View *view, int piece, MoeDatum *datum)
{
    (void)view;
    const char *note = mark->prose.notes ? mark->prose.notes[piece] : NULL;
    datum->column = piece;
    datum->value = mark->prose.values[piece];
    datum->words = g_strdup(note ? note : "");
}

static MoeKey
prose_key(const Mark *mark, int piece, int which)
{
    const MoeKeys *keys = &mark->prose.keys[which];
    return (MoeKey){keys->name, keys->name ? keys->number[piece] : NAN, NULL};
}

static void
prose_dump(const Mark *mark, GString *out)
{
    const MoeProse *prose = &mark->prose;
    g_string_append_printf(out, " %d pieces, %d categories\n", prose->n, prose->categories);
    for (int i = 0; i < prose->n; i++) {
        g_autofree char *text = g_strescape(prose->texts[i], NULL);
        moe__dump_row(out, &prose->values[i], 1, text);
    }
}

const MarkClass moe__mark_prose = {.name = "prose",
                                   .draw = prose_draw,
                                   .hit = prose_hit,
                                   .dump = prose_dump,
                                   .count = prose_count,
                                   .place = prose_place,
                                   .tell = prose_tell,
                                   .key = prose_key};
