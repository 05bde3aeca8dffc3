/* SPDX-License-Identifier: MIT
 *
 * pass.h: what counts a trace. pass-router.c takes one router through all chunks, pass-threads.c
 * gives routers to threads, pass.c begins and ends.
 */
#ifndef MOESCOPE_STATS_PASS_H
#define MOESCOPE_STATS_PASS_H

#include "stats/choices.h"
#include "stats/columns.h"
#include "stats/compare-pass.h"
#include "stats/summary.h"
#include "stats/tokens.h"

/* Walks through a router's chunks that somebody else begins to see to. */
typedef struct MoePassHanded {
    int router, chunk;    /* the first they haven't seen */
    MoeTokenWalk *tokens; /* NULL: token ids aren't counted */
    MoeCompareWalk *walk; /* NULL: it isn't compared */
} MoePassHanded;

typedef struct MoePass {
    const MoeTrace *trace;
    MoeSummary *summary;
    MoeComparePass *compare; /* also counts; NULL: there is none */
    const MoeProgress *progress;
    MoeColumns *columns;
    bool flow, keep; /* first choices of the router before are wanted, and kept */
    bool flow_picks; /* all its picks are wanted */
    bool sets;       /* wanted */
    bool tables;     /* of tokens are kept */
    int chunks;
    int sample;                  /* every so many chunks one is counted */
    int done;                    /* chunks of all routers; atomic */
    int stop;                    /* atomic */
    struct MoePassRange *ranges; /* [n_ranges] of all threads */
    int n_ranges;
    GMutex lock; /* of MoePassRange.next and .end, and of all below */
    GCond changed;
    int busy, idle; /* threads that count, and that wait for something to count; `idle` is atomic */
    bool handing;   /* `handed` waits for somebody */
    MoePassHanded handed;
} MoePass;

/* A thread's routers. */
typedef struct MoePassRange {
    MoePass *pass;
    int next, end; /* routers that nobody has taken yet */
    int last;      /* that was counted; -1: none */
    bool reports;  /* it runs on the caller's thread */
    MoeTraceView *view, *other;
    MoeColumnsChunk place;
    uint16_t *kept; /* [units of all chunks] first choices of the last router, or NULL */
    MoeChoices own, before;
    uint64_t *sets;     /* [units × words of a chunk] */
    int64_t words_room; /* in `sets` */
    GArray *cut;        /* runs of a piece */
    void *walks[MOE_N_TALLIES];
    MoeTokenWalk *tokens; /* NULL: not counted */
    MoeCompareWalk *walk; /* of the router at hand; NULL: it isn't compared */
    bool tallied;         /* tallies see these chunks elsewhere: tokens and comparison alone */
    GError *error;
} MoePassRange;

/* --- A router (pass-router.c) -----------------------------------------------------------------*/

/* Counts all of a router. */
bool moe__pass_count_router(MoePassRange *range, int router, GError **error);
/* Counts what somebody handed over, in place of the range's own token ids and comparison. */
bool moe__pass_count_handed(MoePassRange *range, const MoePassHanded *handed, GError **error);

/* Tells the caller of so many chunks; false if all is to stop. */
bool moe__pass_report(const MoePass *pass, int done);
/* Returns false with MOE_ERROR_CANCELLED. */
bool moe__pass_say_stopped(GError **error);

/* --- Threads (pass-threads.c) -----------------------------------------------------------------*/

/* Counts all routers. */
bool moe__pass_count_routers(MoePass *pass, GError **error);
/* Lets a thread that waits for it go on with tokens and comparison, from a chunk on. */
void moe__pass_hand_over(MoePassRange *range, int router, int chunk);

#endif
