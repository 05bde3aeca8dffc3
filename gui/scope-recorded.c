/* SPDX-License-Identifier: MIT
 *
 * Only shapes of what was recorded are looked at here: its numbers may be many.
 */
#include "scope-recorded.h"

#include <string.h>

/* The first member that holds this of a router; NULL: none. */
static const char *
member_of(const MoeTrace *trace, int router, const char *measure)
{
    int n;
    const char *const *members = moe_trace_members(trace, &n);
    g_autofree char *ending = g_strdup_printf(".r%03d.%s.npy", router, measure);
    for (int i = 0; i < n; i++)
        if (g_str_has_prefix(members[i], "measures/") && g_str_has_suffix(members[i], ending))
            return members[i];
    return NULL;
}

/* Whether a measure is one number a step, as figures of it need. */
static bool
is_number(const MoeTrace *trace, int router, const char *measure)
{
    const char *member = member_of(trace, router, measure);
    if (!member)
        return false;
    MoeArray shape = {0};
    g_autofree char *name = g_strndup(member, strlen(member) - strlen(".npy"));
    bool read = moe_trace_read_into(trace, name, NULL, 0, &shape, NULL); /* an array of nothing */
    return !read && shape.ndim == 1;
}

static GtkStringList *
measures_of(const MoeTrace *trace)
{
    g_autoptr(GtkStringList) list = gtk_string_list_new(NULL);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        int n;
        const char *const *names = moe_trace_measure_names(trace, r, &n);
        for (int i = 0; i < n; i++)
            if (g_hash_table_add(known, (gpointer)names[i]) && is_number(trace, r, names[i]))
                gtk_string_list_append(list, names[i]);
    }
    return g_list_model_get_n_items(G_LIST_MODEL(list)) > 0 ? g_steal_pointer(&list) : NULL;
}

static GtkStringList *
series_of(const MoeTrace *trace)
{
    int n;
    const char *const *names = moe_trace_series_names(trace, &n);
    GtkStringList *list = n > 0 ? gtk_string_list_new(NULL) : NULL;
    for (int i = 0; i < n; i++)
        gtk_string_list_append(list, names[i]);
    return list;
}

GtkStringList *
scope_recorded_names(ScopeDocument *document, const char *figure, const char *option)
{
    const MoeTrace *trace = scope_document_trace(document);
    if (!trace || !g_str_equal(option, "name"))
        return NULL;
    if (g_str_equal(figure, "measures"))
        return measures_of(trace);
    return g_str_equal(figure, "losses") ? series_of(trace) : NULL;
}
