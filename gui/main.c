/* SPDX-License-Identifier: MIT
 *
 * moescope-gui [TRACE…]
 */
#include "scope-application.h"

#include <moescope/base.h>

int
main(int argc, char **argv)
{
    moe_bound_spinning(argv);
    g_autoptr(ScopeApplication) application = scope_application_new();
    return g_application_run(G_APPLICATION(application), argc, argv);
}
