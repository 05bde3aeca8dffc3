/* SPDX-License-Identifier: MIT */
#ifndef MOE_BASE_FILE_H
#define MOE_BASE_FILE_H

#include <moescope/base.h>

/* Reads all of `path`, which may be a pipe, if it has at most `limit` bytes: a device that never
 * ends must not take all memory. A NUL follows the bytes. Errors: G_FILE_ERROR, MOE_ERROR_FORMAT.
 * (transfer full) */
char *moe__file_read(const char *path, size_t limit, size_t *length, GError **error);

/* Whether there is a device, pipe or socket of that name: nothing must be renamed over it. */
bool moe__file_is_special(const char *path);

#endif
