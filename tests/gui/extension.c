/* SPDX-License-Identifier: MIT
 *
 * A plugin that brings one of each: a figure with an option, a metric, an importer, a check, a part
 * and a variant. The app was built without knowing of it.
 */
#include <moescope/check.h>
#include <moescope/figure.h>
#include <moescope/import.h>
#include <moescope/metrics.h>
#include <moescope/plugin.h>
#include <string.h>

/* --- A figure ---------------------------------------------------------------------------------*/

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    const MoeSummary *summary =
        moe_figure_input_summary(input, 0, MOE_TALLY_LOAD, MOE_STEPS_LAST, 0, error);
    if (!summary)
        return NULL;
    const MoeSummaryCell *cell = moe_summary_cell(summary, 0, MOE_DOMAIN_ALL);
    double scale = moe_figure_options_real(options, "scale"), most = 0;
    g_autofree double *value = g_new(double, (gsize)cell->experts);
    for (int e = 0; e < cell->experts; e++) {
        value[e] = scale * (double)cell->count[e];
        most = MAX(most, value[e]);
    }
    MoeScene *scene = moe_scene_new("Extended load");
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "expert", .bands = cell->experts};
    MoeAxis y = {.label = "picks", .max = 1.1 * most};
    MoeBars bars = {.n = cell->experts, .value = value, .words = "{band}: {value}"};
    moe_scene_add_bars(scene, moe_scene_add_panel(scene, NULL, NULL, &x, &y), &bars);
    return scene;
}

static const MoeField options[] = {{.name = "scale",
                                    .type = MOE_FIELD_REAL,
                                    .fallback = "1",
                                    .min = 0.5,
                                    .max = 100,
                                    .help = "what picks are multiplied by"}};

static const MoeFigure figure = {
    .struct_size = sizeof(MoeFigure),
    .name = "extended-load",
    .title = "Extended load",
    .help = "a figure that a plugin brought",
    .fields = options,
    .n_fields = G_N_ELEMENTS(options),
    .common = MOE_FIGURE_STEPS,
    .tallies = MOE_TALLY_LOAD,
    .build = build,
};

/* --- A metric ---------------------------------------------------------------------------------*/

static double
thrice(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return 3.0 * (double)cell->summary->units;
}

static const MoeMetric metric = {
    .struct_size = sizeof(MoeMetric),
    .name = "thrice",
    .formula = "3 T",
    .unit = "units",
    .source = "a test",
    .convention = "",
    .high = G_MAXINT,
    .value = thrice,
};

/* --- An importer ------------------------------------------------------------------------------*/

#define MARK "EXTENDED ROUTES\n"

static int
score(const MoeImportHead *head)
{
    return g_str_has_prefix(head->text, MARK) ? 100 : 0;
}

/* A letter a token: a goes to expert 0, b to 1. */
static bool
read_routes(MoeImport *import, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(import, &n);
    const int layer = 0;
    const MoeImportShape shape = {.layers = &layer,
                                  .n_layers = 1,
                                  .experts = 4,
                                  .k = 1,
                                  .score = "softmax",
                                  .select = "top-k"};
    g_autofree char *text = NULL;
    if (!g_file_get_contents(files[0].path, &text, NULL, error) ||
        !moe_import_begin(import, &shape, error))
        return false;
    moe_import_note(import, "letters were taken for experts");
    const char *letters = text + strlen(MARK);
    for (int i = 0; letters[i] >= 'a'; i++) {
        int32_t expert = letters[i] - 'a';
        const MoeImportToken token = {.id = i, .pos = i, .domain = -1, .expert = &expert};
        if (!moe_import_token(import, &token, error))
            return false;
    }
    return true;
}

static const MoeImporter importer = {
    .struct_size = sizeof(MoeImporter),
    .name = "extended",
    .help = "letters",
    .cite = "a test",
    .score = score,
    .read = read_routes,
};

/* --- A check ----------------------------------------------------------------------------------*/

static void
begin(MoeCheckRun *run, void *state)
{
    (void)state;
    const MoeFinding finding = {
        .severity = MOE_FINDING_NOTE,
        .router = -1,
        .other = -1,
        .chunk = -1,
        .token = -1,
        .what = "",
        .text = g_strdup("an extension looked at it"),
    };
    moe_check_run_add(run, &finding);
}

static const MoeCheck check = {
    .struct_size = sizeof(MoeCheck),
    .name = "extended",
    .help = "finds something in everything",
    .why = "It shows that it was asked.",
    .remedy = "Nothing has to be done.",
    .begin = begin,
};

/* --- The plugin -------------------------------------------------------------------------------*/

static MoeTensor *
score_units(MoeRouting *routing, void *state)
{
    (void)state;
    int64_t experts = moe_layer_experts(routing->layer);
    return moe_tensor_2d(moe_tape_arena(routing->context->tape), moe_tensor_rows(routing->units),
                         experts);
}

static const MoePart part = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "extended",
    .help = "all alike",
    .score = score_units,
};
static const MoePart *const parts[] = {&part};
static const MoePreset presets[] = {
    {"moe.variant", "extended", "moe.score=extended", "a variant that a plugin brought"}};

static void
add(void)
{
    moe_figures_add(&figure);
    moe_metrics_add(&metric);
    moe_checks_add(&check);
    moe_importer_register(&importer, NULL);
}

MOE_PLUGIN = {
    .struct_size = sizeof(MoePlugin),
    .name = "extended",
    .version = "1.0",
    .help = "one of each, for tests",
    .parts = parts,
    .n_parts = G_N_ELEMENTS(parts),
    .presets = presets,
    .n_presets = G_N_ELEMENTS(presets),
    .add = add,
};
