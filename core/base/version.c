/* SPDX-License-Identifier: MIT */
#include <moescope/base.h>

const char *
moe_version(void)
{
    return MOE_VERSION;
}
