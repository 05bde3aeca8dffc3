/* SPDX-License-Identifier: MIT
 *
 * scope-facts.h: what a reader wants to know of a document first: some numbers, and what the
 * checker found. Made in threads.
 */
#ifndef SCOPE_FACTS_H
#define SCOPE_FACTS_H

#include "scope-steps.h"

G_BEGIN_DECLS

typedef struct ScopeFact {
    char *value, *caption, *tip; /* "9.2 of 64", "effective experts", a sentence */
} ScopeFact;

/* A ScopeWork: data is a ScopeSteps. (transfer full, GPtrArray of ScopeFact) */
gpointer scope_facts_find(MoeFigureInput *input, gpointer data, GError **error);
/* A ScopeWork: data is unused. Of the whole document, whatever is chosen of it: what is wrong with
 * it isn't a question of a filter. (transfer full, MoeFindings) */
gpointer scope_facts_check(MoeFigureInput *input, gpointer data, GError **error);

G_END_DECLS

#endif
