/* SPDX-License-Identifier: MIT
 *
 * scope-run.h: a training run of the moescope program as a child process, so that a crash costs the
 * window nothing.
 *
 * Signal "line" (const char *): the program said something. Signal "progress" (double fraction,
 * const char *): how far it is, and the loss. Signal "recorded": there is something to look at in
 * the folder. Signal "ended" (const char *): it is over; how it ended, in words.
 */
#ifndef SCOPE_RUN_H
#define SCOPE_RUN_H

#include <gio/gio.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_RUN (scope_run_get_type())
G_DECLARE_FINAL_TYPE(ScopeRun, scope_run, SCOPE, RUN, GObject)

ScopeRun *scope_run_new(void);
/* Runs the program with these arguments, NULL at the end; `folder` is where the run is kept,
 * `steps` how many it has (0: unknown). Fails where the program can't be started. */
gboolean scope_run_start(ScopeRun *run, const char *const *arguments, const char *folder,
                         gint64 steps, GError **error);
/* As Ctrl-C does: it saves and ends. */
void scope_run_stop(ScopeRun *run);
gboolean scope_run_is_running(ScopeRun *run);
/* Of the last start; NULL before. (transfer none) */
const char *scope_run_get_folder(ScopeRun *run);

G_END_DECLS

#endif
