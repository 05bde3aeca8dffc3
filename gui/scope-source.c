/* SPDX-License-Identifier: MIT
 *
 * A trace or summary that is open, and what figures are made of it.
 */
#include "scope-source.h"

#include <glib/gstdio.h>

struct ScopeSource {
    char *path, *name;
    gint64 size, changed; /* of the file when it was opened */
    MoeTrace *trace;      /* one of these */
    MoeSummary *summary;
};

struct ScopeInput {
    MoeFigureInput *input;
    ScopeSource *source, *other; /* `other` may be NULL */
    char *filter;
};

/* --- Files ------------------------------------------------------------------------------------*/

static bool
look(const char *path, gint64 *size, gint64 *changed)
{
    GStatBuf found;
    if (g_stat(path, &found) != 0)
        return false;
    *size = found.st_size;
    *changed = (gint64)found.st_mtim.tv_sec * G_USEC_PER_SEC + found.st_mtim.tv_nsec / 1000;
    return true;
}

ScopeSource *
scope_source_open(const char *path, const char *name, GError **error)
{
    gint64 size = 0, changed = 0;
    MoeTrace *trace = NULL;
    MoeSummary *summary = NULL;
    look(path, &size, &changed); /* before, so that nothing that is added later is missed */
    if (moe_summary_is(path))
        summary = moe_summary_open(path, error);
    else
        trace = moe_trace_open(path, error);
    if (!trace && !summary)
        return NULL;
    ScopeSource *source = g_atomic_rc_box_new0(ScopeSource);
    source->path = g_strdup(path);
    source->name = g_strdup(name);
    source->size = size;
    source->changed = changed;
    source->trace = trace;
    source->summary = summary;
    return source;
}

ScopeSource *
scope_source_ref(ScopeSource *source)
{
    return g_atomic_rc_box_acquire(source);
}

static void
source_clear(gpointer data)
{
    ScopeSource *source = data;
    moe_trace_free(source->trace);
    moe_summary_free(source->summary);
    g_free(source->path);
    g_free(source->name);
}

void
scope_source_unref(ScopeSource *source)
{
    g_atomic_rc_box_release_full(source, source_clear);
}

const MoeTrace *
scope_source_trace(const ScopeSource *source)
{
    return source->trace;
}

const MoeSummary *
scope_source_summary(const ScopeSource *source)
{
    return source->summary;
}

bool
scope_source_unfinished(const ScopeSource *source)
{
    return source->trace && !moe_trace_complete(source->trace);
}

bool
scope_source_outdated(const ScopeSource *source)
{
    gint64 size, changed;
    return look(source->path, &size, &changed) &&
           (size != source->size || changed != source->changed);
}

/* --- Inputs -----------------------------------------------------------------------------------*/

static void
add(MoeFigureInput *input, const ScopeSource *source)
{
    moe_figure_input_add(input, source->trace, source->summary, source->name);
}

ScopeInput *
scope_input_new(ScopeSource *source, ScopeSource *other, const char *filter, GError **error)
{
    g_autoptr(MoeTokenFilter) chosen = *filter ? moe_token_filter_parse(filter, error) : NULL;
    if (*filter && !chosen)
        return NULL;
    ScopeInput *input = g_atomic_rc_box_new0(ScopeInput);
    input->source = scope_source_ref(source);
    input->other = other ? scope_source_ref(other) : NULL;
    input->filter = g_strdup(filter);
    input->input = moe_figure_input_new();
    add(input->input, source);
    if (other)
        add(input->input, other);
    moe_figure_input_set_filter(input->input, chosen);
    return input;
}

bool
scope_input_is(const ScopeInput *input, const ScopeSource *source, const ScopeSource *other,
               const char *filter)
{
    return input->source == source && input->other == other && g_str_equal(input->filter, filter);
}

MoeFigureInput *
scope_input_get(const ScopeInput *input)
{
    return input->input;
}

ScopeInput *
scope_input_ref(ScopeInput *input)
{
    return g_atomic_rc_box_acquire(input);
}

static void
input_clear(gpointer data)
{
    ScopeInput *input = data;
    moe_figure_input_free(input->input);
    g_free(input->filter);
    scope_source_unref(input->source);
    g_clear_pointer(&input->other, scope_source_unref);
}

void
scope_input_unref(ScopeInput *input)
{
    g_atomic_rc_box_release_full(input, input_clear);
}
