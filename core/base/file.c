/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>

#define PIECE 65536

static void
fail(const char *path, int reason, GError **error)
{
    g_autofree char *name = g_filename_display_name(path);
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(reason), "%s: can't be read: %s",
                name, g_strerror(reason));
}

static bool
read_up_to(FILE *file, size_t limit, GString *bytes)
{
    size_t got;
    do {
        size_t before = bytes->len;
        g_string_set_size(bytes, before + PIECE);
        got = fread(bytes->str + before, 1, PIECE, file);
        g_string_set_size(bytes, before + got);
    } while (got > 0 && bytes->len <= limit);
    return !ferror(file);
}

char *
moe__file_read(const char *path, size_t limit, size_t *length, GError **error)
{
    FILE *file = g_fopen(path, "rbe");
    if (!file) {
        fail(path, errno, error);
        return NULL;
    }
    g_autoptr(GString) bytes = g_string_new(NULL);
    bool good = read_up_to(file, limit, bytes);
    int reason = errno;
    fclose(file);
    if (!good) {
        fail(path, reason, error);
        return NULL;
    }
    if (bytes->len > limit) {
        g_autofree char *name = g_filename_display_name(path);
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: found more than %zu bytes, expected "
                    "less",
                    name, limit);
        return NULL;
    }
    *length = bytes->len;
    return g_string_free(g_steal_pointer(&bytes), FALSE);
}

static bool
write_failed(const char *path, int reason, GError **error)
{
    g_autofree char *name = g_filename_display_name(path);
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(reason),
                "%s: can't be written: %s", name, g_strerror(reason));
    return false;
}

/* Into what is there. */
static bool
write_into(const char *path, const void *data, size_t length, GError **error)
{
    FILE *file = g_fopen(path, "wbe");
    if (!file)
        return write_failed(path, errno, error);
    bool good = fwrite(data, 1, length, file) == length && fflush(file) == 0;
    int reason = errno;
    fclose(file);
    return good || write_failed(path, reason, error);
}

bool
moe__file_is_special(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
           !g_file_test(path, G_FILE_TEST_IS_DIR);
}

bool
moe_file_replace(const char *path, const void *data, size_t length, GError **error)
{
    if (moe__file_is_special(path))
        return write_into(path, data, length, error);
    /* CONSISTENT: written beside the target, flushed and renamed over it. */
    return g_file_set_contents_full(path, data, (gssize)length,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0644, error);
}
