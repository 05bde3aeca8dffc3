/* SPDX-License-Identifier: MIT */
#include "import/unpack.h"

#include "import/arrays.h"
#include "import/stream.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* Whether a file is packed at all. */
static bool
is_packed(const char *path)
{
    uint8_t magic[2] = {0};
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    bool packed = fread(magic, sizeof magic, 1, file) == 1 && magic[0] == 0x1f && magic[1] == 0x8b;
    fclose(file);
    return packed;
}

static bool
holds_arrays(MoeStream *stream)
{
    enum { HEAD = 16 };
    while (stream->end - stream->at < HEAD && moe__stream_more(stream))
        ;
    const uint8_t *head = stream->bytes + stream->at;
    size_t length = stream->end - stream->at;
    return moe__arrays_may_be(head, length) || (length > 4 && memcmp(head, "GGUF", 4) == 0);
}

/* A file in a new folder, named after `path`. (transfer full) */
static char *
make_place(const char *path, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", error);
    g_autofree char *name = g_path_get_basename(path);
    if (!folder)
        return NULL;
    size_t length = strlen(name);
    if (length > 3 && g_ascii_strcasecmp(name + length - 3, ".gz") == 0)
        name[length - 3] = 0;
    return g_build_filename(folder, name, NULL);
}

static bool
copy(MoeStream *stream, FILE *file)
{
    do {
        size_t n = stream->end - stream->at;
        if (fwrite(stream->bytes + stream->at, 1, n, file) != n)
            return false;
        stream->at = stream->end;
    } while (moe__stream_more(stream));
    return true;
}

static bool
unpack(MoeStream *stream, const char *plain, GError **error)
{
    FILE *file = fopen(plain, "wbe");
    bool written = file && copy(stream, file);
    int reason = errno;
    if (file && fclose(file) != 0 && written) {
        reason = errno;
        written = false;
    }
    if (!written)
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(reason),
                    "%s: can't be unpacked to %s: %s", stream->path, plain, g_strerror(reason));
    else if (stream->error)
        g_propagate_error(error, g_error_copy(stream->error));
    return written && !stream->error;
}

bool
moe__import_unpack(const char *path, char **plain, GError **error)
{
    *plain = NULL;
    if (!is_packed(path))
        return true;
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return false;
    if (!holds_arrays(stream))
        return true; /* what is wrong with it, if anything, its reader says */
    g_autofree char *place = make_place(path, error);
    if (place && unpack(stream, place, error)) {
        *plain = g_steal_pointer(&place);
        return true;
    }
    if (place)
        moe__import_unpacked_free(g_steal_pointer(&place));
    return false;
}

void
moe__import_unpacked_free(void *plain)
{
    g_autofree char *folder = g_path_get_dirname(plain);
    g_unlink(plain);
    g_rmdir(folder);
    g_free(plain);
}
