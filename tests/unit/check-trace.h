/* SPDX-License-Identifier: MIT
 *
 * check-trace.h: made-up traces for the tests of the checker: faithful ones, which a test then
 * spoils.
 */
#ifndef MOESCOPE_TESTS_CHECK_TRACE_H
#define MOESCOPE_TESTS_CHECK_TRACE_H

#include <moescope/check.h>

enum { MADE_ROUTERS = 3, MADE_DOMAINS = 2 };

/* T tokens in the same number of units, MADE_ROUTERS routers of E experts that pick k by random
 * logits; gates are softmaxes over the picked. Arrays are unit-major, as they are written. */
typedef struct Made {
    int64_t tokens, chunk_tokens;
    int experts, k;
    MoeRouterInfo info[MADE_ROUTERS];
    int32_t *id, *domain;                                /* [T] */
    const int32_t *doc, *pos, *step;                     /* [T], the caller's; NULL: none */
    int32_t *expert[MADE_ROUTERS];                       /* [T, k] */
    float *gate[MADE_ROUTERS];                           /* [T, k] */
    float *logits[MADE_ROUTERS];                         /* [T, E] */
    float *entropy[MADE_ROUTERS], *margin[MADE_ROUTERS]; /* [T] */
    int routers, domains;                                /* of them written; all */
    bool no_gates, no_logits, no_stats;                  /* columns left out */
} Made;

Made *made_new(int64_t tokens, int experts, int k);
void made_free(Made *made);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Made, made_free)
/* Picks and gates of one unit by its logits. */
void made_route(Made *made, int router, int64_t unit);
/* Copies a token's rows to another, in every router. */
void made_copy(Made *made, int64_t from, int64_t to);

/* Where it is written. One folder a test program. */
void made_begin(void);
void made_end(void);
char *made_path(const char *name);
/* Writes it as made_path(name) and opens that. */
MoeTrace *made_trace(const Made *made, const char *name);
/* Copies a trace, with a text of one of its members replaced everywhere by another as long, and
 * opens the copy. */
MoeTrace *made_restated(const char *from, const char *to, const char *member, const char *what,
                        const char *with);
/* Writes it and runs all checks. */
MoeFindings *made_check(const Made *made);

/* The finding of a check (about `router`, -1: whichever comes first), NULL: none. */
const MoeFinding *find_finding(const MoeFindings *findings, const char *check, int router);
/* Asserts that there is one, of this severity and count. */
const MoeFinding *expect_finding(const MoeFindings *findings, const char *check, int router,
                                 MoeSeverity severity, int64_t count);
/* Asserts that the check has none, and says what it has. */
void expect_none(const MoeFindings *findings, const char *check);
/* Asserts that nothing is worse than a note. */
void expect_clean(const MoeFindings *findings);

#endif
