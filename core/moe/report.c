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

/* Over all units and experts: how hot the router is. */
static double
standard_deviation(const MoeTensor *x)
{
    double sum = 0, squares = 0;
    int64_t n = moe_tensor_count(x);
    for (int64_t i = 0; i < n; i++)
        sum += (double)x->data[i];
    double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += ((double)x->data[i] - mean) * ((double)x->data[i] - mean);
    return sqrt(squares / (double)n);
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
    moe_report_scalar(to, "logit_std", standard_deviation(routing->logits));
    moe__layer_visit(routing->layer, report_part, &report);
}
