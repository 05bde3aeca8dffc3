/* SPDX-License-Identifier: MIT
 *
 * numpy.c: .npy and .npz of any shape, on the reader of archives that traces have.
 */
#include "import/numpy.h"

#include "import/pickle.h"
#include "import/python-doc.h"
#include "trace/npy.h"
#include "trace/zip.h"

#include <string.h>
#include <zlib.h>

G_STATIC_ASSERT((int)MOE_NPY_AXES == (int)MOE_VALUES_AXES);

enum { HEAD = 4096 };         /* bytes that any header but an absurd one fits in */
enum { TEXT_MOST = 1 << 20 }; /* characters of a text */

struct MoeNumpy {
    char *path;
    MoeZipReader *zip;  /* or … */
    GMappedFile *map;   /* … one array */
    GPtrArray *entries; /* MoeZipEntry of the arrays */
};

/* A type as numpy writes it: order of bytes, which single bytes don't have, kind, bytes. */
static bool
find_type(const char *descr, MoeStoredType *out, bool *swapped, GError **error)
{
    static const struct {
        const char *name;
        MoeStoredType type;
    } types[] = {
        {"b1", MOE_STORED_BOOL}, {"i1", MOE_STORED_I8},  {"u1", MOE_STORED_U8},
        {"i2", MOE_STORED_I16},  {"u2", MOE_STORED_U16}, {"i4", MOE_STORED_I32},
        {"u4", MOE_STORED_U32},  {"i8", MOE_STORED_I64}, {"u8", MOE_STORED_U64},
        {"f2", MOE_STORED_F16},  {"f4", MOE_STORED_F32}, {"f8", MOE_STORED_F64},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        bool byte = moe_stored_type_size(types[i].type) == 1;
        if (*descr && strchr(byte ? "|" : "<>", *descr) && strcmp(types[i].name, descr + 1) == 0) {
            *out = types[i].type;
            *swapped = *descr == '>';
            return true;
        }
    }
    g_autofree char *valid = g_utf8_make_valid(descr, -1);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "element type '%s' found; b1, i1 … i8, u1 … u8, f2, f4 or f8 expected", valid);
    return false;
}

/* Turns the bytes of each element round. */
static void
swap_bytes(MoeValues *values)
{
    size_t size = moe_stored_type_size(values->type);
    for (int64_t i = 0; i < values->count; i++) {
        uint8_t *element = (uint8_t *)values->data + (size_t)i * size;
        for (size_t low = 0, high = size - 1; low < high; low++, high--) {
            uint8_t byte = element[low];
            element[low] = element[high];
            element[high] = byte;
        }
    }
}

bool
moe__npy_values(const uint8_t *bytes, size_t length, MoeValues *out, GError **error)
{
    MoeNpyHeader header;
    MoeLayout layout = {0};
    int64_t count;
    bool swapped;
    *out = (MoeValues){0};
    if (!moe__npy_any_header(bytes, length, &header, error) ||
        !find_type(header.descr, &layout.type, &swapped, error))
        return false;
    layout.ndim = header.ndim;
    memcpy(layout.shape, header.shape, sizeof layout.shape);
    moe__layout_pack(&layout, header.fortran);
    size_t found = length - header.data;
    if (!moe__layout_count(&layout, &count) ||
        (uint64_t)count * moe_stored_type_size(layout.type) != found) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%zu bytes of data found, which is not what the shape and '%s' take", found,
                    header.descr);
        return false;
    }
    if (!moe__layout_gather(&layout, bytes + header.data, found, out, error))
        return false;
    if (swapped)
        swap_bytes(out);
    return true;
}

void
moe__numpy_free(MoeNumpy *numpy)
{
    if (!numpy)
        return;
    g_clear_pointer(&numpy->entries, g_ptr_array_unref);
    g_clear_pointer(&numpy->zip, moe__zip_reader_free);
    g_clear_pointer(&numpy->map, g_mapped_file_unref);
    g_free(numpy->path);
    g_free(numpy);
}

/* Lists the arrays of an archive; other members are left alone. */
static bool
list_arrays(MoeNumpy *numpy, GError **error)
{
    numpy->entries = g_ptr_array_new();
    for (guint i = 0; i < numpy->zip->entries->len; i++) {
        MoeZipEntry *entry = &g_array_index(numpy->zip->entries, MoeZipEntry, i);
        if (g_str_has_suffix(entry->name, ".npy"))
            g_ptr_array_add(numpy->entries, entry);
    }
    if (numpy->zip->complete && numpy->entries->len > 0)
        return true;
    g_set_error(error, MOE_ERROR,
                numpy->zip->complete ? MOE_ERROR_UNSUPPORTED : MOE_ERROR_TRUNCATED, "%s: %s",
                numpy->path,
                numpy->zip->complete ? "an archive without any .npy array"
                                     : "the archive is cut off, its directory is missing");
    return false;
}

MoeNumpy *
moe__numpy_open(const char *path, GError **error)
{
    g_autoptr(MoeNumpy) numpy = g_new0(MoeNumpy, 1);
    numpy->path = g_filename_display_name(path);
    numpy->map = g_mapped_file_new(path, FALSE, error);
    if (!numpy->map)
        return NULL;
    if (g_mapped_file_get_length(numpy->map) < 2 ||
        memcmp(g_mapped_file_get_contents(numpy->map), "PK", 2) != 0)
        return g_steal_pointer(&numpy);
    g_clear_pointer(&numpy->map, g_mapped_file_unref);
    numpy->zip = moe__zip_reader_open(path, UINT64_MAX, error);
    return numpy->zip && list_arrays(numpy, error) ? g_steal_pointer(&numpy) : NULL;
}

int
moe__numpy_count(const MoeNumpy *numpy)
{
    return numpy->zip ? (int)numpy->entries->len : 1;
}

char *
moe__numpy_name(const MoeNumpy *numpy, int i)
{
    if (!numpy->zip)
        return g_strdup("");
    const MoeZipEntry *entry = numpy->entries->pdata[i];
    return g_strndup(entry->name, strlen(entry->name) - strlen(".npy"));
}

int
moe__numpy_find(const MoeNumpy *numpy, const char *name)
{
    for (int i = 0; i < moe__numpy_count(numpy); i++) {
        g_autofree char *candidate = moe__numpy_name(numpy, i);
        if (strcmp(candidate, name) == 0)
            return i;
    }
    return -1;
}

/* The bytes of array `i` as in a .npy file, and where they are from, for messages. */
static GBytes *
read_bytes(const MoeNumpy *numpy, int i, char **name, GError **error)
{
    if (!numpy->zip) {
        *name = g_strdup(numpy->path);
        return g_mapped_file_get_bytes(numpy->map);
    }
    const MoeZipEntry *entry = numpy->entries->pdata[i];
    uint8_t *bytes = moe__zip_reader_read(numpy->zip, entry, error);
    *name = bytes ? g_strdup_printf("%s: member %s", numpy->path, entry->name) : NULL;
    return bytes ? g_bytes_new_take(bytes, (gsize)entry->size) : NULL;
}

bool
moe__numpy_values(const MoeNumpy *numpy, int i, MoeValues *out, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(GBytes) bytes = read_bytes(numpy, i, &name, error);
    gsize length;
    *out = (MoeValues){0};
    if (!bytes)
        return false;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    if (moe__npy_values(data, length, out, error))
        return true;
    g_prefix_error(error, "%s: ", name);
    return false;
}

/* Unpacks what the first bytes of a member hold, at most `n`; how many came out. */
static size_t
inflate_head(const uint8_t *packed, size_t n_packed, uint8_t *out, size_t n)
{
    z_stream z = {.next_in = (Bytef *)packed,
                  .avail_in = (uInt)n_packed,
                  .next_out = out,
                  .avail_out = (uInt)n};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return 0;
    inflate(&z, Z_SYNC_FLUSH); /* whatever it says: what came out is looked at */
    inflateEnd(&z);
    return n - z.avail_out;
}

/* The first bytes of array `i`, at most HEAD, without reading the rest of it. */
static size_t
read_head(const MoeNumpy *numpy, int i, uint8_t out[HEAD])
{
    if (!numpy->zip) {
        size_t n = MIN(g_mapped_file_get_length(numpy->map), HEAD);
        if (n > 0)
            memcpy(out, g_mapped_file_get_contents(numpy->map), n);
        return n;
    }
    const MoeZipEntry *entry = numpy->entries->pdata[i];
    uint8_t packed[HEAD];
    size_t n = (size_t)MIN(entry->packed, HEAD);
    if (!moe__zip_reader_pread(numpy->zip, entry->data, packed, n, NULL))
        return 0;
    if (entry->method == MOE_ZIP_DEFLATED)
        return inflate_head(packed, n, out, HEAD);
    memcpy(out, packed, n);
    return n;
}

bool
moe__numpy_is_objects(const MoeNumpy *numpy, int i)
{
    uint8_t head[HEAD];
    MoeNpyHeader header;
    return moe__npy_any_header(head, read_head(numpy, i, head), &header, NULL) &&
           strcmp(header.descr, "|O") == 0;
}

bool
moe__numpy_layout(const MoeNumpy *numpy, int i, MoeLayout *out, GError **error)
{
    uint8_t head[HEAD];
    MoeNpyHeader header;
    bool swapped;
    *out = (MoeLayout){0};
    if (!moe__npy_any_header(head, read_head(numpy, i, head), &header, error) ||
        !find_type(header.descr, &out->type, &swapped, error)) {
        g_autofree char *name = moe__numpy_name(numpy, i);
        g_prefix_error(error, "%s: array \"%s\": ", numpy->path, name);
        return false;
    }
    out->ndim = header.ndim;
    memcpy(out->shape, header.shape, sizeof out->shape);
    return true;
}

/* Reads a whole member and its header; `name` says where it is. (transfer full) */
static GBytes *
read_member(const MoeNumpy *numpy, int i, char **name, MoeNpyHeader *header, GError **error)
{
    g_autoptr(GBytes) bytes = read_bytes(numpy, i, name, error);
    gsize length;
    if (!bytes)
        return NULL;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    if (moe__npy_any_header(data, length, header, error))
        return g_steal_pointer(&bytes);
    g_prefix_error(error, "%s: ", *name);
    return NULL;
}

MoePyDoc *
moe__numpy_objects(const MoeNumpy *numpy, int i, GError **error)
{
    g_autofree char *name = NULL;
    MoeNpyHeader header;
    g_autoptr(GBytes) bytes = read_member(numpy, i, &name, &header, error);
    if (!bytes)
        return NULL;
    if (strcmp(header.descr, "|O") != 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: no array of objects", name);
        return NULL;
    }
    g_autoptr(GBytes) pickle =
        g_bytes_new_from_bytes(bytes, header.data, g_bytes_get_size(bytes) - header.data);
    g_autofree char *place = g_strdup_printf("%s: the pickle from byte %zu on", name, header.data);
    return moe__pickle_read(pickle, place, error);
}

/* The bytes of a text of such a type; 0: it is none. */
static int64_t
text_width(const char *descr)
{
    bool wide = g_str_has_prefix(descr, "<U");
    gint64 n = wide || g_str_has_prefix(descr, "|S") ? g_ascii_strtoll(descr + 2, NULL, 10) : 0;
    return n < 1 || n > TEXT_MOST ? 0 : wide ? 4 * n : n;
}

bool
moe__numpy_is_texts(const MoeNumpy *numpy, int i)
{
    uint8_t head[HEAD];
    MoeNpyHeader header;
    return moe__npy_any_header(head, read_head(numpy, i, head), &header, NULL) &&
           header.ndim == 1 && text_width(header.descr) > 0;
}

MoePyDoc *
moe__numpy_texts(const MoeNumpy *numpy, int i, GError **error)
{
    g_autofree char *name = NULL;
    MoeNpyHeader header;
    g_autoptr(GBytes) bytes = read_member(numpy, i, &name, &header, error);
    gsize length;
    if (!bytes)
        return NULL;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    int64_t width = text_width(header.descr), n = header.ndim == 1 ? header.shape[0] : -1;
    gsize found = length - header.data;
    g_autoptr(MoePyDoc) doc = moe__py_doc_new(bytes, name);
    MoePy *list = moe__py_new(doc, MOE_PY_LIST);
    doc->root = list;
    if (list && width > 0 && n >= 0 && found % (gsize)width == 0 &&
        (gsize)n == found / (gsize)width &&
        moe__py_add_texts(doc, list, data + header.data, n, width, header.descr[1] == 'U'))
        return g_steal_pointer(&doc);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: %zu bytes of texts found, which is not what the shape and '%s' take", name,
                found, header.descr);
    return NULL;
}
