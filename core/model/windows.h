/* SPDX-License-Identifier: MIT
 *
 * Which windows of a split a pass runs over: all of them, or about so many tokens spread evenly.
 */
#ifndef MOE_MODEL_WINDOWS_H
#define MOE_MODEL_WINDOWS_H

#include <moescope/text.h>

typedef struct MoeWindows {
    const MoeTokens *tokens;
    int64_t total;       /* tokens of the split */
    int64_t want, taken; /* windows to take and taken; want 0: all, in order */
    int64_t cursor;
} MoeWindows;

MoeWindows moe__windows(const MoeTokens *tokens, int length, int64_t max_tokens);
/* Fills the batch, padding what is left over. Returns the rows filled, 0 at the end. */
int moe__windows_next(MoeWindows *windows, MoeBatch *batch);
/* Share of the way gone, in tokens of `total`. */
int64_t moe__windows_done(const MoeWindows *windows);

#endif
