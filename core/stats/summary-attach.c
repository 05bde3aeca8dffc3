/* SPDX-License-Identifier: MIT
 *
 * summary-attach.c: summaries that a trace brings along. One is taken for the trace's only if the
 * trace's fingerprint, routers and domains are those it was made of.
 */
#include "stats/disk.h"
#include "stats/step.h"

#define META "meta.json"

static bool
alike(const MoeRouterInfo *routers, int n_routers, const char *const *domains, int n_domains,
      const MoeTrace *trace)
{
    if (n_routers != moe_trace_routers(trace) || n_domains != moe_trace_domains(trace))
        return false;
    for (int r = 0; r < n_routers; r++) {
        const MoeRouterInfo *a = &routers[r], *b = moe_trace_router(trace, r);
        if (a->layer != b->layer || a->experts != b->experts || a->k != b->k ||
            a->units_per_token != b->units_per_token)
            return false;
    }
    for (int d = 0; d < n_domains; d++)
        if (!g_str_equal(domains[d], moe_trace_domain_name(trace, d)))
            return false;
    return true;
}

/* --- Attaching --------------------------------------------------------------------------------*/

/* What is to be attached, with arrays of their own. */
typedef struct Members {
    GArray *attachments; /* of MoeAttachment */
    GPtrArray *owned;
} Members;

static void
members_clear(Members *members)
{
    g_array_unref(members->attachments);
    g_ptr_array_unref(members->owned);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Members, members_clear)

static gpointer
own(Members *members, gpointer data)
{
    g_ptr_array_add(members->owned, data);
    return data;
}

static bool
collect(const char *name, MoeArray *array, void *user, GError **error)
{
    (void)error;
    Members *members = user;
    size_t bytes = (size_t)moe_array_count(array) * moe_type_size(array->type);
    MoeArray *copy = own(members, g_new(MoeArray, 1));
    *copy = *array;
    copy->data = own(members, g_memdup2(array->data, bytes));
    const MoeAttachment attachment = {.name = own(members, g_strdup(name)), .array = copy};
    g_array_append_val(members->attachments, attachment);
    return true;
}

/* Whether the summary can be that of the whole trace. */
static bool
check_whole(const MoeSummary *summary, const MoeTrace *trace, GError **error)
{
    int64_t counted = moe_summary_tokens_counted(summary), tokens = moe_trace_tokens(trace, -1);
    if (!alike(summary->routers, summary->n_routers, (const char *const *)summary->domains->pdata,
               (int)summary->domains->len, trace)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "the summary is of other routers or domains than the trace has");
        return false;
    }
    if (counted == tokens)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "the summary is of %" G_GINT64_FORMAT " tokens, the trace has %" G_GINT64_FORMAT,
                counted, tokens);
    return false;
}

static char *
make_meta(const MoeSummary *summary, const MoeTrace *trace, const char *extra_json, GError **error)
{
    MoeSummaryOrigin origin = {0};
    if (!check_whole(summary, trace, error) ||
        !moe__step_range(trace, &origin.first_step, &origin.last_step, error))
        return NULL;
    g_autofree char *fingerprint = moe_trace_fingerprint(trace);
    origin.trace = fingerprint;
    return moe__summary_meta(summary, extra_json, &origin, error);
}

bool
moe_summary_attach(const MoeSummary *summary, const char *trace_path, const char *extra_json,
                   GError **error)
{
    g_autoptr(MoeTrace) trace = moe_trace_open(trace_path, error);
    if (!trace)
        return false;
    g_autofree char *meta = make_meta(summary, trace, extra_json, error);
    g_auto(Members) members = {g_array_new(FALSE, FALSE, sizeof(MoeAttachment)),
                               g_ptr_array_new_with_free_func(g_free)};
    if (!meta || !moe__summary_members(summary, collect, &members, error)) {
        g_prefix_error(error, "%s: ", trace_path);
        return false;
    }
    const MoeAttachment first = {.name = META, .bytes = meta, .n_bytes = strlen(meta)};
    g_array_prepend_val(members.attachments, first);
    return moe_trace_attach(trace_path,
                            (const MoeAttachment *)(const void *)members.attachments->data,
                            (int)members.attachments->len, error);
}

/* --- What is attached -------------------------------------------------------------------------*/

typedef struct Attached {
    const MoeTrace *trace;
    GHashTable *names;
    char *json;
    MoeSummaryMeta meta;
} Attached;

static void
attached_clear(Attached *attached)
{
    g_clear_pointer(&attached->names, g_hash_table_unref);
    g_free(attached->json);
    moe__summary_meta_clear(&attached->meta);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Attached, attached_clear)

static bool
has_member(const void *source, const char *name)
{
    return g_hash_table_contains(((const Attached *)source)->names, name);
}

static bool
read_member(const void *source, const char *name, MoeArray *out, GError **error)
{
    return moe_trace_attached(((const Attached *)source)->trace, name, out, error);
}

/* Finds what a trace brings along. `attached->json` is NULL without an error if that is nothing, or
 * of something else. */
static bool
find_attached(const MoeTrace *trace, Attached *attached, GError **error)
{
    MoeArray bytes;
    int n;
    const char *const *names = moe_trace_attachments(trace, &n);
    attached->trace = trace;
    attached->names = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < n; i++)
        g_hash_table_add(attached->names, (gpointer)names[i]);
    if (!has_member(attached, META))
        return true;
    if (!moe_trace_attached(trace, META, &bytes, error))
        return false;
    gsize length = (gsize)moe_array_count(&bytes) * moe_type_size(bytes.type);
    g_autofree char *json = g_strndup(bytes.data, length);
    g_free((gpointer)bytes.data);
    MoeSummaryMeta *meta = &attached->meta;
    g_autoptr(GError) complaint = NULL;
    if (!moe__summary_meta_parse(json, meta, &complaint)) {
        /* What another version attached can be counted again. */
        if (g_error_matches(complaint, MOE_ERROR, MOE_ERROR_UNSUPPORTED))
            return true;
        g_propagate_prefixed_error(error, g_steal_pointer(&complaint), "summary/");
        return false;
    }
    g_autofree char *fingerprint = moe_trace_fingerprint(trace);
    if (g_strcmp0(meta->trace, fingerprint) == 0 &&
        alike(meta->routing.routers, meta->routing.n_routers,
              (const char *const *)meta->routing.domains, meta->routing.n_domains, trace))
        attached->json = g_steal_pointer(&json);
    return true;
}

static MoeSummary *
read_attached(Attached *attached, unsigned tallies, GError **error)
{
    const MoeMemberSource source = {has_member, read_member, attached};
    MoeSummary *summary = moe__summary_read(&attached->meta, &source, tallies, error);
    if (summary)
        summary->meta_json = g_steal_pointer(&attached->json);
    else
        g_prefix_error(error, "summary/");
    return summary;
}

MoeSummary *
moe_summary_attached(const MoeTrace *trace, GError **error)
{
    g_auto(Attached) attached = {0};
    if (!find_attached(trace, &attached, error) || !attached.json)
        return NULL;
    return read_attached(&attached, attached.meta.tallies, error);
}

MoeSummary *
moe__summary_brought(const MoeTrace *trace, const MoeSummaryOptions *options)
{
    g_auto(Attached) attached = {0};
    const MoeSummaryMeta *meta = &attached.meta;
    unsigned tallies = moe__summary_known(options->tallies);
    if (options->filter || !find_attached(trace, &attached, NULL) || !attached.json)
        return NULL;
    bool steps = options->steps == MOE_STEPS_ALL ||
                 (meta->first_step == meta->last_step &&
                  (options->steps == MOE_STEPS_LAST || options->step == meta->last_step));
    bool tokens = !options->keep_tokens || !(tallies & MOE_TALLY_TOKENS) || meta->token_tables;
    if (!steps || !tokens || (tallies & ~meta->tallies))
        return NULL;
    return read_attached(&attached, tallies, NULL);
}
