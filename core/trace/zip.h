/* SPDX-License-Identifier: MIT
 *
 * zip.h: the container of a trace. The writer streams: a member is compressed in memory first, so
 * that its local header is complete when it is written and a cut file can be read by walking the
 * local headers. The reader uses pread() rather than a memory map: a trace may be cut back by a
 * resumed run while a window looks at it, and touching a map behind the new end kills the process.
 */
#ifndef MOESCOPE_TRACE_ZIP_H
#define MOESCOPE_TRACE_ZIP_H

#include <moescope/base.h>
#include <sys/stat.h>

typedef enum {
    MOE_ZIP_STORED = 0,
    MOE_ZIP_DEFLATED = 8,
} MoeZipMethod;

typedef struct MoeZipEntry {
    char *name;
    uint16_t method;
    uint32_t crc;
    uint64_t size;   /* bytes of the member */
    uint64_t packed; /* bytes that it takes in the file */
    uint64_t offset; /* of its local header */
    uint64_t data;   /* of its first byte */
} MoeZipEntry;

/* A GArray of MoeZipEntry that owns the names. */
GArray *moe__zip_entries_new(void);

/* --- Packing, in memory -----------------------------------------------------------------------*/

typedef struct MoeZipPacked {
    MoeZipMethod method;
    uint32_t crc;
    uint64_t size, packed;
    uint8_t *bytes; /* [packed] */
} MoeZipPacked;

/* Deflates `bytes` (transfer full, g_malloc) at zlib level 1 … 9; keeps them stored at level 0 and
 * where deflating doesn't make them smaller. Thread-safe; the result depends only on the
 * arguments. Returns false if memory runs out. */
bool moe__zip_pack(uint8_t *bytes, uint64_t size, int level, MoeZipPacked *out);
void moe__zip_packed_clear(MoeZipPacked *packed);

/* --- Writing ----------------------------------------------------------------------------------*/

/* Highest values that go into the classic fields; above them zip64 fields are written. Tests lower
 * them to write zip64 structures without writing 4 GiB. */
typedef struct MoeZipLimits {
    uint64_t bytes, entries;
} MoeZipLimits;

typedef struct MoeZipWriter MoeZipWriter;

/* Begins an archive in a new file; a file that is there is unlinked first rather than truncated,
 * so that whoever has it open keeps it. limits NULL: those of the format. */
MoeZipWriter *moe__zip_writer_new(const char *path, const MoeZipLimits *limits, GError **error);
/* Cuts the file at `length` and goes on there; `entries` are the members up to there (copied). */
MoeZipWriter *moe__zip_writer_resume(const char *path, uint64_t length, const GArray *entries,
                                     const MoeZipLimits *limits, GError **error);
/* Appends a member. Data of stored members begin at a multiple of 64 bytes. */
bool moe__zip_writer_add(MoeZipWriter *writer, const char *name, const MoeZipPacked *packed,
                         GError **error);
/* Writes a member again where it stands. It has to be there, stored, and to keep its length: fails
 * with MOE_ERROR_DATA. Until it returns, the file has neither the old one nor the new. */
bool moe__zip_writer_rewrite(MoeZipWriter *writer, const char *name, const MoeZipPacked *packed,
                             GError **error);
/* Holds an advisory lock on the file until it is closed, where the file system has such locks. */
void moe__zip_writer_lock(MoeZipWriter *writer);
/* Hands everything written so far to the disk. Fails with MOE_ERROR_DATA if the path names another
 * file by now, or none. */
bool moe__zip_writer_sync(MoeZipWriter *writer, GError **error);
uint64_t moe__zip_writer_length(const MoeZipWriter *writer);
/* Writes the directory. Nothing may be added afterwards. */
bool moe__zip_writer_finish(MoeZipWriter *writer, GError **error);
/* Closes the file as it is. */
void moe__zip_writer_free(MoeZipWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeZipWriter, moe__zip_writer_free)

/* --- Reading ----------------------------------------------------------------------------------*/

typedef struct MoeZipReader {
    char *path;
    int fd;
    struct stat file;  /* when it was opened */
    uint64_t length;   /* bytes looked at */
    uint64_t end;      /* of the last whole member */
    bool complete;     /* the archive has its directory */
    GArray *entries;   /* MoeZipEntry, in file order */
    GHashTable *index; /* name -> MoeZipEntry */
} MoeZipReader;

/* Opens an archive and lists its members: from its directory where it has one, else by walking
 * the local headers up to the last whole member. Looks at the first `limit` bytes only (UINT64_MAX:
 * all); a limit always means walking. Fails with MOE_ERROR_FORMAT on a damaged directory, and on
 * members that overlap or share a name. */
MoeZipReader *moe__zip_reader_open(const char *path, uint64_t limit, GError **error);
void moe__zip_reader_free(MoeZipReader *reader);
/* What has become of the file since it was opened. */
typedef enum {
    MOE_ZIP_SAME,
    MOE_ZIP_CHANGED,
    MOE_ZIP_REPLACED, /* its path names another file, or none */
} MoeZipChange;
MoeZipChange moe__zip_reader_change(const MoeZipReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeZipReader, moe__zip_reader_free)
const MoeZipEntry *moe__zip_reader_find(const MoeZipReader *reader, const char *name);
/* A member's bytes, with a 0 behind the last. Checks the CRC, and never unpacks more than the
 * header states. (transfer full) */
uint8_t *moe__zip_reader_read(const MoeZipReader *reader, const MoeZipEntry *entry, GError **error);
/* The same of a member that may have up to `most` bytes: a small file can hold a huge one. */
uint8_t *moe__zip_reader_read_small(const MoeZipReader *reader, const MoeZipEntry *entry,
                                    uint64_t most, GError **error);
/* Unpacks a member piece by piece and checks its CRC; keeps nothing. */
bool moe__zip_reader_check(const MoeZipReader *reader, const MoeZipEntry *entry, GError **error);
/* Exactly `n` bytes at `at`. */
bool moe__zip_reader_pread(const MoeZipReader *reader, uint64_t at, void *out, size_t n,
                           GError **error);
/* Fills reader->entries, ->end and ->complete. */
bool moe__zip_reader_index(MoeZipReader *reader, bool walk, GError **error);

/* A member that is being unpacked, from its first byte to its last. */
typedef struct MoeZipStream MoeZipStream;
MoeZipStream *moe__zip_stream_new(const MoeZipReader *reader, const MoeZipEntry *entry,
                                  GError **error);
void moe__zip_stream_free(MoeZipStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeZipStream, moe__zip_stream_free)
/* Bytes of the member that haven't been read. */
uint64_t moe__zip_stream_left(const MoeZipStream *stream);
/* The next `n` bytes, at most those that are left, straight into `out`: stored ones go from the
 * file to there without a stop. */
bool moe__zip_stream_read(MoeZipStream *stream, void *out, uint64_t n, GError **error);
/* All of the member, of which the bytes from `*at` on hadn't been read and now count as read, where
 * it was unpacked as a whole and that is a place for any number; else NULL, and nothing was done.
 * (transfer full) */
uint8_t *moe__zip_stream_take(MoeZipStream *stream, uint64_t *at);
/* When all has been read: whether the member ends there and its CRC is right. */
bool moe__zip_stream_end(MoeZipStream *stream, GError **error);

#endif
