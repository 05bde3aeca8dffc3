/* SPDX-License-Identifier: MIT
 *
 * llama-line.h: a line of a trace of llama.cpp: columns by their names where there is a line of
 * names, else the layer and its expert, or its experts in quotation marks.
 */
#ifndef MOE_IMPORT_LLAMA_LINE_H
#define MOE_IMPORT_LLAMA_LINE_H

#include "import/csv.h"

typedef enum {
    MOE_LLAMA_FAILED,
    MOE_LLAMA_HEADING, /* a line of names */
    MOE_LLAMA_PICKS,
    MOE_LLAMA_OTHER, /* of what a fork writes beside picks: "gate_input,…" */
} MoeLlamaKind;

typedef struct MoeLlamaLine {
    bool named;                                /* the columns are told by a line of names */
    char separator;                            /* of the cells; 0: no line was read yet */
    int layer_at, expert_at, gate_at, columns; /* gate_at -1: there is none */
    int layer;                                 /* of the line */
    GArray *ids, *gates;                       /* int32_t, double */
} MoeLlamaLine;

MoeLlamaLine moe__llama_line_new(void);
void moe__llama_line_clear(MoeLlamaLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeLlamaLine, moe__llama_line_clear)
/* Reads a line, which it cuts up. */
MoeLlamaKind moe__llama_line(MoeLlamaLine *line, const MoeStream *stream, char *text,
                             GError **error);
/* How sure it is that a text is such a trace: 0 … 100. */
int moe__llama_score(const char *text);

#endif
