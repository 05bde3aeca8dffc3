/* SPDX-License-Identifier: MIT
 *
 * A file as a stream of bytes, plain or gzip (told by content). Memory is one window, which grows
 * only as far as the longest line or string that is asked for.
 */
#ifndef MOE_IMPORT_STREAM_H
#define MOE_IMPORT_STREAM_H

#include <moescope/base.h>

typedef struct MoeStream {
    char *path;      /* as it may be shown */
    void *gz;        /* zlib's gzFile */
    uint8_t *bytes;  /* the window; a NUL stands at [end] */
    size_t at, end;  /* next byte, and where the window ends */
    size_t capacity; /* without the NUL */
    uint64_t base;   /* place in the (unpacked) stream of bytes[0] */
    uint64_t line;   /* from 1: the line of moe__stream_line(), else the reader's to count */
    bool over;       /* nothing follows the window */
    bool unended;    /* the last line that was taken has no end, as the file's last may not */
    GError *error;   /* why the stream stopped; NULL: it didn't, or it ended */
} MoeStream;

/* Fails with G_FILE_ERROR. */
MoeStream *moe__stream_open(const char *path, GError **error);
void moe__stream_free(MoeStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeStream, moe__stream_free)

/* Brings more bytes behind those that are left (from `at`), which move to the front. Returns false
 * where there are none: at the end, or with stream->error set (G_FILE_ERROR, MOE_ERROR_TRUNCATED,
 * MOE_ERROR_FORMAT). */
bool moe__stream_more(MoeStream *stream);
/* The next line without its end (LF or CR LF), NUL-terminated in the window, good until the next
 * call. NULL at the end (error unset) or with an error. An empty last line is none. */
char *moe__stream_line(MoeStream *stream, size_t *length, GError **error);
/* Bytes of the file that have been read, packed as they are. */
int64_t moe__stream_done(const MoeStream *stream);

/* Sets MOE_ERROR_FORMAT, "PATH: line L: MESSAGE", for a reader of lines. Returns false. */
bool moe__stream_fail(const MoeStream *stream, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif
