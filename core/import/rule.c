/* SPDX-License-Identifier: MIT */
#include "import/rule.h"

#include <math.h>

MoeLogitScore
moe__logit_score(const char *name)
{
    if (name && g_str_equal(name, "softmax"))
        return MOE_LOGITS_SOFTMAX;
    return name && g_str_equal(name, "sigmoid") ? MOE_LOGITS_SIGMOID : MOE_LOGITS_UNKNOWN;
}

/* Whether a later expert with logit z goes before one with logit w. */
static bool
beats(float z, float w)
{
    return z > w || (isnan(w) && !isnan(z));
}

void
moe__logits_select(const float *z, int E, int k, int32_t *expert)
{
    int n = 0;
    for (int e = 0; e < E; e++) {
        if (n == k && !beats(z[e], z[expert[k - 1]]))
            continue;
        int at = n < k ? n++ : k - 1;
        for (; at > 0 && beats(z[e], z[expert[at - 1]]); at--)
            expert[at] = expert[at - 1];
        expert[at] = e;
    }
}

double
moe__logits_weigh(const float *z, int E, MoeLogitScore score, double *weight)
{
    float top = z[0];
    double sum = 0;
    for (int e = 1; e < E; e++)
        top = fmaxf(top, z[e]);
    for (int e = 0; e < E; e++) {
        weight[e] = score == MOE_LOGITS_SOFTMAX ? exp((double)z[e] - (double)top)
                                                : 1 / (1 + exp(-(double)z[e]));
        sum += weight[e];
    }
    return sum;
}

void
moe__logits_gates(const double *weight, double sum, MoeLogitScore score, bool to_one,
                  const int32_t *expert, int k, double *gate)
{
    bool softmax = score == MOE_LOGITS_SOFTMAX;
    double picked = 0;
    for (int i = 0; i < k; i++)
        picked += expert[i] < 0 ? 0 : weight[expert[i]];
    double divisor = to_one ? picked : softmax ? sum : 1;
    if (softmax && isnan(sum))
        divisor = NAN;
    for (int i = 0; i < k; i++)
        gate[i] = expert[i] < 0 ? 0 : weight[expert[i]] / divisor;
}

double
moe__logits_entropy(const double *weight, double sum, int E)
{
    double weighted = 0;
    for (int e = 0; e < E; e++) /* an expert that a mask closed has weight 0 */
        weighted += weight[e] == 0 ? 0 : weight[e] * log(weight[e]);
    return log(sum) - weighted / sum;
}

float
moe__logits_margin(const float *z, int E, const int32_t *expert, int k)
{
    float least = INFINITY, best = -INFINITY;
    for (int i = 0; i < k; i++)
        if (expert[i] >= 0)
            least = fminf(least, z[expert[i]]);
    for (int e = 0; e < E; e++) {
        bool picked = false;
        for (int i = 0; i < k; i++)
            picked = picked || expert[i] == e;
        if (!picked)
            best = fmaxf(best, z[e]);
    }
    return isfinite(least) && isfinite(best) ? least - best : NAN;
}
