/* SPDX-License-Identifier: MIT
 *
 * How alike a layer's experts and their routers' rows are, for whatever parts it is made of: what a
 * thorough report tells of every variant.
 */
#include "moe/layer.h"
#include "moe/similarity.h"

#include <math.h>

/* Units that all experts are run on. */
enum { SAMPLE_UNITS = 256 };

static void
report_cosines(const MoeReporter *to, const char *name, int64_t n, const double *gram)
{
    g_autofree float *cosine = g_new(float, n *n);
    moe__cosines(gram, n, cosine);
    to->func(to->user, name, 2, (int64_t[]){n, n}, cosine);
}

/* Cosine and length of what the score part compares units with. */
static void
report_rows(MoeRouting *routing, const MoeReporter *to)
{
    const MoeFilled *score = &routing->layer->place[MOE_PLACE_SCORE];
    if (!score->part->rows)
        return;
    const MoeTensor *rows = score->part->rows(routing->context->tape, score->state);
    int64_t E = rows->shape[0];
    g_autofree double *gram = g_new(double, E *E);
    g_autofree float *norm = g_new(float, E);
    moe__gram(rows->data, E, moe_tensor_count(rows) / E, gram);
    for (int64_t e = 0; e < E; e++)
        norm[e] = (float)sqrt(gram[e * E + e]);
    report_cosines(to, "router_cosine", E, gram);
    to->func(to->user, "router_norm", 1, &E, norm);
}

/* Up to SAMPLE_UNITS of the pass's units, evenly over those that aren't padding. */
static GArray *
sample_units(const MoeRouting *routing)
{
    GArray *real = g_array_new(FALSE, FALSE, sizeof(int32_t));
    for (int32_t u = 0; u < routing->picks.units; u++)
        if (!moe__unit_is_padding(routing, u))
            g_array_append_val(real, u);
    int64_t n = real->len, m = MIN(n, SAMPLE_UNITS);
    int32_t *unit = (int32_t *)(void *)real->data;
    for (int64_t i = 0; i < m; i++)
        unit[i] = unit[i * n / m];
    return g_array_set_size(real, (guint)m);
}

/* Every expert's output for every unit of the sample: [E, m, w]. The picks are made up, so that the
 * experts part runs as it always does. */
static const float *
outputs_of_all(MoeRouting *routing, const GArray *unit)
{
    MoeLayer *layer = routing->layer;
    MoeTape *tape = routing->context->tape;
    MoeArena *arena = moe_tape_arena(tape);
    const MoeFilled *experts = &layer->place[MOE_PLACE_EXPERTS];
    const int32_t *row = (const int32_t *)(const void *)unit->data;
    int64_t m = unit->len, E = layer->experts;
    MoeRouting all = {
        .layer = layer,
        .context = routing->context,
        .units = moe_gather_rows(tape, routing->units, row, m),
        .logits = moe_gather_rows(tape, routing->logits, row, m),
    };
    all.selection = all.logits->data;
    moe__picks_new(&all.picks, arena, m, layer->experts, layer->experts);
    for (int64_t i = 0; i < m * E; i++)
        all.picks.expert[i] = (int32_t)(i % E);
    moe__picks_dispatch(&all.picks, arena);
    return experts->part->experts(&all, experts->state)->data;
}

static void
report_outputs(MoeRouting *routing, const MoeReporter *to)
{
    g_autoptr(GArray) unit = sample_units(routing);
    int64_t E = routing->layer->experts, m = unit->len;
    if (m == 0)
        return;
    const float *y = outputs_of_all(routing, unit);
    g_autofree float *cka = g_new(float, E *E);
    g_autofree float *shuffled = g_new(float, E *E);
    moe__linear_cka(y, E, m, moe_tensor_last(routing->units), cka, shuffled);
    to->func(to->user, "expert_output_cka", 2, (int64_t[]){E, E}, cka);
    to->func(to->user, "expert_output_cka_shuffled", 2, (int64_t[]){E, E}, shuffled);
}

/* Of the units as the router sees them, each in the class of its first choice, dropped or not. */
static void
report_collapse(MoeRouting *routing, const MoeReporter *to)
{
    const MoePicks *picks = &routing->picks;
    g_autofree int32_t *klass = g_new(int32_t, MAX(picks->units, 1));
    for (int64_t u = 0; u < picks->units; u++)
        klass[u] = picks->expert[u * picks->k];
    const MoeTensor *units = routing->units;
    double rc = moe__representation_collapse(units->data, picks->units, moe_tensor_last(units),
                                             klass, picks->experts);
    moe_report_scalar(to, "representation_collapse", rc);
}

void
moe__report_likeness(MoeRouting *routing, const MoeReporter *to)
{
    report_rows(routing, to);
    report_outputs(routing, to);
    report_collapse(routing, to);
}
