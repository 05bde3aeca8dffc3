/* SPDX-License-Identifier: MIT
 *
 * mark.h: kinds of marks. A kind is one file with one MarkClass, and a line in mark.c.
 */
#ifndef FIGURE_MARK_H
#define FIGURE_MARK_H

#include "figure/scale.h"
#include "figure/scene.h"

/* What a mark needs to know of its surroundings. */
typedef struct View {
    const MoeScene *scene;
    const Panel *panel;
    Scale x, y;
} View;

typedef struct MarkClass {
    const char *name;
    void (*draw)(const Mark *mark, const View *view, Drawing *drawing);
    /* Fills all of `datum` but `panel` and returns true if the mark lies at (x, y). */
    bool (*pick)(const Mark *mark, const View *view, double x, double y, MoeDatum *datum);
    /* Appends what is to be seen in moe_scene_to_text(), after the kind's name, lines indented by
     * six blanks. */
    void (*dump)(const Mark *mark, GString *out);
} MarkClass;

extern const MarkClass moe__mark_cells, moe__mark_line;

const MarkClass *moe__mark_class(MarkType type);
void moe__marks_draw(const MoeScene *scene, const Panel *panel, const Frame *frame,
                     Drawing *drawing);

/* "{name}" in a template stands for the text beside that name. */
typedef struct WordsKey {
    const char *name, *text;
} WordsKey;
/* (transfer full) */
char *moe__words_fill(const char *words, const WordsKey *keys, int n);

#endif
