/* SPDX-License-Identifier: MIT */
#include "scope-program.h"

#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* --- Finding it -------------------------------------------------------------------------------*/

static char *
if_runs(char *path)
{
    if (path && g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) &&
        !g_file_test(path, G_FILE_TEST_IS_DIR))
        return path;
    g_free(path);
    return NULL;
}

char *
scope_program_find(GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup(".");
    char *found = if_runs(g_strdup(g_getenv("MOESCOPE_PROGRAM")));
    if (!found)
        found = if_runs(g_build_filename(folder, "moescope", NULL));
    if (!found)
        found = if_runs(g_build_filename(folder, "..", "cli", "moescope", NULL));
    if (!found)
        found = g_find_program_in_path("moescope");
    if (!found)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    _("The program moescope isn't beside moescope-gui (%s) nor in PATH."), folder);
    return found;
}

/* --- Running it -------------------------------------------------------------------------------*/

/* In the child, before it is the program. */
static void
die_with_parent(gpointer unused)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
}

GSubprocess *
scope_program_start(const char *const *arguments, GError **error)
{
    g_autofree char *program = scope_program_find(error);
    if (!program)
        return NULL;
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, program);
    for (; *arguments; arguments++)
        g_ptr_array_add(argv, (char *)*arguments);
    g_ptr_array_add(argv, NULL);
    g_subprocess_launcher_set_child_setup(launcher, die_with_parent, NULL, NULL);
    return g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, error);
}

const char *
scope_program_words(char *complaints)
{
    const char *words = g_strstrip(complaints);
    return g_str_has_prefix(words, "moescope: ") ? words + strlen("moescope: ") : words;
}

/* What it said last. */
static char *
last_line(char *complaints)
{
    char *line = strrchr(g_strchomp(complaints), '\n');
    return g_strdup(scope_program_words(line ? line + 1 : complaints));
}

static void
on_ended(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(GTask) task = user;
    GSubprocess *child = G_SUBPROCESS(source);
    g_autofree char *complaints = NULL;
    GError *error = NULL;
    if (!g_subprocess_communicate_utf8_finish(child, result, NULL, &complaints, &error)) {
        g_subprocess_send_signal(child, SIGTERM);
        g_task_return_error(task, error);
        return;
    }
    g_autofree char *words = last_line(complaints);
    if (g_subprocess_get_if_exited(child) && g_subprocess_get_exit_status(child) == 0)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                                *words ? words : _("The program moescope ended early."));
}

void
scope_program_run_async(const char *const *arguments, GCancellable *cancellable,
                        GAsyncReadyCallback ready, gpointer user)
{
    GTask *task = g_task_new(NULL, cancellable, ready, user);
    GError *error = NULL;
    g_autoptr(GSubprocess) child = scope_program_start(arguments, &error);
    g_task_set_source_tag(task, scope_program_run_async);
    if (child) {
        g_subprocess_communicate_utf8_async(child, NULL, cancellable, on_ended, task);
    } else {
        g_task_return_error(task, error);
        g_object_unref(task);
    }
}

gboolean
scope_program_run_finish(GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_async_result_is_tagged(result, scope_program_run_async), FALSE);
    return g_task_propagate_boolean(G_TASK(result), error);
}
