/* SPDX-License-Identifier: MIT
 *
 * compare-pass.h: the picks of two traces, gone through in step: by a pass of its own, or by the
 * pass that makes a summary of the first.
 */
#ifndef MOESCOPE_STATS_COMPARE_PASS_H
#define MOESCOPE_STATS_COMPARE_PASS_H

#include "stats/columns.h"
#include "stats/compare.h"

typedef struct MoeCompareTrace {
    const MoeTrace *trace;
    const GArray *stretches; /* borrowed */
    MoeColumns *columns;     /* NULL: none are looked at */
} MoeCompareTrace;

typedef struct MoeComparePass {
    MoeComparison *comparison;
    const MoeCompareOptions *options;
    MoeCompareTrace a, b;
    bool domains_of_b;
    bool by_runs;    /* the first side's columns alone say where a token belongs */
    int done, total; /* chunks of all pairs; `done` is atomic */
    int stop;        /* atomic */
    bool counted;    /* the pass of a summary has filled all rows */
} MoeComparePass;

/* Fills a pass that is all zeros; what is handed in has to live as long. `brought`: its first walk
 * through the first side is one that brings chunks along. Fails with the errors of
 * moe__columns_new(). */
bool moe__compare_pass_init(MoeComparePass *pass, MoeComparison *comparison, const MoeTrace *a,
                            const GArray *of_a, const MoeTrace *b, const GArray *of_b,
                            const MoeCompareOptions *options, bool brought, GError **error);
void moe__compare_pass_clear(MoeComparePass *pass);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeComparePass, moe__compare_pass_clear)
/* Fills all rows of all pairs. */
bool moe__compare_pass_run(MoeComparePass *pass, GError **error);
/* The pair of a router of the first side; -1: it isn't compared. */
int moe__compare_pass_find(const MoeComparePass *pass, int router);
/* Reports a chunk that is about to be read; false if all was stopped. */
bool moe__compare_pass_go_on(MoeComparePass *pass, GError **error);

/* --- One pair of routers (compare-walk.c) -----------------------------------------------------*/

/* Allocates the pair's rows. (transfer full) */
typedef struct MoeCompareWalk MoeCompareWalk;
MoeCompareWalk *moe__compare_walk_new(MoeComparePass *pass, int pair);
void moe__compare_walk_free(MoeCompareWalk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeCompareWalk, moe__compare_walk_free)
/* Whether it looks at gates. */
bool moe__compare_walk_gates(const MoeCompareWalk *walk);
/* Counts those tokens of a chunk of the first side that come before token `end` and haven't been
 * counted; chunks and tokens in their order. `brought`: the chunk's picks of the pair's router,
 * with raw gates and, but for NULL, their sets, and its runs, of all tokens that are compared;
 * NULL: they are read. */
bool moe__compare_walk_tokens(MoeCompareWalk *walk, int chunk, int64_t end,
                              const MoeTallyChunk *brought, GError **error);
/* All chunks that are left. */
bool moe__compare_walk_through(MoeCompareWalk *walk, GError **error);
/* When all chunks were counted: matches experts if that is asked for, makes totals. */
bool moe__compare_walk_end(MoeCompareWalk *walk, GError **error);

#endif
