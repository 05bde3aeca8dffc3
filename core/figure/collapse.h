/* SPDX-License-Identifier: MIT
 *
 * collapse.h: what tells of a collapse, over training, router by router.
 */
#ifndef FIGURE_COLLAPSE_H
#define FIGURE_COLLAPSE_H

#include "figure/curve.h"
#include "figure/kit.h"

typedef enum {
    COLLAPSE_ENTROPY, /* … */
    COLLAPSE_EFFECTIVE,
    COLLAPSE_VIOLATION,
    COLLAPSE_DEAD, /* … of the load; */
    COLLAPSE_REPRESENTATION,
    COLLAPSE_WEIGHTS,
    COLLAPSE_OUTPUTS, /* … what routers report of a text; */
    COLLAPSE_FLUCTUATION,
    COLLAPSE_KINDS,
} CollapseKind;

/* One number of one router. */
typedef struct CollapseCurve {
    MoeCurve curve; /* n 0: not recorded */
    double uniform; /* what chance would show; NaN: not known */
} CollapseCurve;

typedef struct Collapse {
    const Kit *kit;
    int most;              /* points a curve */
    CollapseCurve *curves; /* [kinds × routers of the kit] */
    bool of_text;          /* whether loads are those of a text, not of training batches */
    int64_t steps, snapshots;
    int64_t low, high; /* picks of a layer and step */
} Collapse;

/* Reads all that the trace has. Fails where what is there can't be read. `of_text`: loads of the
 * recorded text rather than of training batches, where there are both. */
bool moe__collapse_read(const Kit *kit, int most, bool of_text, Collapse *collapse, GError **error);
void moe__collapse_clear(Collapse *collapse);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Collapse, moe__collapse_clear)

const CollapseCurve *moe__collapse_curve(const Collapse *collapse, CollapseKind kind, guint router);

#endif
