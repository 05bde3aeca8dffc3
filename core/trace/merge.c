/* SPDX-License-Identifier: MIT
 *
 * merge.c: traces of the same routers, one after another as one.
 */
#include "trace/merge.h"

#include "trace/tools.h"

#include <glib/gstdio.h>

/* Domains of all traces, each name once. */
typedef struct Domains {
    GPtrArray *names; /* borrowed; ended by NULL when all have come */
    GHashTable *index;
    int32_t **maps; /* of every trace: index there -> index here */
} Domains;

static void
domains_init(Domains *domains, const MoeTrace *const *traces, int n)
{
    domains->names = g_ptr_array_new();
    domains->index = g_hash_table_new(g_str_hash, g_str_equal);
    domains->maps = g_new0(int32_t *, (gsize)n);
    for (int t = 0; t < n; t++) {
        const MoeTraceMeta *meta = &traces[t]->meta;
        domains->maps[t] = g_new(int32_t, (gsize)meta->n_domains + 1);
        for (int i = 0; i < meta->n_domains; i++) {
            gpointer known;
            if (!g_hash_table_lookup_extended(domains->index, meta->domains[i], NULL, &known)) {
                known = GUINT_TO_POINTER(domains->names->len);
                g_hash_table_insert(domains->index, meta->domains[i], known);
                g_ptr_array_add(domains->names, meta->domains[i]);
            }
            domains->maps[t][i] = (int32_t)GPOINTER_TO_UINT(known);
        }
    }
    g_ptr_array_add(domains->names, NULL);
}

static void
domains_clear(Domains *domains, int n)
{
    for (int t = 0; t < n; t++)
        g_free(domains->maps[t]);
    g_free(domains->maps);
    g_hash_table_unref(domains->index);
    g_ptr_array_unref(domains->names);
}

static bool
check_routers(const MoeTrace *const *traces, int n, GError **error)
{
    const MoeTraceMeta *first = &traces[0]->meta;
    for (int t = 0; t < n; t++)
        if (!moe__trace_check_gap(traces[t], error))
            return false;
    for (int t = 1; t < n; t++) {
        const MoeTraceMeta *meta = &traces[t]->meta;
        if (meta->n_routers != first->n_routers) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "%s can't be joined to %s: found %d routers, expected %d, as the first has",
                        traces[t]->zip->path, traces[0]->zip->path, meta->n_routers,
                        first->n_routers);
            return false;
        }
        for (int r = 0; r < meta->n_routers; r++) {
            const MoeRouterInfo *a = &first->routers[r], *b = &meta->routers[r];
            if (a->experts == b->experts && a->k == b->k &&
                a->units_per_token == b->units_per_token)
                continue;
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "%s can't be joined to %s: router %d: found %d experts, k %d, %d units a "
                        "token, expected %d, %d, %d, as the first has",
                        traces[t]->zip->path, traces[0]->zip->path, r, b->experts, b->k,
                        b->units_per_token, a->experts, a->k, a->units_per_token);
            return false;
        }
        for (int r = 0; r < meta->n_routers; r++) {
            if (g_strcmp0(meta->routers[r].kinds, first->routers[r].kinds) != 0) {
                g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                            "%s can't be joined to %s: router %d has other kinds of experts",
                            traces[t]->zip->path, traces[0]->zip->path, r);
                return false;
            }
            if (meta->routers[r].layer != first->routers[r].layer) {
                g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                            "%s can't be joined to %s: router %d is of layer %d, not %d",
                            traces[t]->zip->path, traces[0]->zip->path, r, meta->routers[r].layer,
                            first->routers[r].layer);
                return false;
            }
        }
    }
    return true;
}

/* --- Documents --------------------------------------------------------------------------------*/

/* The lowest and highest document; low > high: there are none. */
typedef struct Range {
    int64_t low, high;
} Range;

static bool
find_documents(const MoeTrace *trace, Range *range, GError **error)
{
    *range = (Range){INT64_MAX, -1};
    for (int i = 0; i < moe_trace_chunks(trace); i++) {
        g_autofree char *name = g_strdup_printf("tokens/%05d.doc", i);
        MoeArray array;
        if (!moe_trace_has(trace, name))
            continue;
        g_autofree void *data = moe__trace_read(trace, name, &array, error);
        if (!data)
            return false;
        const int32_t *documents = data;
        int64_t n = array.type == MOE_I32 ? moe_array_count(&array) : 0; /* copying complains */
        for (int64_t j = 0; j < n; j++) {
            int64_t doc = documents[j];
            range->low = MIN(range->low, doc);
            range->high = MAX(range->high, doc);
        }
    }
    return true;
}

/* What is added to the documents of each trace. */
static bool
find_shifts(const MoeTrace *const *traces, int n, MoeTraceDocuments documents, int64_t *shift,
            GError **error)
{
    g_autofree Range *ranges = g_new0(Range, (gsize)n);
    int64_t next = 0;
    for (int t = 0; t < n && documents != MOE_TRACE_DOCUMENTS_KEEP; t++) {
        if (!find_documents(traces[t], &ranges[t], error))
            return false;
        const Range *own = &ranges[t];
        for (int s = 0; s < t && documents == MOE_TRACE_DOCUMENTS_DISTINCT; s++)
            if (own->low <= ranges[s].high && ranges[s].low <= own->high) {
                g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                            "%s and %s both have documents between %" G_GINT64_FORMAT
                            " and %" G_GINT64_FORMAT "; say whether the same number means the same "
                            "document (--documents keep) or another (shift)",
                            traces[s]->zip->path, traces[t]->zip->path,
                            MAX(own->low, ranges[s].low), MIN(own->high, ranges[s].high));
                return false;
            }
        shift[t] = documents == MOE_TRACE_DOCUMENTS_SHIFT ? next : 0;
        next += own->high + 1;
    }
    return true;
}

/* --- Copying ----------------------------------------------------------------------------------*/

static bool
copy_trace(MoeTraceCopy *copy, const MoeProgress *progress, GError **error)
{
    int n = moe_trace_chunks(copy->from);
    g_autoptr(GArray) index = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (int i = 0; i < n; i++) {
        if (!moe_progress(progress, i, n, copy->from->zip->path)) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "stopped in %s, chunk %d of %d",
                        copy->from->zip->path, i, n);
            return false;
        }
        if (!moe__trace_copy_states(copy, i, error) || !moe_trace_rows_load(copy->rows, i, error))
            return false;
        int64_t tokens = moe_trace_tokens(copy->from, i);
        for (int64_t j = index->len; j < tokens; j++)
            g_array_append_val(index, j);
        if (!moe__trace_copy_rows(copy, (const int64_t *)index->data, tokens, error))
            return false;
    }
    return true;
}

static GHashTable *
steps_by_column(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

/* What the trace brought is done with, when the next one comes. */
static void
close_steps(GHashTable *done, GHashTable *last)
{
    GHashTableIter iter;
    gpointer column, step;
    g_hash_table_iter_init(&iter, last);
    while (g_hash_table_iter_next(&iter, &column, &step))
        g_hash_table_insert(done, g_strdup(column), g_memdup2(step, sizeof(int64_t)));
}

static bool
copy_all(const MoeTrace *const *traces, int n, MoeTraceWriter *writer, const Domains *domains,
         const int64_t *shift, const MoeProgress *progress, GError **error)
{
    g_autoptr(GHashTable) done = steps_by_column();
    g_autoptr(GHashTable) last = steps_by_column();
    bool ok = true;
    for (int t = 0; t < n && ok; t++) {
        MoeTraceCopy copy;
        moe__trace_copy_begin(&copy, traces[t], writer, NULL, 0);
        copy.domains = domains->maps[t];
        copy.document_shift = shift[t];
        copy.done = done;
        copy.last = last;
        ok = copy_trace(&copy, progress, error);
        moe__trace_copy_end(&copy);
        close_steps(done, last);
    }
    return ok;
}

static JsonObject *
describe(const MoeTrace *const *traces, int n, const int64_t *shift)
{
    JsonObject *entry = moe__trace_history("merge", traces[0]->zip->path);
    JsonArray *parts = json_array_new();
    for (int t = 0; t < n; t++) {
        JsonObject *part = json_object_new();
        g_autofree char *name = g_path_get_basename(traces[t]->zip->path);
        json_object_set_string_member(part, "source", name);
        json_object_set_int_member(part, "tokens", moe_trace_tokens(traces[t], -1));
        json_object_set_int_member(part, "document_shift", shift[t]);
        moe__trace_history_source(part, traces[t]);
        if (json_object_has_member(part, "source_complete")) {
            json_object_set_boolean_member(entry, "source_complete", FALSE);
            json_object_set_string_member(entry, "source", name);
        }
        json_array_add_object_element(parts, part);
    }
    json_object_set_array_member(entry, "parts", parts);
    return entry;
}

static bool
write_merged(const MoeTrace *const *traces, int n, const char *path, const Domains *domains,
             const int64_t *shift, const MoeTraceOutput *output, const MoeProgress *progress,
             GError **error)
{
    const MoeTraceMeta *first = &traces[0]->meta;
    g_autofree char *edited = moe__trace_meta_edit(traces[0]->meta_json, NULL, 0,
                                                   (const char *const *)domains->names->pdata,
                                                   describe(traces, n, shift));
    g_autofree char *meta = moe__trace_merge_imports(edited, traces, n);
    MoeType gate = MOE_F16;
    for (int t = 0; t < n; t++)
        gate = MAX(gate, moe_trace_gate_type(traces[t]));
    MoeTraceWriter *writer = moe__trace_rewrite(path, meta, traces[0], first->routers,
                                                first->n_routers, output, gate, error);
    if (!writer)
        return false;
    if (copy_all(traces, n, writer, domains, shift, progress, error))
        return moe_trace_writer_close(writer, error);
    moe_trace_writer_abandon(writer);
    return false;
}

bool
moe_trace_merge(const MoeTrace *const *traces, int n, const char *path, MoeTraceDocuments documents,
                const MoeTraceOutput *output, const MoeProgress *progress, GError **error)
{
    g_return_val_if_fail(n > 0, false);
    g_autofree char *beside = moe__trace_beside(path, error);
    g_autofree int64_t *shift = g_new0(int64_t, (gsize)n);
    if (!beside || !check_routers(traces, n, error) ||
        !find_shifts(traces, n, documents, shift, error))
        return false;
    Domains domains;
    domains_init(&domains, traces, n);
    bool ok = write_merged(traces, n, beside, &domains, shift, output, progress, error);
    domains_clear(&domains, n);
    if (ok)
        return moe__trace_replace(beside, path, error);
    g_unlink(beside);
    return false;
}
