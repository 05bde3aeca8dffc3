/* SPDX-License-Identifier: MIT
 *
 * A legend of experts, the most frequent first.
 */
#include "figure/expert-names.h"
#include "figure/load.h"
#include "figure/number.h"

#include <math.h>

typedef struct Use {
    int expert, n;
} Use;

static int
by_use(const void *a, const void *b)
{
    const Use *x = a, *y = b;
    return x->n != y->n ? y->n - x->n : x->expert - y->expert;
}

/* (transfer full) [experts] */
static Use *
uses_of(const double *values, int n, int experts, int *picks)
{
    Use *uses = g_new0(Use, (gsize)experts);
    for (int e = 0; e < experts; e++)
        uses[e].expert = e;
    for (int i = 0; i < n; i++)
        if (isfinite(values[i])) {
            uses[(int)values[i]].n++;
            *picks += 1;
        }
    qsort(uses, (size_t)experts, sizeof(Use), by_use);
    return uses;
}

int
moe__expert_names(MoeScene *scene, int panel, const double *values, int n, int experts)
{
    static const double nowhere = NAN;
    int picks = 0, found = 0;
    g_autofree Use *uses = uses_of(values, n, experts, &picks);
    for (; found < experts && uses[found].n > 0; found++) {
        if (found >= EXPERT_NAMES)
            continue;
        double percent = 100.0 * uses[found].n / picks;
        g_autofree char *share = moe__number_fixed(percent, percent < 0.95 ? 1 : 0);
        g_autofree char *name = g_strdup_printf("%s%d (%s" NBSP "%%)", found ? "" : "expert ",
                                                uses[found].expert, share);
        MoeColour own = moe_colour_category(uses[found].expert, experts);
        MoePoints mark = {.n = 1,
                          .x = &nowhere,
                          .y = &nowhere,
                          .ink = {.own = &own, .exact = true, .name = name}};
        moe_scene_add_points(scene, panel, &mark);
    }
    return found;
}

char *
moe__expert_names_left(int found)
{
    if (found <= EXPERT_NAMES)
        return g_strdup("");
    return g_strdup_printf("; the %d most frequent of %d experts are named", EXPERT_NAMES, found);
}
