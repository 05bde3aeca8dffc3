/* SPDX-License-Identifier: MIT
 *
 * A trace or summary that is open, and what figures are made of it.
 */
#include "scope-source.h"

#include <glib/gstdio.h>
#include <math.h>

struct ScopeSource {
    char *path, *name;
    gint64 size, changed; /* of the file when it was opened */
    MoeTrace *trace;      /* one of these */
    MoeSummary *summary;
    int32_t *steps; /* [n_steps] that tokens were recorded at */
    int n_steps;
};

struct ScopeInput {
    MoeFigureInput *input;
    ScopeSource *source, *other; /* `other` may be NULL */
    char *filter;
    bool glimpse;
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
    /* Steps that can't be read are told of by whatever is drawn of them. */
    source->steps = trace ? moe_trace_steps(trace, &source->n_steps, NULL) : NULL;
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
    g_free(source->steps);
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

const int32_t *
scope_source_steps(const ScopeSource *source, int *n)
{
    *n = source->steps ? source->n_steps : 0;
    return source->steps;
}

bool
scope_source_unfinished(const ScopeSource *source)
{
    return source->trace && !moe_trace_complete(source->trace);
}

/* Decisions that are counted at once, as far as a reader can tell, and more than are looked at
 * first. */
#define AT_ONCE (20e6)
#define GLIMPSE (4e6)

int
scope_source_sample(const ScopeSource *source)
{
    const MoeTrace *trace = source->trace;
    int attached = 0;
    double decisions = 0;
    if (!trace || (moe_trace_attachments(trace, &attached) && attached > 0))
        return 0;
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        int k = info->k > 0 ? info->k : (info->experts + 1) / 2;
        decisions += (double)moe_trace_tokens(trace, -1) * info->units_per_token * k;
    }
    int chunks = moe_trace_chunks(trace), every = (int)(chunks * fmin(GLIMPSE / decisions, 1));
    every = chunks / MAX(every, 1);
    return decisions > AT_ONCE && every > 2 ? every : 0;
}

gint64
scope_source_quiet_for(const ScopeSource *source)
{
    return (g_get_real_time() - source->changed) / G_USEC_PER_SEC;
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
scope_input_new(const ScopeChosen *chosen, const MoeProgress *progress, GError **error)
{
    const char *words = chosen->filter;
    g_autoptr(MoeTokenFilter) filter = *words ? moe_token_filter_parse(words, error) : NULL;
    if (*words && !filter)
        return NULL;
    ScopeInput *input = g_atomic_rc_box_new0(ScopeInput);
    input->source = scope_source_ref(chosen->source);
    input->other = chosen->other ? scope_source_ref(chosen->other) : NULL;
    input->filter = g_strdup(words);
    input->glimpse = chosen->glimpse;
    input->input = moe_figure_input_new();
    add(input->input, chosen->source);
    if (chosen->other)
        add(input->input, chosen->other);
    moe_figure_input_set_filter(input->input, filter);
    moe_figure_input_set_progress(input->input, progress);
    if (chosen->glimpse)
        moe_figure_input_set_sample(input->input, scope_source_sample(chosen->source));
    return input;
}

bool
scope_input_is(const ScopeInput *input, const ScopeChosen *chosen)
{
    return input->source == chosen->source && input->other == chosen->other &&
           input->glimpse == chosen->glimpse && g_str_equal(input->filter, chosen->filter);
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
