/* SPDX-License-Identifier: MIT */
#include "model/windows.h"

MoeWindows
moe__windows(const MoeTokens *tokens, int length, int64_t max_tokens)
{
    MoeWindows windows = {.tokens = tokens, .total = moe_tokens_count(tokens, -1)};
    if (max_tokens > 0 && max_tokens < windows.total)
        windows.want = MAX(1, max_tokens / length);
    return windows;
}

/* Row `row` of a batch as a batch of its own. */
static MoeBatch
row_of(const MoeBatch *batch, int row)
{
    size_t at = (size_t)row * (size_t)batch->length;
    return (MoeBatch){
        .rows = 1,
        .length = batch->length,
        .id = batch->id + at,
        .target = batch->target + at,
        .doc = batch->doc + at,
        .pos = batch->pos + at,
        .domain = batch->domain + at,
    };
}

int
moe__windows_next(MoeWindows *w, MoeBatch *batch)
{
    if (w->want == 0)
        return moe_tokens_walk(w->tokens, &w->cursor, batch);
    int filled = 0;
    for (int row = 0; row < batch->rows; row++) {
        MoeBatch view = row_of(batch, row);
        /* At the end of the text a walk pads. */
        int64_t cursor = w->taken < w->want ? w->total * w->taken / w->want : w->total;
        filled += moe_tokens_walk(w->tokens, &cursor, &view);
        w->taken += w->taken < w->want;
    }
    return filled;
}

int64_t
moe__windows_done(const MoeWindows *w)
{
    return w->want ? w->total * w->taken / w->want : w->cursor;
}
