/* SPDX-License-Identifier: MIT
 *
 * summary-disk.c: summaries in files of their own.
 */
#include "stats/disk.h"

#include <moescope/archive.h>

/* --- Writing ----------------------------------------------------------------------------------*/

static bool
add_member(const char *name, MoeArray *array, void *user, GError **error)
{
    return moe_archive_add(user, name, array, error);
}

bool
moe_summary_save(const MoeSummary *summary, const char *path, const char *extra_json,
                 GError **error)
{
    g_autofree char *meta = moe__summary_meta(summary, extra_json, NULL, error);
    MoeArchiveWriter *writer = meta ? moe_archive_begin(path, meta, error) : NULL;
    if (!writer)
        return false;
    if (moe__summary_members(summary, add_member, writer, error))
        return moe_archive_close(writer, error);
    moe_archive_abandon(writer);
    g_prefix_error(error, "%s: ", path);
    return false;
}

/* --- Reading ----------------------------------------------------------------------------------*/

static bool
has_member(const void *source, const char *name)
{
    return moe_archive_has(source, name);
}

static bool
read_member(const void *source, const char *name, MoeArray *out, GError **error)
{
    return moe_archive_read(source, name, out, error);
}

MoeSummary *
moe_summary_open(const char *path, GError **error)
{
    g_autoptr(MoeArchive) archive = moe_archive_open(path, error);
    if (!archive)
        return NULL;
    const MoeMemberSource source = {has_member, read_member, archive};
    g_auto(MoeSummaryMeta) meta = {0};
    g_autoptr(GError) problem = NULL;
    MoeSummary *summary = NULL;
    if (moe__summary_meta_parse(moe_archive_meta(archive), &meta, &problem))
        summary = moe__summary_read(&meta, &source, meta.tallies, &problem);
    if (summary)
        summary->meta_json = g_strdup(moe_archive_meta(archive));
    else if (!g_str_has_prefix(problem->message, path))
        g_prefix_error(&problem, "%s: ", path);
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    return summary;
}

bool
moe_summary_is(const char *path)
{
    g_autoptr(MoeArchive) archive = moe_archive_open(path, NULL);
    return archive && moe__summary_meta_claims(moe_archive_meta(archive));
}
