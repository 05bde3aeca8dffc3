/* SPDX-License-Identifier: MIT
 *
 * gguf.c: reads GGUF: magic, version, counts, metadata, tensor infos, padding, values.
 */
#include "import/gguf.h"

#include "base/quote.h"
#include "import/python-doc.h"

#include <string.h>

#define U64 G_GUINT64_FORMAT

enum { ALIGNMENT = 32, ALIGNMENT_MAX = 1 << 20, TYPE_STRING = 8, TYPE_ARRAY = 9 };

typedef struct Tensor {
    char *name;
    MoeLayout layout;
    int64_t ggml_type;
    uint64_t offset; /* from the first value on */
} Tensor;

struct MoeGguf {
    char *path;
    GBytes *bytes;
    MoePyDoc *doc; /* the metadata's */
    MoePy *metadata;
    GArray *tensors;   /* Tensor */
    GHashTable *names; /* name -> index + 1 */
    uint64_t values;   /* where they begin */
};

/* What is left to read. */
typedef struct Cursor {
    const MoeGguf *gguf;
    const uint8_t *bytes;
    uint64_t length, at;
    GError **error;
} Cursor;

static void
tensor_clear(gpointer data)
{
    g_free(((Tensor *)data)->name);
}

void
moe__gguf_free(MoeGguf *gguf)
{
    if (!gguf)
        return;
    g_hash_table_unref(gguf->names);
    g_array_unref(gguf->tensors);
    g_clear_pointer(&gguf->doc, moe__py_doc_free);
    g_clear_pointer(&gguf->bytes, g_bytes_unref);
    g_free(gguf->path);
    g_free(gguf);
}

static bool
fail(const Cursor *cursor, MoeError code, const char *complaint)
{
    g_set_error(cursor->error, MOE_ERROR, (gint)code, "%s: byte %" U64 ": %s", cursor->gguf->path,
                cursor->at, complaint);
    return false;
}

/* A little-endian number of `size` bytes. */
static bool
take(Cursor *cursor, int size, uint64_t *out)
{
    if (cursor->length - cursor->at < (uint64_t)size)
        return fail(cursor, MOE_ERROR_TRUNCATED, "the file ends within its header");
    *out = 0;
    memcpy(out, cursor->bytes + cursor->at, (size_t)size);
    cursor->at += (uint64_t)size;
    return true;
}

static bool
take_string(Cursor *cursor, const uint8_t **text, uint64_t *n)
{
    if (!take(cursor, 8, n))
        return false;
    if (*n > cursor->length - cursor->at)
        return fail(cursor, MOE_ERROR_TRUNCATED, "the file ends within a string");
    *text = cursor->bytes + cursor->at;
    cursor->at += *n;
    return true;
}

/* --- Metadata ---------------------------------------------------------------------------------*/

static const struct {
    MoePyKind kind;
    MoeStoredType type;
} value_types[] = {
    [0] = {MOE_PY_INT, MOE_STORED_U8},     [1] = {MOE_PY_INT, MOE_STORED_I8},
    [2] = {MOE_PY_INT, MOE_STORED_U16},    [3] = {MOE_PY_INT, MOE_STORED_I16},
    [4] = {MOE_PY_INT, MOE_STORED_U32},    [5] = {MOE_PY_INT, MOE_STORED_I32},
    [6] = {MOE_PY_FLOAT, MOE_STORED_F32},  [7] = {MOE_PY_BOOL, MOE_STORED_BOOL},
    [TYPE_STRING] = {MOE_PY_STRING},       [TYPE_ARRAY] = {MOE_PY_LIST},
    [10] = {MOE_PY_INT, MOE_STORED_U64},   [11] = {MOE_PY_INT, MOE_STORED_I64},
    [12] = {MOE_PY_FLOAT, MOE_STORED_F64},
};

static bool
take_type(Cursor *cursor, uint64_t *type)
{
    return take(cursor, 4, type) && (*type < G_N_ELEMENTS(value_types) ||
                                     fail(cursor, MOE_ERROR_FORMAT, "a type of value is unknown"));
}

/* A number, a bool or a string; integers from 2^63 on become floats. NULL on error. */
static MoePy *
take_scalar(Cursor *cursor, uint64_t type)
{
    MoePyDoc *doc = cursor->gguf->doc;
    uint64_t bits, n;
    const uint8_t *text;
    if (type == TYPE_STRING)
        return take_string(cursor, &text, &n) ? moe__py_new_bytes(doc, MOE_PY_STRING, text, n)
                                              : NULL;
    MoePyKind kind = value_types[type].kind;
    MoeValues number = {.type = value_types[type].type, .count = 1, .data = &bits};
    if (!take(cursor, (int)moe_stored_type_size(number.type), &bits))
        return NULL;
    int64_t integer = 0;
    if (kind == MOE_PY_INT && !moe__values_integer(&number, 0, &integer))
        kind = MOE_PY_FLOAT;
    MoePy *value = moe__py_new(doc, kind);
    if (value && kind == MOE_PY_BOOL)
        value->truth = bits != 0;
    else if (value && kind == MOE_PY_INT)
        value->integer = integer;
    else if (value)
        value->number = moe__values_number(&number, 0);
    return value;
}

static MoePy *
take_array(Cursor *cursor)
{
    uint64_t type, n;
    if (!take_type(cursor, &type) || !take(cursor, 8, &n))
        return NULL;
    if (type == TYPE_ARRAY) {
        fail(cursor, MOE_ERROR_UNSUPPORTED, "an array of arrays");
        return NULL;
    }
    MoePy *list = moe__py_new(cursor->gguf->doc, MOE_PY_LIST);
    for (uint64_t i = 0; list && i < n; i++) {
        MoePy *item = take_scalar(cursor, type);
        if (!item || !moe__py_append(cursor->gguf->doc, list, item))
            return NULL;
    }
    return list;
}

static bool
read_metadata(Cursor *cursor, uint64_t n)
{
    MoePyDoc *doc = cursor->gguf->doc;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t type;
        MoePy *key = take_scalar(cursor, TYPE_STRING), *value = NULL;
        if (key && take_type(cursor, &type))
            value = type == TYPE_ARRAY ? take_array(cursor) : take_scalar(cursor, type);
        if (value && moe__py_insert(doc, cursor->gguf->metadata, key, value))
            continue;
        if (!cursor->error || !*cursor->error)
            fail(cursor, MOE_ERROR_FORMAT, "no memory for the metadata");
        return false;
    }
    return true;
}

/* --- Tensors ----------------------------------------------------------------------------------*/

static bool
read_tensor(Cursor *cursor, Tensor *tensor)
{
    const uint8_t *name;
    uint64_t n, axes, type;
    if (!take_string(cursor, &name, &n))
        return false;
    tensor->name = g_strndup((const char *)name, n);
    if (!take(cursor, 4, &axes))
        return false;
    if (axes > MOE_VALUES_AXES)
        return fail(cursor, MOE_ERROR_FORMAT, "a tensor has over 8 axes");
    tensor->layout.ndim = (int)axes;
    for (int i = (int)axes - 1; i >= 0; i--) {
        if (!take(cursor, 8, &n))
            return false;
        tensor->layout.shape[i] = (int64_t)n;
    }
    if (!take(cursor, 4, &type) || !take(cursor, 8, &tensor->offset))
        return false;
    tensor->ggml_type = (int64_t)type;
    return true;
}

static bool
read_tensors(Cursor *cursor, MoeGguf *gguf, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        Tensor tensor = {0};
        bool ok = read_tensor(cursor, &tensor);
        g_array_append_val(gguf->tensors, tensor);
        if (!ok)
            return false;
        if (!g_utf8_validate(tensor.name, -1, NULL) ||
            !g_hash_table_insert(gguf->names, tensor.name, GSIZE_TO_POINTER(i + 1)))
            return fail(cursor, MOE_ERROR_FORMAT,
                        "the name of the tensor before is no UTF-8 or was there already");
    }
    return true;
}

static bool
find_values(Cursor *cursor, MoeGguf *gguf)
{
    int64_t alignment = ALIGNMENT;
    const MoePy *stated = moe__py_get(gguf->metadata, "general.alignment");
    if (stated && (!moe__py_integer(stated, &alignment) || alignment < 1 ||
                   alignment > ALIGNMENT_MAX || (alignment & (alignment - 1)) != 0))
        return fail(cursor, MOE_ERROR_FORMAT, "general.alignment is no power of two up to 2^20");
    gguf->values = (cursor->at + (uint64_t)alignment - 1) & ~((uint64_t)alignment - 1);
    return true;
}

static bool
read_header(MoeGguf *gguf, GError **error)
{
    gsize length;
    const uint8_t *bytes = g_bytes_get_data(gguf->bytes, &length);
    Cursor cursor = {gguf, bytes, length, 0, error};
    uint64_t magic, version, tensors, pairs;
    if (!take(&cursor, 4, &magic))
        return false;
    if (magic != 0x46554747) /* "GGUF" */
        return fail(&cursor, MOE_ERROR_FORMAT, "not a GGUF file, they begin with \"GGUF\"");
    if (!take(&cursor, 4, &version))
        return false;
    if (version != 2 && version != 3)
        return fail(&cursor, MOE_ERROR_UNSUPPORTED,
                    "only little-endian GGUF of version 2 or 3 is known");
    return take(&cursor, 8, &tensors) && take(&cursor, 8, &pairs) &&
           read_metadata(&cursor, pairs) && read_tensors(&cursor, gguf, tensors) &&
           find_values(&cursor, gguf);
}

MoeGguf *
moe__gguf_open(const char *path, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, error);
    if (!map)
        return NULL;
    g_autoptr(MoeGguf) gguf = g_new0(MoeGguf, 1);
    gguf->path = g_filename_display_name(path);
    gguf->bytes = g_mapped_file_get_bytes(map);
    gguf->tensors = g_array_new(FALSE, FALSE, sizeof(Tensor));
    g_array_set_clear_func(gguf->tensors, tensor_clear);
    gguf->names = g_hash_table_new(g_str_hash, g_str_equal);
    gguf->doc = moe__py_doc_new(gguf->bytes, gguf->path);
    gguf->metadata = moe__py_new(gguf->doc, MOE_PY_DICT);
    if (read_header(gguf, &reason))
        return g_steal_pointer(&gguf);
    g_propagate_error(error, g_steal_pointer(&reason));
    return NULL;
}

const MoePy *
moe__gguf_metadata(const MoeGguf *gguf)
{
    return gguf->metadata;
}

int
moe__gguf_count(const MoeGguf *gguf)
{
    return (int)gguf->tensors->len;
}

const char *
moe__gguf_name(const MoeGguf *gguf, int i)
{
    return g_array_index(gguf->tensors, Tensor, i).name;
}

int
moe__gguf_find(const MoeGguf *gguf, const char *name)
{
    return (int)GPOINTER_TO_SIZE(g_hash_table_lookup(gguf->names, name)) - 1;
}

/* ggml's numbers for types that hold plain values. */
static bool
find_type(int64_t ggml_type, MoeStoredType *out)
{
    static const struct {
        int64_t ggml;
        MoeStoredType type;
    } types[] = {
        {0, MOE_STORED_F32},  {1, MOE_STORED_F16},  {24, MOE_STORED_I8},  {25, MOE_STORED_I16},
        {26, MOE_STORED_I32}, {27, MOE_STORED_I64}, {28, MOE_STORED_F64}, {30, MOE_STORED_BF16},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i].ggml == ggml_type) {
            *out = types[i].type;
            return true;
        }
    return false;
}

bool
moe__gguf_values(const MoeGguf *gguf, int i, MoeValues *out, GError **error)
{
    const Tensor *tensor = &g_array_index(gguf->tensors, Tensor, i);
    MoeLayout layout = tensor->layout;
    gsize length;
    const uint8_t *bytes = g_bytes_get_data(gguf->bytes, &length);
    g_autofree char *name = moe__quote(tensor->name);
    *out = (MoeValues){0};
    if (!find_type(tensor->ggml_type, &layout.type)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: tensor %s has ggml type %" G_GINT64_FORMAT
                    ", F32, F16, BF16, F64 or an integer type is expected",
                    gguf->path, name, tensor->ggml_type);
        return false;
    }
    uint64_t at = MIN(gguf->values, length), left = length - at;
    at += MIN(tensor->offset, left);
    moe__layout_pack(&layout, false);
    if (moe__layout_gather(&layout, bytes + at, length - at, out, error))
        return true;
    g_prefix_error(error, "%s: tensor %s: ", gguf->path, name);
    return false;
}
