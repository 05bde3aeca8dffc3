/* SPDX-License-Identifier: MIT
 *
 * sequence.h: where a walk through tokens stands: in which document and step, and how many tokens
 * came one right after another.
 */
#ifndef MOESCOPE_STATS_SEQUENCE_H
#define MOESCOPE_STATS_SEQUENCE_H

#include "stats/tally.h"

typedef struct MoeSequence {
    int64_t length; /* tokens so far, one right after another */
    int64_t next;   /* the position that the next one has to have; -1: not known */
    int32_t doc, step;
} MoeSequence;

/* The next token is no neighbour of the last. */
static inline void
moe__sequence_break(MoeSequence *sequence)
{
    sequence->length = 0;
}

/* Takes the next token in; returns how many tokens stand before it: of the same document and step,
 * and, where positions are known, without a gap. */
static inline int64_t
moe__sequence_add(MoeSequence *sequence, const MoeTallyChunk *chunk, int64_t token)
{
    int32_t doc = chunk->doc ? chunk->doc[token] : 0, step = chunk->step ? chunk->step[token] : 0;
    int64_t position = chunk->pos && chunk->pos[token] >= 0 ? chunk->pos[token] : -1;
    bool follows = sequence->length > 0 && sequence->doc == doc && sequence->step == step &&
                   (position < 0 || sequence->next < 0 || position == sequence->next);
    if (!follows)
        *sequence = (MoeSequence){0, -1, doc, step};
    if (position >= 0)
        sequence->next = position + 1;
    else if (sequence->next >= 0)
        sequence->next++;
    return sequence->length++;
}

#endif
