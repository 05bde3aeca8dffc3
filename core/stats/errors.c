/* SPDX-License-Identifier: MIT */
#include "stats/errors.h"

bool
moe__take_first_error(GError **errors, int n, GError **error)
{
    int found = -1;
    for (int i = 0; i < n; i++)
        if (errors[i] &&
            (found < 0 || g_error_matches(errors[found], MOE_ERROR, MOE_ERROR_CANCELLED)))
            found = i;
    if (found >= 0)
        g_propagate_error(error, g_steal_pointer(&errors[found]));
    for (int i = 0; i < n; i++)
        g_clear_error(&errors[i]);
    return found < 0;
}
