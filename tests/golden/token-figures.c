/* SPDX-License-Identifier: MIT
 *
 * Golden figures of single tokens and of what follows from their ids, of a trace that is written
 * here: two layers that take tokens whole, one that splits them into four.
 */
#include "figure/figures.h"
#include "golden.h"
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

/* NULL with an error where the figure can't be made. */
static MoeScene *
figure_scene(const char *name, const char *assignments, bool rich, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "tokens.npz", NULL);
    write_trace(path, rich);
    g_autoptr(MoeTrace) trace = moe_trace_open(path, error);
    g_assert_nonnull(trace);
    g_unlink(path);
    const MoeFigure *figure = moe_figures_find(name, error);
    g_assert_nonnull(figure);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    g_auto(GStrv) each = g_strsplit(assignments, " ", -1);
    for (char **one = each; *one && **one; one++)
        g_assert_true(moe_figure_options_set(options, *one, error));
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, trace, NULL, "toy.npz");
    return moe_figure_build(figure, input, options, error);
}

/* --- Tests ------------------------------------------------------------------------------------*/

typedef struct Golden {
    const char *name, *figure, *assignments, *theme; /* theme NULL: text only */
    bool rich;
} Golden;

static const Golden goldens[] = {
    {"token-map", "token-map", "", "paper-full", true},
    {"token-map-ids", "token-map", "tokens=6 rows=4 document=5 from=3 slot=1 layers=2", NULL,
     false},
    {"token-map-across", "token-map", "tokens=200 document=-2 rows=4 columns=50", "paper-column",
     true},
    {"text", "text", "tokens=120 layer=0", "paper-column", true},
    {"text-entropy", "text", "tokens=12 colour=entropy layer=3 head=1", NULL, true},
    {"text-gate", "text", "tokens=12 colour=gate document=5", NULL, true},
    {"token-scores-gates", "token-scores", "token=17 layer=0", NULL, true},
    {"sub-tokens", "sub-tokens", "tokens=20", "paper-column", true},
    {"divergence", "divergence", "", NULL, true},
    {"heads", "heads", "", "paper-column", true},
    {"scores", "scores", "", "paper-full", true},
    {"scores-ecdf", "scores", "shape=ecdf", "paper-column", true},
    {"vocabulary", "vocabulary", "", "paper-column", true},
    {"vocabulary-uniform", "vocabulary", "null=uniform layers=0", NULL, false},
    {"top-tokens", "top-tokens", "layer=0 ranks=4", "paper-column", true},
    {"top-tokens-ids", "top-tokens", "ranks=2", NULL, false},
};

static MoeScene *
make(const Golden *golden)
{
    g_autoptr(GError) error = NULL;
    MoeScene *scene = figure_scene(golden->figure, golden->assignments, golden->rich, &error);
    g_assert_no_error(error);
    return scene;
}

static void
test_text(gconstpointer data)
{
    const Golden *golden = data;
    g_autoptr(MoeScene) scene = make(golden);
    g_autofree char *name = g_strconcat(golden->name, ".txt", NULL);
    g_autofree char *text = moe_scene_to_text(scene);
    golden_check_text(name, text);
}

static void
test_picture(gconstpointer data)
{
    const Golden *golden = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeScene) scene = make(golden);
    g_autofree char *name = g_strconcat(golden->name, ".png", NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_true(moe_scene_set_theme(scene, golden->theme, &error));
    g_assert_true(moe_scene_save(scene, path, 120, &error));
    g_assert_no_error(error);
    golden_check_png(name, path);
    g_unlink(path);
}

/* What can't be shown is said, with what to do about it. */
static void
test_missing(void)
{
    static const struct {
        const char *figure, *assignments, *says;
    } cases[] = {
        {"text", "colour=gate", "record gates"},
        {"text", "colour=entropy", "moescope record --stats"},
        {"text", "layer=1", "expected a MoE layer of toy.npz: 0, 2, 3"},
        {"text", "layer=0 head=1", "found head=1"},
        {"text", "slot=2", "found slot=2"},
        {"token-map", "document=9", "no tokens of document 9"},
        {"token-map", "document=5 from=50", "from 50 on"},
        {"token-map", "layers=7", "picks none of the 3 MoE layers"},
        {"sub-tokens", "layers=0", "splits tokens"},
        {"divergence", "layers=0,2", "splits tokens"},
        {"heads", "layers=0,2", "splits tokens"},
        {"scores", "", "moescope record --stats"},
        {"top-tokens", "layer=1", "found layer=1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeScene) scene =
            figure_scene(cases[i].figure, cases[i].assignments, false, &error);
        g_assert_null(scene);
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe__figure_register();
    moe__metrics_register();
    folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(goldens); i++) {
        g_autofree char *text = g_strdup_printf("/token-figures/text/%s", goldens[i].name);
        g_autofree char *picture = g_strdup_printf("/token-figures/picture/%s", goldens[i].name);
        g_test_add_data_func(text, &goldens[i], test_text);
        if (goldens[i].theme)
            g_test_add_data_func(picture, &goldens[i], test_picture);
    }
    g_test_add_func("/token-figures/missing", test_missing);
    int failed = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
