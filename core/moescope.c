/* SPDX-License-Identifier: MIT
 *
 * Where the rooms' built-ins are registered, through the calls that plugins use too.
 */
#include <moescope/base.h>

void
moe_init(void)
{
    static gsize done = 0;
    if (!g_once_init_enter(&done))
        return;
    g_once_init_leave(&done, 1);
}
