/* SPDX-License-Identifier: MIT */
#include "model/measures.h"

#define TRAINING_PREFIX "train."

/* One layer's report on its way. */
typedef struct {
    MoeMeasures *measures;
    int router;
} Report;

static void
take(void *user, const char *name, int ndim, const int64_t *shape, const float *values)
{
    const Report *report = user;
    MoeMeasures *m = report->measures;
    /* A run may have 10^5 steps: what has a shape would outgrow the picks. */
    if (m->failure || (m->training && ndim > 0))
        return;
    g_autofree char *full = g_strconcat(m->training ? TRAINING_PREFIX : "", name, NULL);
    moe_trace_writer_measure(m->writer, report->router, full, m->step, ndim, shape, values,
                             &m->failure);
}

void
moe__measures_observe(MoeRouting *routing, void *user)
{
    MoeMeasures *m = user;
    if (m->failure)
        return;
    Report report = {m, moe_layer_index(routing->layer)};
    MoeReporter to = {take, &report};
    moe_layer_report(routing, !m->training, &to);
}

bool
moe__measures_done(MoeMeasures *m, GError **error)
{
    if (!m->failure)
        return true;
    g_propagate_error(error, g_steal_pointer(&m->failure));
    return false;
}
