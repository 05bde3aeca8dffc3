/* SPDX-License-Identifier: MIT
 *
 * router-rows.h: what routers compare tokens with, out of the weights of a model: ours, or one as
 * Hugging Face stores them.
 */
#ifndef FIGURE_ROUTER_ROWS_H
#define FIGURE_ROUTER_ROWS_H

#include <moescope/base.h>

/* The rows of one layer: one an expert. */
typedef struct RouterRows {
    int layer, experts, width;
    float *rows; /* [experts × width] */
} RouterRows;

/* Which rows are meant. */
typedef enum {
    ROWS_ROUTER,    /* of routers */
    ROWS_EMBEDDING, /* that HyperMoE generates experts of */
} RowsKind;

/* Whether the path is a .safetensors file, or a folder that has some. */
bool moe__router_rows_is(const char *path);
/* Those of all layers, ascending; empty if there are none of the kind. A tensor counts as a
 * router's if it is [experts, width], of 2 to 2048 experts, and named as they are:
 * "….LAYER.….gate.weight", "….router.weight", "….router.layer.weight" and the like. The errors of
 * moe_safetensors_open(). (transfer full, of RouterRows) */
GArray *moe__router_rows_read(const char *path, RowsKind kind, GError **error);

#endif
