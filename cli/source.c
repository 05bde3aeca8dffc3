/* SPDX-License-Identifier: MIT */
#include "source.h"

#include "cmd.h"
#include "progress.h"
#include "util.h"

#include <json-glib/json-glib.h>
#include <string.h>

static bool
count(CmdSource *source, const CmdSourceOptions *options, GError **error)
{
    const MoeSummaryOptions how = {
        .steps = options->steps,
        .step = options->step,
        .filter = options->filter,
        .tallies = options->tallies,
        .keep_tokens = options->keep_tokens,
        .recount = options->recount,
        .progress = cmd_progress_begin(),
    };
    if (options->against)
        source->comparison =
            cmd_against_count(options->against, source->trace, &how, &source->summary, error);
    else
        source->summary = moe_summary_from_trace(source->trace, &how, error);
    cmd_progress_end();
    return source->summary != NULL;
}

char *
cmd_trace_path(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR) ? g_build_filename(path, "trace.npz", NULL)
                                                 : g_strdup(path);
}

/* A finished trace may well be empty (of a run that recorded no tokens); one that was cut off there
 * has lost all. */
MoeTrace *
cmd_trace_open(const char *path, GError **error)
{
    if (moe_summary_is(path)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: found a summary, expected a trace, which has the tokens", path);
        return NULL;
    }
    g_autoptr(MoeTrace) trace = moe_trace_open(path, error);
    g_autofree char *gap = trace ? moe_trace_gap(trace) : NULL;
    if (gap)
        cmd_say("%s", gap);
    if (!trace || moe_trace_complete(trace) || moe_trace_chunks(trace) > 0)
        return g_steal_pointer(&trace);
    g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                "%s ends before its first whole chunk: it was cut off there, which leaves nothing "
                "to read or to repair, or a recording has only just begun",
                path);
    return NULL;
}

/* Of two, the library speaks as of the first and the second. */
static void
locate(GError *error, const CmdSource *source, const CmdSourceOptions *options)
{
    g_autofree char *both = options->against ? g_strdup_printf("%s (first) and %s (second)",
                                                               source->path, options->against->path)
                                             : NULL;
    cmd_locate(error, both ? both : source->path);
}

static bool
open_trace(CmdSource *source, const CmdSourceOptions *options, GError **error)
{
    source->trace = cmd_trace_open(source->path, error);
    if (!source->trace)
        return false; /* the path is said already */
    bool good = count(source, options, error);
    if (good)
        cmd_checked_read(source->checked, moe_summary_meta_json(source->summary));
    if (good && options->check && source->checked->len == 0)
        good =
            cmd_checked_add(source->checked, source->path, source->trace, options->filter, error);
    if (!good && error)
        locate(*error, source, options);
    return good;
}

static bool
open_summary(CmdSource *source, const CmdSourceOptions *options, GError **error)
{
    source->summary = moe_summary_open(source->path, error);
    if (!source->summary)
        return false;
    if (options->filter) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: found a summary, which has no single tokens to choose from; --where takes "
                    "the trace that it was made of",
                    source->path);
        return false;
    }
    if (options->against) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: found a summary, which has no single tokens to compare; --against takes "
                    "the trace that it was made of",
                    source->path);
        return false;
    }
    cmd_checked_read(source->checked, moe_summary_meta_json(source->summary));
    return source->checked->len > 0 || !options->check ||
           cmd_checked_add_summary(source->checked, source->path, source->summary, error);
}

/* A damaged summary is none to the library, but no trace either: its complaint is about a summary.
 */
static bool
is_summary(const char *path)
{
    if (moe_summary_is(path))
        return true;
    g_autoptr(GError) complaint = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &complaint);
    return !trace && strstr(complaint->message, MOE_SUMMARY_SCHEMA);
}

bool
cmd_source_open(CmdSource *source, const char *path, const CmdSourceOptions *options,
                GError **error)
{
    *source = (CmdSource){
        .path = cmd_trace_path(path),
        .where = options->filter ? moe_token_filter_text(options->filter) : NULL,
        .checked = cmd_checked_new(),
    };
    bool good = is_summary(source->path) ? open_summary(source, options, error)
                                         : open_trace(source, options, error);
    if (!good)
        cmd_source_clear(source);
    return good;
}

void
cmd_source_clear(CmdSource *source)
{
    g_clear_pointer(&source->path, g_free);
    g_clear_pointer(&source->where, g_free);
    g_clear_pointer(&source->summary, moe_summary_free);
    g_clear_pointer(&source->comparison, moe_comparison_free);
    g_clear_pointer(&source->trace, moe_trace_free);
    g_clear_pointer(&source->checked, g_ptr_array_unref);
}

char *
cmd_source_model(const CmdSource *source)
{
    static const char *const names[] = {"model", "variant"};
    const char *meta =
        source->trace ? moe_trace_meta_json(source->trace) : moe_summary_meta_json(source->summary);
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!meta || !json_parser_load_from_data(parser, meta, -1, NULL))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    for (gsize i = 0; JSON_NODE_HOLDS_OBJECT(root) && i < G_N_ELEMENTS(names); i++) {
        JsonNode *node = json_object_get_member(json_node_get_object(root), names[i]);
        if (node && json_node_get_value_type(node) == G_TYPE_STRING)
            return json_node_dup_string(node);
    }
    return NULL;
}

int
cmd_source_fail(const GError *error)
{
    cmd_fail(error);
    return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED : CMD_FAILED;
}
