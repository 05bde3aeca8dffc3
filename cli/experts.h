/* SPDX-License-Identifier: MIT
 *
 * experts.h: moescope metrics --experts: expert by expert, what share of picks and gates it gets,
 * which tokens it takes beyond their due, and with whom.
 */
#ifndef CMD_EXPERTS_H
#define CMD_EXPERTS_H

#include "metrics.h"

#include <moescope/tokens.h>

enum { EXPERTS_TOKENS = 5, EXPERTS_PARTNERS = 3 };

typedef struct ExpertToken {
    int id;
    gint64 picks;
    double lift; /* of MoeTokenCell */
} ExpertToken;

typedef struct ExpertPartner {
    int expert;
    double share, lift; /* n_ij / n_i, and n_ij T / (n_i n_j) */
} ExpertPartner;

typedef struct Expert {
    gint64 picks;
    double share;         /* f_e */
    MoeInterval interval; /* of the share */
    bool bootstrap;       /* else Wilson's, as if units were independent */
    double discovery;   /* q of its share being even, or that of the other domains; NaN: unknown */
    double relative;    /* u_e = c_e / m */
    double gate_share;  /* NaN where the trace has no gates */
    double first_share; /* of first choices */
    int n_tokens, n_partners;
    ExpertToken tokens[EXPERTS_TOKENS];
    ExpertPartner partners[EXPERTS_PARTNERS];
} Expert;

/* The experts of a router in a domain; discoveries are among all routers of the layers asked for.
 * (transfer full, of Expert) */
GArray *cmd_experts_of(const MoeSummary *summary, int router, int domain,
                       const MetricsQuery *query);

#endif
