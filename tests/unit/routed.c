/* SPDX-License-Identifier: MIT
 *
 * Random decisions of one router, and their traces.
 */
#include "routed.h"

#include <glib/gstdio.h>

static char *folder;

void
routed_begin(void)
{
    folder = g_dir_make_tmp("moescope-routed-XXXXXX", NULL);
}

void
routed_end(void)
{
    g_autofree char *path = g_build_filename(folder, "routed.npz", NULL);
    g_unlink(path);
    g_rmdir(folder);
    g_clear_pointer(&folder, g_free);
}

/* Documents of 1 … 150 tokens; now and then a position is left out or not known. */
static void
draw_tokens(Routed *routed, MoeRng *rng)
{
    int32_t doc = 0, pos = 0, left = 0, domain = 0, step = 0;
    for (int64_t t = 0; t < routed->tokens; t++) {
        if (left == 0) {
            left = 1 + (int32_t)moe_rng_below(rng, 150);
            doc += 1 + (int32_t)moe_rng_below(rng, 3);
            pos = (int32_t)moe_rng_below(rng, 5);
            domain = (int32_t)moe_rng_below(rng, ROUTED_DOMAINS + 1) - 1;
            step = t < routed->tokens / 2 ? 0 : 1;
        }
        pos += moe_rng_below(rng, 60) == 0;
        routed->id[t] = (int32_t)moe_rng_below(rng, 20);
        routed->doc[t] = doc;
        routed->pos[t] = moe_rng_below(rng, 80) == 0 ? -1 : pos;
        routed->domain[t] = moe_rng_below(rng, 40) == 0 ? -1 : domain;
        routed->step[t] = moe_rng_below(rng, 200) == 0 ? 1 - step : step;
        pos++;
        left--;
    }
}

/* A quarter of the units repeat the ones before; small numbers are picked more often. */
static void
draw_unit(Routed *routed, MoeRng *rng, int64_t unit)
{
    int n = routed->info.k ? routed->info.k : 1 + (int)moe_rng_below(rng, (uint64_t)routed->slots);
    uint64_t experts = (uint64_t)routed->info.experts;
    bool repeats = unit >= routed->info.units_per_token && moe_rng_below(rng, 4) == 0;
    bool none = moe_rng_below(rng, 50) == 0;
    for (int slot = 0; slot < routed->slots; slot++) {
        int64_t i = unit * routed->slots + slot;
        int64_t before = i - (int64_t)routed->info.units_per_token * routed->slots;
        uint64_t range = 1 + moe_rng_below(rng, experts);
        routed->expert[i] = none || slot >= n ? -1 : (int32_t)moe_rng_below(rng, range);
        if (repeats)
            routed->expert[i] = routed->expert[before];
        routed->gate[i] = (float)(1 + moe_rng_below(rng, 1024)) / 1024;
        routed->dropped[i] = routed->expert[i] >= 0 && moe_rng_below(rng, 5) == 0;
    }
}

static void
draw_scores(Routed *routed, MoeRng *rng)
{
    gsize wide = (gsize)routed->info.experts;
    routed->entropy = g_new(float, (gsize)routed->units);
    routed->margin = g_new(float, (gsize)routed->units);
    routed->logits = g_new(float, (gsize)routed->units *wide);
    for (int64_t u = 0; u < routed->units; u++) {
        routed->entropy[u] = (float)moe_rng_below(rng, 1024) / 512;
        routed->margin[u] = (float)moe_rng_below(rng, 1024) / 1024;
        for (gsize e = 0; e < wide; e++)
            routed->logits[(gsize)u * wide + e] = ((float)moe_rng_below(rng, 512) - 256) / 64;
    }
}

Routed *
routed_new(uint64_t seed, int64_t tokens, int experts, int k, int heads)
{
    Routed *routed = g_new0(Routed, 1);
    MoeRng rng = moe_rng(seed, 0);
    routed->info = (MoeRouterInfo){.experts = experts,
                                   .k = k,
                                   .units_per_token = heads,
                                   .causal = true,
                                   .score = (char *)"softmax",
                                   .select = (char *)"topk",
                                   .gate = (char *)"sigmoid"};
    routed->tokens = tokens;
    routed->units = tokens * heads;
    routed->slots = k ? k : experts;
    gsize n = (gsize)tokens, picks = (gsize)(routed->units * routed->slots);
    routed->id = g_new(int32_t, n);
    routed->doc = g_new(int32_t, n);
    routed->pos = g_new(int32_t, n);
    routed->domain = g_new(int32_t, n);
    routed->step = g_new(int32_t, n);
    routed->expert = g_new(int32_t, picks);
    routed->gate = g_new(float, picks);
    routed->dropped = g_new(uint8_t, picks);
    draw_tokens(routed, &rng);
    for (int64_t u = 0; u < routed->units; u++)
        draw_unit(routed, &rng, u);
    draw_scores(routed, &rng);
    return routed;
}

void
routed_free(Routed *routed)
{
    g_free(routed->id);
    g_free(routed->doc);
    g_free(routed->pos);
    g_free(routed->domain);
    g_free(routed->step);
    g_free(routed->expert);
    g_free(routed->gate);
    g_free(routed->dropped);
    g_free(routed->entropy);
    g_free(routed->margin);
    g_free(routed->logits);
    g_free(routed);
}

static void
append(MoeTraceWriter *writer, const Routed *routed, int64_t first, int64_t n)
{
    g_autoptr(GError) error = NULL;
    int64_t unit = first * routed->info.units_per_token, pick = unit * routed->slots;
    MoeTraceTokens tokens = {.n = n,
                             .id = routed->id + first,
                             .doc = routed->doc ? routed->doc + first : NULL,
                             .pos = routed->pos ? routed->pos + first : NULL,
                             .domain = routed->domain + first,
                             .step = routed->step ? routed->step + first : NULL};
    MoeTracePicks picks = {
        .expert = routed->expert + pick,
        .gate = routed->gate ? routed->gate + pick : NULL,
        .dropped = routed->dropped ? routed->dropped + pick : NULL,
        .entropy = routed->entropy ? routed->entropy + unit : NULL,
        .margin = routed->margin ? routed->margin + unit : NULL,
        .logits = routed->logits ? routed->logits + unit * routed->info.experts : NULL,
    };
    g_assert_true(moe_trace_writer_append(writer, &tokens, &picks, &error));
}

MoeTrace *
routed_trace(const Routed *routed, int64_t first, int64_t n, int64_t each)
{
    g_autoptr(GError) error = NULL;
    const char *const domains[ROUTED_DOMAINS] = {"prose", "code"};
    g_autofree char *path = g_build_filename(folder, "routed.npz", NULL);
    g_autofree char *meta = moe_trace_meta(&routed->info, 1, domains, ROUTED_DOMAINS, NULL);
    MoeTraceOptions options = {.chunk_tokens = 1,
                               .gates = routed->gate != NULL,
                               .score_stats = routed->entropy || routed->margin,
                               .logits = routed->logits != NULL};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, &routed->info, 1, &options, &error);
    g_assert_no_error(error);
    for (int64_t t = 0; t < n; t += each)
        append(writer, routed, first + t, MIN(each, n - t));
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

MoeSummary *
routed_count(const Routed *routed, int64_t each, unsigned tallies, int step)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = routed_trace(routed, 0, routed->tokens, each);
    MoeSummaryOptions options = {
        .steps = step < 0 ? MOE_STEPS_ALL : MOE_STEPS_ONE, .step = step, .tallies = tallies};
    MoeSummary *summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    return summary;
}

bool
routed_in(const Routed *routed, int64_t token, int domain, int step)
{
    return (step < 0 || routed->step[token] == step) &&
           (domain == MOE_DOMAIN_ALL || routed->domain[token] == domain);
}

int
routed_set(const Routed *routed, int64_t unit, bool *there)
{
    int n = 0;
    for (int e = 0; e < routed->info.experts; e++)
        there[e] = false;
    for (int64_t i = unit * routed->slots; i < (unit + 1) * routed->slots; i++)
        if (routed->expert[i] >= 0 && !there[routed->expert[i]]) {
            there[routed->expert[i]] = true;
            n++;
        }
    return n;
}
