/* SPDX-License-Identifier: MIT
 *
 * scope-document-private.h: what the files of ScopeDocument share.
 */
#ifndef SCOPE_DOCUMENT_PRIVATE_H
#define SCOPE_DOCUMENT_PRIVATE_H

#include "scope-document.h"
#include "scope-open.h"

G_BEGIN_DECLS

/* Takes what `opened` holds; `choices` are those of an import, or NULL. */
ScopeDocument *scope_document_new(char **paths, char **choices, ScopeOpened *opened);
/* From the main thread: looks for what is added, if the file may still grow. */
void scope_document_follow(ScopeDocument *document);
/* The input of a filter; `both`: with the other document, if there is one; `glimpse`: of a sample.
 * (transfer full) */
ScopeInput *scope_document_input(ScopeDocument *document, const char *filter, bool both,
                                 bool glimpse, GError **error);
/* What an input tells while it counts, to the document of the thread's work. */
const MoeProgress *scope_document_counting(void);
/* Signal "progress". */
void scope_document_tell(ScopeDocument *document, GQuark of, double done);

G_END_DECLS

#endif
