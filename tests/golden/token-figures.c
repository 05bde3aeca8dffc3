/* SPDX-License-Identifier: MIT
 *
 * Golden figures of single tokens and of what follows from their ids, of a trace that is written
 * here: two layers that take tokens whole, one that splits them into four.
 */
#include "figure/figures.h"
#include "golden-figures.h"
#include "stats/metrics.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/figure.h>

enum { ROUTERS = 3, EXPERTS = 8, HEADS = 4, WORDS = 12, TOKENS = 200, FIRST_DOCUMENT = 150 };

static char *folder;

/* --- Made-up routing --------------------------------------------------------------------------*/

static const MoeRouterInfo routers[ROUTERS] = {
    {.layer = 0,
     .experts = EXPERTS,
     .k = 2,
     .units_per_token = 1,
     .score = (char *)"linear",
     .select = (char *)"topk",
     .gate = (char *)"softmax"},
    {.layer = 2,
     .experts = EXPERTS,
     .k = 2,
     .units_per_token = 1,
     .score = (char *)"linear",
     .select = (char *)"topk",
     .gate = (char *)"softmax"},
    {.layer = 3,
     .experts = EXPERTS,
     .k = 2,
     .units_per_token = HEADS,
     .score = (char *)"linear",
     .select = (char *)"topk",
     .gate = (char *)"softmax"},
};

/* Words in an order without a short period. */
static int
word_at(int token)
{
    return (int)floor(WORDS * fabs(sin(1.7 * token + 0.3 * token * token)));
}

/* The first layer goes by the word alone, the others by the place as well. */
static int
expert_of(int router, int token, int head)
{
    int place = router == 0 ? 0 : token % (2 + router);
    return (3 * word_at(token) + 5 * place + head * (1 + token % 3)) % EXPERTS;
}

typedef struct Columns {
    int32_t expert[TOKENS * HEADS * 2];
    float gate[TOKENS * HEADS * 2], entropy[TOKENS * HEADS], margin[TOKENS * HEADS];
} Columns;

static void
fill(Columns *columns, int router)
{
    int units = routers[router].units_per_token;
    for (int u = 0; u < TOKENS * units; u++) {
        int token = u / units, expert = expert_of(router, token, u % units);
        float gate = (float)(0.5 + 0.4 * fabs(sin(0.9 * u + router)));
        columns->expert[2 * u] = expert;
        columns->expert[2 * u + 1] = (expert + 1 + token % 5) % EXPERTS;
        columns->gate[2 * u] = gate;
        columns->gate[2 * u + 1] = 1 - gate;
        columns->entropy[u] = (float)(log(EXPERTS) * (0.95 - 0.6 * (gate - 0.5)));
        columns->margin[u] = 0.01f * exp2f(6 * gate);
    }
}

/* `rich`: with texts, gates and scores; else ids and experts alone. */
static void
write_trace(const char *path, bool rich)
{
    static const char extra[] =
        "{\"model\": \"toy\", \"tokens\": [\"The\", \" gene\", \" is\", \" copied\", \" in\", "
        "\" the\", \" cell\", \".\", \"\\n\", \" protein\", \" transcription\", \" \"]}";
    static Columns columns[ROUTERS];
    int32_t id[TOKENS], doc[TOKENS], pos[TOKENS];
    MoeTracePicks picks[ROUTERS];
    for (int t = 0; t < TOKENS; t++) {
        id[t] = word_at(t);
        doc[t] = t < FIRST_DOCUMENT ? 4 : 5;
        pos[t] = t < FIRST_DOCUMENT ? t : t - FIRST_DOCUMENT;
    }
    for (int r = 0; r < ROUTERS; r++) {
        fill(&columns[r], r);
        picks[r] = (MoeTracePicks){.expert = columns[r].expert};
        if (rich) {
            picks[r].gate = columns[r].gate;
            picks[r].entropy = columns[r].entropy;
            picks[r].margin = columns[r].margin;
        }
    }
    MoeTraceTokens tokens = {.n = TOKENS, .id = id, .doc = doc, .pos = pos};
    MoeTraceOptions options = {.gates = rich, .score_stats = rich, .chunk_tokens = 64};
    g_autoptr(GError) error = NULL;
    g_autofree char *meta = moe_trace_meta(routers, ROUTERS, NULL, 0, rich ? extra : NULL);
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, ROUTERS, &options, &error);
    g_assert_no_error(error);
    g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_no_error(error);
}

/* Of a trace that has everything, or of a `poor` one that has picks and ids alone. */
static MoeScene *
build(const GoldenFigure *golden, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "tokens.npz", NULL);
    write_trace(path, g_strcmp0(golden->of, "poor") != 0);
    g_autoptr(MoeTrace) trace = moe_trace_open(path, error);
    g_assert_nonnull(trace);
    g_unlink(path);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, trace, NULL, "toy.npz");
    return golden_figure_build(golden, input, error);
}

/* --- Tests ------------------------------------------------------------------------------------*/

static const GoldenFigure goldens[] = {
    {"token-map", "token-map", "", "paper-full"},
    {"token-map-ids", "token-map", "tokens=6 rows=4 document=5 from=3 slot=1 layers=2", NULL,
     "poor"},
    {"token-map-across", "token-map", "tokens=200 document=-2 rows=4 columns=50", "paper-column"},
    {"text", "text", "tokens=120 layer=0", "paper-column"},
    {"text-entropy", "text", "tokens=12 colour=entropy layer=3 head=1", NULL},
    {"text-gate", "text", "tokens=12 colour=gate document=5", NULL},
    {"token-scores-gates", "token-scores", "token=17 layer=0", NULL},
    {"sub-tokens", "sub-tokens", "tokens=20", "paper-column"},
    {"divergence", "divergence", "", NULL},
    {"heads", "heads", "", "paper-column"},
    {"activation-curve-tokens", "activation-curve", "theta=tokens"},
    {"scores", "scores", "", "paper-full"},
    {"scores-ecdf", "scores", "shape=ecdf", "paper-column"},
    {"vocabulary", "vocabulary", "", "paper-column"},
    {"vocabulary-uniform", "vocabulary", "null=uniform layers=0", NULL, "poor"},
    {"top-tokens", "top-tokens", "layer=0 ranks=4", "paper-column"},
    {"top-tokens-ids", "top-tokens", "ranks=2", NULL, "poor"},
};

/* What can't be shown is said, with what to do about it. */
static const GoldenFigure missings[] = {
    {"record gates", "text", "colour=gate", NULL, "poor"},
    {"moescope record --stats", "text", "colour=entropy", NULL, "poor"},
    {"expected a MoE layer of toy.npz: 0, 2, 3", "text", "layer=1", NULL, "poor"},
    {"found head=1", "text", "layer=0 head=1", NULL, "poor"},
    {"found slot=2", "text", "slot=2", NULL, "poor"},
    {"no tokens of document 9", "token-map", "document=9", NULL, "poor"},
    {"from 50 on", "token-map", "document=5 from=50", NULL, "poor"},
    {"picks none of the 3 MoE layers", "token-map", "layers=7", NULL, "poor"},
    {"splits tokens", "sub-tokens", "layers=0", NULL, "poor"},
    {"splits tokens", "divergence", "layers=0,2", NULL, "poor"},
    {"splits tokens", "heads", "layers=0,2", NULL, "poor"},
    {"moescope record --stats", "scores", "", NULL, "poor"},
    {"found layer=1", "top-tokens", "layer=1", NULL, "poor"},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe__figure_register();
    moe__metrics_register();
    folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    golden_figures_add("/token-figures", goldens, G_N_ELEMENTS(goldens), build, folder);
    golden_missing_add("/token-figures", missings, G_N_ELEMENTS(missings), build);
    int failed = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
