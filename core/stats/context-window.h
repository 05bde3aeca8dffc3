/* SPDX-License-Identifier: MIT
 *
 * context-window.h: the tokens around a token.
 */
#ifndef MOESCOPE_STATS_CONTEXT_WINDOW_H
#define MOESCOPE_STATS_CONTEXT_WINDOW_H

#include <moescope/concordance.h>

/* Fills before, n, ids of contexts[n] (in any order) with up to `window` tokens on either side, of
 * the same document and step. `ids` are to be freed by the caller, also after a failure. Goes
 * through the chunks that hold them in order. Fails with the errors of moe_trace_read(). */
bool moe__context_windows(const MoeTrace *trace, MoeContext *contexts, guint n, int window,
                          GError **error);

/* A list of contexts of so many units; takes `contexts`, of MoeContext, whose ids are its own.
 * (transfer full) */
MoeConcordance *moe__concordance_of(GArray *contexts, int64_t units);
/* Frees what a MoeContext holds, for g_array_set_clear_func(). */
void moe__context_clear(gpointer context);

#endif
