/* SPDX-License-Identifier: MIT
 *
 * A plugin that is right, unless a -D of meson.build spoils one thing about it.
 */
#include <moescope/metrics.h>
#include <moescope/plugin.h>

#ifndef SYMBOL
#define SYMBOL moe_plugin_abi_4
#endif
#ifndef NAME
#define NAME "good"
#endif
#ifndef PART
#define PART NAME
#endif
#ifndef KEY
#define KEY NAME ".level"
#endif
#ifndef DEFAULT
#define DEFAULT "3"
#endif
#ifndef SIZE
#define SIZE sizeof(MoePlugin)
#endif
#ifndef PART_SIZE
#define PART_SIZE sizeof(MoePart)
#endif
#ifndef SCORE
#define SCORE score
#endif
#ifndef FLAGS
#define FLAGS 0
#endif
#ifndef PLACE
#define PLACE MOE_PLACE_SCORE
#endif
#ifndef PARTS
#define PARTS 2
#endif
#ifndef PRESETS
#define PRESETS 1
#endif
#ifndef PRESET
#define PRESET NAME
#endif
#ifndef ADD
#define ADD NULL
#endif
#ifndef VALUES
#define VALUES "moe.score=" PART "\n" KEY "=5"
#endif

/* Every unit likes the first experts best. */
G_GNUC_UNUSED static MoeTensor *
score(MoeRouting *routing, void *state)
{
    int64_t E = moe_layer_experts(routing->layer), units = moe_tensor_rows(routing->units);
    MoeTensor *logits = moe_tensor_2d(moe_tape_arena(routing->context->tape), units, E);
    for (int64_t i = 0; i < units * E; i++)
        logits->data[i] = -(float)(i % E);
    return logits;
}

static const MoeField fields[] = {
    {KEY, MOE_FIELD_INT, DEFAULT, 1, 9, NULL, NULL, "a level"},
};

static const MoePart first = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = NAME "-first",
    .help = "the first of two, always right",
    .score = score,
};

static const MoePart second = {
    .struct_size = PART_SIZE,
    .place = PLACE,
    .name = PART,
    .help = "the one that may be spoilt",
    .flags = FLAGS,
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .score = SCORE,
};

static double
twice(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return 2.0 * (double)cell->summary->units;
}

static const MoeMetric metric = {
    .struct_size = sizeof(MoeMetric),
    .name = "twice",
    .formula = "2 T",
    .unit = "units",
    .source = "a test",
    .convention = "",
    .high = G_MAXINT,
    .value = twice,
};

G_GNUC_UNUSED static void
add(void)
{
    moe_metrics_add(&metric);
}

static const MoePart *const parts[] = {&first, &second};
static const MoePreset presets[] = {{"moe.variant", PRESET, VALUES, "a preset"}};

MOE_API const MoePlugin SYMBOL = {
    .struct_size = SIZE,
    .name = NAME,
    .version = "0.9",
    .help = "for tests",
    .parts = parts,
    .n_parts = PARTS,
    .presets = presets,
    .n_presets = PRESETS,
    .add = ADD,
};
