/* SPDX-License-Identifier: MIT
 *
 * What a layer tells about itself, for traces and inspection.
 */
#include "moe/layer.h"

#include <math.h>

void
moe_report_scalar(const MoeReporter *to, const char *name, double value)
{
    float single = (float)value;
    to->func(to->user, name, 0, NULL, &single);
}

void
moe_report_tensor(const MoeReporter *to, const char *name, const MoeTensor *x)
{
    to->func(to->user, name, x->ndim, x->shape, x->data);
}

bool
moe__unit_is_padding(const MoeRouting *routing, int64_t unit)
{
    const int32_t *padding = routing->context->padding;
    return padding && padding[unit / routing->layer->units_per_token] < 0;
}

/* Over all units and experts: how hot the router is. NaN if there is no unit. Every training step
 * asks: one pass over the logits, off a pivot so that squares don't swallow what is small. */
static double
logit_std(const MoeRouting *routing)
{
    int64_t E = routing->picks.experts, n = 0;
    double sum = 0, squares = 0, pivot = 0;
    for (int64_t u = 0; u < routing->picks.units; u++) {
        const float *z = routing->logits->data + u * E;
        if (moe__unit_is_padding(routing, u))
            continue;
        if (n == 0)
            pivot = (double)z[0];
        n += E;
#pragma omp simd reduction(+ : sum, squares)
        for (int64_t e = 0; e < E; e++) {
            double off = (double)z[e] - pivot;
            sum += off;
            squares += off * off;
        }
    }
    double mean = sum / (double)n;
    return n > 0 ? sqrt(fmax(squares / (double)n - mean * mean, 0)) : NAN;
}

typedef struct {
    MoeRouting *routing;
    bool thorough;
    const MoeReporter *to;
} Report;

static void
report_part(MoeLayer *layer, const MoeFilled *filled, void *user)
{
    const Report *report = user;
    if (filled->part->report)
        filled->part->report(report->routing, filled->state, report->thorough, report->to);
}

void
moe_layer_report(MoeRouting *routing, bool thorough, const MoeReporter *to)
{
    Report report = {routing, thorough, to};
    moe_report_scalar(to, "logit_std", logit_std(routing));
    if (thorough)
        moe__report_likeness(routing, to);
    moe__layer_visit(routing->layer, report_part, &report);
}
