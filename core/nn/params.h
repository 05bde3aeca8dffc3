/* SPDX-License-Identifier: MIT
 *
 * Sets of named tensors in a safetensors file: what parameters and optimiser state share.
 */
#ifndef MOE_NN_PARAMS_H
#define MOE_NN_PARAMS_H

#include <moescope/nn.h>
#include <moescope/safetensors.h>

/* A tensor and the name that it has in a file. */
typedef struct {
    const char *name;
    MoeTensor *tensor;
} MoeNamed;

void moe__named_write(const MoeNamed *named, int n, MoeSafetensorsWriter *writer);
/* Strict: the file holds exactly these tensors, of these shapes, as floating-point numbers.
 * Everything is checked before anything is changed; the error lists every breach. */
bool moe__named_read(const MoeNamed *named, int n, const MoeSafetensors *file, GError **error);

#endif
