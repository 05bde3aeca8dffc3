/* SPDX-License-Identifier: MIT
 *
 * A trace as arrays over all its tokens, in an .npz file: those of tensors.h, stored, each as
 * numpy.savez() would have it, and its meta.json behind them as trace.json. (A trace is an .npz
 * file too, but of columns by chunks.) An array's CRC goes before its values, so each is read
 * twice.
 */
#include "export/exporters.h"
#include "export/tensors.h"
#include "trace/crc.h"
#include "trace/npy.h"
#include "trace/zip-format.h"

enum {
    VERSION = 20,
    MADE_BY_UNIX = 3 << 8,
    DOS_DATE = 1 << 5 | 1, /* 1980-01-01 */
};
static const uint32_t regular_file = 0100644u << 16;

typedef struct Archive {
    MoeExport *job;
    GByteArray *directory;
    uint64_t at; /* bytes so far */
    int members;
} Archive;

static bool
put(Archive *archive, const void *bytes, size_t n, GError **error)
{
    archive->at += n;
    return moe_export_write(archive->job, bytes, n, error);
}

/* What both headers of a member have. */
static void
put_common(GByteArray *out, uint32_t crc, uint64_t size, size_t name)
{
    zip_put16(out, VERSION);
    zip_put16(out, 0); /* flags */
    zip_put16(out, 0); /* stored */
    zip_put16(out, 0); /* time */
    zip_put16(out, DOS_DATE);
    zip_put32(out, crc);
    zip_put32(out, (uint32_t)size);
    zip_put32(out, (uint32_t)size);
    zip_put16(out, (uint16_t)name);
    zip_put16(out, 0); /* extra fields */
}

static bool
begin_member(Archive *archive, const char *name, uint32_t crc, uint64_t size, GError **error)
{
    g_autoptr(GByteArray) local = g_byte_array_new();
    size_t length = strlen(name);
    zip_put32(local, ZIP_LOCAL_SIGNATURE);
    put_common(local, crc, size, length);
    g_byte_array_append(local, (const uint8_t *)name, (guint)length);
    GByteArray *out = archive->directory;
    zip_put32(out, ZIP_CENTRAL_SIGNATURE);
    zip_put16(out, MADE_BY_UNIX | VERSION);
    put_common(out, crc, size, length);
    zip_put16(out, 0); /* comment */
    zip_put16(out, 0); /* disk */
    zip_put16(out, 0); /* internal attributes */
    zip_put32(out, regular_file);
    zip_put32(out, (uint32_t)archive->at);
    g_byte_array_append(out, (const uint8_t *)name, (guint)length);
    archive->members++;
    return put(archive, local->data, local->len, error);
}

static bool
put_end(Archive *archive, GError **error)
{
    GByteArray *out = archive->directory;
    uint32_t length = out->len;
    zip_put32(out, ZIP_END_SIGNATURE);
    zip_put16(out, 0);
    zip_put16(out, 0);
    zip_put16(out, (uint16_t)archive->members);
    zip_put16(out, (uint16_t)archive->members);
    zip_put32(out, length);
    zip_put32(out, (uint32_t)archive->at);
    zip_put16(out, 0);
    return put(archive, out->data, out->len, error);
}

static bool
put_tensor(Archive *archive, MoeTensors *t, int i, int64_t total, GError **error)
{
    const MoeTensor *tensor = &g_array_index(t->tensors, MoeTensor, i);
    char header[MOE_NPY_HEADER_MAX];
    const MoeArray array = {
        .type = tensor->kind == MOE_TENSOR_GATE ? MOE_F32 : MOE_I32,
        .ndim = tensor->k > 0 ? 2 : 1,
        .shape = {tensor->rows, tensor->k},
    };
    size_t head = moe__npy_header(&array, header);
    uint32_t crc = moe__crc32(0, header, head);
    int64_t chunks = moe_trace_chunks(t->trace);
    g_autofree char *plain = moe__tensor_name(tensor), *name = g_strconcat(plain, ".npy", NULL);
    t->crc = &crc;
    bool good = moe__tensors_write(t, i, 2 * i * chunks, total, error);
    t->crc = NULL;
    uint64_t values = (uint64_t)moe__tensor_bytes(tensor);
    if (!good || !begin_member(archive, name, crc, head + values, error) ||
        !put(archive, header, head, error) ||
        !moe__tensors_write(t, i, (2 * i + 1) * chunks, total, error))
        return false;
    archive->at += values;
    return true;
}

/* The fields of 32 bits that numpy's archives begin with. */
static bool
check_size(const MoeTensors *t, GError **error)
{
    uint64_t bytes = (uint64_t)t->tensors->len << 10; /* their headers */
    bytes += 2 * strlen(moe_trace_meta_json(t->trace));
    for (guint i = 0; i < t->tensors->len; i++)
        bytes += (uint64_t)moe__tensor_bytes(&g_array_index(t->tensors, MoeTensor, i));
    if (bytes < UINT32_MAX && t->tensors->len < UINT16_MAX)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "found arrays of %" G_GUINT64_FORMAT " bytes, expected less than 4 GiB for npz: "
                "safetensors takes more",
                bytes);
    return false;
}

static bool
write_all(Archive *archive, MoeTensors *t, GError **error)
{
    int64_t total = 2 * moe_trace_chunks(t->trace) * t->tensors->len;
    for (guint i = 0; i < t->tensors->len; i++)
        if (!put_tensor(archive, t, (int)i, total, error))
            return false;
    const char *meta = moe_trace_meta_json(t->trace);
    size_t n = strlen(meta);
    return begin_member(archive, "trace.json", moe__crc32(0, meta, n), n, error) &&
           put(archive, meta, n, error) && put_end(archive, error);
}

static bool
write_npz(MoeExport *job, GError **error)
{
    g_auto(MoeTensors) t = {0};
    if (!moe__tensors_find(&t, job, error) || !check_size(&t, error))
        return false;
    g_autoptr(GByteArray) directory = g_byte_array_new();
    Archive archive = {.job = job, .directory = directory};
    return write_all(&archive, &t, error);
}

const MoeExporter moe__export_npz = {
    .struct_size = sizeof(MoeExporter),
    .name = "npz",
    .help = "the same arrays as .npz; a trace is one too, but of columns by chunks",
    .reader = "numpy.load(), moescope import",
    .write = write_npz,
};
