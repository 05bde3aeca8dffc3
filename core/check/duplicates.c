/* SPDX-License-Identifier: MIT
 *
 * One expert twice among a unit's picks (units whose slots are all one expert: pads.c).
 */
#include "check/blocks.h"
#include "tensor/cpu.h"

/* Slots up to which all pairs of them are compared first: beyond, that is more work. */
enum { FEW = 16 };

typedef struct {
    MoeHits *tallies; /* [routers] */
    int64_t *stamp;   /* [experts] the last unit that picked it */
    int64_t units;    /* stamps given */
    MoeMarks marks;
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->tallies = g_new0(MoeHits, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
    s->stamp = g_new0(int64_t, UINT16_MAX);
}

static bool
has_duplicate(State *s, const MoeTraceView *view, int64_t u)
{
    int picks = 0, distinct = 0;
    s->units++;
    for (int slot = 0; slot < view->k; slot++) {
        int32_t expert = view->expert[slot * view->units + u];
        if (expert < 0)
            continue;
        picks++;
        distinct += s->stamp[expert] != s->units;
        s->stamp[expert] = s->units;
    }
    return distinct < picks && distinct > 1;
}

/* Whether two slots of any of n units hold the same. */
MOE_CLONES static bool
duplicates_any(const int32_t *expert, int64_t stride, int k, int64_t n)
{
    int32_t any = 0;
    for (int a = 1; a < k; a++)
        for (int b = 0; b < a; b++)
            for (int64_t u = 0; u < n; u++)
                any |= expert[a * stride + u] == expert[b * stride + u];
    return any;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    const MoeTraceView *view = rows->view;
    MoeHits *tally = &s->tallies[rows->router];
    moe__marks_begin(&s->marks, rows);
    for (MoeBlock block = {0}; moe__block_next(run, rows, &block);) {
        if (block.full && view->k <= FEW &&
            !duplicates_any(view->expert + block.first, view->units, view->k, block.n)) {
            moe__hits_count_alike(tally, rows, block.first, block.n, false);
            continue;
        }
        for (int64_t u = block.first; u < block.first + block.n; u++) {
            bool hit = has_duplicate(s, view, u);
            moe__hits_count(tally, rows, u, hit);
            if (hit)
                moe__marks_add(&s->marks, u / rows->info->units_per_token);
        }
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
    State *s = state;
    for (int r = 0; r < moe_trace_routers(moe_check_run_trace(run)) && !cancelled; r++) {
        const MoeHits *tally = &s->tallies[r];
        g_autofree char *share = moe__hits_text(tally);
        MoeFinding finding = moe__finding(
            MOE_FINDING_ERROR, r, tally, "units",
            tally->count ? g_strdup_printf("%s units pick an expert twice; k different experts "
                                           "were expected",
                                           share)
                         : NULL);
        if (tally->count > 0)
            moe_check_run_add(run, &finding);
    }
    g_free(s->tallies);
    g_free(s->stamp);
    moe__marks_clear(&s->marks);
}

const MoeCheck moe__check_duplicates = {
    .struct_size = sizeof(MoeCheck),
    .name = "duplicate-experts",
    .help = "units that pick one expert twice",
    .why = "no router picks an expert twice: slots are mixed up, partly filled, or ids were mapped "
           "many to one; loads and pairs of experts are wrong",
    .remedy = "find where the recorder mixes rows; drop what can't be mended (moescope check "
              "--drop duplicate-experts)",
    .drops = true,
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .chunk = see_chunk,
    .end = end,
};
