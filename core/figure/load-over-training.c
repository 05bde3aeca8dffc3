/* SPDX-License-Identifier: MIT
 *
 * Load over training: experts downwards, steps across, a panel a router. A collapse shows as rows
 * that fade out, the work of a balance loss as rows that even out.
 */
#include "figure/load.h"
#include "figure/number.h"

/* The columns of state of one router, and the steps that they belong to. */
typedef struct State {
    int64_t steps;
    int64_t *step; /* [steps] */
    int64_t *load; /* [steps × experts] */
} State;

static void
state_clear(State *state)
{
    g_free(state->step);
    g_free(state->load);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(State, state_clear)

static bool
state_read(const MoeTrace *trace, int router, State *state, GError **error)
{
    g_autofree char *name = g_strdup_printf("state/r%03d.load", router);
    MoeArray step, load;
    g_autoptr(GError) none = NULL;
    if (!moe_trace_join(trace, "state/step", &step, &none)) {
        if (!g_error_matches(none, MOE_ERROR, MOE_ERROR_DATA)) {
            g_propagate_error(error, g_steal_pointer(&none));
            return false;
        }
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s; the figure needs load by step, which a trace of training has",
                    none->message);
        return false;
    }
    state->step = (int64_t *)step.data;
    if (!moe_trace_join(trace, name, &load, error))
        return false;
    state->load = (int64_t *)load.data;
    state->steps = step.shape[0];
    int experts = moe_trace_router(trace, router)->experts;
    if (step.type == MOE_I64 && step.ndim == 1 && load.type == MOE_I64 && load.ndim == 2 &&
        load.shape[0] == step.shape[0] && load.shape[1] == experts && step.shape[0] > 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: found %" G_GINT64_FORMAT " rows of %" G_GINT64_FORMAT
                ", expected a row of %d whole numbers for each of %" G_GINT64_FORMAT " steps",
                name, load.shape[0], load.ndim > 1 ? load.shape[1] : 1, experts, step.shape[0]);
    return false;
}

/* Recorded steps go into columns of `per` each, the last of which may have fewer. */
typedef struct Columns {
    int n;
    int64_t per;
    MoeAxis axis;
    char **names;
} Columns;

static Columns
columns_of(const State *state, int most)
{
    Columns columns = {.per = (state->steps + most - 1) / most};
    columns.n = (int)((state->steps + columns.per - 1) / columns.per);
    columns.names = g_new0(char *, columns.n + 1);
    columns.axis = (MoeAxis){.type = MOE_AXIS_BAND, .label = "step", .bands = columns.n};
    columns.axis.first = (double)state->step[0];
    columns.axis.step = columns.n > 1 ? (double)(state->step[columns.per] - state->step[0]) : 1;
    bool regular = columns.axis.step > 0;
    for (int i = 0; i < columns.n; i++) {
        double step = (double)state->step[i * columns.per];
        regular &= step == columns.axis.first + i * columns.axis.step;
        columns.names[i] = g_strdup_printf("%" G_GINT64_FORMAT, state->step[i * columns.per]);
    }
    if (!regular) {
        columns.axis.step = 1;
        columns.axis.names = (const char *const *)columns.names;
    }
    return columns;
}

static LoadNumbers
numbers_of(const State *state, const Columns *columns, int experts, LoadLook *look)
{
    LoadNumbers numbers = moe__load_numbers((size_t)experts * columns->n);
    g_autofree int64_t *sum = g_new(int64_t, experts);
    for (int i = 0; i < columns->n; i++) {
        memset(sum, 0, sizeof(*sum) * experts);
        int64_t end = MIN((i + 1) * columns->per, state->steps);
        for (int64_t step = i * columns->per; step < end; step++) {
            for (int e = 0; e < experts; e++)
                sum[e] += state->load[step * experts + e];
        }
        moe__load_fill(&numbers, (size_t)i, (size_t)columns->n, sum, experts, look);
    }
    return numbers;
}

static void
add_panel(MoeScene *scene, const MoeRouterInfo *router, const Columns *columns,
          const LoadNumbers *numbers)
{
    MoeAxis y = {.type = MOE_AXIS_BAND, .label = "expert", .bands = router->experts};
    g_autofree char *title = g_strdup_printf("layer %d", router->layer);
    g_autofree char *words =
        g_strdup_printf("%s {column}, expert {row}, layer %d: {0} of picks ({1}\xc3\x97 uniform)",
                        columns->per > 1 ? "steps from" : "step", router->layer);
    MoeCells cells = {
        .rows = router->experts,
        .columns = columns->n,
        .values = numbers->value,
        .numbers = {numbers->share, numbers->ratio},
        .words = words,
    };
    int panel = moe_scene_add_panel(scene, title, NULL, &columns->axis, &y);
    moe_scene_add_cells(scene, panel, &cells);
}

static void
set_caption(MoeScene *scene, const MoeTrace *trace, const LoadLook *look, int64_t per,
            int64_t steps, const int *experts)
{
    g_autofree char *model = moe__figure_model(moe_trace_meta_json(trace));
    g_autofree char *uniform = moe__load_uniform(experts, moe_trace_routers(trace));
    g_autofree char *count = moe__number_count(steps);
    g_autoptr(GString) text = g_string_new(moe__load_what(look->norm));
    g_string_append(text, ", over training. ");
    if (model)
        g_string_append_printf(text, "Model %s; ", model);
    g_string_append_printf(text, "%s recorded steps", count);
    if (per > 1)
        g_string_append_printf(text, ", %" G_GINT64_FORMAT " added up in a column", per);
    g_string_append_printf(text, "; picks before drops; %s.", uniform);
    moe_scene_set_caption(scene, text->str);
}

/* What is made router by router, before the colour scale can be known. */
typedef struct Part {
    Columns columns;
    LoadNumbers numbers;
} Part;

static void
part_clear(gpointer data)
{
    Part *part = data;
    g_strfreev(part->columns.names);
    moe__load_numbers_clear(&part->numbers);
}

static MoeScene *
scene_of(const MoeTrace *trace, const GArray *parts, int64_t steps, const LoadLook *look)
{
    MoeScene *scene = moe_scene_new(moe__figure_load_over_training.title);
    g_autofree int *experts = g_new(int, parts->len);
    for (guint i = 0; i < parts->len; i++)
        experts[i] = moe_trace_router(trace, (int)i)->experts;
    moe__load_set_scale(scene, look, experts, (int)parts->len);
    for (guint i = 0; i < parts->len; i++) {
        const Part *part = &g_array_index(parts, Part, i);
        add_panel(scene, moe_trace_router(trace, (int)i), &part->columns, &part->numbers);
    }
    int64_t per = g_array_index(parts, Part, 0).columns.per;
    if (look->caption)
        set_caption(scene, trace, look, per, steps, experts);
    return scene;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    const MoeTrace *trace = moe__figure_trace(input, 0, error);
    if (!trace)
        return NULL;
    LoadLook look = moe__load_look(options);
    int most = (int)moe_figure_options_real(options, "columns");
    int64_t steps = 0;
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(Part));
    g_array_set_clear_func(parts, part_clear);
    for (int i = 0; i < moe_trace_routers(trace); i++) {
        g_auto(State) state = {0};
        if (!state_read(trace, i, &state, error))
            return NULL;
        Part part = {.columns = columns_of(&state, most)};
        int experts = moe_trace_router(trace, i)->experts;
        part.numbers = numbers_of(&state, &part.columns, experts, &look);
        steps = state.steps;
        g_array_append_val(parts, part);
    }
    if (!moe__load_found(&look, moe__figure_load_over_training.name, error))
        return NULL;
    return scene_of(trace, parts, steps, &look);
}

static const MoeField fields[] = {
    LOAD_FIELDS,
    {.name = "columns",
     .type = MOE_FIELD_INT,
     .fallback = "200",
     .min = 2,
     .max = 10000,
     .help = "at most so many columns; more recorded steps are added up"},
};

const MoeFigure moe__figure_load_over_training = {
    .struct_size = sizeof(MoeFigure),
    .name = "load-over-training",
    .title = "Expert load over training",
    .help =
        "heat map of expert by training step, a panel a router: how load evens out or collapses",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_CAPTION,
    .build = build,
};
