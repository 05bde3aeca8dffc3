/* SPDX-License-Identifier: MIT
 *
 * check.h: the built-in checks, and what a run consists of.
 */
#ifndef MOESCOPE_CHECK_CHECK_H
#define MOESCOPE_CHECK_CHECK_H

#include <moescope/check.h>

/* The tokens that one check would drop. */
typedef struct MoeCheckDrops {
    const MoeCheck *check;
    GArray *ranges; /* MoeTraceRange */
} MoeCheckDrops;

struct MoeFindings {
    GArray *list;  /* MoeFinding */
    GArray *drops; /* MoeCheckDrops */
    int checks;    /* how many ran */
    int64_t tokens;
};
MoeFindings *moe__findings_new(void);
/* Sorts ranges (MoeTraceRange) and joins those that touch. Returns their tokens. */
int64_t moe__ranges_join(GArray *ranges);

struct MoeCheckRun {
    const MoeTrace *trace;
    MoeFindings *findings;
    const MoeCheck *check;     /* whose turn it is */
    const MoeTokenSet *chosen; /* NULL: all tokens */
    int64_t tokens;            /* that are checked */
    const uint8_t *full; /* of each block of the rows at hand (blocks.h); NULL: look yourself */
};

extern const MoeCheck moe__check_readable, moe__check_dummy_rows, moe__check_frozen,
    moe__check_pads, moe__check_duplicates, moe__check_rankings, moe__check_finite,
    moe__check_flat_logits, moe__check_gate_sums, moe__check_gate_values, moe__check_score_rule,
    moe__check_id_order, moe__check_copied_router, moe__check_physical_ids, moe__check_token_counts,
    moe__check_few_tokens, moe__check_domains, moe__check_pieces, moe__check_even_load,
    moe__check_flat_scores, moe__check_import_notes, moe__check_pick_rule;

void moe__check_register(void);

/* What gates are made of, as far as meta.json says it in names that are known: those of our gate
 * parts, and those of importers, where `score` names the function ("softmax", "sigmoid") and `gate`
 * says "score" (as they are) or "renormalised" (over the picks). */
typedef enum { MOE_RULE_UNKNOWN, MOE_RULE_SOFTMAX, MOE_RULE_SIGMOID } MoeScoreRule;
MoeScoreRule moe__check_rule(const MoeRouterInfo *info);

/* What most checks gather of a router: where something was first seen, and how often. */
typedef struct MoeHits {
    int64_t count, all;
    int64_t token; /* of the first one, over the whole trace */
    int chunk;
} MoeHits;
/* Counts one unit (or token, pick) of a chunk; `hit`: it is one of those looked for. */
static inline void
moe__hits_count(MoeHits *hits, const MoeCheckRows *rows, int64_t unit, bool hit)
{
    hits->all++;
    if (!hit)
        return;
    if (hits->count++ == 0) {
        hits->token = rows->first + unit / rows->info->units_per_token;
        hits->chunk = rows->chunk;
    }
}
/* A finding about a router where its first hit was. `text`: transfer full. */
MoeFinding moe__finding(MoeSeverity severity, int router, const MoeHits *hits, const char *what,
                        char *text);
/* "3 of 40 (7.5 %)" of hits. (transfer full) */
char *moe__hits_text(const MoeHits *hits);
/* A finding about a router of a summary; -1: all. `text`: transfer full. */
MoeFinding moe__summary_finding(MoeSeverity severity, int router, char *text);
/* 21024 as "21,024". (transfer full) */
char *moe__count_text(int64_t count);

/* Tokens of the chunk at hand that were marked, to be dropped when the chunk is through. */
typedef struct MoeMarks {
    int32_t *mark; /* [tokens] how many routers marked it */
    int64_t tokens, max, first;
    int chunk, routers; /* routers: seen in this chunk */
} MoeMarks;
/* Makes room where the chunk is new, and counts the router. Call it for every router. */
void moe__marks_begin(MoeMarks *marks, const MoeCheckRows *rows);
/* Marks a token of the chunk. */
static inline void
moe__marks_add(MoeMarks *marks, int64_t token)
{
    marks->mark[token]++;
}
/* Names the chunk's tokens with at least `least` marks as those to drop. */
void moe__marks_drop(MoeCheckRun *run, const MoeMarks *marks, int least);
/* Puts their ranges (MoeTraceRange) into a list instead, for checks that only know at the end. */
void moe__marks_list(const MoeMarks *marks, int least, GArray *list);
/* Names the ranges of such a list as those to drop. */
void moe__ranges_drop(MoeCheckRun *run, const GArray *list);
void moe__marks_clear(MoeMarks *marks);

#endif
