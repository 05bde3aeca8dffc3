/* SPDX-License-Identifier: MIT
 *
 * likeness.h: experts as vectors, told by their inner products, wherever those come from: the rows
 * of routers, weights and outputs of experts, embeddings, and what they are picked for.
 */
#ifndef FIGURE_LIKENESS_H
#define FIGURE_LIKENESS_H

#include <moescope/figure.h>

/* The option of, in its order. */
typedef enum {
    OF_AUTO,
    OF_ROUTER,    /* rows that tokens are compared with */
    OF_EXPERTS,   /* all weights of an expert */
    OF_OUTPUTS,   /* for the same tokens: CKA, which is a cosine of kernels */
    OF_EMBEDDING, /* that HyperMoE generates experts of */
    OF_DOMAINS,   /* preferences of domains: P(expert | domain) / P(expert) - 1, by domain */
    OF_TOKENS,    /* which units pick them, 0 or 1 for each */
} Of;

#define OF_FIELD                                                                                 \
    {                                                                                            \
        .name = "of", .type = MOE_FIELD_CHOICE, .fallback = "auto",                              \
        .choices = "auto | router | experts | outputs | embedding | domains | tokens",           \
        .help = "what of the experts is compared: rows of the router, all weights, outputs for " \
                "the same tokens, HyperMoE's embeddings, the domains or the tokens that pick "   \
                "them; auto: the rows, where there are none the tokens, else the domains"        \
    }

/* One layer. */
typedef struct Likeness {
    int layer, experts;
    double *gram;      /* [experts × experts] inner products */
    double dimensions; /* of the vectors; 0: not known */
    double shuffled;   /* what inputs in any order show of OF_OUTPUTS; NaN: not known */
    int64_t step;      /* that it was recorded at; -1: of none */
    int router;        /* in the summary; -1: there is none */
} Likeness;

typedef struct Likenesses {
    Of of;
    GArray *layers;            /* of Likeness */
    const MoeSummary *summary; /* of the input's loads, borrowed; NULL: the input has none */
    MoeFigureInput *input;
} Likenesses;

/* Reads those of the layers that the options choose, from the inputs: measures of a trace, weights,
 * a summary. `centred`: vectors may be about any origin, only their differences count. Fails with
 * MOE_ERROR_DATA where no input has them, saying what to record. */
bool moe__likenesses_read(Likenesses *likenesses, const MoeFigure *figure, MoeFigureInput *input,
                          const MoeFigureOptions *options, bool centred, GError **error);
void moe__likenesses_clear(Likenesses *likenesses);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Likenesses, moe__likenesses_clear)
/* Cosines [n × n] of a layer; NaN where a vector is zero. (transfer full) */
double *moe__likeness_cosines(const Likeness *likeness);
/* "rows of the router", for captions. */
const char *moe__likeness_what(Of of);
/* The experts that the options choose, arranged by load or domain where the option sort says so.
 * (transfer full, of int) */
GArray *moe__likeness_experts(const Likenesses *likenesses, const Likeness *likeness,
                              const MoeFigureOptions *options);
/* "Model m, 64 experts; of training step 300; T = 1,234 tokens", for captions. (transfer full) */
char *moe__likeness_source(const Likenesses *likenesses);

#endif
