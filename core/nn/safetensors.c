/* SPDX-License-Identifier: MIT
 *
 * Reading: map, parse the header, hold every array against the bytes that are there.
 */
#include <moescope/safetensors.h>

#include "nn/safetensors-header.h"

#include "base/quote.h"

#include <string.h>

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN); /* values are used where they lie */

#define LENGTH_BYTES 8
#define MAX_HEADER   ((uint64_t)100 * 1000 * 1000) /* as the official reader */

struct MoeSafetensors {
    GMappedFile *map;
    char *path;
    const char *values;
    uint64_t n_values;
    GArray *headers;    /* MoeStoredHeader, by offset; owns what `arrays` point to */
    MoeStored *arrays;  /* [headers->len] */
    GHashTable *places; /* name -> MoeStored */
    GHashTable *metadata;
};

static void
header_clear(gpointer data)
{
    MoeStoredHeader *header = data;
    g_free(header->name);
    g_array_unref(header->shape);
}

void
moe_safetensors_free(MoeSafetensors *file)
{
    if (!file)
        return;
    g_clear_pointer(&file->places, g_hash_table_unref);
    g_clear_pointer(&file->map, g_mapped_file_unref);
    g_hash_table_unref(file->metadata);
    g_array_unref(file->headers);
    g_free(file->arrays);
    g_free(file->path);
    g_free(file);
}

static gint
by_offset(gconstpointer a, gconstpointer b)
{
    const MoeStoredHeader *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    /* Empty arrays share their offset with the next one. */
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Number of values of a shape; false if the product or its bytes overflow. */
static bool
shape_count(const MoeStoredHeader *header, int64_t *count)
{
    int64_t bytes;
    *count = 1;
    for (guint i = 0; i < header->shape->len; i++)
        if (__builtin_mul_overflow(*count, g_array_index(header->shape, int64_t, i), count))
            return false;
    return !__builtin_mul_overflow(*count, (int64_t)moe_stored_type_size(header->type), &bytes);
}

/* Checks one array, which has to begin at `expected`, where the one before ended. */
static bool
check_array(const MoeSafetensors *file, const MoeStoredHeader *header, uint64_t expected,
            MoeStored *array, GError **error)
{
    *array = (MoeStored){
        .name = header->name,
        .type = header->type,
        .ndim = (int)header->shape->len,
        .shape = (const int64_t *)(const void *)header->shape->data,
    };
    const char *problem = NULL;
    if (!shape_count(header, &array->count))
        problem = "its shape has more bytes than can be addressed";
    else if (header->end < header->begin || header->end > file->n_values)
        problem = "its bytes lie outside the file's values";
    else if (header->end - header->begin !=
             (uint64_t)array->count * moe_stored_type_size(header->type))
        problem = "its bytes don't match its shape and dtype";
    else if (header->begin != expected)
        problem = "it doesn't begin where the array before it ends";
    if (!problem) {
        array->data = file->values + header->begin;
        return true;
    }
    g_autofree char *name = moe__quote(header->name);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: %s (%s, %d axes, bytes %" G_GUINT64_FORMAT " … %" G_GUINT64_FORMAT
                " of %" G_GUINT64_FORMAT "): %s",
                file->path, name, moe_stored_type_name(header->type), array->ndim, header->begin,
                header->end, file->n_values, problem);
    return false;
}

static bool
check_arrays(MoeSafetensors *file, GError **error)
{
    uint64_t expected = 0;
    g_array_sort(file->headers, by_offset);
    file->arrays = g_new0(MoeStored, file->headers->len);
    for (guint i = 0; i < file->headers->len; i++) {
        const MoeStoredHeader *header = &g_array_index(file->headers, MoeStoredHeader, i);
        if (!check_array(file, header, expected, &file->arrays[i], error))
            return false;
        if (!g_hash_table_insert(file->places, header->name, &file->arrays[i])) {
            g_autofree char *name = moe__quote(header->name);
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                        "%s: %s stands twice in the header, expected names that differ", file->path,
                        name);
            return false;
        }
        expected = header->end;
    }
    if (expected == file->n_values)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: the arrays cover %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                " bytes of values, expected all",
                file->path, expected, file->n_values);
    return false;
}

static bool
read_header(MoeSafetensors *file, GError **error)
{
    const char *bytes = g_mapped_file_get_contents(file->map);
    uint64_t size = g_mapped_file_get_length(file->map), length = 0;
    if (size >= LENGTH_BYTES)
        memcpy(&length, bytes, LENGTH_BYTES);
    if (size < LENGTH_BYTES || (length <= MAX_HEADER && length > size - LENGTH_BYTES)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                    "%s: %" G_GUINT64_FORMAT " bytes, expected a safetensors header of %u + "
                    "%" G_GUINT64_FORMAT " bytes",
                    file->path, size, LENGTH_BYTES, length);
        return false;
    }
    if (length > MAX_HEADER) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: isn't a safetensors file: its header would have %" G_GUINT64_FORMAT
                    " bytes, expected at most %" G_GUINT64_FORMAT,
                    file->path, length, MAX_HEADER);
        return false;
    }
    file->values = bytes + LENGTH_BYTES + length;
    file->n_values = size - LENGTH_BYTES - length;
    return moe__safetensors_parse(bytes + LENGTH_BYTES, (size_t)length, file->path, file->headers,
                                  file->metadata, error) &&
           check_arrays(file, error);
}

MoeSafetensors *
moe_safetensors_open(const char *path, GError **error)
{
    GMappedFile *map = g_mapped_file_new(path, FALSE, error);
    if (!map)
        return NULL;
    g_autoptr(MoeSafetensors) file = g_new0(MoeSafetensors, 1);
    file->map = map;
    file->path = g_filename_display_name(path);
    file->headers = g_array_new(FALSE, FALSE, sizeof(MoeStoredHeader));
    g_array_set_clear_func(file->headers, header_clear);
    file->places = g_hash_table_new(g_str_hash, g_str_equal);
    file->metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return read_header(file, error) ? g_steal_pointer(&file) : NULL;
}

const char *
moe_safetensors_path(const MoeSafetensors *file)
{
    return file->path;
}

int
moe_safetensors_count(const MoeSafetensors *file)
{
    return (int)file->headers->len;
}

const MoeStored *
moe_safetensors_get(const MoeSafetensors *file, int i)
{
    g_return_val_if_fail(i >= 0 && i < moe_safetensors_count(file), NULL);
    return &file->arrays[i];
}

const MoeStored *
moe_safetensors_find(const MoeSafetensors *file, const char *name)
{
    return g_hash_table_lookup(file->places, name);
}

const char *
moe_safetensors_metadata(const MoeSafetensors *file, const char *key)
{
    return g_hash_table_lookup(file->metadata, key);
}
