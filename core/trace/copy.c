/* SPDX-License-Identifier: MIT
 *
 * copy.c: a trace without some of its tokens. Every member is copied; columns of tokens and picks
 * lose the rows of these tokens, whatever their type and name, so that columns which this version
 * doesn't know stay beside each other too. Memory: one member at a time.
 */
#include "trace/npy.h"
#include "trace/tools.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* Level at which members that were deflated are deflated again: the recorder's own. */
enum { LEVEL = 1 };

typedef struct Copy {
    const MoeTrace *trace;
    MoeZipWriter *zip;
    const char *meta; /* the text of meta.json */
    const MoeTraceRange *drop;
    int64_t n_drop;
    /* The chunk at hand: its number, and its tokens that stay. */
    int chunk;
    int64_t kept;
    GArray *runs; /* MoeTraceRange within the chunk */
} Copy;

static bool
fail(const Copy *copy, const char *member, GError **error, const char *what)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: %s: %s", copy->trace->zip->path, member,
                what);
    return false;
}

static void
add_run(Copy *copy, int64_t from, int64_t to)
{
    MoeTraceRange run = {from, to - from};
    if (run.n <= 0)
        return;
    g_array_append_val(copy->runs, run);
    copy->kept += run.n;
}

/* Finds which tokens of a chunk stay. */
static void
settle_chunk(Copy *copy, int chunk)
{
    int64_t begin = 0, n = moe_trace_tokens(copy->trace, chunk), at = 0;
    for (int c = 0; c < chunk; c++)
        begin += moe_trace_tokens(copy->trace, c);
    g_array_set_size(copy->runs, 0);
    copy->chunk = chunk;
    copy->kept = 0;
    for (int64_t i = 0; i < copy->n_drop; i++) {
        int64_t first = copy->drop[i].first - begin, end = first + copy->drop[i].n;
        if (end <= 0 || first >= n)
            continue;
        add_run(copy, at, MAX(first, at));
        at = MAX(at, end);
    }
    add_run(copy, at, n);
}

/* Copies the rows that stay of `blocks` blocks, each of `units` a token, `width` bytes a unit. */
static void
pick_rows(const Copy *copy, const uint8_t *from, uint8_t *to, int64_t blocks, int64_t width)
{
    int64_t tokens = moe_trace_tokens(copy->trace, copy->chunk);
    for (int64_t b = 0; b < blocks; b++, from += tokens * width)
        for (guint i = 0; i < copy->runs->len; i++) {
            const MoeTraceRange *run = &g_array_index(copy->runs, MoeTraceRange, i);
            memcpy(to, from + run->first * width, (size_t)(run->n * width));
            to += run->n * width;
        }
}

/* A member as it goes out. */
typedef struct Bytes {
    uint8_t *bytes;
    uint64_t length;
} Bytes;

/* The column in `array` with the rows that stay; its tokens lie along `axis`, `units` each. */
static bool
filter_column(const Copy *copy, const char *member, const MoeArray *array, int axis, int64_t units,
              Bytes *out, GError **error)
{
    int64_t tokens = moe_trace_tokens(copy->trace, copy->chunk), blocks = 1, width = units;
    if (array->ndim <= axis || array->shape[axis] != tokens * units)
        return fail(copy, member, error, "its shape doesn't fit the tokens of its chunk");
    MoeArray kept = *array;
    char header[MOE_NPY_HEADER_MAX];
    kept.shape[axis] = copy->kept * units;
    size_t before = moe__npy_header(&kept, header);
    for (int i = 0; i < array->ndim; i++)
        *(i < axis ? &blocks : &width) *= i == axis ? 1 : array->shape[i];
    width *= (int64_t)moe_type_size(array->type);
    out->length = before + (uint64_t)(blocks * copy->kept * width);
    out->bytes = g_malloc(out->length);
    memcpy(out->bytes, header, before);
    pick_rows(copy, array->data, out->bytes + before, blocks, width);
    return true;
}

/* Where the tokens of a column lie: "tokens/00000.id.npy", "picks/00000.r000.expert.npy". Returns
 * false for members that have no row a token. */
static bool
find_axis(const MoeTrace *trace, const char *member, int *axis, int64_t *units)
{
    static const char *const slot_major[] = {"expert.npy", "gate.npy", "dropped.npy", "slot.npy"};
    int router, at = 0;
    *axis = 0;
    *units = 1;
    if (g_str_has_prefix(member, "tokens/"))
        return true;
    if (sscanf(member, "picks/%*d.r%d.%n", &router, &at) != 1 || at == 0 || router < 0 ||
        router >= trace->meta.n_routers)
        return false;
    *units = trace->meta.routers[router].units_per_token;
    for (gsize i = 0; i < G_N_ELEMENTS(slot_major); i++)
        *axis |= g_str_equal(member + at, slot_major[i]);
    return true;
}

static char *
closing_text(const Copy *copy)
{
    const MoeTraceChunk *chunk = &g_array_index(copy->trace->chunks, MoeTraceChunk, copy->chunk);
    return g_strdup_printf("{\"tokens\": %" G_GINT64_FORMAT ", \"states\": %" G_GINT64_FORMAT "}\n",
                           copy->kept, chunk->states);
}

/* What becomes of a member: `out` without bytes where nothing of it stays. */
static bool
convert(Copy *copy, const MoeZipEntry *entry, Bytes *out, GError **error)
{
    int chunk, axis;
    int64_t units;
    *out = (Bytes){NULL, 0};
    if (g_str_equal(entry->name, "meta.json")) {
        *out = (Bytes){(uint8_t *)g_strdup(copy->meta), strlen(copy->meta)};
        return true;
    }
    if (sscanf(entry->name, "%*[a-z]/%d.", &chunk) == 1 && chunk != copy->chunk && chunk >= 0)
        settle_chunk(copy, chunk);
    if (g_str_has_prefix(entry->name, "chunks/")) {
        out->bytes = (uint8_t *)closing_text(copy);
        out->length = strlen((char *)out->bytes);
        return true;
    }
    bool rows = find_axis(copy->trace, entry->name, &axis, &units);
    if (rows && copy->kept == 0)
        return true;
    g_autofree uint8_t *bytes = moe__zip_reader_read(copy->trace->zip, entry, error);
    if (!bytes)
        return false;
    if (!rows) {
        *out = (Bytes){g_steal_pointer(&bytes), entry->size};
        return true;
    }
    MoeArray array;
    if (moe__npy_parse(bytes, entry->size, &array, error))
        return filter_column(copy, entry->name, &array, axis, units, out, error);
    g_prefix_error(error, "%s: member %s: ", copy->trace->zip->path, entry->name);
    return false;
}

/* Takes `bytes`. */
static bool
add_member(Copy *copy, const char *name, Bytes bytes, int level, GError **error)
{
    MoeZipPacked packed;
    if (!moe__zip_pack(bytes.bytes, bytes.length, level, &packed))
        return fail(copy, name, error, "no memory to pack it");
    bool ok = moe__zip_writer_add(copy->zip, name, &packed, error);
    moe__zip_packed_clear(&packed);
    return ok;
}

static bool
copy_members(Copy *copy, const MoeProgress *progress, GError **error)
{
    int n;
    const char *const *members = moe_trace_members(copy->trace, &n);
    for (int i = 0; i < n; i++) {
        const MoeZipEntry *entry = moe__zip_reader_find(copy->trace->zip, members[i]);
        Bytes bytes;
        if (!moe_progress(progress, i, n, "copying")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "the copy was stopped");
            return false;
        }
        int level = entry->method == MOE_ZIP_STORED ? 0 : LEVEL;
        if (!convert(copy, entry, &bytes, error) ||
            (bytes.bytes && !add_member(copy, members[i], bytes, level, error)))
            return false;
    }
    return true;
}

/* meta.json with one more element in its list "history". */
static char *
extend_history(const MoeTrace *trace, const char *history_json, GError **error)
{
    g_autoptr(JsonNode) root = moe__json_object_parse(trace->meta_json, error);
    g_autoptr(JsonNode) entry = root ? moe__json_object_parse(history_json, error) : NULL;
    if (!entry)
        return NULL;
    moe__trace_history_source(json_node_get_object(entry), trace);
    JsonObject *meta = json_node_get_object(root);
    JsonNode *old = json_object_get_member(meta, "history");
    if (!old || !JSON_NODE_HOLDS_ARRAY(old))
        json_object_set_array_member(meta, "history", json_array_new());
    json_array_add_element(json_object_get_array_member(meta, "history"), g_steal_pointer(&entry));
    return moe__json_to_text(root);
}

bool
moe_trace_copy_without(const MoeTrace *trace, const char *path, const MoeTraceRange *drop,
                       int64_t n_drop, const char *history_json, const MoeProgress *progress,
                       GError **error)
{
    if (!moe__trace_check_gap(trace, error))
        return false;
    g_autofree char *meta = extend_history(trace, history_json, error);
    if (!meta)
        return false;
    g_autofree char *part = moe__trace_beside(path, error);
    if (!part)
        return false;
    Copy copy = {.trace = trace, .meta = meta, .drop = drop, .n_drop = n_drop, .chunk = -1};
    copy.zip = moe__zip_writer_new(part, NULL, error);
    if (!copy.zip)
        return false;
    copy.runs = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    bool ok = copy_members(&copy, progress, error) && moe__zip_writer_finish(copy.zip, error);
    moe__zip_writer_free(copy.zip);
    g_array_unref(copy.runs);
    if (ok)
        return moe__trace_replace(part, path, error);
    g_unlink(part);
    return false;
}
