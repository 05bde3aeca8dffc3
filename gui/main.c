/* SPDX-License-Identifier: MIT
 *
 * moescope-gui [FILE…]
 */
#include "scope-application.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <moescope/base.h>

int
main(int argc, char **argv)
{
    moe_bound_spinning(argv);
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers go to files and commands: one way to write them */
    gtk_disable_setlocale();    /* which would undo that */
    bindtextdomain(GETTEXT_PACKAGE, LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
    g_autoptr(ScopeApplication) application = scope_application_new();
    return g_application_run(G_APPLICATION(application), argc, argv);
}
