/* SPDX-License-Identifier: MIT
 *
 * metrics.h: the registry of metrics: what each measures, in which unit and convention, who
 * defined it, and what a router without any preference would show at the same T and k. Plugins add
 * theirs by moe_metrics_add().
 */
#ifndef MOESCOPE_METRICS_H
#define MOESCOPE_METRICS_H

#include <moescope/kinds.h>
#include <moescope/tokens.h>

G_BEGIN_DECLS

/* What a metric is a function of: one router in one domain (or in all). What wasn't counted, or
 * doesn't apply to the router, is NULL. */
typedef struct MoeMetricCell {
    const MoeSummaryCell *summary;
    const MoeOrderCell *order;
    const MoePairCell *pairs;
    const MoeAdjacentCell *adjacent;
    const MoeFlowCell *flow;
    const MoeFlowPicksCell *flow_picks;
    const MoePlaceCell *places;
    const MoeHeadCell *heads;
    const MoeScoreCell *scores;
    const MoeCacheCell *caches;
    const MoeTokenCell *tokens;
    const MoeDocumentCell *documents;
    const MoeRankCell *ranks;
    const MoeSummaryCell *const *domains; /* [n_domains] of the same router; only for all tokens */
    int n_domains;
    /* What else is known of domains: `of`, the summary that they are of, or [n_domains] here. */
    const MoeSummary *of;
    const MoeDocumentCell *const *domain_documents;
    const MoeTrace
        *trace; /* its state and measures; NULL for summaries of no trace, and for domains */
    int router;
    /* The step that a trace's state and measures are asked of: where nothing was recorded at it,
     * metrics of them are NaN. Not at_step: of the last recorded ones. */
    bool at_step;
    int64_t step;
    /* Of the experts of one kind: `summary` is their part of this (moe_kind_part()). NULL: of all
     * experts. */
    const MoeSummaryCell *whole;
} MoeMetricCell;

/* Beside MoeTallies, what a metric may need. */
#define MOE_NEEDS_DOMAINS (1u << 24) /* domains told apart, of all tokens */
#define MOE_NEEDS_TRACE   (1u << 25) /* a trace's state or measures: no interval */
#define MOE_OF_PATHS      (1u << 28) /* with MOE_NEEDS_TRACE: of its tokens, at all routers at once */
#define MOE_NEEDS_KIND    (1u << 26) /* one kind of experts, apart from the others */
/* Of the tallies that it needs it looks at what is summed up by expert alone, so that it can be
 * asked of one kind (without other needs than the load it always can). */
#define MOE_BY_KIND (1u << 27)

typedef enum {
    MOE_METRIC_NONE,   /* neither is better */
    MOE_METRIC_LOWER,  /* lower is nearer to balance */
    MOE_METRIC_HIGHER, /* higher is nearer to balance */
} MoeMetricDirection;
/* "none", "lower", "higher". */
MOE_API const char *moe_metric_direction_name(MoeMetricDirection direction);

/* A metric: a constant that lives for ever. Functions return NaN where it isn't defined (nothing
 * was counted, the trace has no gates). */
typedef struct MoeMetric MoeMetric;
struct MoeMetric {
    size_t struct_size;     /* sizeof(MoeMetric) */
    const char *name;       /* lower case, digits, "-", "@", "/", "." */
    const char *formula;    /* in the notation of stats.h */
    const char *unit;       /* "nats", "experts", "share", … */
    const char *source;     /* who defined it */
    const char *convention; /* where programs differ, and how it is done here; "": they don't */
    MoeMetricDirection better;
    unsigned needs;   /* MoeTallies beside the load, MOE_NEEDS_…: what it looks at */
    double low, high; /* its range; -INFINITY, INFINITY: none */
    double (*value)(const MoeMetric *metric, const MoeMetricCell *cell);
    /* Its expectation for a router that picks uniformly at random, of as many units that make as
     * many picks; NULL: not known. */
    double (*uniform)(const MoeMetric *metric, const MoeMetricCell *cell);
    /* The same for a router of this load that takes no notice of the token or of other picks;
     * NULL: not known, or no question to ask. */
    double (*shuffled)(const MoeMetric *metric, const MoeMetricCell *cell);
    /* Narrows low … high to what a cell of so many experts, picks a unit, domains can have. NULL:
     * they are the same for all. */
    void (*range)(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high);
    const char *no_null;  /* where there is neither null, why; else NULL */
    unsigned null_needs;  /* MoeTallies that its nulls look at beside `needs`; without, they are NaN
                           */
    const char *no_kinds; /* why it isn't of one kind of experts, where its needs don't say; else
                             NULL */
};

/* Adds a metric, at start, before any other thread runs. One whose name is taken, or that lacks a
 * text or its value, is refused with a warning. */
MOE_API void moe_metrics_add(const MoeMetric *metric);
/* Adds those of experts that lie on so many devices, as many on each as can be: rank-…@RANKS. Those
 * of 8 are there already. At start, before any other thread runs. */
MOE_API void moe_metrics_add_ranks(int ranks);
/* All of them, in the order they came. (transfer none) */
MOE_API const MoeMetric *const *moe_metrics_list(int *n);
/* By name; NULL if there is none. (transfer none) */
MOE_API const MoeMetric *moe_metric_find(const char *name);

/* The cell of a router in a domain; `trace` may be NULL. `domains` [moe_summary_domains()] is
 * filled where the metric cell needs it, and has to live as long; NULL: metrics of domains are
 * NaN. */
MOE_API MoeMetricCell moe_metric_cell(const MoeSummary *summary, const MoeTrace *trace, int router,
                                      int domain, const MoeSummaryCell **domains);
/* Tallies that these metrics and their nulls need. */
MOE_API unsigned moe_metrics_tallies(const MoeMetric *const *metrics, int n);

/* The metric of a cell, and its nulls; NaN where there is none, or where it needs what the cell
 * hasn't. */
MOE_API double moe_metric_value(const MoeMetric *metric, const MoeMetricCell *cell);
MOE_API double moe_metric_uniform(const MoeMetric *metric, const MoeMetricCell *cell);
MOE_API double moe_metric_shuffled(const MoeMetric *metric, const MoeMetricCell *cell);
/* What values it can have in such a cell; -INFINITY, INFINITY: no bound. */
MOE_API void moe_metric_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low,
                              double *high);
/* Why there is no interval over documents, in a clause; NULL: there is one. */
MOE_API const char *moe_metric_no_interval(const MoeMetric *metric);
/* Whether its interval takes the trace (moe_metric_trace_intervals()); else a summary is enough
 * (moe_metric_intervals()). */
MOE_API bool moe_metric_interval_needs_trace(const MoeMetric *metric);

/* --- Kinds of experts -------------------------------------------------------------------------
 * Metrics may be asked of the experts of one kind alone, where what they look at is summed up by
 * expert. E, N, m and f_e are then those of the kind, T all units; pairs are of two of the kind,
 * flows and first choices those that end at it. The uniform router picks at random within the kind,
 * as often as this one picks the kind, and as often two of it at once. How many picks of a kind
 * each unit makes isn't known: as evenly as can be, for nulls. */

typedef struct MoeKindPart MoeKindPart;
/* The part of a cell that falls on one kind; whole->summary has to outlive it. (transfer full) */
MOE_API MoeKindPart *moe_kind_part(const MoeMetricCell *whole, const MoeKinds *kinds, int kind);
MOE_API void moe_kind_part_free(MoeKindPart *part);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeKindPart, moe_kind_part_free)
/* For metrics. (transfer none) */
MOE_API const MoeMetricCell *moe_kind_part_cell(const MoeKindPart *part);
/* Why a metric isn't of one kind, in a clause; NULL: it can be. */
MOE_API const char *moe_metric_no_kinds(const MoeMetric *metric);

G_END_DECLS

#endif
