/* SPDX-License-Identifier: MIT
 *
 * Writing: the header first, then the values straight from where they lie, to a file beside the
 * target that is renamed over it once it is whole and on disk.
 */
#include <moescope/safetensors.h>

#include "base/json-out.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEADER_ALIGN 8

typedef struct {
    char *name;
    MoeStoredType type;
    int ndim;
    int64_t *shape;
    const void *data;
    size_t bytes;
} Entry;

struct MoeSafetensorsWriter {
    GArray *entries;   /* Entry */
    GHashTable *names; /* borrowed from the entries */
    GHashTable *metadata;
};

static void
entry_clear(gpointer data)
{
    Entry *entry = data;
    g_free(entry->name);
    g_free(entry->shape);
}

MoeSafetensorsWriter *
moe_safetensors_writer_new(void)
{
    MoeSafetensorsWriter *writer = g_new0(MoeSafetensorsWriter, 1);
    writer->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    g_array_set_clear_func(writer->entries, entry_clear);
    writer->names = g_hash_table_new(g_str_hash, g_str_equal);
    writer->metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return writer;
}

void
moe_safetensors_writer_free(MoeSafetensorsWriter *writer)
{
    if (!writer)
        return;
    g_hash_table_unref(writer->names);
    g_hash_table_unref(writer->metadata);
    g_array_unref(writer->entries);
    g_free(writer);
}

void
moe_safetensors_writer_set(MoeSafetensorsWriter *writer, const char *key, const char *value)
{
    g_hash_table_replace(writer->metadata, g_strdup(key), g_strdup(value));
}

void
moe_safetensors_writer_add(MoeSafetensorsWriter *writer, const char *name, MoeStoredType type,
                           int ndim, const int64_t *shape, const void *data)
{
    g_return_if_fail(strcmp(name, "__metadata__") != 0);
    g_return_if_fail(!g_hash_table_contains(writer->names, name));
    Entry entry = {.name = g_strdup(name), .type = type, .ndim = ndim, .data = data};
    entry.shape = g_memdup2(shape, (gsize)ndim * sizeof *shape);
    entry.bytes = moe_stored_type_size(type);
    for (int i = 0; i < ndim; i++)
        entry.bytes *= (size_t)shape[i];
    g_array_append_val(writer->entries, entry);
    g_hash_table_add(writer->names, entry.name);
}

/* Widest types first, so that every array is aligned if the first one is. */
static gint
by_type_and_name(gconstpointer a, gconstpointer b)
{
    const Entry *x = a, *y = b;
    if (x->type != y->type)
        return x->type > y->type ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void
append_metadata(GString *header, GHashTable *metadata)
{
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(metadata), (GCompareFunc)strcmp);
    g_string_append(header, "\"__metadata__\":{");
    for (GList *key = keys; key; key = key->next) {
        if (key != keys)
            g_string_append_c(header, ',');
        moe__json_append_string(header, key->data);
        g_string_append_c(header, ':');
        moe__json_append_string(header, g_hash_table_lookup(metadata, key->data));
    }
    g_string_append_c(header, '}');
}

static void
append_entry(GString *header, const Entry *entry, uint64_t begin)
{
    moe__json_append_string(header, entry->name);
    g_string_append_printf(header, ":{\"dtype\":\"%s\",\"shape\":[",
                           moe_stored_type_name(entry->type));
    for (int i = 0; i < entry->ndim; i++)
        g_string_append_printf(header, "%s%" G_GINT64_FORMAT, i ? "," : "", entry->shape[i]);
    g_string_append_printf(header,
                           "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}",
                           begin, begin + entry->bytes);
}

static GString *
make_header(const MoeSafetensorsWriter *writer)
{
    GString *header = g_string_new("{");
    uint64_t begin = 0;
    if (g_hash_table_size(writer->metadata) > 0)
        append_metadata(header, writer->metadata);
    for (guint i = 0; i < writer->entries->len; i++) {
        const Entry *entry = &g_array_index(writer->entries, Entry, i);
        if (header->len > 1)
            g_string_append_c(header, ',');
        append_entry(header, entry, begin);
        begin += entry->bytes;
    }
    g_string_append_c(header, '}');
    while (header->len % HEADER_ALIGN)
        g_string_append_c(header, ' ');
    return header;
}

static bool
write_values(const MoeSafetensorsWriter *writer, FILE *file)
{
    for (guint i = 0; i < writer->entries->len; i++) {
        const Entry *entry = &g_array_index(writer->entries, Entry, i);
        if (entry->bytes > 0 && fwrite(entry->data, 1, entry->bytes, file) != entry->bytes)
            return false;
    }
    return true;
}

static bool
write_to(const MoeSafetensorsWriter *writer, FILE *file)
{
    g_autoptr(GString) header = make_header(writer);
    uint64_t length = GUINT64_TO_LE(header->len);
    return fwrite(&length, sizeof length, 1, file) == 1 &&
           fwrite(header->str, 1, header->len, file) == header->len && write_values(writer, file) &&
           fflush(file) == 0 && fsync(fileno(file)) == 0;
}

bool
moe_safetensors_writer_save(MoeSafetensorsWriter *writer, const char *path, GError **error)
{
    g_array_sort(writer->entries, by_type_and_name);
    g_autofree char *beside = g_strconcat(path, ".XXXXXX", NULL);
    int fd = g_mkstemp_full(beside, O_RDWR | O_CLOEXEC, 0666);
    FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    bool good = file && write_to(writer, file);
    int reason = errno;
    if (file && fclose(file) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && g_rename(beside, path) != 0) {
        good = false;
        reason = errno;
    }
    if (good)
        return true;
    if (fd >= 0)
        g_unlink(beside);
    g_autofree char *name = g_filename_display_name(path);
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(reason),
                "%s: can't be written: %s", name, g_strerror(reason));
    return false;
}
