/* SPDX-License-Identifier: MIT
 *
 * Ids of a document's tokens, of which servers send those of the prompt and of what was generated
 * apart, in front of the rows of experts: a row a token, but none of the last one.
 */
#ifndef MOE_IMPORT_TOKEN_IDS_H
#define MOE_IMPORT_TOKEN_IDS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What was sent; lists are of int32_t, NULL: not sent. */
typedef struct MoeTokenIds {
    const GArray *prompt, *output;
    const GArray *last;    /* without `prompt`: of the last tokens of the prompt */
    int64_t prompt_tokens; /* -1: not said */
} MoeTokenIds;

/* The ids of the first `end` tokens, of which there are rows, -1 where they are unknown; `head` of
 * them have rows of their own, as the prompt (-1: not said). NULL: none were sent, or (*odd) others
 * than the rows say. (transfer full) */
GArray *moe__token_ids(const MoeTokenIds *sent, int64_t head, int64_t end, bool *odd);

#endif
