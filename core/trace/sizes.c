/* SPDX-License-Identifier: MIT
 *
 * sizes.c: what takes how much room in a trace.
 */
#include "trace/tools.h"

#include <string.h>

/* The kind of a member: "picks/expert" of "picks/00012.r003.expert.npy", but one kind each for all
 * series and all measures. (transfer full) */
static char *
kind_of(const char *member)
{
    const char *slash = strchr(member, '/'), *dot = slash ? strchr(slash, '.') : NULL;
    if (g_str_has_prefix(member, MOE_ATTACHED))
        return g_strndup(MOE_ATTACHED, strlen(MOE_ATTACHED) - 1);
    if (moe__trace_member_chunk(member) < 0 || !dot)
        return g_strdup(member);
    int folder = (int)(slash - member);
    if (g_str_has_prefix(member, "series/") || g_str_has_prefix(member, "measures/") ||
        g_str_has_prefix(member, "chunks/"))
        return g_strndup(member, (gsize)folder);
    g_autofree char *column = g_strdup(dot + 1);
    if (g_str_has_suffix(column, ".npy"))
        column[strlen(column) - strlen(".npy")] = 0;
    const char *last = strrchr(column, '.');
    return g_strdup_printf("%.*s/%s", folder, member, last ? last + 1 : column);
}

static void
count_member(GArray *kinds, GHashTable *index, const MoeZipEntry *entry)
{
    g_autofree char *kind = kind_of(entry->name);
    gpointer at;
    if (!g_hash_table_lookup_extended(index, kind, NULL, &at)) {
        at = GUINT_TO_POINTER(kinds->len);
        MoeTraceSize size = {.kind = g_strdup(kind)};
        g_array_append_val(kinds, size);
        g_hash_table_insert(index, g_strdup(kind), at);
    }
    MoeTraceSize *size = &g_array_index(kinds, MoeTraceSize, GPOINTER_TO_UINT(at));
    size->members++;
    size->bytes += entry->size;
    size->packed += entry->packed;
}

/* Picks of a router whose k varies: they have to be counted. */
static bool
count_picks(const MoeTrace *trace, int chunk, int router, int64_t *picks, GError **error)
{
    MoeArray array;
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.expert", chunk, router);
    g_autofree void *data = moe__trace_read(trace, name, &array, error);
    if (!data)
        return false;
    int64_t n = moe_array_count(&array);
    double none = array.type == MOE_U8 ? UINT8_MAX : UINT16_MAX;
    for (int64_t i = 0; i < n; i++)
        *picks += moe_array_value(&array, i) != none;
    return true;
}

static bool
count_decisions(const MoeTrace *trace, int64_t *decisions, GError **error)
{
    for (int r = 0; r < trace->meta.n_routers; r++) {
        const MoeRouterInfo *info = &trace->meta.routers[r];
        int64_t slots = (int64_t)info->units_per_token * info->k;
        if (slots > 0) {
            /* A chunk may claim any number of tokens. */
            if (trace->tokens > (INT64_MAX - *decisions) / slots) {
                g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                            "%s: its chunks claim %" G_GINT64_FORMAT " tokens, which can't be",
                            trace->zip->path, trace->tokens);
                return false;
            }
            *decisions += trace->tokens * slots;
            continue;
        }
        for (int i = 0; i < moe_trace_chunks(trace); i++)
            if (moe_trace_tokens(trace, i) > 0 && !count_picks(trace, i, r, decisions, error))
                return false;
    }
    return true;
}

bool
moe_trace_sizes(const MoeTrace *trace, MoeTraceSizes *out, GError **error)
{
    g_autoptr(GHashTable) index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GArray *kinds = g_array_new(FALSE, FALSE, sizeof(MoeTraceSize));
    *out = (MoeTraceSizes){.members = (int)trace->members->len, .file = trace->zip->length};
    for (guint i = 0; i < trace->members->len; i++) {
        const MoeZipEntry *entry =
            moe__zip_reader_find(trace->zip, g_ptr_array_index(trace->members, i));
        count_member(kinds, index, entry);
        out->bytes += entry->size;
        out->packed += entry->packed;
    }
    for (guint i = 0; i < trace->attachments->len; i++) {
        const MoeZipEntry *entry =
            moe__zip_find(trace->zip, MOE_ATTACHED, g_ptr_array_index(trace->attachments, i));
        count_member(kinds, index, entry);
        out->members++;
        out->bytes += entry->size;
        out->packed += entry->packed;
    }
    out->n_kinds = (int)kinds->len;
    out->kinds = (MoeTraceSize *)g_array_free(kinds, FALSE);
    if (count_decisions(trace, &out->decisions, error))
        return true;
    moe_trace_sizes_clear(out);
    return false;
}

void
moe_trace_sizes_clear(MoeTraceSizes *sizes)
{
    for (int i = 0; i < sizes->n_kinds; i++)
        g_free(sizes->kinds[i].kind);
    g_free(sizes->kinds);
    *sizes = (MoeTraceSizes){0};
}
