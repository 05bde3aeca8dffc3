/* SPDX-License-Identifier: MIT */
#include <moescope/base.h>

bool
moe_progress(const MoeProgress *progress, int64_t done, int64_t total, const char *what)
{
    return !progress || !progress->func || progress->func(done, total, what, progress->user);
}
