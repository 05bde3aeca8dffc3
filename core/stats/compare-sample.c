/* SPDX-License-Identifier: MIT
 *
 * compare-sample.c: a sample of two routings whose tokens are paired at random: what agreement
 * there is then comes from the loads alone.
 */
#include "stats/compare-sample.h"

#include "stats/compare-unit.h"

enum { SAMPLE_PICKS = 1 << 19 };

static void
fill_permutation(int32_t *place, int64_t n, uint64_t seed, uint64_t stream)
{
    MoeRng rng = moe_rng(seed, stream);
    for (int64_t i = 0; i < n; i++)
        place[i] = (int32_t)i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)moe_rng_below(&rng, (uint64_t)i + 1);
        int32_t swapped = place[i];
        place[i] = place[j];
        place[j] = swapped;
    }
}

MoeSample *
moe__sample_new(const MoeComparedRouter *router, int64_t tokens, uint64_t seed)
{
    int slots_a = router->k_a > 0 ? router->k_a : router->experts_a;
    int slots_b = router->k_b > 0 ? router->k_b : router->experts_b;
    int64_t width = (int64_t)MAX(slots_a, slots_b) * router->units_per_token;
    if (width > SAMPLE_PICKS)
        return NULL;
    MoeSample *sample = g_new0(MoeSample, 1);
    sample->slots[0] = slots_a;
    sample->slots[1] = slots_b;
    sample->of = tokens;
    sample->tokens = MIN(tokens, SAMPLE_PICKS / width);
    sample->units = sample->tokens * router->units_per_token;
    sample->units_per_token = router->units_per_token;
    for (int side = 0; side < 2; side++) {
        gsize picks = (gsize)sample->units * (gsize)sample->slots[side];
        sample->expert[side] = g_new(uint16_t, picks);
        sample->gate[side] = g_new(float, picks);
    }
    sample->place = g_new(int32_t, (gsize)sample->tokens);
    fill_permutation(sample->place, sample->tokens, seed,
                     (uint64_t)(uint32_t)router->a << 32 | (uint32_t)router->b);
    return sample;
}

void
moe__sample_free(MoeSample *sample)
{
    if (!sample)
        return;
    for (int side = 0; side < 2; side++) {
        g_free(sample->expert[side]);
        g_free(sample->gate[side]);
    }
    g_free(sample->place);
    g_free(sample);
}

static void
take_unit(MoeSample *sample, int side, const MoeSidePicks *picks, int64_t from, int64_t to)
{
    uint16_t *expert = sample->expert[side] + to;
    for (int slot = 0; slot < sample->slots[side]; slot++) {
        bool has = slot < picks->slots;
        int32_t pick = has ? moe__pick_of(picks, slot, from) : -1;
        expert[slot * sample->units] = pick < 0 ? UINT16_MAX : (uint16_t)pick;
        if (sample->gate[side])
            sample->gate[side][slot * sample->units + to] =
                has ? moe__gate_of(picks, slot, from) : 0;
    }
}

void
moe__sample_take(MoeSample *sample, const MoeSidePicks *a, const MoeSidePicks *b, int64_t first,
                 int64_t n)
{
    /* A chunk without gates leaves the sample without any. */
    if (!moe__picks_gated(a))
        g_clear_pointer(&sample->gate[0], g_free);
    if (!moe__picks_gated(b))
        g_clear_pointer(&sample->gate[1], g_free);
    for (; sample->next < sample->tokens; sample->next++) {
        int64_t token = sample->next * sample->of / sample->tokens - first;
        if (token >= n)
            return;
        for (int u = 0; u < sample->units_per_token; u++) {
            int64_t from = token * sample->units_per_token + u;
            take_unit(sample, 0, a, from, sample->next * sample->units_per_token + u);
            take_unit(sample, 1, b, from,
                      (int64_t)sample->place[sample->next] * sample->units_per_token + u);
        }
    }
}

MoeSidePicks
moe__sample_picks(const MoeSample *sample, int side)
{
    return (MoeSidePicks){
        .expert16 = sample->expert[side],
        .gate = sample->gate[side],
        .stride = sample->units,
        .slots = sample->slots[side],
    };
}
