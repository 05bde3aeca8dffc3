/* SPDX-License-Identifier: MIT
 *
 * The recorder turns forward passes into rows of a trace. It observes each MoE layer while its
 * logits are there, and appends the batch when the pass is done.
 */
#ifndef MOE_MODEL_RECORDER_H
#define MOE_MODEL_RECORDER_H

#include <moescope/model.h>

typedef struct MoeRecorder MoeRecorder;

/* `infos`: what the trace says about each router of the model; only `k` is looked at. */
MoeRecorder *moe__recorder_new(MoeModel *model, const MoeRouterInfo *infos,
                               const MoeTraceOptions *options);
void moe__recorder_free(MoeRecorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeRecorder, moe__recorder_free)
/* A MoeObserver; `user` is the recorder. */
void moe__recorder_observe(MoeRouting *routing, void *user);
/* Appends the batch that was just run. `loss` [N] may be NULL. */
bool moe__recorder_append(MoeRecorder *recorder, MoeTraceWriter *writer, const MoeBatch *batch,
                          const MoeRouting *routings, const float *loss, int64_t step,
                          GError **error);

/* What the routers of a model are, for the meta.json of a trace whose passes all have `k` picks a
 * unit (0: as many as evaluation has). (transfer full), an array of moe_model_routers() to be freed
 * with g_free(); its strings are borrowed. */
MoeRouterInfo *moe__router_infos(MoeModel *model, int k);
/* The same for the trace of a run: k is 0 where not all its passes have as many picks a unit. */
MoeRouterInfo *moe__run_router_infos(MoeModel *model);
/* The members that moescope adds to meta.json: model, recipe, token strings, library. `more`: text
 * of further members (", \"x\": 1"), or "". (transfer full) */
char *moe__trace_extra(MoeModel *model, const MoeTokenizer *tokenizer, const char *more);

#endif
