/* SPDX-License-Identifier: MIT
 *
 * reader.c: opens a trace and lists what is in it. Of a trace that was cut off, members behind the
 * last whole chunk are left out of sight. read.c reads columns.
 */
#include "trace/reader.h"

#include <string.h>

/* --- Opening ----------------------------------------------------------------------------------*/

int64_t
moe__trace_member_chunk(const char *name)
{
    static const char *const folders[] = {"tokens/", "picks/",    "state/",
                                          "series/", "measures/", "chunks/"};
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        if (!g_str_has_prefix(name, folders[i]))
            continue;
        char *end;
        const char *digits = name + strlen(folders[i]);
        uint64_t chunk = g_ascii_strtoull(digits, &end, 10);
        return end > digits && *end == '.' ? (int64_t)MIN(chunk, (uint64_t)INT64_MAX) : -1;
    }
    return -1;
}

/* A trace that ends before meta.json was whole, and a file that never was one, need different
 * words. */
static bool
find_meta(MoeTrace *trace, GError **error)
{
    const MoeZipReader *zip = trace->zip;
    const MoeZipEntry *entry = moe__zip_reader_find(zip, "meta.json");
    if (entry)
        return (trace->meta_json = (char *)moe__zip_reader_read_small(
                    zip, entry, MOE_TRACE_META_MOST, error)) != NULL;

    uint8_t first[4] = {'P', 'K', 3, 4}, begin[4];
    size_t n = (size_t)MIN(zip->length, sizeof begin);
    if (!moe__zip_reader_pread(zip, 0, begin, n, error))
        return false;
    if (memcmp(begin, first, n) != 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s is not a trace: a zip archive was expected, which begins with \"PK\"",
                    zip->path);
    else if (zip->complete || zip->entries->len > 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s is a zip archive, but not a trace: it has no meta.json", zip->path);
    else if (zip->length == 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED, "%s is empty", zip->path);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                    "%s was cut off after %" G_GUINT64_FORMAT
                    " bytes, before its first member, meta.json, was whole",
                    zip->path, zip->length);
    return false;
}

static bool
read_meta(MoeTrace *trace, GError **error)
{
    if (!find_meta(trace, error))
        return false;
    if (moe__trace_meta_parse(trace->meta_json, &trace->meta, error))
        return true;
    g_prefix_error(error, "%s: ", trace->zip->path);
    return false;
}

static bool
parse_chunk(const char *text, MoeTraceChunk *out, GError **error)
{
    g_autoptr(JsonNode) root = moe__json_object_parse(text, error);
    if (!root)
        return false;
    JsonObject *object = json_node_get_object(root);
    return moe__json_get_int(object, "tokens", 0, MOE_TRACE_CHUNK_MOST, &out->tokens, error) &&
           moe__json_get_int(object, "states", 0, MOE_TRACE_STATES_MOST, &out->states, error);
}

static bool
read_chunk(const MoeTrace *trace, const char *name, MoeTraceChunk *chunk, GError **error)
{
    const MoeZipEntry *entry = moe__zip_reader_find(trace->zip, name);
    g_autofree char *text =
        (char *)moe__zip_reader_read_small(trace->zip, entry, MOE_TRACE_CLOSING_MOST, error);
    if (!text)
        return false;
    if (parse_chunk(text, chunk, error))
        return true;
    g_prefix_error(error, "%s: %s: ", trace->zip->path, name);
    return false;
}

static bool
read_chunks(MoeTrace *trace, GError **error)
{
    for (int i = 0;; i++) {
        g_autofree char *name = g_strdup_printf("chunks/%05d.json", i);
        if (!moe__zip_reader_find(trace->zip, name))
            return true;
        MoeTraceChunk chunk = {0};
        if (!read_chunk(trace, name, &chunk, error))
            return false;
        g_array_append_val(trace->chunks, chunk);
        trace->tokens += chunk.tokens;
    }
}

/* The same up to the last closing member there is. Chunks whose own is missing or damaged take a
 * place without tokens, so that the others keep their numbers; a forged number doesn't get a place
 * for every one below it. */
static void
read_chunks_past_gaps(MoeTrace *trace)
{
    int64_t last = -1, most = 2 * (int64_t)trace->zip->entries->len;
    for (guint i = 0; i < trace->zip->entries->len; i++) {
        const char *name = g_array_index(trace->zip->entries, MoeZipEntry, i).name;
        int64_t chunk = g_str_has_prefix(name, "chunks/") ? moe__trace_member_chunk(name) : -1;
        last = chunk < most ? MAX(last, chunk) : last;
    }
    for (int i = 0; i <= last; i++) {
        g_autofree char *name = g_strdup_printf("chunks/%05d.json", i);
        MoeTraceChunk chunk = {0};
        if (!moe__zip_reader_find(trace->zip, name) || !read_chunk(trace, name, &chunk, NULL))
            chunk = (MoeTraceChunk){.missing = true};
        g_array_append_val(trace->chunks, chunk);
        trace->tokens += chunk.tokens;
    }
}

static int
compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether no other chunk had this column: the name but for the chunk's number is new. */
static bool
is_new(GHashTable *seen, const char *member)
{
    const char *slash = strchr(member, '/'), *dot = slash ? strchr(slash, '.') : NULL;
    return dot &&
           g_hash_table_add(seen, g_strdup_printf("%.*s%s", (int)(slash - member), member, dot));
}

/* Notes the measure that "measures/00012.r003.NAME.npy" belongs to. */
static void
add_measure(MoeTrace *trace, const char *member)
{
    int router;
    char *name = moe__trace_measure_name(member, trace->meta.n_routers, &router);
    if (name)
        g_ptr_array_add(g_ptr_array_index(trace->measures, router), name);
}

/* Notes the series that "series/00012.NAME.npy" belongs to. */
static void
add_series(MoeTrace *trace, const char *member)
{
    if (!g_str_has_prefix(member, "series/") || !g_str_has_suffix(member, ".npy"))
        return;
    const char *begin = strchr(member, '.') + 1, *end = member + strlen(member) - strlen(".npy");
    if (begin >= end)
        return;
    g_ptr_array_add(trace->series, g_strndup(begin, (gsize)(end - begin)));
}

static void
list_members(MoeTrace *trace)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int r = 0; r < trace->meta.n_routers; r++)
        g_ptr_array_add(trace->measures, g_ptr_array_new_with_free_func(g_free));
    for (guint i = 0; i < trace->zip->entries->len; i++) {
        char *name = g_array_index(trace->zip->entries, MoeZipEntry, i).name;
        if (moe__trace_member_chunk(name) >= (int64_t)trace->chunks->len) {
            trace->astray++;
            trace->gap |= trace->zip->complete || g_str_has_prefix(name, "chunks/");
            continue;
        }
        if (g_str_has_prefix(name, MOE_ATTACHED))
            continue;
        g_ptr_array_add(trace->members, name);
        if (moe__trace_member_chunk(name) >= 0 && is_new(seen, name)) {
            add_series(trace, name);
            add_measure(trace, name);
        }
    }
    if (trace->zip->complete) /* else there may be some of a set */
        moe__zip_names(trace->zip, MOE_ATTACHED, trace->attachments);
    g_ptr_array_sort(trace->series, compare_strings);
    for (int r = 0; r < trace->meta.n_routers; r++)
        g_ptr_array_sort(g_ptr_array_index(trace->measures, r), compare_strings);
}

static MoeTrace *
open_up_to(const char *path, uint64_t limit, bool past_gaps, GError **error)
{
    g_autoptr(MoeZipReader) zip = moe__zip_reader_open(path, limit, error);
    if (!zip)
        return NULL;
    static uint64_t serials;
    g_autoptr(MoeTrace) trace = g_new0(MoeTrace, 1);
    trace->serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
    trace->zip = g_steal_pointer(&zip);
    trace->chunks = g_array_new(FALSE, FALSE, sizeof(MoeTraceChunk));
    trace->members = g_ptr_array_new();
    trace->attachments = g_ptr_array_new_with_free_func(g_free);
    trace->series = g_ptr_array_new_with_free_func(g_free);
    trace->measures = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    if (!read_meta(trace, error))
        return NULL;
    if (past_gaps)
        read_chunks_past_gaps(trace);
    else if (!read_chunks(trace, error))
        return NULL;
    list_members(trace);
    return g_steal_pointer(&trace);
}

MoeTrace *
moe_trace_open(const char *path, GError **error)
{
    return open_up_to(path, UINT64_MAX, false, error);
}

MoeTrace *
moe__trace_open_damaged(const char *path, bool walk, GError **error)
{
    return open_up_to(path, walk ? INT64_MAX : UINT64_MAX, true, error); /* a limit means walking */
}

void
moe_trace_free(MoeTrace *trace)
{
    if (!trace)
        return;
    g_ptr_array_unref(trace->measures);
    g_ptr_array_unref(trace->series);
    g_ptr_array_unref(trace->attachments);
    g_ptr_array_unref(trace->members);
    g_array_unref(trace->chunks);
    moe__trace_meta_clear(&trace->meta);
    g_free(trace->meta_json);
    moe__zip_reader_free(trace->zip);
    g_free(trace);
}

/* --- What is there ----------------------------------------------------------------------------*/

bool
moe_trace_complete(const MoeTrace *trace)
{
    return trace->zip->complete;
}

char *
moe_trace_gap(const MoeTrace *trace)
{
    if (!trace->gap)
        return NULL;
    return g_strdup_printf("%s: %d members belong to no chunk that was closed: there is no "
                           "chunks/%05u.json, so that its chunk and all behind it aren't read "
                           "(\"moescope trace repair\" leaves out that chunk alone)",
                           trace->zip->path, trace->astray, trace->chunks->len);
}

const char *
moe_trace_meta_json(const MoeTrace *trace)
{
    return trace->meta_json;
}

int
moe_trace_routers(const MoeTrace *trace)
{
    return trace->meta.n_routers;
}

const MoeRouterInfo *
moe_trace_router(const MoeTrace *trace, int router)
{
    g_return_val_if_fail(router >= 0 && router < trace->meta.n_routers, NULL);
    return &trace->meta.routers[router];
}

int
moe_trace_domains(const MoeTrace *trace)
{
    return trace->meta.n_domains;
}

const char *
moe_trace_domain_name(const MoeTrace *trace, int domain)
{
    g_return_val_if_fail(domain >= 0 && domain < trace->meta.n_domains, NULL);
    return trace->meta.domains[domain];
}

int
moe_trace_chunks(const MoeTrace *trace)
{
    return (int)trace->chunks->len;
}

int64_t
moe_trace_tokens(const MoeTrace *trace, int chunk)
{
    g_return_val_if_fail(chunk >= -1 && chunk < (int)trace->chunks->len, 0);
    return chunk < 0 ? trace->tokens : g_array_index(trace->chunks, MoeTraceChunk, chunk).tokens;
}

const char *const *
moe_trace_members(const MoeTrace *trace, int *n)
{
    *n = (int)trace->members->len;
    return (const char *const *)trace->members->pdata;
}

const char *const *
moe_trace_series_names(const MoeTrace *trace, int *n)
{
    *n = (int)trace->series->len;
    return (const char *const *)trace->series->pdata;
}

const char *const *
moe_trace_measure_names(const MoeTrace *trace, int router, int *n)
{
    g_return_val_if_fail(router >= 0 && router < trace->meta.n_routers, NULL);
    const GPtrArray *names = g_ptr_array_index(trace->measures, router);
    *n = (int)names->len;
    return (const char *const *)names->pdata;
}
