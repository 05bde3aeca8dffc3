/* SPDX-License-Identifier: MIT
 *
 * What logits add to a unit on its way into the trace.
 */
#include "import/door.h"

#include <math.h>
#include <string.h>

/* Counts units whose picks the rule wouldn't make of the logits. Logits of bfloat16 often tie,
 * which leaves more than one choice of the k highest: only a pick below another expert speaks
 * against it.
 */
static void
compare(MoeImport *import, float margin)
{
    import->compared++;
    import->disagreeing += margin < 0;
}

void
moe__import_derive(MoeImport *import, int router, const float *logits, int32_t *expert,
                   double *gate)
{
    int E = import->routers[router].experts, k = import->k;
    gsize row = (gsize)import->rows;
    if (import->no_picks) {
        moe__logits_select(logits, E, k, expert);
        import->closed += logits[expert[k - 1]] == -INFINITY;
    }
    import->margin[router][row] = moe__logits_margin(logits, E, expert, k);
    if (import->compare)
        compare(import, import->margin[router][row]);
    if (import->logits)
        memcpy(import->logits[router] + row * (gsize)E, logits, sizeof *logits * (gsize)E);
    if (!import->entropy)
        return;
    double sum = moe__logits_weigh(logits, E, import->score, import->weight);
    import->entropy[router][row] = (float)moe__logits_entropy(import->weight, sum, E);
    if (import->derive_gates)
        moe__logits_gates(import->weight, sum, import->score, import->gates_to_one, expert, k,
                          gate);
}
