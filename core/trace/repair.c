/* SPDX-License-Identifier: MIT
 *
 * repair.c: a trace that was cut off becomes a complete one. Members are copied as they are packed;
 * what is copied has been unpacked and checked before.
 */
#include "trace/tools.h"

#include <glib/gstdio.h>
#include <string.h>

/* Opens a trace by its directory or, if that is damaged, by walking. */
static MoeTrace *
open_damaged(const char *path, bool *damaged, GError **error)
{
    g_autoptr(GError) reason = NULL;
    MoeTrace *trace = moe__trace_open_damaged(path, false, &reason);
    *damaged = !trace;
    if (!trace && reason->domain == MOE_ERROR)
        trace = moe__trace_open_damaged(path, true, NULL);
    if (!trace)
        g_propagate_error(error, g_steal_pointer(&reason));
    return trace;
}

/* --- Which chunks -----------------------------------------------------------------------------*/

typedef struct Repair {
    const MoeTrace *trace;
    GPtrArray *members; /* by chunk */
    bool *good;         /* [chunks] */
    MoeTraceRepaired *result;
} Repair;

static bool
find_good(Repair *repair, const MoeProgress *progress, GError **error)
{
    const MoeTrace *trace = repair->trace;
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(trace, NULL, 0);
    int n = moe_trace_chunks(trace);
    for (int i = 0; i < n; i++) {
        if (!moe_progress(progress, i, n, "verifying chunks")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED,
                        "stopped after %d of %d chunks; nothing was changed", i, n);
            return false;
        }
        bool missing = g_array_index(trace->chunks, MoeTraceChunk, i).missing;
        const GPtrArray *members = g_ptr_array_index(repair->members, i);
        repair->good[i] = !missing && moe__trace_check_chunk(trace, rows, i, members, NULL);
        repair->result->chunks += repair->good[i];
        repair->result->damaged += !repair->good[i];
        repair->result->unclosed += missing;
        repair->result->tokens += repair->good[i] ? moe_trace_tokens(trace, i) : 0;
    }
    return true;
}

/* Bytes behind the last member that is in sight, but for attachments and the directory. */
static uint64_t
count_cut(const MoeTrace *trace)
{
    const char *last = g_ptr_array_index(trace->members, trace->members->len - 1);
    const MoeZipEntry *entry = moe__zip_reader_find(trace->zip, last);
    uint64_t end = trace->zip->complete ? trace->zip->end : trace->zip->length;
    for (guint i = 0; i < trace->attachments->len; i++) {
        const char *name = g_ptr_array_index(trace->attachments, i);
        end = MIN(end, moe__zip_find(trace->zip, MOE_ATTACHED, name)->offset);
    }
    return end - MIN(end, entry->data + entry->packed);
}

/* --- Copying ----------------------------------------------------------------------------------*/

static bool
copy_member(const MoeTrace *trace, const char *member, const char *name, MoeZipWriter *to,
            GError **error)
{
    const MoeZipEntry *entry = moe__zip_reader_find(trace->zip, member);
    g_autofree uint8_t *bytes = g_try_malloc(MAX(entry->packed, 1));
    if (!bytes) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: no memory for member %s",
                    trace->zip->path, member);
        return false;
    }
    const MoeZipPacked packed = {entry->method, entry->crc, entry->size, entry->packed, bytes};
    return moe__zip_reader_pread(trace->zip, entry->data, bytes, entry->packed, error) &&
           moe__zip_writer_add(to, name, &packed, error);
}

/* "picks/00012.r003.gate.npy" with another number. (transfer full) */
static char *
renumber(const char *member, int chunk)
{
    const char *slash = strchr(member, '/'), *dot = strchr(slash, '.');
    return g_strdup_printf("%.*s/%05d%s", (int)(slash - member), member, chunk, dot);
}

static bool
copy_chunks(const Repair *repair, MoeZipWriter *to, GError **error)
{
    int next = 0;
    for (int i = 0; i < moe_trace_chunks(repair->trace); i++) {
        const GPtrArray *members = g_ptr_array_index(repair->members, i);
        if (!repair->good[i])
            continue;
        for (guint j = 0; j < members->len; j++) {
            const char *member = g_ptr_array_index(members, j);
            g_autofree char *name = renumber(member, next);
            if (!copy_member(repair->trace, member, name, to, error))
                return false;
        }
        next++;
    }
    return true;
}

/* meta.json, and members that belong to no chunk. */
static bool
copy_front(const Repair *repair, MoeZipWriter *to, GError **error)
{
    const MoeTrace *trace = repair->trace;
    const MoeTraceRepaired *result = repair->result;
    JsonObject *entry = moe__trace_history("repair", trace->zip->path);
    json_object_set_int_member(entry, "damaged_chunks", result->damaged);
    if (result->unclosed > 0)
        json_object_set_int_member(entry, "unclosed_chunks", result->unclosed);
    json_object_set_int_member(entry, "cut_bytes", (gint64)result->cut_bytes);
    g_autofree char *meta = moe__trace_meta_edit(trace->meta_json, NULL, 0, NULL, entry);
    const char *text = result->needed ? meta : trace->meta_json;
    MoeZipPacked packed;
    bool ok = moe__zip_pack((uint8_t *)g_strdup(text), strlen(text), 6, &packed) &&
              moe__zip_writer_add(to, "meta.json", &packed, error);
    moe__zip_packed_clear(&packed);
    for (guint i = 0; i < trace->members->len && ok; i++) {
        const char *member = g_ptr_array_index(trace->members, i);
        if (moe__trace_member_chunk(member) < 0 && !g_str_equal(member, "meta.json"))
            ok = copy_member(trace, member, member, to, error);
    }
    return ok;
}

static bool
write_repaired(const Repair *repair, const char *path, GError **error)
{
    g_autofree char *beside = moe__trace_beside(path, error);
    if (!beside)
        return false;
    g_autoptr(MoeZipWriter) to = moe__zip_writer_new(beside, NULL, error);
    if (to && copy_front(repair, to, error) && copy_chunks(repair, to, error) &&
        moe__zip_writer_finish(to, error))
        return moe__trace_replace(beside, path, error);
    g_unlink(beside);
    return false;
}

bool
moe_trace_repair(const char *path, const char *out, MoeTraceRepaired *result,
                 const MoeProgress *progress, GError **error)
{
    bool damaged;
    *result = (MoeTraceRepaired){0};
    g_autoptr(MoeTrace) trace = open_damaged(path, &damaged, error);
    if (!trace)
        return false;
    g_autoptr(GPtrArray) members = moe__trace_members_by_chunk(trace);
    g_autofree bool *good = g_new0(bool, trace->chunks->len + 1);
    Repair repair = {trace, members, good, result};
    if (!find_good(&repair, progress, error))
        return false;
    result->cut_bytes = count_cut(trace);
    result->needed = damaged || !trace->zip->complete || result->damaged > 0 ||
                     result->cut_bytes > 0 || !moe__trace_check_attachments(trace, NULL);
    if (!result->needed && !out)
        return true;
    if (result->needed && result->chunks == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                    "%s has no chunk that is whole: there is nothing to keep, so nothing was "
                    "written",
                    path);
        return false;
    }
    return write_repaired(&repair, out ? out : path, error);
}
