/* SPDX-License-Identifier: MIT
 *
 * tools.c: how the tools for whole traces begin and end what they write, and what meta.json says of
 * it afterwards.
 */
#include "trace/tools.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool
moe__trace_check_gap(const MoeTrace *trace, GError **error)
{
    g_autofree char *gap = moe_trace_gap(trace);
    if (gap)
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s; repair it first", gap);
    return !gap;
}

/* The file that a path names, behind symbolic links, so that these stay; the path itself where
 * there is none. (transfer full) */
static char *
find_target(const char *path)
{
    char *real = realpath(path, NULL);
    char *target = g_strdup(real ? real : path);
    free(real);
    return target;
}

char *
moe__trace_beside(const char *path, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s is not a regular file; a trace needs one", path);
        return NULL;
    }
    if (!moe__trace_check_free(path, error))
        return NULL;
    g_autofree char *target = find_target(path);
    return g_strdup_printf("%s.%d.part", target, (int)getpid());
}

/* What replaces a file is for the same eyes as that. */
static bool
keep_mode(const char *beside, const char *target)
{
    struct stat then, now;
    if (stat(target, &then) != 0 || stat(beside, &now) != 0)
        return true; /* nothing is replaced; a file that isn't there is renaming's complaint */
    if ((then.st_uid != now.st_uid || then.st_gid != now.st_gid) &&
        chown(beside, then.st_uid, then.st_gid) != 0)
        errno = 0; /* only root may */
    return chmod(beside, then.st_mode & 07777) == 0;
}

bool
moe__trace_replace(const char *beside, const char *path, GError **error)
{
    g_autofree char *target = find_target(path);
    if (!moe__trace_check_free(path, error)) {
        g_unlink(beside);
        return false;
    }
    if (keep_mode(beside, target) && g_rename(beside, target) == 0)
        return true;
    int code = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: cannot replace: %s", path,
                g_strerror(code));
    g_unlink(beside);
    return false;
}

/* Whether any picks are deflated. */
static bool
is_deflated(const MoeTrace *trace)
{
    for (guint i = 0; i < trace->zip->entries->len; i++) {
        const MoeZipEntry *entry = &g_array_index(trace->zip->entries, MoeZipEntry, i);
        if (entry->method == MOE_ZIP_DEFLATED && moe__trace_member_chunk(entry->name) >= 0)
            return true;
    }
    return false;
}

static bool
has_logits(const MoeTrace *trace)
{
    for (guint i = 0; i < trace->zip->entries->len; i++)
        if (g_str_has_suffix(g_array_index(trace->zip->entries, MoeZipEntry, i).name, ".logits"))
            return true;
    return false;
}

MoeTraceWriter *
moe__trace_rewrite(const char *path, const char *meta_json, const MoeTrace *source,
                   const MoeRouterInfo *routers, int n_routers, const MoeTraceOutput *output,
                   MoeType gate_type, GError **error)
{
    MoeTraceOptions options = {
        .compression = output->compression == -1 ? is_deflated(source) : output->compression,
        .chunk_tokens = output->chunk_tokens,
        .gates = true,
        .score_stats = true,
        .logits = true,
        .slots = true,
        .gate_type = output->gate_type ? output->gate_type : gate_type,
    };
    if (options.chunk_tokens == 0) {
        MoeTraceOptions usual = options;
        usual.logits = source && has_logits(source); /* not those of traces that follow */
        options.chunk_tokens = moe__trace_chunk_tokens(routers, n_routers, &usual);
    }
    return moe_trace_writer_new(path, meta_json, routers, n_routers, &options, error);
}

/* --- meta.json --------------------------------------------------------------------------------*/

JsonObject *
moe__trace_history(const char *tool, const char *source)
{
    JsonObject *entry = json_object_new();
    g_autofree char *name = g_path_get_basename(source);
    json_object_set_string_member(entry, "tool", tool);
    json_object_set_string_member(entry, "version", moe_version());
    json_object_set_string_member(entry, "source", name);
    return entry;
}

static void
keep_routers(JsonObject *meta, const int *routers, int n)
{
    JsonArray *all = json_object_get_array_member(meta, "routers");
    JsonArray *kept = json_array_sized_new((guint)n);
    for (int i = 0; i < n; i++)
        json_array_add_element(kept, json_array_dup_element(all, (guint)routers[i]));
    json_object_set_array_member(meta, "routers", kept);
}

static void
set_domains(JsonObject *meta, const char *const *domains)
{
    JsonArray *names = json_array_new();
    for (int i = 0; domains[i]; i++)
        json_array_add_string_element(names, domains[i]);
    json_object_set_array_member(meta, "domains", names);
}

static void
add_history(JsonObject *meta, JsonObject *entry)
{
    JsonNode *old = json_object_get_member(meta, "history");
    JsonArray *history =
        old && JSON_NODE_HOLDS_ARRAY(old) ? json_array_ref(json_node_get_array(old)) : NULL;
    if (!history)
        history = json_array_new();
    json_array_add_object_element(history, entry);
    json_object_set_array_member(meta, "history", history);
}

/* What the generator said of its trace isn't true of another one made of it: it becomes the first
 * entry of that one's history. */
static void
settle_synth(JsonObject *meta)
{
    JsonNode *node = json_object_get_member(meta, "synth");
    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return;
    JsonObject *synth = json_object_ref(json_node_get_object(node));
    json_object_remove_member(meta, "synth");
    json_object_set_string_member(synth, "tool", "synth");
    add_history(meta, synth);
}

static bool
keeps_all(JsonObject *entry)
{
    const char *tool = json_object_get_string_member(entry, "tool");
    return g_str_equal(tool, "recompress");
}

char *
moe__trace_meta_edit(const char *meta_json, const int *routers, int n_routers,
                     const char *const *domains, JsonObject *entry)
{
    g_autoptr(JsonNode) root = moe__json_object_parse(meta_json, NULL);
    g_return_val_if_fail(root, NULL); /* it was parsed when the trace was opened */
    JsonObject *meta = json_node_get_object(root);
    if (routers)
        keep_routers(meta, routers, n_routers);
    if (domains)
        set_domains(meta, domains);
    if (!keeps_all(entry))
        settle_synth(meta);
    add_history(meta, entry);
    return moe__json_to_text(root);
}
