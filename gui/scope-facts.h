/* SPDX-License-Identifier: MIT
 *
 * scope-facts.h: what a reader wants to know of a document first: some numbers, and what the
 * checker found. Made in a thread.
 */
#ifndef SCOPE_FACTS_H
#define SCOPE_FACTS_H

#include "scope-document.h"

G_BEGIN_DECLS

typedef struct ScopeFact {
    char *value, *caption, *tip; /* "9.2 of 64", "effective experts", a sentence */
} ScopeFact;

typedef struct ScopeFacts {
    GPtrArray *facts;      /* of ScopeFact */
    char *verdict;         /* in one line */
    MoeFindings *findings; /* NULL: the document couldn't be checked */
} ScopeFacts;

/* A ScopeWork; data is unused. (transfer full, scope_facts_free()) */
gpointer scope_facts_find(MoeFigureInput *input, gpointer data, GError **error);
void scope_facts_free(gpointer facts);

G_END_DECLS

#endif
