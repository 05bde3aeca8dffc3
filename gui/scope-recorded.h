/* SPDX-License-Identifier: MIT
 *
 * scope-recorded.h: what a trace recorded under names of its own, where an option of a figure takes
 * such a name: one needn't know them to choose.
 */
#ifndef SCOPE_RECORDED_H
#define SCOPE_RECORDED_H

#include "scope-document.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The names that option `option` of a figure can have for this document, or NULL where it takes
 * other things or nothing is recorded. (transfer full) */
GtkStringList *scope_recorded_names(ScopeDocument *document, const char *figure,
                                    const char *option);

G_END_DECLS

#endif
