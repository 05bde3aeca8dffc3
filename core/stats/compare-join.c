/* SPDX-License-Identifier: MIT
 *
 * compare-join.c: tokens of two traces of which each may lack some, or have documents in another
 * order, brought in step by document and position. A rollout has no row for the last token of a
 * document, a recorder may have dropped a batch; what both have can still be compared.
 */
#include "stats/compare.h"

#include <stdlib.h>

/* Runs in a list: what they take is bounded. */
enum { MOST_RUNS = 1 << 20 };

/* Neighbouring tokens of a document, at positions that follow each other. */
typedef struct Run {
    int32_t doc, pos; /* of the first */
    int chunk;
    int64_t first, n;
} Run;

/* --- Runs of one side -------------------------------------------------------------------------*/

enum { DOC, POS, ID, COLUMNS };

/* What has to be known of a side's tokens. */
typedef struct Side {
    GArray *runs;    /* of Run, in file order */
    GArray *sorted;  /* the same, by document and position */
    bool has_all;    /* columns; else nothing below is filled */
    bool placed;     /* all positions are known, each stands there once */
    bool identified; /* there are ids that are known */
} Side;

static void
side_clear(Side *side)
{
    g_clear_pointer(&side->runs, g_array_unref);
    g_clear_pointer(&side->sorted, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Side, side_clear)

static void
add_runs(Side *side, const MoeStretch *stretch, const MoeColumnReader *columns)
{
    const int32_t *doc = columns[DOC].values, *pos = columns[POS].values, *id = columns[ID].values;
    const int64_t behind = stretch->first + stretch->n;
    for (int64_t t = stretch->first, end; t < behind; t = end) {
        for (end = t + 1; end < behind && doc[end] == doc[t] && pos[end] == pos[t] + (end - t);)
            end++;
        Run run = {doc[t], pos[t], stretch->chunk, t, end - t};
        g_array_append_val(side->runs, run);
        side->placed = side->placed && pos[t] >= 0;
        for (int64_t i = t; i < end && !side->identified; i++)
            side->identified = id[i] >= 0;
    }
}

static int
by_place(const void *a, const void *b)
{
    const Run *x = a, *y = b;
    int order = (x->doc > y->doc) - (x->doc < y->doc);
    return order ? order : (x->pos > y->pos) - (x->pos < y->pos);
}

static void
sort_runs(Side *side)
{
    side->sorted = g_array_sized_new(FALSE, FALSE, sizeof(Run), side->runs->len);
    g_array_append_vals(side->sorted, side->runs->data, side->runs->len);
    g_array_sort(side->sorted, by_place);
    for (guint i = 1; i < side->sorted->len; i++) {
        const Run *before = &g_array_index(side->sorted, Run, i - 1);
        const Run *run = &g_array_index(side->sorted, Run, i);
        if (run->doc == before->doc && run->pos < before->pos + before->n)
            side->placed = false;
    }
}

static bool
read_side(Side *side, const MoeTrace *trace, const GArray *stretches, GError **error)
{
    static const char *const names[COLUMNS] = {"doc", "pos", "id"};
    MoeColumnReader columns[COLUMNS];
    bool good = true;
    *side = (Side){.runs = g_array_new(FALSE, FALSE, sizeof(Run)), .has_all = true, .placed = true};
    for (int c = 0; c < COLUMNS; c++)
        columns[c] = (MoeColumnReader){trace, names[c], -1, NULL};
    for (guint i = 0; good && side->has_all && side->placed && i < stretches->len; i++) {
        const MoeStretch *stretch = &g_array_index(stretches, MoeStretch, i);
        for (int c = 0; good && c < COLUMNS; c++) {
            good = moe__column_reader_load(&columns[c], stretch->chunk, error);
            side->has_all = side->has_all && good && columns[c].values;
        }
        if (side->has_all)
            add_runs(side, stretch, columns);
        side->placed = side->placed && side->runs->len <= MOST_RUNS;
    }
    for (int c = 0; c < COLUMNS; c++)
        moe__column_reader_clear(&columns[c]);
    if (good && side->has_all && side->placed)
        sort_runs(side);
    return good;
}

/* --- Both sides -------------------------------------------------------------------------------*/

/* The first run of a document that ends behind a position; sorted->len: there is none. */
static guint
find_run(const GArray *sorted, int32_t doc, int32_t pos)
{
    guint low = 0, high = sorted->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const Run *run = &g_array_index(sorted, Run, middle);
        if (run->doc < doc || (run->doc == doc && run->pos + run->n <= pos))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
goes_on(const MoeStretch *before, const MoeStretch *next)
{
    return before->chunk == next->chunk && before->first + before->n == next->first;
}

/* Adds n tokens of both; those that go on where the last ones ended make one stretch. */
static void
add_piece(GArray *a, const Run *run_a, GArray *b, const Run *run_b, int64_t pos, int64_t n)
{
    MoeStretch in_a = {0, run_a->chunk, run_a->first + (pos - run_a->pos), n};
    MoeStretch in_b = {0, run_b->chunk, run_b->first + (pos - run_b->pos), n};
    MoeStretch *last_a = a->len ? &g_array_index(a, MoeStretch, a->len - 1) : NULL;
    MoeStretch *last_b = b->len ? &g_array_index(b, MoeStretch, b->len - 1) : NULL;
    if (last_a && goes_on(last_a, &in_a) && goes_on(last_b, &in_b)) {
        last_a->n += n;
        last_b->n += n;
        return;
    }
    g_array_append_val(a, in_a);
    g_array_append_val(b, in_b);
}

/* What both have, in the order of the first. */
static void
join(const Side *side_a, const Side *side_b, GArray *a, GArray *b)
{
    for (guint i = 0; i < side_a->runs->len; i++) {
        const Run *run = &g_array_index(side_a->runs, Run, i);
        for (guint j = find_run(side_b->sorted, run->doc, run->pos); j < side_b->sorted->len; j++) {
            const Run *other = &g_array_index(side_b->sorted, Run, j);
            int64_t first = MAX(run->pos, other->pos);
            int64_t end = MIN(run->pos + run->n, other->pos + other->n);
            if (other->doc != run->doc || first >= end)
                break;
            add_piece(a, run, b, other, first, end - first);
        }
    }
}

/* What both have, as two lists in step; NULL in them where there is no telling, or nothing, `why`
 * in a clause. */
static bool
join_sides(const MoeTrace *trace_a, const GArray *a, const MoeTrace *trace_b, const GArray *b,
           GArray *both[2], const char **why, GError **error)
{
    g_auto(Side) side_a = {0}, side_b = {0};
    if (!read_side(&side_a, trace_a, a, error) || !read_side(&side_b, trace_b, b, error))
        return false;
    if (!side_a.has_all || !side_b.has_all)
        *why = "; where one lacks some, both need documents, positions and ids";
    if (!side_a.has_all || !side_b.has_all || !side_a.placed || !side_b.placed ||
        !side_a.identified || !side_b.identified)
        return true;
    both[0] = g_array_new(FALSE, FALSE, sizeof(MoeStretch));
    both[1] = g_array_new(FALSE, FALSE, sizeof(MoeStretch));
    join(&side_a, &side_b, both[0], both[1]);
    return true;
}

static void
replace(GArray **list, GArray *with)
{
    g_array_unref(*list);
    *list = g_array_ref(with);
}

bool
moe__join_tokens(const MoeTrace *trace_a, GArray **a, const MoeTrace *trace_b, GArray **b,
                 int64_t alone[2], GError **error)
{
    g_autoptr(GError) differ = NULL;
    const char *why = "";
    GArray *both[2] = {NULL, NULL};
    alone[0] = alone[1] = 0;
    if (moe__same_tokens(trace_a, *a, trace_b, *b, &differ))
        return true;
    if (!g_error_matches(differ, MOE_ERROR, MOE_ERROR_DATA)) {
        g_propagate_error(error, g_steal_pointer(&differ));
        return false;
    }
    if (!join_sides(trace_a, *a, trace_b, *b, both, &why, error))
        return false;
    g_autoptr(GArray) of_a = both[0], of_b = both[1];
    int64_t common = of_a ? moe__stretches_tokens(of_a) : 0;
    if (common == 0 || !moe__same_tokens(trace_a, of_a, trace_b, of_b, NULL)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s%s", differ->message, why);
        return false;
    }
    alone[0] = moe__stretches_tokens(*a) - common;
    alone[1] = moe__stretches_tokens(*b) - common;
    replace(a, of_a);
    replace(b, of_b);
    return true;
}
