/* SPDX-License-Identifier: MIT
 *
 * order.h: what becomes visible only token by token: neighbours in a document, gates of one unit,
 * experts picked together. Counts alone (stats.h) have lost it.
 */
#ifndef MOESCOPE_ORDER_H
#define MOESCOPE_ORDER_H

#include <moescope/stats.h>

G_BEGIN_DECLS

/* Above so many experts pairs of them aren't counted: the table grows with their square. */
#define MOE_ORDER_MOST_EXPERTS 1024

/* What one router did with the units of one domain, in their order. A pair is a unit and the one
 * before it: the same sub-token of the token before, in the same document and step (and, where the
 * trace has positions, at the position before), both with picks. It belongs to the domain of the
 * later one. */
typedef struct MoeOrderCell {
    int experts;
    int64_t units;      /* with picks */
    int64_t pairs;      /* at lag 1 */
    int64_t same_first; /* pairs with the same first slot */
    int64_t any_shared; /* pairs whose sets of picks meet */
    double jaccard;     /* Σ over pairs of |A ∩ B| / |A ∪ B| */
    int64_t gated;      /* units with two picks or more, no gate below 0, and one above */
    double margin;      /* Σ over those of the largest gate minus the next */
    double spread;      /* Σ over those of the entropy of the gates, renormalised, nats */
    int64_t *together;  /* [experts × experts] units that pick both, the diagonal: that pick it;
                           NULL above MOE_ORDER_MOST_EXPERTS */
} MoeOrderCell;

typedef struct MoeOrder MoeOrder;

/* Goes through a trace in order; steps and progress as of moe_summary_from_trace(), and its errors.
 * `by_domain`: also the domains, not only all tokens. A trace without documents is taken for one
 * document. Memory: a chunk of every router, and the tables. (transfer full) */
MOE_API MoeOrder *moe_order_from_trace(const MoeTrace *trace, const MoeSummaryOptions *options,
                                       bool by_domain, GError **error);
MOE_API void moe_order_free(MoeOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeOrder, moe_order_free)
/* The counts of a router in a domain, MOE_DOMAIN_UNKNOWN or MOE_DOMAIN_ALL; NULL for domains that
 * weren't asked for. (transfer none) */
MOE_API const MoeOrderCell *moe_order_cell(const MoeOrder *order, int router, int domain);

G_END_DECLS

#endif
