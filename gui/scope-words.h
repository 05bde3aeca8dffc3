/* SPDX-License-Identifier: MIT
 *
 * scope-words.h: the text of tokens, on one line.
 */
#ifndef SCOPE_WORDS_H
#define SCOPE_WORDS_H

#include <moescope/figure.h>

G_BEGIN_DECLS

/* What token ids of input 0 stand for. (transfer full, of int to char *) */
GHashTable *scope_words_new(MoeFigureInput *input);
/* The text of some ids as valid UTF-8, line ends and tabs as signs; ids without text as #17.
 * (transfer full) */
char *scope_words_of(GHashTable *texts, const int32_t *ids, int n);

G_END_DECLS

#endif
