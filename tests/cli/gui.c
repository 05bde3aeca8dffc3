/* SPDX-License-Identifier: MIT
 *
 * moescope gui: the desktop app is started in place of the command, if it is there.
 */
#include "place.h"
#include "run.h"

#include <glib/gstdio.h>

/* Beside the copy of the program that is run. */
static void
put_app(void)
{
    static const char script[] = "#!/bin/sh\necho \"app: $#: $1, $2\"\nexit 7\n";
    g_assert_true(g_file_set_contents("bin/moescope-gui", script, -1, NULL));
    g_assert_cmpint(g_chmod("bin/moescope-gui", 0755), ==, 0);
}

static void
put_program(void)
{
    g_autofree char *program = NULL;
    gsize length = 0;
    g_assert_true(g_file_get_contents(g_getenv("MOESCOPE_PROGRAM"), &program, &length, NULL));
    g_assert_cmpint(g_mkdir("bin", 0755), ==, 0);
    g_assert_true(g_file_set_contents("bin/moescope", program, (gssize)length, NULL));
    g_assert_cmpint(g_chmod("bin/moescope", 0755), ==, 0);
    g_autofree char *here = g_get_current_dir();
    g_autofree char *path = g_build_filename(here, "bin", "moescope", NULL);
    g_setenv("MOESCOPE_PROGRAM", path, TRUE);
    g_setenv("PATH", "/nowhere", TRUE);
}

static void
test_absent(void)
{
    g_auto(Run) run = run_moescope("gui", "a.npz", NULL);
    run_expect(&run, 1, "", "moescope-gui");
}

static void
test_present(void)
{
    put_app();
    g_auto(Run) run = run_moescope("gui", "a.npz", "with blank.npz", NULL);
    run_expect(&run, 7, "app: 2: a.npz, with blank.npz", "");
}

static void
test_help(void)
{
    g_auto(Run) run = run_moescope("gui", "--help", NULL);
    run_expect(&run, 0, "desktop app", "");
    g_auto(Run) wrong = run_moescope("gui", "--no-such", NULL);
    run_expect(&wrong, 2, "", "--no-such");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    put_program();
    g_test_add_func("/cli/gui/absent", test_absent);
    g_test_add_func("/cli/gui/present", test_present);
    g_test_add_func("/cli/gui/help", test_help);
    int status = g_test_run();
    place_leave();
    return status;
}
