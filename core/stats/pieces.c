/* SPDX-License-Identifier: MIT */
#include "stats/pieces.h"

/* Picks of a piece: with gates of f2, sets and the picks of a second trace about half a megabyte
 * where eight experts are picked. */
enum { PICKS = 1 << 16 };

MoePieces
moe__pieces_of(const MoeTallyChunk *chunk, GArray *cut)
{
    int64_t picks = (int64_t)MAX(chunk->view->k, 1) * chunk->units_per_token;
    return (MoePieces){.all = chunk->runs,
                       .n_all = chunk->n_runs,
                       .tokens = chunk->view->tokens,
                       .most = MAX(PICKS / picks, 1),
                       .cut = cut};
}

/* What of a run lies within the piece. */
static MoeTallyRun
cut_run(const MoePieces *pieces, const MoeTallyRun *run)
{
    int64_t first = MAX(run->first, pieces->first), end = MIN(run->first + run->n, pieces->end);
    return (MoeTallyRun){first, end - first, run->domain, run->group};
}

bool
moe__pieces_next(MoePieces *pieces)
{
    if (pieces->end == pieces->tokens)
        return false;
    pieces->first = pieces->end;
    pieces->end = MIN(pieces->first + pieces->most, pieces->tokens);
    g_array_set_size(pieces->cut, 0);
    for (; pieces->next < pieces->n_all; pieces->next++) {
        const MoeTallyRun *run = &pieces->all[pieces->next];
        if (run->first >= pieces->end)
            break;
        MoeTallyRun part = cut_run(pieces, run);
        g_array_append_val(pieces->cut, part);
        if (run->first + run->n > pieces->end) /* the next piece has the rest */
            break;
    }
    pieces->runs = (const MoeTallyRun *)(const void *)pieces->cut->data;
    pieces->n_runs = pieces->cut->len;
    return true;
}
