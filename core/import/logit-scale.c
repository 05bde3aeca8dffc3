/* SPDX-License-Identifier: MIT */
#include "import/logit-scale.h"

#include "import/logit-beside.h"

#include <math.h>

enum { SAMPLE = 256 };        /* rows that tell probabilities from logits */
enum { SIGMOID_LEAST = 64 };  /* values that aren't all in 0 … 1 by chance */
enum { SCATTERED_LEAST = 2 }; /* rows that don't have as many zeros by chance */

/* What was seen of rows that aren't padding. */
typedef struct Seen {
    int experts;
    int64_t rows, blank; /* blank: nothing but zeros, or but NaN */
    /* Of the others. */
    int64_t to_one;
    bool within, positive; /* 0 … 1; nothing below zero, nor NaN */
    int least, most;       /* values other than zero in a row */
} Seen;

static void
see_row(Seen *seen, const MoeValues *values, int64_t at)
{
    int zeros = 0, nans = 0, E = seen->experts;
    bool within = true, positive = true;
    double sum = 0;
    for (int e = 0; e < E; e++) {
        double p = moe__values_number(values, at + e);
        zeros += p == 0;
        nans += isnan(p);
        within = within && p >= 0 && p <= 1.02;
        positive = positive && p >= 0;
        sum += p;
    }
    seen->rows++;
    if (zeros == E || nans == E) {
        seen->blank++;
        return;
    }
    /* A softmax has sums of one as far as 8 bits tell. */
    seen->to_one += within && fabs(sum - 1) <= 0.02;
    seen->within = seen->within && within;
    seen->positive = seen->positive && positive;
    seen->least = MIN(seen->least, E - zeros);
    seen->most = MAX(seen->most, E - zeros);
}

static bool
see(Seen *seen, const MoeArrays *arrays, const MoeLogitPass *pass, GError **error)
{
    const MoeLogitLayer *layer = &g_array_index(pass->layers, MoeLogitLayer, 0);
    g_auto(MoeValues) values = {0}, mask = {0};
    if (!moe__arrays_values(arrays, layer->logits, &values, error) ||
        !moe__logit_beside_values(arrays, &pass->mask, &mask, error))
        return false;
    for (int64_t t = 0; t < pass->rows * pass->length && seen->rows < SAMPLE; t++)
        if (!mask.data || moe__values_number(&mask, t) != 0)
            see_row(seen, &values, layer->base + t * layer->stride);
    return true;
}

/* Of few experts some logits sum to one by chance, but not as many as others. */
static bool
is_mixed(const Seen *seen, int64_t live)
{
    return live > seen->to_one && 2 * seen->to_one >= live;
}

static MoeLogitScale
scale_of(const Seen *seen, int64_t live, bool sigmoid)
{
    if (live >= SCATTERED_LEAST && seen->positive && seen->least == seen->most &&
        2 * seen->most <= seen->experts)
        return MOE_LOGIT_SCALE_SCATTERED;
    if (live > 0 && seen->to_one == live)
        return MOE_LOGIT_SCALE_SOFTMAX;
    return live > 0 && sigmoid && seen->within && seen->rows * seen->experts >= SIGMOID_LEAST
               ? MOE_LOGIT_SCALE_SIGMOIDS
               : MOE_LOGIT_SCALE_LOGITS;
}

bool
moe__logit_sample(const MoeArrays *arrays, const MoeLogitPass *pass, bool sigmoid,
                  MoeLogitSample *out, GError **error)
{
    Seen seen = {
        .experts = pass->experts, .within = true, .positive = true, .least = pass->experts};
    if (!see(&seen, arrays, pass, error))
        return false;
    int64_t live = seen.rows - seen.blank;
    *out = (MoeLogitSample){
        .rows = seen.rows, .scale = scale_of(&seen, live, sigmoid), .picks = seen.most};
    bool logits = out->scale == MOE_LOGIT_SCALE_LOGITS, blank = !logits && seen.blank > 0;
    if (!blank && !(logits && is_mixed(&seen, live)))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s: pass \"%s\": found %" G_GINT64_FORMAT " of the first %" G_GINT64_FORMAT
                " rows %s, and others like probabilities: if they are padding, save "
                "attention_mask (0: padding) beside the logits, or leave them out",
                moe__arrays_path(arrays), pass->parent, blank ? seen.blank : live - seen.to_one,
                seen.rows, blank ? "all zeros or NaN" : "that don't sum to one");
    return false;
}

double
moe__logit_of(MoeLogitScale scale, double value)
{
    return scale == MOE_LOGIT_SCALE_SOFTMAX    ? log(value)
           : scale == MOE_LOGIT_SCALE_SIGMOIDS ? log(value / (1 - value))
                                               : value;
}

bool
moe__logit_gathered(const MoeValues *values, int64_t at, int E, int k, int32_t *expert,
                    double *gate)
{
    int n = 0;
    for (int i = 0; i < k; i++) {
        expert[i] = -1;
        gate[i] = 0;
    }
    for (int e = 0; e < E; e++) {
        double p = moe__values_number(values, at + e);
        if (p == 0)
            continue;
        if (n == k || !(p > 0))
            return false;
        expert[n] = e;
        gate[n++] = p;
    }
    return true;
}
