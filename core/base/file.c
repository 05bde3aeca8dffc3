/* SPDX-License-Identifier: MIT */
#include <moescope/base.h>

bool
moe_file_replace(const char *path, const void *data, size_t length, GError **error)
{
    /* CONSISTENT: written beside the target, flushed and renamed over it. */
    return g_file_set_contents_full(path, data, (gssize)length,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0644, error);
}
