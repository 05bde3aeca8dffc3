/* SPDX-License-Identifier: MIT
 *
 * token-span.h: some tokens of one document, one after another, with what routers did with them:
 * what figures of single tokens show.
 */
#ifndef FIGURE_TOKEN_SPAN_H
#define FIGURE_TOKEN_SPAN_H

#include "figure/figures.h"

/* The option document: all, one after another. */
#define SPAN_ALL (-2)

/* The options that choose the tokens, which every figure of single tokens has. */
#define SPAN_FIELDS(TOKENS, MOST)                                                             \
    {.name = "document",                                                                      \
     .type = MOE_FIELD_INT,                                                                   \
     .fallback = "-1",                                                                        \
     .min = SPAN_ALL,                                                                         \
     .max = G_MAXINT32,                                                                       \
     .help = "number of the document, as recorded; -1: the first one of the trace; -2: all"}, \
        {.name = "from",                                                                      \
         .type = MOE_FIELD_INT,                                                               \
         .fallback = "0",                                                                     \
         .min = 0,                                                                            \
         .max = G_MAXINT32,                                                                   \
         .help = "tokens of the document that are passed over"},                              \
    {                                                                                         \
        .name = "tokens", .type = MOE_FIELD_INT, .fallback = TOKENS, .min = 1, .max = (MOST), \
        .help = "how many tokens are shown"                                                   \
    }

#define SPAN_HEAD_FIELD                                                                \
    {                                                                                  \
        .name = "head", .type = MOE_FIELD_INT, .fallback = "0", .min = 0, .max = 1024, \
        .help = "which sub-token is shown, where heads split tokens"                   \
    }

/* Which of a token's choices, and which of its sub-tokens. */
#define SPAN_CHOICE_FIELDS                             \
    {.name = "slot",                                   \
     .type = MOE_FIELD_INT,                            \
     .fallback = "0",                                  \
     .min = 0,                                         \
     .max = 1024,                                      \
     .help = "which choice is shown: 0 is the first"}, \
        SPAN_HEAD_FIELD

/* The router that figures of one layer show. */
#define SPAN_LAYER_FIELD                                                                        \
    {                                                                                           \
        .name = "layer", .type = MOE_FIELD_INT, .fallback = "-1", .min = -1, .max = G_MAXINT32, \
        .help = "the layer whose router is shown; -1: the middle one"                           \
    }

/* What one router did: [units × width] experts (-1: no pick) and gates, [units] entropies in nats.
 * Gates and entropies are NULL where they weren't recorded. */
typedef struct SpanRouter {
    const MoeRouterInfo *info;
    int width;
    GArray *expert, *gate, *entropy; /* of int32_t, float, float */
} SpanRouter;

typedef struct TokenSpan {
    const MoeFigure *figure;
    const MoeFigureOptions *options;
    const MoeTrace *trace;
    const char *name;  /* of the input */
    int32_t document;  /* SPAN_ALL: several */
    int n;             /* tokens */
    GArray *id;        /* of int32_t, [n] */
    GArray *row;       /* of double, [n]: rows of the trace */
    GArray *follows;   /* of bool, [n]: comes right after the token before it */
    GArray *routers;   /* of SpanRouter */
    GHashTable *texts; /* as of moe_token_texts_new() */
} TokenSpan;

/* Reads the tokens that the options choose, and what routers[n_routers] (indices, ascending) did
 * with them. Fails with MOE_ERROR_DATA where input 0 is no trace, or has no such token. */
bool moe__span_read(TokenSpan *span, const MoeFigure *figure, MoeFigureInput *input,
                    const MoeFigureOptions *options, const int *routers, int n_routers,
                    GError **error);
void moe__span_clear(TokenSpan *span);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TokenSpan, moe__span_clear)

/* Routers of the layers that the common option picks and of at least `units` units a token, for
 * moe__span_read(). (transfer full, of int) */
GArray *moe__span_routers(const MoeTrace *trace, const MoeFigureOptions *options, int units);

/* The router of a layer, or the middle one for -1; -1 with an error that lists the layers. */
int moe__span_choose_router(const MoeTrace *trace, const char *figure, const char *name, int layer,
                            GError **error);

const SpanRouter *moe__span_router(const TokenSpan *span, int i);
/* Most experts that any of its routers has. */
int moe__span_experts(const TokenSpan *span);
/* What a unit's slot holds; -1: nothing. */
int moe__span_expert(const SpanRouter *router, int unit, int slot);
/* Its gate; NaN: not recorded. */
double moe__span_gate(const SpanRouter *router, int unit, int slot);
/* "first choice", "choice 7". (transfer full) */
char *moe__span_choice(int slot);
/* The text of a token on one line, short enough for an axis; its id where it has none, and where
 * that isn't known its place.
 * (transfer full) */
char *moe__span_label(const TokenSpan *span, int token);
/* The same of any text; NULL: of none. (transfer full) */
char *moe__token_label(const char *text, int32_t id);

/* "<what>. Model m, k = 2 of 64; T = 64 tokens of document 3 from 0 on, N = 128 picks a layer;
 * <chance>." unless the option caption says no. */
void moe__span_caption(const TokenSpan *span, MoeFigureInput *input, MoeScene *scene,
                       const char *what, const char *chance);
/* "first choices of neighbouring tokens agree in 12 % (uniformly random: 3.1 %)", of one sub-token.
 * (transfer full) */
char *moe__span_chance(const TokenSpan *span, int head);

#endif
