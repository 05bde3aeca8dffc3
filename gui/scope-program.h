/* SPDX-License-Identifier: MIT
 *
 * scope-program.h: the moescope program, which does as a child what takes long: if it crashes, the
 * window goes on.
 */
#ifndef SCOPE_PROGRAM_H
#define SCOPE_PROGRAM_H

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where it is: what MOESCOPE_PROGRAM names, else beside moescope-gui, in the build folder, or in
 * PATH. G_IO_ERROR_NOT_FOUND otherwise, saying where it was looked for. (transfer full) */
char *scope_program_find(GError **error);
/* Starts it with these arguments, NULL at the end, without the program's name. Output and
 * complaints can be read; it dies with the window. (transfer full) */
GSubprocess *scope_program_start(const char *const *arguments, GError **error);
/* The same, waiting for the end: fails with what the program complained of, its last line.
 * Cancelling ends the program. */
void scope_program_run_async(const char *const *arguments, GCancellable *cancellable,
                             GAsyncReadyCallback ready, gpointer user);
gboolean scope_program_run_finish(GAsyncResult *result, GError **error);
/* What it complains of, without its name in front; changes the text and returns a part of it. */
const char *scope_program_words(char *complaints);

G_END_DECLS

#endif
