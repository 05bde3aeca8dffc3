/* SPDX-License-Identifier: MIT
 *
 * summary-made.h: traces of random documents, each of which is the same whatever trace it is in,
 * and whether two summaries are the same.
 */
#ifndef MOESCOPE_TESTS_SUMMARY_MADE_H
#define MOESCOPE_TESTS_SUMMARY_MADE_H

#include <moescope/tokens.h>

enum { MADE_ROUTERS = 4, MADE_DOMAINS = 3 };
extern const MoeRouterInfo made_routers[MADE_ROUTERS];
extern const char *const made_domains[MADE_DOMAINS];

typedef struct Made {
    int first, n;         /* documents */
    int domains;          /* told apart: MADE_DOMAINS or fewer */
    int64_t chunk_tokens; /* 0: 50 */
    bool steps;           /* every document at a step of its own, else all at step 0 */
} Made;

/* Writes it in `folder`. */
void made_write(const char *path, const Made *made);
/* The same, opened. (transfer full) */
MoeTrace *made_trace(const char *folder, const char *name, const Made *made);
/* Its summary, counted. (transfer full) */
MoeSummary *made_summary(const MoeTrace *trace, unsigned tallies);

/* Every count of every part is the same. `bits`: so is every real sum; else they agree to 1e-12,
 * but the gates of the load to the bit. */
void made_assert_same(const MoeSummary *a, const MoeSummary *b, bool bits);

#endif
