/* SPDX-License-Identifier: MIT
 *
 * Numbers that are none: NaN and infinities among gates, logits and entropies. A margin may be NaN:
 * a unit that picks every expert has none; and a logit -inf, of an expert that a mask closed (a
 * group that wasn't chosen, an expert that was pruned), unless it is picked all the same. Of a
 * summary: sums of gates.
 */
#include "check/blocks.h"
#include "tensor/cpu.h"

#include <float.h>
#include <math.h>

typedef enum { GATES, LOGITS, ENTROPIES, KINDS } Kind;

typedef struct {
    MoeHits (*tallies)[KINDS]; /* [routers] */
    MoeMarks marks;
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    int n = moe_trace_routers(moe_check_run_trace(run));
    s->tallies = g_malloc0_n((gsize)MAX(1, n), sizeof *s->tallies);
}

/* Whether one of `n` numbers that stand `stride` apart is none. */
static bool
is_broken(const float *values, int n, int64_t stride)
{
    bool broken = false;
    for (int i = 0; values && i < n; i++)
        broken = broken || !isfinite(values[i * stride]);
    return broken;
}

/* The same of logits, of which those of experts that aren't picked may be -inf. */
static bool
has_broken_logit(const MoeCheckRows *rows, int64_t u)
{
    const MoeTraceView *view = rows->view;
    int E = rows->info->experts;
    const float *z = rows->logits ? rows->logits + u * E : NULL;
    bool broken = false;
    for (int e = 0; z && e < E; e++)
        broken = broken || !(z[e] <= FLT_MAX);
    for (int slot = 0; z && slot < view->k; slot++) {
        int32_t expert = view->expert[slot * view->units + u];
        broken = broken || (expert >= 0 && !isfinite(z[expert]));
    }
    return broken;
}

static void
see_unit(State *s, const MoeCheckRows *rows, int64_t u)
{
    const MoeTraceView *view = rows->view;
    MoeHits *tallies = s->tallies[rows->router];
    bool gate = is_broken(view->gate ? view->gate + u : NULL, view->k, view->units);
    bool logit = has_broken_logit(rows, u);
    bool entropy = is_broken(rows->entropy ? rows->entropy + u : NULL, 1, 1);
    moe__hits_count(&tallies[GATES], rows, u, gate);
    moe__hits_count(&tallies[LOGITS], rows, u, logit);
    moe__hits_count(&tallies[ENTROPIES], rows, u, entropy);
    if (gate || logit || entropy)
        moe__marks_add(&s->marks, u / rows->info->units_per_token);
}

/* Whether none of n numbers that stand together is broken. */
MOE_CLONES static bool
finite_all(const float *values, int64_t n)
{
    int32_t broken = 0;
    for (int64_t i = 0; i < n; i++)
        broken |= !(fabsf(values[i]) <= FLT_MAX);
    return !broken;
}

static bool
is_whole(const MoeCheckRows *rows, const MoeBlock *block)
{
    const MoeTraceView *view = rows->view;
    int E = rows->info->experts;
    bool whole = true;
    for (int slot = 0; view->gate && whole && slot < view->k; slot++)
        whole = finite_all(view->gate + slot * view->units + block->first, block->n);
    return whole && (!rows->logits || finite_all(rows->logits + block->first * E, block->n * E)) &&
           (!rows->entropy || finite_all(rows->entropy + block->first, block->n));
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    moe__marks_begin(&s->marks, rows);
    for (MoeBlock block = {0}; moe__block_next(run, rows, &block);) {
        bool whole = is_whole(rows, &block);
        for (int kind = 0; whole && kind < KINDS; kind++)
            moe__hits_count_alike(&s->tallies[rows->router][kind], rows, block.first, block.n,
                                  false);
        for (int64_t u = block.first; !whole && u < block.first + block.n; u++)
            see_unit(s, rows, u);
    }
}

static void
see_chunk(MoeCheckRun *run, void *state, int chunk)
{
    State *s = state;
    if (s->marks.routers > 0 && s->marks.chunk == chunk)
        moe__marks_drop(run, &s->marks, 1);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    static const char *const names[KINDS] = {"a gate", "a logit", "an entropy"};
    State *s = state;
    int n = moe_trace_routers(moe_check_run_trace(run));
    for (int r = 0; r < n && !cancelled; r++)
        for (int kind = 0; kind < KINDS; kind++) {
            const MoeHits *tally = &s->tallies[r][kind];
            if (tally->count == 0)
                continue;
            g_autofree char *share = moe__hits_text(tally);
            MoeFinding finding =
                moe__finding(MOE_FINDING_ERROR, r, tally, "units",
                             g_strdup_printf("%s units have %s that is infinite or not a number",
                                             share, names[kind]));
            moe_check_run_add(run, &finding);
        }
    g_free(s->tallies);
    moe__marks_clear(&s->marks);
}

/* A sum of gates is none if a gate was none; below 0 it is no load either. */
static void
see_summary(MoeCheckRun *run, const MoeSummary *summary)
{
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        const MoeSummaryCell *cell = moe_summary_cell(summary, r, MOE_DOMAIN_ALL);
        int broken = 0, first = -1;
        for (int e = 0; e < cell->experts; e++)
            if (!(cell->gate_sum[e] >= 0 && isfinite(cell->gate_sum[e])) && broken++ == 0)
                first = e;
        if (broken == 0)
            continue;
        MoeFinding finding = moe__summary_finding(
            MOE_FINDING_ERROR, r,
            g_strdup_printf("the gates of %d experts sum to no number or one below 0, the first of "
                            "them %d: %g",
                            broken, first, cell->gate_sum[first]));
        moe_check_run_add(run, &finding);
    }
}

const MoeCheck moe__check_finite = {
    .struct_size = sizeof(MoeCheck),
    .name = "non-finite",
    .help = "gates, logits and entropies that are infinite or not a number",
    .why = "one such value spoils every mean it enters, and what was picked by it is arbitrary",
    .remedy = "record in a wider type (f16 ends at 65504), or drop the tokens (moescope check "
              "--drop non-finite)",
    .drops = true,
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .chunk = see_chunk,
    .end = end,
    .summary = see_summary,
};
