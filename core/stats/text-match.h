/* SPDX-License-Identifier: MIT
 *
 * text-match.h: whether running text that begins in a token is a given one. What can be told of a
 * token id alone is found out once an id.
 */
#ifndef MOESCOPE_STATS_TEXT_MATCH_H
#define MOESCOPE_STATS_TEXT_MATCH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MoeTextMatch MoeTextMatch;

/* `text` isn't empty; `texts` as of moe_token_texts_new(). (transfer full) */
MoeTextMatch *moe__text_match_new(const char *text, GHashTable *texts);
void moe__text_match_free(MoeTextMatch *match);

typedef enum {
    MOE_MATCH_NO,
    MOE_MATCH_YES,  /* the token's own text contains it */
    MOE_MATCH_PART, /* the end of the token's text is the beginning of it */
} MoeMatchKind;
MoeMatchKind moe__text_match_kind(const MoeTextMatch *match, int32_t id);

/* For tokens of kind PART: the lengths of `id`'s text that begin it are where a walk starts, and
 * each later token goes on. `reached`: how many bytes of it are matched already, a bit each place
 * where it may stand. */
GArray *moe__text_match_begin(const MoeTextMatch *match, int32_t id);
/* Goes on with the next token: true if it is complete for one of the places; places that it breaks
 * are taken out, none left means no. */
bool moe__text_match_go_on(const MoeTextMatch *match, int32_t id, GArray *reached);

#endif
