/* SPDX-License-Identifier: MIT
 *
 * token-texts.h: what token ids stand for, as far as whoever made a trace or a summary says.
 */
#ifndef MOESCOPE_TOKEN_TEXTS_H
#define MOESCOPE_TOKEN_TEXTS_H

#include <moescope/base.h>

G_BEGIN_DECLS

/* A map from token ids to their texts: of GINT_TO_POINTER(id) to char *. (transfer full) */
MOE_API GHashTable *moe_token_texts_new(void);
/* Adds those of a meta.json: "tokens", a list of texts from id 0, as traces have it, and
 * "token_texts", an object of id: text, as summaries have it. What isn't there, isn't text or
 * isn't JSON (NULL) adds nothing; a text that comes later replaces one that is there. */
MOE_API void moe_token_texts_add(GHashTable *texts, const char *meta_json);
/* The text of an id, or NULL. (transfer none) */
MOE_API const char *moe_token_text(GHashTable *texts, int32_t id);
/* The bytes that a text stands for: signs of tokenizers as the blanks, tabs and line ends that they
 * mean (\u0120 and \u2581, \u0109, \u010a), and texts that consist of nothing but escapes (\n, \t,
 * \r, \xNN) as their bytes, which may be parts of a UTF-8 character. (transfer full) */
MOE_API char *moe_token_text_plain(const char *text);

G_END_DECLS

#endif
