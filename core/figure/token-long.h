/* SPDX-License-Identifier: MIT
 *
 * token-long.h: token maps too long to be read token by token.
 */
#ifndef FIGURE_TOKEN_LONG_H
#define FIGURE_TOKEN_LONG_H

#include "figure/token-span.h"

/* A map with tokens across, in at most `most` columns: where there are more tokens, `per` of them
 * share a column, which shows the expert that most of them go to. `named`: experts
 * in the legend, as moe__expert_names() counts them. (transfer full) */
MoeScene *moe__token_long(const TokenSpan *span, int slot, int head, int most, int *per,
                          int *named);

#endif
