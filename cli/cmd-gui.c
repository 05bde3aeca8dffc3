/* SPDX-License-Identifier: MIT
 *
 * moescope gui: becomes the desktop app, a program of its own.
 */
#include "cmd.h"
#include "util.h"

#include <errno.h>
#include <unistd.h>

#define PROGRAM "moescope-gui"

/* Beside this program, as both are installed; in the build folder; in PATH. (transfer full) */
static char *
find_program(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup(".");
    char *const places[] = {
        g_build_filename(folder, PROGRAM, NULL),
        g_build_filename(folder, "..", "gui", PROGRAM, NULL),
        g_find_program_in_path(PROGRAM),
    };
    char *found = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        if (!found && places[i] && g_file_test(places[i], G_FILE_TEST_IS_EXECUTABLE))
            found = places[i];
        else
            g_free(places[i]);
    }
    return found;
}

int
cmd_gui(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[FILE…]",
        .about = "Opens FILE (a trace, a summary, the folder of a run, what import reads) in the "
                 "desktop app, each in a tab.",
        .examples = "moescope gui first.npz\n"
                    "moescope gui --as-one rank-0.jsonl rank-1.jsonl\n",
        .most = -1,
    };
    gboolean as_one = FALSE;
    const GOptionEntry entries[] = {
        {"as-one", 0, 0, G_OPTION_ARG_NONE, &as_one, "the files are parts of one recording", NULL},
        G_OPTION_ENTRY_NULL};
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    g_autofree char *program = find_program();
    if (!program) {
        cmd_say("the desktop app (" PROGRAM ") isn't installed beside moescope, nor in PATH; it is "
                "built where GTK 4 is found (libgtk-4-dev)");
        return CMD_FAILED;
    }
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_ptr_array_add(words, program);
    if (as_one)
        g_ptr_array_add(words, (gpointer) "--as-one");
    for (int i = 1; i < argc; i++)
        g_ptr_array_add(words, argv[i]);
    g_ptr_array_add(words, NULL);
    execv(program, (char **)words->pdata);
    cmd_say("%s can't be started: %s", program, g_strerror(errno));
    return CMD_FAILED;
}
