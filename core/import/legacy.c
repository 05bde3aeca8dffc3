/* SPDX-License-Identifier: MIT
 *
 * legacy.c: torch.save() before 1.6 (torch/serialization.py, _legacy_load).
 */
#include "import/legacy.h"

#include "import/pickle.h"
#include "import/python-doc.h"

enum { PROTOCOL = 1001, PREFIX = 32 };

/* 0x1950a86a20f9469cfc6c, as a pickle holds it. */
static const uint8_t magic[10] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

typedef struct Stream {
    MoePyDoc *doc;
    const uint8_t *bytes;
    size_t length, at;
    const char *name;
    int nesting;
    GError **error;
} Stream;

bool
moe__legacy_is(const uint8_t *bytes, size_t length)
{
    return length > 0 && memmem(bytes, MIN(length, PREFIX), magic, sizeof magic) != NULL;
}

static bool
fail(const Stream *stream, MoeError code, const char *complaint)
{
    g_set_error(stream->error, MOE_ERROR, (gint)code, "%s: byte %zu: %s", stream->name, stream->at,
                complaint);
    return false;
}

static MoePy *
next(Stream *stream)
{
    return moe__pickle_next(stream->doc, stream->bytes, stream->length, &stream->at, stream->name,
                            stream->nesting, stream->error);
}

static bool
read_head(Stream *stream)
{
    int64_t number = 0;
    MoePy *value = next(stream);
    if (!value)
        return false;
    if (value->kind != MOE_PY_BIG || value->count != sizeof magic ||
        memcmp(value->bytes, magic, sizeof magic) != 0)
        return fail(stream, MOE_ERROR_FORMAT, "torch's magic number is expected before");
    value = next(stream);
    if (!value)
        return false;
    if (!moe__py_integer(value, &number) || number != PROTOCOL)
        return fail(stream, MOE_ERROR_UNSUPPORTED, "protocol version 1001 is expected before");
    value = next(stream);
    if (!value)
        return false;
    const MoePy *little = moe__py_get(value, "little_endian");
    if (!little || !moe__py_integer(little, &number) || number != 1)
        return fail(stream, MOE_ERROR_UNSUPPORTED,
                    "only files of little-endian machines are known");
    return true;
}

/* One storage: how many elements, then their values. */
static bool
read_storage(Stream *stream, const char *key)
{
    MoePyStorage *storage = g_hash_table_lookup(stream->doc->storages, key);
    int64_t elements;
    if (!storage || storage->data)
        return fail(stream, MOE_ERROR_FORMAT,
                    "the keys name a storage twice, or one that nothing uses");
    if (stream->length - stream->at < sizeof elements)
        return fail(stream, MOE_ERROR_TRUNCATED, "the stream ends before a storage");
    memcpy(&elements, stream->bytes + stream->at, sizeof elements);
    if (elements < 0 || (uint64_t)elements != storage->size / moe_stored_type_size(storage->type))
        return fail(stream, MOE_ERROR_FORMAT,
                    "a storage has not as many elements as the object says");
    stream->at += sizeof elements;
    if (stream->length - stream->at < storage->size)
        return fail(stream, MOE_ERROR_TRUNCATED, "the stream ends within a storage");
    storage->data = stream->bytes + stream->at;
    stream->at += (size_t)storage->size;
    return true;
}

static bool
read_storages(Stream *stream)
{
    const MoePy *keys = next(stream);
    if (!keys)
        return false;
    if (keys->kind != MOE_PY_LIST ||
        keys->count != (int64_t)g_hash_table_size(stream->doc->storages))
        return fail(stream, MOE_ERROR_FORMAT,
                    "a list with the key of each storage is expected before");
    for (int64_t i = 0; i < keys->count; i++) {
        g_autofree char *key = moe__py_string(keys->items[i]);
        if (!key)
            return fail(stream, MOE_ERROR_FORMAT, "the keys of storages are strings");
        if (!read_storage(stream, key))
            return false;
    }
    return stream->at == stream->length ||
           fail(stream, MOE_ERROR_FORMAT, "bytes follow the last storage");
}

MoePy *
moe__legacy_read(MoePyDoc *doc, const uint8_t *bytes, size_t length, const char *name, int nesting,
                 GError **error)
{
    Stream stream = {doc, bytes, length, 0, name, nesting, error};
    if (!read_head(&stream))
        return NULL;
    MoePy *object = next(&stream);
    return object && read_storages(&stream) ? object : NULL;
}
