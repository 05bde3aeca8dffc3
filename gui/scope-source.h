/* SPDX-License-Identifier: MIT
 *
 * scope-source.h: the files behind a document as they were at one moment. A source never changes,
 * so that threads may go on with it while the document has turned to a newer one; it is freed with
 * the last of them.
 */
#ifndef SCOPE_SOURCE_H
#define SCOPE_SOURCE_H

#include <moescope/figure.h>

G_BEGIN_DECLS

typedef struct ScopeSource ScopeSource;

/* Opens a trace or a summary; `name`: what figures call it. Slow, for threads. */
ScopeSource *scope_source_open(const char *path, const char *name, GError **error);
ScopeSource *scope_source_ref(ScopeSource *source);
void scope_source_unref(ScopeSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScopeSource, scope_source_unref)

/* One of the two is NULL. (transfer none) */
const MoeTrace *scope_source_trace(const ScopeSource *source);
const MoeSummary *scope_source_summary(const ScopeSource *source);
/* Whether the file may still grow. */
bool scope_source_unfinished(const ScopeSource *source);
/* The steps that tokens were recorded at, ascending, [*n]; a summary has none. (transfer none) */
const int32_t *scope_source_steps(const ScopeSource *source, int *n);
/* Of a trace that takes long to count: every how manieth chunk a first look counts; else 0. */
int scope_source_sample(const ScopeSource *source);
/* Seconds since something was written to the file, as it was when it was opened. */
gint64 scope_source_quiet_for(const ScopeSource *source);
/* Whether the file has changed since; looks at the disk. */
bool scope_source_outdated(const ScopeSource *source);

/* What figures are made of, for one choice of tokens. */
typedef struct ScopeChosen {
    ScopeSource *source, *other; /* what it is compared with, or NULL */
    const char *filter;          /* as `--where` has it, "" for all */
    bool glimpse;                /* a sample is counted, not all */
} ScopeChosen;
/* Threads share it, so that tokens are counted once; `progress` (copied) is told of that. Fails
 * with the errors of the filter. */
typedef struct ScopeInput ScopeInput;
ScopeInput *scope_input_new(const ScopeChosen *chosen, const MoeProgress *progress, GError **error);
/* Whether it was made of just this. */
bool scope_input_is(const ScopeInput *input, const ScopeChosen *chosen);
MoeFigureInput *scope_input_get(const ScopeInput *input);
ScopeInput *scope_input_ref(ScopeInput *input);
void scope_input_unref(ScopeInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScopeInput, scope_input_unref)

G_END_DECLS

#endif
