/* SPDX-License-Identifier: MIT
 *
 * compare.h: what the files of comparisons share: tokens in step with each other, cells, counting.
 */
#ifndef MOESCOPE_STATS_COMPARE_H
#define MOESCOPE_STATS_COMPARE_H

#include <moescope/compare.h>

/* --- Tokens (compare-tokens.c) ----------------------------------------------------------------*/

/* Neighbouring tokens of one chunk that are of one step. */
typedef struct MoeStretch {
    int32_t step;
    int chunk;
    int64_t first, n;
} MoeStretch;

/* All tokens of a trace, in file order (by_step false: of whatever step, told as 0). Fails with
 * MOE_ERROR_UNSUPPORTED where steps change so often that the list would grow with the trace.
 * (transfer full) */
GArray *moe__stretches(const MoeTrace *trace, bool by_step, GError **error);
int64_t moe__stretches_tokens(const GArray *stretches);
/* Those of one step. (transfer full) */
GArray *moe__stretches_of(const GArray *stretches, int32_t step);
/* The tokens of a side. Fails with MOE_ERROR_DATA if there are none. (transfer full) */
GArray *moe__side_stretches(const MoeCompareSide *side, GError **error);

/* Goes through two lists in step. */
typedef struct MoePaired {
    int chunk_a, chunk_b;
    int64_t first_a, first_b, n; /* tokens */
} MoePaired;
typedef struct MoePairing {
    const GArray *a, *b;
    guint at_a, at_b;
    int64_t done_a, done_b; /* of the stretches at hand */
} MoePairing;
bool moe__pairing_next(MoePairing *pairing, MoePaired *out);

/* A column of tokens, chunk by chunk; NULL where a chunk has none. */
typedef struct MoeColumnReader {
    const MoeTrace *trace;
    const char *name;
    int chunk; /* -1: none was read */
    int32_t *values;
} MoeColumnReader;
bool moe__column_reader_load(MoeColumnReader *column, int chunk, GError **error);
void moe__column_reader_clear(MoeColumnReader *column);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeColumnReader, moe__column_reader_clear)

/* Whether the tokens are the same; fails with MOE_ERROR_DATA, naming the first that isn't. */
bool moe__same_tokens(const MoeTrace *trace_a, const GArray *a, const MoeTrace *trace_b,
                      const GArray *b, GError **error);

/* The same; but where one side lacks tokens of the other, or has its documents in another order,
 * both lists are cut down to what they have in common, by document and position, in the first's
 * order (compare-join.c): documents, positions and ids have to be known on both sides, and ids to
 * agree. alone[2]: tokens that the sides have alone. */
bool moe__join_tokens(const MoeTrace *trace_a, GArray **a, const MoeTrace *trace_b, GArray **b,
                      int64_t alone[2], GError **error);

/* Cuts both lists, of the same tokens, down to those that a filter chooses of the first trace.
 * Fails with MOE_ERROR_DATA where there is none, MOE_ERROR_UNSUPPORTED where the lists would grow
 * with the trace; as moe_token_set_new(). */
bool moe__stretches_choose(const MoeTrace *trace_a, GArray **a, GArray **b,
                           const MoeTokenFilter *filter, GError **error);

/* --- Cells (compare-cells.c) ------------------------------------------------------------------*/

/* A cell is a row of whole numbers: adding cells is adding rows. */
enum {
    MOE_SUM_UNITS,
    MOE_SUM_APART,
    MOE_SUM_SAME_FIRST,
    MOE_SUM_SAME_SET,
    MOE_SUM_FULL,
    MOE_SUM_SHARED,
    MOE_SUM_LARGER,
    MOE_SUM_PRODUCT,
    MOE_SUM_JACCARD,
    MOE_SUM_GATED,
    MOE_SUM_WEIGHTED,
    MOE_SUM_SCORED,
    MOE_SUM_DIVERGENCE,
    MOE_SUMS,
};
typedef struct MoeCellShape {
    int experts_a, experts_b, experts, k_a, k_b, depth;
} MoeCellShape;
/* The row's parts, to be added to. */
typedef struct MoeCellParts {
    int64_t *sum; /* [MOE_SUMS] */
    int64_t *sharing, *reach, *meet, *ends;
    int64_t *first_a, *first_b, *picks_a, *picks_b;
} MoeCellParts;

MoeCellShape moe__compared_shape(const MoeComparedRouter *router);
size_t moe__compared_words(const MoeCellShape *shape);
MoeCellParts moe__compared_parts(const MoeCellShape *shape, int64_t *row);
MoeComparisonCell moe__cell_view(const MoeCellShape *shape, const int64_t *row);

/* Sums of one pair of routers. A slot is a domain, the first one that of tokens of no known domain.
 */
typedef struct MoePairSums {
    MoeComparedRouter info;
    MoeCellShape shape;
    gsize words;
    int64_t *rows[2];     /* by labels: [slots][groups], [slots], [1] of words; NULL: none */
    int64_t *shuffled[2]; /* [words] */
    MoeMatching matching; /* to NULL: none; its arrays are owned */
} MoePairSums;

/* Whether a layer is among those asked for; layers NULL: all are. */
bool moe__layer_wanted(const int *layers, int n_layers, int layer);

struct MoeComparison {
    int64_t tokens, alone[2];
    int n_pairs, n_domains;
    MoePairSums *pairs;
    char **domains;
    int slots, groups;
};
/* Allocates a pair's rows and tables, all zero. */
void moe__comparison_allocate(const MoeComparison *comparison, MoePairSums *pair, bool match,
                              bool shuffle);
int64_t *moe__comparison_row(const MoeComparison *comparison, const MoePairSums *pair,
                             MoeCompareLabels labels, int domain, int group);
/* Makes the totals of a pair's rows. */
void moe__comparison_settle(const MoeComparison *comparison, MoePairSums *pair);

/* --- Counting (compare-count.c) ---------------------------------------------------------------*/

/* The picks of one side from some unit on, slot-major: the columns of a view as they are on disk.
 */
typedef struct MoeSidePicks {
    const uint8_t *expert8;   /* [slots][stride]; 255: no pick */
    const uint16_t *expert16; /* the same; 65535: no pick; one of the two is NULL */
    const uint16_t *gate16;   /* bits of f2; all three NULL: no gates */
    const float *gate;
    const double *gate64;
    const int *labels;    /* numbers under which experts are counted; NULL: their own */
    const uint64_t *sets; /* [stride] experts below 64 as bits; NULL: nobody has made them */
    int64_t stride;
    int slots;
} MoeSidePicks;
MoeSidePicks moe__view_picks(const MoeTraceView *view, const int *labels);
/* The same, `units` later. */
MoeSidePicks moe__picks_from(const MoeSidePicks *picks, int64_t units);

static inline bool
moe__picks_gated(const MoeSidePicks *picks)
{
    return picks->gate16 || picks->gate || picks->gate64;
}

/* The expert in a slot; -1: none. */
static inline int32_t
moe__pick_of(const MoeSidePicks *picks, int slot, int64_t unit)
{
    int64_t i = slot * picks->stride + unit;
    int32_t expert = picks->expert8 ? picks->expert8[i] : picks->expert16[i];
    if (expert == (picks->expert8 ? UINT8_MAX : UINT16_MAX))
        return -1;
    return picks->labels ? picks->labels[expert] : expert;
}

/* What is counted beside cells, if asked for: [experts_a × experts_b], else NULL. */
typedef struct MoePairTables {
    int experts_a, experts_b;
    int64_t *together, *first;
} MoePairTables;

/* Memory of one thread that counts. */
typedef struct MoeCounter MoeCounter;
/* `experts`: ids are below it on both sides. */
MoeCounter *moe__counter_new(int experts);
void moe__counter_free(MoeCounter *counter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeCounter, moe__counter_free)
/* Adds n units to a cell (row) and, if not NULL, to tables. */
void moe__counter_add(MoeCounter *counter, const MoeSidePicks *a, const MoeSidePicks *b, int64_t n,
                      const MoeCellShape *shape, int64_t *row, const MoePairTables *tables);

#endif
