/* SPDX-License-Identifier: MIT
 *
 * A trace as arrays over all its tokens: tokens.{id,doc,pos,domain} I32 [tokens], routers.R.experts
 * I32 [units, k], routers.R.gates F32 [units, k].
 */
#ifndef MOE_EXPORT_TENSORS_H
#define MOE_EXPORT_TENSORS_H

#include <moescope/export.h>

typedef enum { MOE_TENSOR_COLUMN, MOE_TENSOR_EXPERT, MOE_TENSOR_GATE } MoeTensorKind;

typedef struct MoeTensor {
    MoeTensorKind kind;
    int index; /* column or router */
    int k;     /* slots of a unit; 0: a column */
    int64_t rows;
} MoeTensor;

typedef struct MoeTensors {
    MoeExport *job;
    const MoeTrace *trace;
    GArray *tensors; /* MoeTensor */
    MoeTraceView *view;
    void *buffer;  /* int32_t or float */
    uint32_t *crc; /* where it isn't NULL values aren't written, but added to this */
} MoeTensors;

/* Those that the trace has. Cleared by the caller in any case. */
bool moe__tensors_find(MoeTensors *t, MoeExport *job, GError **error);
void moe__tensors_clear(MoeTensors *t);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeTensors, moe__tensors_clear)
/* Bytes of its values; its name. (transfer full) */
int64_t moe__tensor_bytes(const MoeTensor *tensor);
char *moe__tensor_name(const MoeTensor *tensor);
/* The values of tensor `i`, little-endian, row after row; of `total` steps of progress `done` are.
 */
bool moe__tensors_write(MoeTensors *t, int i, int64_t done, int64_t total, GError **error);

#endif
