/* SPDX-License-Identifier: MIT
 *
 * Loss curves of several runs on one pair of axes, a line a run; behind a smoothed line, faintly,
 * the values themselves. Any other series that the runs wrote down can take the place of the loss.
 */
#include "figure/curve.h"
#include "figure/kit.h"
#include "figure/load.h"
#include "figure/run-log.h"
#include "trace/meta.h"

#include <math.h>
#include <string.h>

/* So many lines can still have their values behind them. */
#define MOST_FAINT 4
/* Lines of so few points show where they are. */
#define FEW_POINTS 16
/* Smoothing where it isn't chosen: this part of the recorded values. */
#define PART 50

/* One run's. */
typedef struct Run {
    char *name, *model;
    int64_t n;
    double *pairs;     /* [n, 2] step or tokens, value */
    double vocabulary; /* of its tokens; 0: not known */
    MoeCurve raw, smooth;
} Run;

static void
run_clear(gpointer data)
{
    Run *run = data;
    g_free(run->name);
    g_free(run->model);
    g_free(run->pairs);
    moe__curve_clear(&run->raw);
    moe__curve_clear(&run->smooth);
}

typedef struct Losses {
    MoeFigureInput *input;
    const MoeFigureOptions *options;
    const char *name; /* of the series */
    char *label;      /* the same for readers */
    GArray *runs;     /* of Run */
    bool tokens;      /* x counts tokens, not steps */
    int64_t window;   /* values that are averaged; 1: none */
} Losses;

static void
losses_clear(Losses *losses)
{
    g_clear_pointer(&losses->runs, g_array_unref);
    g_free(losses->label);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Losses, losses_clear)

/* --- Reading ----------------------------------------------------------------------------------*/

static void
set_unknown(const Losses *l, const MoeTrace *trace, int i, GError **error)
{
    int n;
    const char *const *names = moe_trace_series_names(trace, &n);
    const char *input = moe_figure_input_name(l->input, i);
    g_autoptr(GString) known = g_string_new(NULL);
    for (int s = 0; s < n; s++)
        g_string_append_printf(known, "%s%s", s ? ", " : "", names[s]);
    if (n > 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure losses: %s has no series \"%s\"; it has: %s", input, l->name,
                    known->str);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure losses: %s has no series (series/%s); the trace that moescope train "
                    "writes has",
                    input, l->name);
}

static JsonObject *
child(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static double
number(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;
    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) : 0;
}

/* Tokens of a training step as the recipe says; 0: it doesn't. */
static double
read_meta(const MoeTrace *trace, Run *run)
{
    static const char *const keys[] = {"recipe", "tokens", NULL};
    JsonNode *root = moe__json_object_shared(moe_trace_meta_json(trace), keys, NULL);
    if (!root)
        return 0;
    JsonObject *meta = json_node_get_object(root), *train = child(child(meta, "recipe"), "train");
    JsonNode *tokens = json_object_get_member(meta, "tokens");
    if (tokens && JSON_NODE_HOLDS_ARRAY(tokens))
        run->vocabulary = json_array_get_length(json_node_get_array(tokens));
    double accumulate = MAX(number(train, "accumulate"), 1);
    double step = number(train, "batch") * number(train, "length") * accumulate;
    json_node_unref(root);
    return step;
}

static bool
read_trace(Losses *l, int i, Run *run, double *tokens, GError **error)
{
    const MoeTrace *trace = moe__figure_trace(l->input, i, error);
    if (!trace)
        return false;
    run->model = moe__figure_model(moe_trace_meta_json(trace));
    *tokens = read_meta(trace, run);
    g_autoptr(GError) problem = NULL;
    run->pairs = moe__series_read(trace, l->name, &run->n, &problem);
    if (!run->pairs && g_error_matches(problem, MOE_ERROR, MOE_ERROR_DATA))
        set_unknown(l, trace, i, error);
    else if (!run->pairs)
        g_propagate_error(error, g_steal_pointer(&problem));
    return run->pairs != NULL;
}

/* Of a run without routers. */
static bool
read_log(Losses *l, int i, Run *run, double *tokens, GError **error)
{
    const char *folder = moe__figure_log(l->input, i);
    run->model = moe__run_log_model(folder, tokens);
    run->pairs = moe__run_log_read(folder, l->name, &run->n, error);
    if (!run->pairs)
        g_prefix_error(error, "figure losses: ");
    return run->pairs != NULL;
}

static bool
read_run(Losses *l, int i, Run *run, GError **error)
{
    double tokens = 0;
    bool log = moe__figure_log(l->input, i) != NULL;
    run->name = moe__kit_input_name(l->input, i);
    if (!(log ? read_log : read_trace)(l, i, run, &tokens, error))
        return false;
    if (l->tokens && !(tokens > 0)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure losses: x=tokens: the recipe of %s doesn't say how many tokens a step "
                    "has (train.batch, length); use x=step",
                    moe_figure_input_name(l->input, i));
        return false;
    }
    for (int64_t p = 0; p < run->n && l->tokens; p++)
        run->pairs[2 * p] *= tokens;
    return true;
}

/* The mean of the finite values around each, as many on both sides: fewer at the ends. */
static double *
smoothed(const Run *run, int64_t window)
{
    double *pairs = g_new(double, (gsize)(2 * run->n));
    g_autofree double *sum = g_new0(double, (gsize)run->n + 1); /* of all values before */
    g_autofree int64_t *count = g_new0(int64_t, (gsize)run->n + 1);
    for (int64_t i = 0; i < run->n; i++) {
        double value = run->pairs[2 * i + 1];
        sum[i + 1] = sum[i] + (isfinite(value) ? value : 0);
        count[i + 1] = count[i] + isfinite(value);
    }
    for (int64_t i = 0; i < run->n; i++) {
        int64_t reach = MIN(MIN((window - 1) / 2, i), run->n - 1 - i);
        int64_t first = i - reach, end = i + reach + 1, n = count[end] - count[first];
        pairs[2 * i] = run->pairs[2 * i];
        pairs[2 * i + 1] = n > 0 ? (sum[end] - sum[first]) / (double)n : NAN;
        if (reach == 0)
            pairs[2 * i + 1] = run->pairs[2 * i + 1];
    }
    return pairs;
}

static bool
read_runs(Losses *l, GError **error)
{
    int64_t longest = 0;
    int most = (int)moe_figure_options_real(l->options, "points");
    for (int i = 0; i < moe_figure_input_count(l->input); i++) {
        Run run = {0};
        bool read = read_run(l, i, &run, error);
        g_array_append_val(l->runs, run);
        if (!read)
            return false;
        longest = MAX(longest, run.n);
    }
    l->window = (int64_t)moe_figure_options_real(l->options, "smooth");
    if (l->window == 0)
        l->window = longest / PART;
    l->window = MAX(l->window - (l->window + 1) % 2, 1);
    for (guint i = 0; i < l->runs->len; i++) {
        Run *run = &g_array_index(l->runs, Run, i);
        g_autofree double *pairs = smoothed(run, l->window);
        moe__curve_thin(run->pairs, run->n, most, &run->raw);
        moe__curve_thin(pairs, run->n, most, &run->smooth);
    }
    return true;
}

/* --- The scene --------------------------------------------------------------------------------*/

static bool
shows_values(const Losses *l)
{
    return l->window > 1 && l->runs->len <= MOST_FAINT;
}

static bool
set_axes(const Losses *l, MoeAxis *x, MoeAxis *y, GError **error)
{
    MoeRange along = MOE_RANGE_EMPTY, values = MOE_RANGE_EMPTY;
    for (guint i = 0; i < l->runs->len; i++) {
        const Run *run = &g_array_index(l->runs, Run, i);
        moe__range_extend(&along, run->smooth.step, run->smooth.n);
        moe__range_extend(&values, run->smooth.value, run->smooth.n);
        if (shows_values(l))
            moe__range_extend(&values, run->raw.value, run->raw.n);
    }
    bool log = moe_figure_options_choice(l->options, "scale") == 1;
    if (!moe__range_valid(values) || !moe__range_valid(along) || (log && !(values.min > 0))) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure losses: series \"%s\": found no value that is finite%s, or one that "
                    "isn't; expected %s values",
                    l->name, log ? " and above 0" : "", log ? "positive" : "finite");
        return false;
    }
    bool loss = strcmp(l->name, "loss") == 0;
    *x = moe__axis_over(along, 0.01, l->tokens ? "tokens" : "step");
    x->min = along.min >= 0 ? MAX(x->min, 0) : x->min;
    *y = moe__axis_over(values, 0.04, loss ? "loss, nats a token" : l->label);
    if (log)
        *y = (MoeAxis){.type = MOE_AXIS_LOG,
                       .label = y->label,
                       .min = values.min / 1.03,
                       .max = values.max * 1.03};
    return true;
}

static void
add_run(const Losses *l, MoeScene *scene, int panel, const Run *run, MoeColour colour, bool faint)
{
    const MoeCurve *curve = faint ? &run->raw : &run->smooth;
    g_autofree char *name = g_strconcat(run->name, faint ? ", unsmoothed" : "", NULL);
    const char *x = l->tokens ? "after {x} tokens" : "step {x}";
    g_autofree char *words = g_strdup_printf("%s, %s: %s{y}", run->name, x,
                                             l->window > 1 || curve->per > 1 ? "mean " : "");
    MoeLine line = {.n = curve->n,
                    .x = curve->step,
                    .y = curve->value,
                    .ink = {.own = &colour,
                            .opacity = faint ? 0.3 : 1,
                            .name = name,
                            .unlisted = faint || l->runs->len == 1},
                    .dots = !faint && curve->n <= FEW_POINTS,
                    .words = faint ? NULL : words};
    moe_scene_add_line(scene, panel, &line);
}

/* "smoe, mhmoe", each model once; NULL: none is known. (transfer full) */
static char *
models_of(const Losses *l)
{
    g_autoptr(GPtrArray) models = g_ptr_array_new();
    for (guint i = 0; i < l->runs->len; i++) {
        char *model = g_array_index(l->runs, Run, i).model;
        if (model && !g_ptr_array_find_with_equal_func(models, model, g_str_equal, NULL))
            g_ptr_array_add(models, model);
    }
    guint n = models->len;
    g_ptr_array_add(models, NULL);
    return n > 0 ? g_strjoinv(", ", (char **)models->pdata) : NULL;
}

/* Of all runs alike; 0: they differ, or don't say. */
static double
vocabulary_of(const Losses *l)
{
    double first = g_array_index(l->runs, Run, 0).vocabulary;
    for (guint i = 1; i < l->runs->len; i++)
        if (g_array_index(l->runs, Run, i).vocabulary != first)
            return 0;
    return first;
}

static void
set_caption(const Losses *l, MoeScene *scene)
{
    int64_t most = 0, per = 1;
    for (guint i = 0; i < l->runs->len; i++) {
        most = MAX(most, g_array_index(l->runs, Run, i).n);
        per = MAX(per, g_array_index(l->runs, Run, i).smooth.per);
    }
    bool loss = strcmp(l->name, "loss") == 0;
    g_autofree char *models = models_of(l), *count = moe__number_count(most);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "%s of %u run%s, up to %s recorded values each",
                           loss ? "Training loss" : l->label, l->runs->len,
                           l->runs->len == 1 ? "" : "s", count);
    if (l->window > 1)
        g_string_append_printf(text, ", smoothed: mean of %" G_GINT64_FORMAT " neighbours%s",
                               l->window, shows_values(l) ? " (faint: unsmoothed)" : "");
    if (per > 1)
        g_string_append_printf(text, "; a point is the mean of up to %" G_GINT64_FORMAT, per);
    if (models)
        g_string_append_printf(text, ". Model%s %s", strchr(models, ',') ? "s" : "", models);
    double vocabulary = vocabulary_of(l);
    if (loss && vocabulary > 1) {
        g_autofree char *guess = moe__number_short(log(vocabulary));
        g_string_append_printf(
            text, "; guessing among %.0f tokens: ln" NBSP "%.0f" NBSP "=" NBSP "%s nats",
            vocabulary, vocabulary, guess);
    }
    g_string_append_c(text, '.');
    text->str[0] = g_ascii_toupper(text->str[0]);
    if (moe_figure_options_bool(l->options, "caption"))
        moe_scene_set_caption(scene, text->str);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Losses) l = {.input = input,
                        .options = options,
                        .name = moe_figure_options_text(options, "name"),
                        .runs = g_array_new(FALSE, TRUE, sizeof(Run)),
                        .tokens = moe_figure_options_choice(options, "x") == 1};
    g_array_set_clear_func(l.runs, run_clear);
    l.label = g_strdelimit(g_strdup(l.name), "_", ' ');
    MoeAxis x, y;
    if (!read_runs(&l, error) || !set_axes(&l, &x, &y, error))
        return NULL;
    MoeScene *scene = moe_scene_new(moe__figure_losses.title);
    int panel = moe_scene_add_panel(scene, NULL, NULL, &x, &y), n = (int)l.runs->len;
    for (int i = 0; i < n && shows_values(&l); i++)
        add_run(&l, scene, panel, &g_array_index(l.runs, Run, i), moe_colour_category(i, n), true);
    for (int i = 0; i < n; i++) {
        const Run *run = &g_array_index(l.runs, Run, i);
        add_run(&l, scene, panel, run, moe_colour_category(i, n), false);
    }
    set_caption(&l, scene);
    return scene;
}

static const MoeField fields[] = {
    {.name = "name",
     .type = MOE_FIELD_STRING,
     .fallback = "loss",
     .help = "which series; moescope info lists those of a trace"},
    {.name = "x",
     .type = MOE_FIELD_CHOICE,
     .fallback = "step",
     .choices = "step | tokens",
     .help = "against training steps, or against tokens, as the runs' recipes count them"},
    {.name = "scale",
     .type = MOE_FIELD_CHOICE,
     .fallback = "linear",
     .choices = "linear | log",
     .help = "of the values"},
    {.name = "smooth",
     .type = MOE_FIELD_INT,
     .fallback = "0",
     .min = 0,
     .max = 100000,
     .help = "mean of so many neighbouring values (an odd number); 1: as recorded; 0: a fiftieth "
             "of the longest run"},
    {.name = "points",
     .type = MOE_FIELD_INT,
     .fallback = "1000",
     .min = 2,
     .max = 100000,
     .help = "at most so many points a line; more recorded values are averaged"},
};

const MoeFigure moe__figure_losses = {
    .struct_size = sizeof(MoeFigure),
    .name = "losses",
    .title = "Loss curves",
    .help = "the loss, or another series, of several runs on the same axes, a line a run",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_CAPTION,
    .most_inputs = 64,
    .build = build,
};
