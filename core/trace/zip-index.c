/* SPDX-License-Identifier: MIT
 *
 * zip-index.c: where the members of an archive are. A finished archive is listed by its directory
 * at the end, checked against the local headers; one without is walked header by header.
 */
#include "trace/plain.h"
#include "trace/zip-format.h"
#include "trace/zip.h"

enum {
    HEADER_WINDOW = 4096,     /* bytes that a local header with name and extra fields may take */
    HEADER_GLANCE = 256,      /* bytes that are enough for those that we write */
    DEFLATE_RATIO_MAX = 1032, /* zlib, Technical Details: no deflated data shrink further */
    COMMENT_MAX = UINT16_MAX,
    WINDOW = 256 * 1024, /* of the directory; an entry has at most 46 + 3 * 65535 bytes */
};

#define U64 G_GUINT64_FORMAT

G_GNUC_PRINTF(4, 5)
static bool
fail(const MoeZipReader *reader, uint64_t at, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: at byte %" U64 ": %s", reader->path, at,
                what);
    return false;
}

/* Replaces the fields that say "see zip64", in the order that the format gives them. */
static bool
apply_zip64(const uint8_t *extra, size_t length, MoeZipEntry *entry)
{
    uint64_t *fields[] = {&entry->size, &entry->packed, &entry->offset};
    for (size_t at = 0; at + 4 <= length;) {
        size_t n = zip_get16(extra + at + 2);
        const uint8_t *field = extra + at + 4, *end = field + n;
        if (at + 4 + n > length)
            return false;
        at += 4 + n;
        if (zip_get16(field - 4) != ZIP_EXTRA_ZIP64)
            continue;
        for (int i = 0; i < 3; i++) {
            if (*fields[i] != ZIP_WIDE32)
                continue;
            if (end - field < 8)
                return false;
            *fields[i] = zip_get64(field);
            field += 8;
        }
    }
    return true;
}

static bool
check_name(const MoeZipReader *reader, uint64_t at, const uint8_t *name, size_t length,
           GError **error)
{
    if (length == 0 || !g_utf8_validate_len((const char *)name, length, NULL))
        return fail(reader, at, error, "a member's name is empty or not UTF-8");
    if (moe__is_plain((const char *)name, length))
        return true;
    g_autofree char *text = g_strndup((const char *)name, length);
    g_autofree char *escaped = g_strescape(text, NULL);
    return fail(reader, at, error, "the name \"%s\" of a member has control characters", escaped);
}

static bool
check_sizes(const MoeZipReader *reader, const MoeZipEntry *entry, uint64_t limit, GError **error)
{
    if (entry->data > limit || entry->packed > limit - entry->data)
        return fail(reader, entry->offset, error,
                    "member %s takes %" U64 " bytes from byte %" U64 " on, but only %" U64
                    " are there",
                    entry->name, entry->packed, entry->data, limit - MIN(limit, entry->data));
    bool possible = entry->method == MOE_ZIP_STORED
                        ? entry->size == entry->packed
                        : entry->size / DEFLATE_RATIO_MAX <= entry->packed;
    if (!possible)
        return fail(reader, entry->offset, error,
                    "member %s states %" U64 " bytes, which %" U64 " packed bytes cannot hold",
                    entry->name, entry->size, entry->packed);
    return true;
}

/* Reads the local header at `offset`; members end before `limit`. */
static bool
read_local(const MoeZipReader *reader, uint64_t offset, uint64_t limit, MoeZipEntry *out,
           uint16_t *flags, GError **error)
{
    uint8_t header[HEADER_WINDOW];
    size_t n = (size_t)MIN(sizeof header, limit - MIN(limit, offset));
    if (n < ZIP_LOCAL_SIZE)
        return fail(reader, offset, error, "a member's header was expected, %zu bytes are left", n);
    size_t glance = MIN(n, HEADER_GLANCE);
    if (!moe__zip_reader_pread(reader, offset, header, glance, error))
        return false;
    if (zip_get32(header) != ZIP_LOCAL_SIGNATURE)
        return fail(reader, offset, error, "a member's header was expected, %08x is there",
                    zip_get32(header));
    size_t name_length = zip_get16(header + 26), extra_length = zip_get16(header + 28);
    if (ZIP_LOCAL_SIZE + name_length + extra_length > n)
        return fail(reader, offset, error, "a member's header is cut off or over %d bytes long",
                    HEADER_WINDOW);
    if (ZIP_LOCAL_SIZE + name_length + extra_length > glance &&
        !moe__zip_reader_pread(reader, offset + glance, header + glance, n - glance, error))
        return false;
    const uint8_t *name = header + ZIP_LOCAL_SIZE;
    if (!check_name(reader, offset, name, name_length, error))
        return false;
    *flags = zip_get16(header + 6);
    *out = (MoeZipEntry){
        .method = zip_get16(header + 8),
        .crc = zip_get32(header + 14),
        .packed = zip_get32(header + 18),
        .size = zip_get32(header + 22),
        .data = offset + ZIP_LOCAL_SIZE + name_length + extra_length,
    };
    if (!apply_zip64(name + name_length, extra_length, out))
        return fail(reader, offset, error, "a member's extra fields are damaged");
    out->offset = offset;
    out->name = g_strndup((const char *)name, name_length);
    return true;
}

static bool
check_readable(const MoeZipReader *reader, const MoeZipEntry *entry, uint16_t flags, GError **error)
{
    if (flags & ZIP_FLAG_ENCRYPTED) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: at byte %" U64 ": found member %s encrypted, expected one that isn't",
                    reader->path, entry->offset, entry->name);
        return false;
    }
    if (entry->method == MOE_ZIP_STORED || entry->method == MOE_ZIP_DEFLATED)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "%s: at byte %" U64 ": found member %s packed by method %d, expected stored (0) or "
                "deflated (8)",
                reader->path, entry->offset, entry->name, entry->method);
    return false;
}

/* Walks from member to member. Whatever isn't a whole member ends the walk: the rest of a member
 * that was being written, the directory, or zeros that a crash left. */
static bool
walk_members(MoeZipReader *reader, GError **error)
{
    for (;;) {
        g_autoptr(GError) reason = NULL;
        MoeZipEntry entry = {0};
        uint16_t flags;
        bool whole = read_local(reader, reader->end, reader->length, &entry, &flags, &reason) &&
                     !(flags & ZIP_FLAG_DESCRIPTOR) &&
                     check_readable(reader, &entry, flags, &reason) &&
                     check_sizes(reader, &entry, reader->length, &reason);
        if (!whole) {
            g_free(entry.name);
            if (reason && reason->domain == G_FILE_ERROR) {
                g_propagate_error(error, g_steal_pointer(&reason));
                return false;
            }
            return true;
        }
        reader->end = entry.data + entry.packed;
        g_array_append_val(reader->entries, entry);
    }
}

typedef struct Directory {
    uint64_t entries, size, offset;
} Directory;

/* The zip64 end record, which the locator just before the classic one points at. */
static bool
read_zip64_end(const MoeZipReader *reader, uint64_t end_at, Directory *directory, uint64_t *begins)
{
    uint8_t locator[ZIP64_LOCATOR_SIZE], end[ZIP64_END_SIZE];
    if (end_at < ZIP64_LOCATOR_SIZE ||
        !moe__zip_reader_pread(reader, end_at - sizeof locator, locator, sizeof locator, NULL) ||
        zip_get32(locator) != ZIP64_LOCATOR_SIGNATURE)
        return false;
    uint64_t at = zip_get64(locator + 8);
    if (at > end_at || end_at - at < sizeof locator + sizeof end ||
        !moe__zip_reader_pread(reader, at, end, sizeof end, NULL) ||
        zip_get32(end) != ZIP64_END_SIGNATURE)
        return false;
    *directory = (Directory){zip_get64(end + 32), zip_get64(end + 40), zip_get64(end + 48)};
    *begins = at;
    return true;
}

static bool
directory_fits(const Directory *directory, uint64_t end)
{
    return directory->offset <= end && directory->size == end - directory->offset &&
           directory->entries <= directory->size / ZIP_CENTRAL_SIZE;
}

/* Takes the end record at `at` if it fits the file: the directory has to end where the record
 * begins, or the zip64 record before it, which torch writes even where nothing needs it. Bytes of a
 * stored member may look like one. */
static bool
read_end(const MoeZipReader *reader, uint64_t at, const uint8_t *end, Directory *directory)
{
    if (zip_get32(end) != ZIP_END_SIGNATURE ||
        at + ZIP_END_SIZE + zip_get16(end + 20) != reader->length)
        return false;
    *directory = (Directory){zip_get16(end + 10), zip_get32(end + 12), zip_get32(end + 16)};
    uint64_t begins = at;
    Directory narrow = *directory;
    bool wide = directory->entries == ZIP_WIDE16 || directory->size == ZIP_WIDE32 ||
                directory->offset == ZIP_WIDE32;
    if (!wide && directory_fits(directory, at))
        return true;
    if (read_zip64_end(reader, at, directory, &begins))
        return directory_fits(directory, begins);
    *directory = narrow; /* a field of all ones may mean itself: 65535 members, say */
    return directory_fits(directory, at);
}

static bool
find_directory(const MoeZipReader *reader, Directory *directory)
{
    uint64_t tail = MIN(reader->length, ZIP_END_SIZE + COMMENT_MAX);
    g_autofree uint8_t *bytes = g_malloc(tail + 1);
    if (tail < ZIP_END_SIZE ||
        !moe__zip_reader_pread(reader, reader->length - tail, bytes, tail, NULL))
        return false;
    for (uint64_t i = tail - ZIP_END_SIZE + 1; i-- > 0;)
        if (read_end(reader, reader->length - tail + i, bytes + i, directory))
            return true;
    return false;
}

/* Compares a directory entry with the local header that it points at, which also tells where the
 * data begin. */
static bool
match_local(const MoeZipReader *reader, uint64_t limit, MoeZipEntry *entry, GError **error)
{
    MoeZipEntry local = {0};
    uint16_t flags;
    if (!read_local(reader, entry->offset, limit, &local, &flags, error))
        return false;
    g_autofree char *name = local.name;
    bool same = g_str_equal(name, entry->name) && local.method == entry->method;
    if (!(flags & ZIP_FLAG_DESCRIPTOR))
        same = same && local.crc == entry->crc && local.size == entry->size &&
               local.packed == entry->packed;
    if (!same)
        return fail(reader, entry->offset, error, "member %s differs from the directory's entry",
                    entry->name);
    entry->data = local.data;
    return check_readable(reader, entry, flags, error) && check_sizes(reader, entry, limit, error);
}

/* The directory comes in pieces, so that a size that is only stated takes no memory. */
typedef struct Window {
    uint8_t *bytes; /* [WINDOW] */
    uint64_t at;    /* of the first, in the directory */
    size_t n;
} Window;

/* The directory from byte `at` on, of which `n` are needed and there. NULL: an error. */
static const uint8_t *
look(const MoeZipReader *reader, const Directory *directory, Window *window, uint64_t at, size_t n,
     GError **error)
{
    if (at < window->at || at + n > window->at + window->n) {
        window->at = at;
        window->n = (size_t)MIN(WINDOW, directory->size - at);
        if (!moe__zip_reader_pread(reader, directory->offset + at, window->bytes, window->n, error))
            return NULL;
    }
    return window->bytes + (at - window->at);
}

/* Reads one entry of the directory; `*at` moves behind it. */
static bool
read_central(MoeZipReader *reader, const Directory *directory, Window *window, uint64_t *at,
             GError **error)
{
    uint64_t left = directory->size - *at, place = directory->offset + *at;
    size_t fixed = (size_t)MIN(left, ZIP_CENTRAL_SIZE);
    const uint8_t *header = look(reader, directory, window, *at, fixed, error);
    if (!header)
        return false;
    if (left < ZIP_CENTRAL_SIZE || zip_get32(header) != ZIP_CENTRAL_SIGNATURE)
        return fail(reader, place, error, "an entry of the directory was expected");
    size_t name = zip_get16(header + 28), extra = zip_get16(header + 30);
    size_t whole = ZIP_CENTRAL_SIZE + name + extra + zip_get16(header + 32);
    if (whole > left)
        return fail(reader, place, error, "an entry of the directory is cut off");
    if (!(header = look(reader, directory, window, *at, whole, error)) ||
        !check_name(reader, place, header + ZIP_CENTRAL_SIZE, name, error))
        return false;
    MoeZipEntry entry = {
        .method = zip_get16(header + 10),
        .crc = zip_get32(header + 16),
        .packed = zip_get32(header + 20),
        .size = zip_get32(header + 24),
        .offset = zip_get32(header + 42),
    };
    if (!apply_zip64(header + ZIP_CENTRAL_SIZE + name, extra, &entry))
        return fail(reader, place, error, "the extra fields of a directory entry are damaged");
    entry.name = g_strndup((const char *)header + ZIP_CENTRAL_SIZE, name);
    g_array_append_val(reader->entries, entry);
    *at += whole;
    return match_local(reader, directory->offset,
                       &g_array_index(reader->entries, MoeZipEntry, reader->entries->len - 1),
                       error);
}

static bool
read_directory(MoeZipReader *reader, const Directory *directory, GError **error)
{
    g_autofree uint8_t *bytes = g_malloc(WINDOW);
    Window window = {.bytes = bytes};
    uint64_t at = 0;
    for (uint64_t i = 0; i < directory->entries; i++)
        if (!read_central(reader, directory, &window, &at, error))
            return false;
    if (at != directory->size)
        return fail(reader, directory->offset + at, error,
                    "the directory goes on behind its last entry");
    reader->end = directory->offset;
    return true;
}

static int
compare_offsets(const void *a, const void *b)
{
    uint64_t x = ((const MoeZipEntry *)a)->offset, y = ((const MoeZipEntry *)b)->offset;
    return (x > y) - (x < y);
}

/* Members that share bytes are how small archives unpack to huge ones; members that share a name
 * make it a matter of luck which is read. */
static bool
index_names(MoeZipReader *reader, GError **error)
{
    uint64_t end = 0;
    for (guint i = 0; i < reader->entries->len; i++) {
        MoeZipEntry *entry = &g_array_index(reader->entries, MoeZipEntry, i);
        if (entry->offset < end)
            return fail(reader, entry->offset, error, "member %s overlaps the one before it",
                        entry->name);
        end = entry->data + entry->packed;
        if (!g_hash_table_insert(reader->index, entry->name, entry))
            return fail(reader, entry->offset, error, "there are two members named %s",
                        entry->name);
    }
    return true;
}

bool
moe__zip_reader_index(MoeZipReader *reader, bool walk, GError **error)
{
    Directory directory = {0};
    reader->complete = !walk && find_directory(reader, &directory);
    bool ok =
        reader->complete ? read_directory(reader, &directory, error) : walk_members(reader, error);
    if (!ok)
        return false;
    g_array_sort(reader->entries, compare_offsets);
    return index_names(reader, error);
}
