/* SPDX-License-Identifier: MIT
 *
 * zlib's gzread() does the unpacking: it passes plain files through and checks CRCs.
 */
#include "import/stream.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

/* A line or string of more bytes than LONGEST isn't routing data. zlib reads plain files straight
 * into a window that has room for two of its own buffers. */
enum { WINDOW = 1 << 19, INPUT = 1 << 17, LONGEST = 1 << 28 };

/* Behind the window: a NUL, and what those see of it who look at eight bytes at a time. */
enum { SLACK = 16 };

MoeStream *
moe__stream_open(const char *path, GError **error)
{
    errno = 0;
    gzFile gz = gzopen(path, "rbe");
    if (!gz) {
        int reason = errno ? errno : ENOMEM;
        g_autofree char *name = g_filename_display_name(path);
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(reason),
                    "%s: can't be read: %s", name, g_strerror(reason));
        return NULL;
    }
    gzbuffer(gz, INPUT);
    MoeStream *stream = g_new0(MoeStream, 1);
    stream->path = g_filename_display_name(path);
    stream->gz = gz;
    stream->capacity = WINDOW;
    stream->bytes = g_malloc0(WINDOW + SLACK);
    stream->bytes[0] = 0;
    stream->line = 1;
    return stream;
}

void
moe__stream_free(MoeStream *stream)
{
    if (!stream)
        return;
    gzclose_r(stream->gz);
    g_clear_error(&stream->error);
    g_free(stream->bytes);
    g_free(stream->path);
    g_free(stream);
}

/* Says why zlib stopped. */
static void
set_error(MoeStream *stream)
{
    int code, reason = errno;
    const char *message = gzerror(stream->gz, &code);
    stream->over = true;
    if (code == Z_ERRNO)
        g_set_error(&stream->error, G_FILE_ERROR, (gint)g_file_error_from_errno(reason),
                    "%s: can't be read: %s", stream->path, g_strerror(reason));
    else if (code == Z_BUF_ERROR)
        g_set_error(&stream->error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                    "%s: the packed data ends too early, %" G_GUINT64_FORMAT " bytes into the text",
                    stream->path, stream->base + stream->end);
    else
        g_set_error(&stream->error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: the packed data is damaged, %" G_GUINT64_FORMAT " bytes into the text: %s",
                    stream->path, stream->base + stream->end, message);
}

/* Makes room behind the bytes that are left. */
static bool
make_room(MoeStream *stream)
{
    size_t left = stream->end - stream->at;
    memmove(stream->bytes, stream->bytes + stream->at, left);
    stream->base += stream->at;
    stream->at = 0;
    stream->end = left;
    if (left < stream->capacity)
        return true;
    if (stream->capacity >= LONGEST) {
        stream->over = true;
        g_set_error(&stream->error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: line %" G_GUINT64_FORMAT ": found a line or string of more than %d bytes",
                    stream->path, stream->line, LONGEST);
        return false;
    }
    stream->capacity *= 2;
    stream->bytes = g_realloc(stream->bytes, stream->capacity + SLACK);
    return true;
}

bool
moe__stream_more(MoeStream *stream)
{
    if (stream->over || !make_room(stream))
        return false;
    int got =
        gzread(stream->gz, stream->bytes + stream->end, (unsigned)(stream->capacity - stream->end));
    int code = Z_OK;
    if (got == 0) /* a packed file that was cut reports it only here */
        gzerror(stream->gz, &code);
    if (got < 0 || code != Z_OK)
        set_error(stream);
    else if (got == 0)
        stream->over = true;
    stream->end += (size_t)MAX(got, 0);
    stream->bytes[stream->end] = 0;
    return got > 0;
}

char *
moe__stream_line(MoeStream *stream, size_t *length, GError **error)
{
    size_t looked = 0;
    uint8_t *found = NULL;
    do {
        size_t left = stream->end - stream->at;
        found = memchr(stream->bytes + stream->at + looked, '\n', left - looked);
        looked = left;
    } while (!found && moe__stream_more(stream));
    if (stream->error && !found) {
        g_propagate_error(error, g_error_copy(stream->error));
        return NULL;
    }
    uint8_t *line = stream->bytes + stream->at;
    size_t n = found ? (size_t)(found - line) : stream->end - stream->at;
    if (n == 0 && !found)
        return NULL;
    bool first = stream->base + stream->at == 0;
    stream->line += !first;
    stream->at += n + (found != NULL);
    stream->unended = !found;
    if (first && n >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3; /* a byte order mark */
        n -= 3;
    }
    if (n > 0 && line[n - 1] == '\r')
        n--;
    line[n] = 0;
    *length = n;
    return (char *)line;
}

int64_t
moe__stream_done(const MoeStream *stream)
{
    return gzoffset(stream->gz);
}

bool
moe__stream_fail(const MoeStream *stream, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: line %" G_GUINT64_FORMAT ": %s",
                stream->path, stream->line, message);
    return false;
}
