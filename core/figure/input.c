/* SPDX-License-Identifier: MIT
 *
 * What figures are made of: traces, summaries and weights, opened once, and counted once for all
 * figures.
 */
#include "figure/load.h"
#include "figure/plain-words.h"
#include "figure/router-rows.h"
#include "figure/ruler.h"
#include "figure/run-log.h"

#include <string.h>

/* In the folder of a run. */
#define TRACE_NAME "trace.npz"

/* A summary that was counted, and of which tokens. */
typedef struct Counted {
    MoeSteps steps;
    int32_t step;
    MoeSummary *summary;
} Counted;

typedef struct Source {
    char *name;
    const MoeTrace *trace;
    const MoeSummary *summary; /* what was given; NULL: to be counted */
    char *weights;             /* of a model, and nothing else: a file or folder of safetensors */
    char *log;                 /* of a run without routers, and nothing else: its folder */
    MoeTrace *own_trace;
    MoeSummary *own_summary;
    GArray *counted; /* of Counted; those that are outgrown stay, figures may hold them */
} Source;

struct MoeFigureInput {
    GPtrArray *sources; /* of Source */
    unsigned expected;
    int sample; /* every so many chunks one is counted; 0: all are */
    MoeProgress progress;
    MoeTokenFilter *filter; /* NULL: all tokens */
    GMutex lock;
};

static void
counted_clear(gpointer data)
{
    moe_summary_free(((Counted *)data)->summary);
}

static void
source_free(gpointer data)
{
    Source *source = data;
    g_array_unref(source->counted);
    moe_summary_free(source->own_summary);
    moe_trace_free(source->own_trace);
    g_free(source->weights);
    g_free(source->log);
    g_free(source->name);
    g_free(source);
}

MoeFigureInput *
moe_figure_input_new(void)
{
    MoeFigureInput *input = g_new0(MoeFigureInput, 1);
    input->sources = g_ptr_array_new_with_free_func(source_free);
    g_mutex_init(&input->lock);
    moe__ruler_prepare(); /* found while the input is read */
    return input;
}

void
moe_figure_input_free(MoeFigureInput *input)
{
    if (!input)
        return;
    g_ptr_array_unref(input->sources);
    moe_token_filter_free(input->filter);
    g_mutex_clear(&input->lock);
    g_free(input);
}

static Source *
add_source(MoeFigureInput *input, const char *name)
{
    Source *source = g_new0(Source, 1);
    source->name = g_strdup(name ? name : "");
    source->counted = g_array_new(FALSE, FALSE, sizeof(Counted));
    g_array_set_clear_func(source->counted, counted_clear);
    g_ptr_array_add(input->sources, source);
    return source;
}

/* All runs' traces have one name: what tells them apart is the folder. (transfer full) */
static char *
name_of(const char *path)
{
    g_autofree char *base = g_path_get_basename(path), *folder = g_path_get_dirname(path);
    bool run = g_str_equal(base, TRACE_NAME) && !g_str_equal(folder, ".");
    return run ? g_path_get_basename(folder) : g_steal_pointer(&base);
}

static void
open_weights(MoeFigureInput *input, const char *path, const char *name)
{
    add_source(input, name)->weights = g_strdup(path);
}

bool
moe_figure_input_open(MoeFigureInput *input, const char *path, const char *name, GError **error)
{
    bool folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    g_autofree char *file = folder ? g_build_filename(path, TRACE_NAME, NULL) : g_strdup(path);
    g_autofree char *own_name = name_of(path);
    if (!(folder && g_file_test(file, G_FILE_TEST_EXISTS)) && moe__router_rows_is(path)) {
        open_weights(input, path, name ? name : own_name);
        return true;
    }
    if (folder && !g_file_test(file, G_FILE_TEST_EXISTS) && moe__run_log_is(path)) {
        add_source(input, name ? name : own_name)->log = g_strdup(path);
        return true;
    }
    MoeTrace *trace = NULL;
    MoeSummary *summary = NULL;
    if (folder && !g_file_test(file, G_FILE_TEST_EXISTS))
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: found a folder without " TRACE_NAME
                    ", which runs of models with routers have",
                    path);
    else if (moe_summary_is(file))
        summary = moe_summary_open(file, error);
    else
        trace = moe_trace_open(file, error);
    if (!trace && !summary)
        return false;
    Source *source = add_source(input, name ? name : own_name);
    source->trace = source->own_trace = trace;
    source->summary = source->own_summary = summary;
    return true;
}

void
moe_figure_input_add(MoeFigureInput *input, const MoeTrace *trace, const MoeSummary *summary,
                     const char *name)
{
    g_return_if_fail(trace || summary);
    Source *source = add_source(input, name);
    source->trace = trace;
    source->summary = summary;
}

int
moe_figure_input_count(const MoeFigureInput *input)
{
    return (int)input->sources->len;
}

static Source *
source_at(const MoeFigureInput *input, int i)
{
    g_return_val_if_fail(i >= 0 && i < (int)input->sources->len, NULL);
    return g_ptr_array_index(input->sources, i);
}

const char *
moe_figure_input_name(const MoeFigureInput *input, int i)
{
    return source_at(input, i)->name;
}

const MoeTrace *
moe_figure_input_trace(const MoeFigureInput *input, int i)
{
    return source_at(input, i)->trace;
}

const char *
moe_figure_input_meta(const MoeFigureInput *input, int i)
{
    const Source *source = source_at(input, i);
    return source->trace     ? moe_trace_meta_json(source->trace)
           : source->summary ? moe_summary_meta_json(source->summary)
                             : NULL;
}

const char *
moe_figure_input_weights(const MoeFigureInput *input, int i)
{
    return source_at(input, i)->weights;
}

void
moe_figure_input_expect(MoeFigureInput *input, unsigned tallies)
{
    g_mutex_lock(&input->lock);
    input->expected |= tallies;
    g_mutex_unlock(&input->lock);
}

const char *
moe__figure_log(const MoeFigureInput *input, int i)
{
    return source_at(input, i)->log;
}

/* Whether the input was routed at all. */
static bool
is_routed(const Source *source)
{
    return source->trace || source->summary;
}

static void
set_not_routed(const MoeFigureInput *input, int i, GError **error)
{
    if (source_at(input, i)->log)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s is a run without " TRACE_NAME
                    ", which runs of models with routers have; figure losses takes it",
                    moe_figure_input_name(input, i));
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s holds the weights of a model; the figure needs what was routed: a trace or "
                    "a summary",
                    moe_figure_input_name(input, i));
}

/* What was counted of other tokens. */
static void
forget_counted(MoeFigureInput *input)
{
    for (guint i = 0; i < input->sources->len; i++)
        g_array_set_size(source_at(input, (int)i)->counted, 0);
}

void
moe_figure_input_set_sample(MoeFigureInput *input, int every)
{
    g_mutex_lock(&input->lock);
    input->sample = MAX(every, 0);
    forget_counted(input);
    g_mutex_unlock(&input->lock);
}

void
moe_figure_input_set_progress(MoeFigureInput *input, const MoeProgress *progress)
{
    g_mutex_lock(&input->lock);
    input->progress = progress ? *progress : (MoeProgress){0};
    g_mutex_unlock(&input->lock);
}

void
moe_figure_input_set_filter(MoeFigureInput *input, const MoeTokenFilter *filter)
{
    g_mutex_lock(&input->lock);
    moe_token_filter_free(input->filter);
    input->filter = moe_token_filter_copy(filter);
    forget_counted(input);
    g_mutex_unlock(&input->lock);
}

const MoeTokenFilter *
moe_figure_input_filter(const MoeFigureInput *input)
{
    return input->filter;
}

const MoeTrace *
moe__figure_trace(MoeFigureInput *input, int i, GError **error)
{
    const MoeTrace *trace = moe_figure_input_trace(input, i);
    if (!is_routed(source_at(input, i)))
        set_not_routed(input, i, error);
    else if (!trace)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s is a summary; the figure needs the trace that it was made of",
                    moe_figure_input_name(input, i));
    return trace;
}

/* --- Counting ---------------------------------------------------------------------------------*/

static bool
has(const MoeSummary *summary, unsigned tallies)
{
    return (tallies & ~moe_summary_tallies(summary)) == 0;
}

static const MoeSummary *
lookup(const MoeFigureInput *input, const Source *source, unsigned tallies, MoeSteps steps,
       int32_t step)
{
    if (source->summary && !input->filter && steps == MOE_STEPS_ALL &&
        has(source->summary, tallies))
        return source->summary;
    for (guint i = 0; i < source->counted->len; i++) {
        const Counted *counted = &g_array_index(source->counted, Counted, i);
        if (counted->steps == steps && (steps != MOE_STEPS_ONE || counted->step == step) &&
            has(counted->summary, tallies))
            return counted->summary;
    }
    return NULL;
}

/* A summary alone has no snapshots: what it has is the last one, and all. */
static const MoeSummary *
of_summary(const MoeFigureInput *input, const Source *source, unsigned tallies, MoeSteps steps,
           GError **error)
{
    if (!input->filter && steps != MOE_STEPS_ONE && has(source->summary, tallies))
        return source->summary;
    if (input->filter)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: a summary has no single tokens to choose from; the trace that it was made "
                    "of has",
                    source->name);
    else if (steps == MOE_STEPS_ONE)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: a summary has no steps apart; the trace that it was made of has",
                    source->name);
    else {
        g_autofree char *missing =
            moe__plain_tallies(tallies & ~moe_summary_tallies(source->summary));
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: the summary doesn't hold what the figure needs; moescope summary --with "
                    "%s counts it from a trace",
                    source->name, missing);
    }
    return NULL;
}

const MoeSummary *
moe_figure_input_summary(MoeFigureInput *input, int i, unsigned tallies, MoeSteps steps,
                         int32_t step, GError **error)
{
    Source *source = source_at(input, i);
    if (!is_routed(source)) {
        set_not_routed(input, i, error);
        return NULL;
    }
    if (!source->trace)
        return of_summary(input, source, tallies, steps, error);
    g_mutex_lock(&input->lock);
    const MoeSummary *found = lookup(input, source, tallies, steps, step);
    if (!found) {
        MoeSummaryOptions options = {.steps = steps,
                                     .step = step,
                                     .filter = input->filter,
                                     .sample = input->sample,
                                     .progress = &input->progress,
                                     .tallies = tallies | input->expected};
        Counted counted = {steps, step, moe_summary_from_trace(source->trace, &options, error)};
        if (counted.summary)
            g_array_append_val(source->counted, counted);
        found = counted.summary;
    }
    g_mutex_unlock(&input->lock);
    return found;
}
