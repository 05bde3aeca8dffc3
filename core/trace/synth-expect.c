/* SPDX-License-Identifier: MIT
 *
 * synth-expect.c: the chances that made-up decisions are drawn with, and what follows from them.
 */
#include "trace/half.h"
#include "trace/synth.h"

#include <math.h>

/* --- Chances ----------------------------------------------------------------------------------*/

/* A random order of 0 … n - 1. */
static void
shuffle(int *order, int n, uint64_t seed, uint64_t stream)
{
    MoeRng rng = moe_rng(seed, stream);
    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = (int)moe_rng_below(&rng, (uint64_t)i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

static void
add_zipf(double *weight, const int *order, const double *zipf, int n, double share)
{
    for (int rank = 0; rank < n; rank++)
        weight[order[rank]] += share * zipf[rank];
}

double *
moe__synth_weights(const MoeTraceSynth *synth)
{
    int n = synth->experts, domains = synth->domains;
    g_autofree double *zipf = g_new(double, (gsize)n);
    g_autofree int *order = g_new(int, (gsize)n), *own = g_new(int, (gsize)n);
    double *weights = g_new0(double, (gsize)synth->routers *(gsize)domains *(gsize)n), sum = 0;
    for (int rank = 0; rank < n; rank++)
        sum += zipf[rank] = pow(rank + 1, -synth->skew);
    for (int rank = 0; rank < n; rank++)
        zipf[rank] /= sum;
    for (int r = 0; r < synth->routers; r++) {
        /* Streams from the top: documents draw from those at the bottom. */
        uint64_t stream = UINT64_MAX - (uint64_t)r * ((uint64_t)domains + 1);
        shuffle(order, n, synth->seed, stream);
        for (int d = 0; d < domains; d++) {
            double *weight = weights + ((gsize)r * (gsize)domains + (gsize)d) * (gsize)n;
            shuffle(own, n, synth->seed, stream - 1 - (uint64_t)d);
            add_zipf(weight, order, zipf, n, 1 - synth->specialisation);
            add_zipf(weight, own, zipf, n, synth->specialisation);
        }
    }
    return weights;
}

float *
moe__synth_gates(const MoeTraceSynth *synth)
{
    float *gates = g_new(float, SYNTH_GATE_ROWS *(gsize)synth->k);
    for (int row = 0; row < SYNTH_GATE_ROWS; row++) {
        double slope = 0.1 + 1.9 * (row + 0.5) / SYNTH_GATE_ROWS, sum = 0;
        for (int j = 0; j < synth->k; j++)
            sum += exp(-slope * j);
        for (int j = 0; j < synth->k; j++) {
            float gate = (float)(exp(-slope * j) / sum);
            gates[row * synth->k + j] = moe__half_to_float(moe__half_from_float(gate));
        }
    }
    return gates;
}

/* --- Being among k ----------------------------------------------------------------------------*/

/* Drawing without replacement is a race of exponential clocks with these weights as rates, won by
 * the first k (Efraimidis and Spirakis 2006). So expert e is among them with chance
 *     ∫ w e^(-w t) P(fewer than k of the others have rung by t) dt. */
typedef struct Race {
    const double *weight; /* adds up to 1 */
    int n, k;
    double *before,
        *behind; /* [n + 1][k]: chances that j of the experts before or from i on rang */
} Race;

static void
add_clock(const double *from, double *to, int k, double rung)
{
    for (int j = k - 1; j > 0; j--)
        to[j] = from[j] * (1 - rung) + from[j - 1] * rung;
    to[0] = from[0] * (1 - rung);
}

/* Adds the integrand at time t, times `step`; returns the chance that the race isn't over. */
static double
race_at(Race *race, double t, double step, double *chance)
{
    int n = race->n, k = race->k;
    const double *w = race->weight;
    double open = 0;
    for (int j = 0; j < k; j++)
        race->before[j] = race->behind[(gsize)n * (gsize)k + (gsize)j] = j == 0;
    for (int i = 0; i < n; i++)
        add_clock(race->before + (gsize)i * (gsize)k, race->before + (gsize)(i + 1) * (gsize)k, k,
                  -expm1(-w[i] * t));
    for (int i = n - 1; i >= 0; i--)
        add_clock(race->behind + (gsize)(i + 1) * (gsize)k, race->behind + (gsize)i * (gsize)k, k,
                  -expm1(-w[i] * t));
    for (int i = 0; i < n; i++) {
        const double *a = race->before + (gsize)i * (gsize)k;
        const double *b = race->behind + (gsize)(i + 1) * (gsize)k;
        double fewer = 0, upto = 0;
        for (int j = 0; j < k; j++) {
            upto += b[j];
            fewer += a[k - 1 - j] * upto;
        }
        chance[i] += step * w[i] * t * exp(-w[i] * t) * fewer;
    }
    for (int j = 0; j < k; j++)
        open += race->behind[j];
    return open;
}

void
moe_trace_inclusion(const double *weight, int n, int k, double *chance)
{
    g_autofree double *share = g_new(double, (gsize)n);
    g_autofree double *before = g_new(double, (gsize)(n + 1) * (gsize)k);
    g_autofree double *behind = g_new(double, (gsize)(n + 1) * (gsize)k);
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += weight[i];
    for (int i = 0; i < n; i++) {
        share[i] = weight[i] / sum;
        chance[i] = k == n;
    }
    if (k == n)
        return;
    /* Over log t the integrand is smooth and dies off on both sides, where the trapezoid rule
     * converges exponentially; its width goes with 1 / sqrt(k). */
    Race race = {share, n, k, before, behind};
    double step = MIN(0.1, 0.8 / sqrt(k)), open = 1;
    for (int i = 0; open > 1e-16 && i * step < 200; i++)
        open = race_at(&race, exp(-28 + i * step), step, chance);
}

/* --- What is expected -------------------------------------------------------------------------*/

static JsonArray *
list(const double *values, int n)
{
    JsonArray *array = json_array_sized_new((guint)n);
    for (int i = 0; i < n; i++)
        json_array_add_double_element(array, values[i]);
    return array;
}

/* Shares of the picks of every expert in each domain, [routers][domains][experts]. */
static double *
domain_loads(const MoeTraceSynth *synth, const double *weights)
{
    int sets = synth->routers * synth->domains, n = synth->experts;
    double *load = g_new(double, (gsize)sets *(gsize)n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int i = 0; i < sets; i++)
        moe_trace_inclusion(weights + (gsize)i * (gsize)n, n, synth->k, load + (gsize)i * (gsize)n);
    for (gsize i = 0; i < (gsize)sets * (gsize)n; i++)
        load[i] /= synth->k;
    return load;
}

/* Of router `r`: its loads in all domains and over all, and its repetition. */
static void
add_router(const MoeTraceSynth *synth, const double *load, JsonArray *loads, JsonArray *domain_load,
           JsonArray *repeat)
{
    int n = synth->experts;
    g_autofree double *mean = g_new0(double, (gsize)n);
    JsonArray *by_domain = json_array_new();
    double met = 0; /* picks of two tokens that draw by themselves */
    for (int d = 0; d < synth->domains; d++, load += n) {
        json_array_add_array_element(by_domain, list(load, n));
        for (int e = 0; e < n; e++) {
            mean[e] += load[e] / synth->domains;
            met += load[e] * load[e] * synth->k / synth->domains;
        }
    }
    json_array_add_array_element(loads, list(mean, n));
    json_array_add_array_element(domain_load, by_domain);
    json_array_add_double_element(repeat, synth->repetition + (1 - synth->repetition) * met);
}

JsonObject *
moe__synth_expected(const MoeTraceSynth *synth, const double *weights, const float *gates)
{
    g_autofree double *load = domain_loads(synth, weights);
    g_autofree double *gate = g_new0(double, (gsize)synth->k);
    JsonArray *loads = json_array_new(), *domain_load = json_array_new();
    JsonArray *repeat = json_array_new();
    for (int r = 0; r < synth->routers; r++)
        add_router(synth, load + (gsize)r * (gsize)synth->domains * (gsize)synth->experts, loads,
                   domain_load, repeat);
    for (int i = 0; i < SYNTH_GATE_ROWS * synth->k; i++)
        gate[i % synth->k] += gates[i] / SYNTH_GATE_ROWS;
    JsonObject *expected = json_object_new();
    json_object_set_array_member(expected, "load", loads);
    json_object_set_array_member(expected, "domain_load", domain_load);
    json_object_set_array_member(expected, "repeat", repeat);
    if (synth->gates)
        json_object_set_array_member(expected, "gate", list(gate, synth->k));
    return expected;
}
