/* SPDX-License-Identifier: MIT
 *
 * scope-open.h: telling what a file is, and opening it. For threads: it takes its time.
 */
#ifndef SCOPE_OPEN_H
#define SCOPE_OPEN_H

#include "scope-source.h"

G_BEGIN_DECLS

/* What came of it. */
typedef struct ScopeOpened {
    ScopeSource *source;
    char *file;     /* what is read: the trace of a run's folder, or what was imported */
    char *imported; /* the folder that `file` lies in and that goes with the document; or NULL */
    char *notes;    /* what readers of an import have to know, a line each; or NULL */
} ScopeOpened;
void scope_opened_clear(ScopeOpened *opened);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScopeOpened, scope_opened_clear)

/* Beside those that the library has. */
#define SCOPE_ERROR (scope_error_quark())
GQuark scope_error_quark(void);
typedef enum {
    SCOPE_ERROR_ASKS,      /* an importer needs to be told what the files don't say */
    SCOPE_ERROR_DESCRIBED, /* nothing to draw; the message is what moescope info says of it */
} ScopeError;

/* Opens one path; several (NULL at the end) are imported as one. `choices`: what importers need to
 * know, as the import command takes it; or NULL. `progress` may be NULL. Fails with SCOPE_ERROR,
 * else with the errors of moe_trace_open(), moe_summary_open() and moe_import(). */
bool scope_open(const char *const *paths, const char *const *choices, const MoeProgress *progress,
                ScopeOpened *opened, GError **error);
/* Whether it is what another program wrote, as far as can be told without importing it. */
bool scope_open_imports(const char *path);

G_END_DECLS

#endif
