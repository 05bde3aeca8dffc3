/* SPDX-License-Identifier: MIT
 *
 * What the layers of a pass report of themselves, into the measures of a trace.
 */
#ifndef MOE_MODEL_MEASURES_H
#define MOE_MODEL_MEASURES_H

#include <moescope/model.h>

/* Of the batch of a training step: the scalars alone, as "train.NAME". Otherwise everything that a
 * thorough report tells of the text that is recorded. */
typedef struct MoeMeasures {
    MoeTraceWriter *writer;
    int64_t step; /* training step of the model */
    bool training;
    GError *failure; /* the first that the writer gave; the owner's to clear */
} MoeMeasures;

/* A MoeObserver; `user` is a MoeMeasures. Does nothing after a failure. */
void moe__measures_observe(MoeRouting *routing, void *user);
/* Whether all went well; moves the failure to `error` otherwise. */
bool moe__measures_done(MoeMeasures *measures, GError **error);

#endif
