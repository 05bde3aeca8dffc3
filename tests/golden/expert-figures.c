/* SPDX-License-Identifier: MIT
 *
 * Golden figures of experts as vectors: made-up measures, weights and picks of two layers.
 */
#include "golden-figures.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/figure.h>
#include <moescope/safetensors.h>

enum { ROUTERS = 2, EXPERTS = 6, WIDTH = 5, TOKENS = 240, DOMAINS = 3, UNITS = TOKENS * 2 };

static char *folder;

/* --- Made-up experts --------------------------------------------------------------------------*/

/* Even and odd experts are two families, which part further in the second layer. */
static float
coordinate(int router, int expert, int i)
{
    double family = (1 + router) * (expert % 2 ? 1.1 : -0.7) * cos(1.3 * i);
    return (float)(family + sin(2.1 * expert + 0.7 * i * i + router));
}

static double
product(int router, int a, int b)
{
    double sum = 0;
    for (int i = 0; i < WIDTH; i++)
        sum += (double)coordinate(router, a, i) * (double)coordinate(router, b, i);
    return sum;
}

static void
measure(MoeTraceWriter *writer, int router, const char *name, int ndim, const float *values)
{
    g_autoptr(GError) error = NULL;
    const int64_t shape[2] = {EXPERTS, EXPERTS};
    g_assert_true(moe_trace_writer_measure(writer, router, name, 300, ndim, shape, values, &error));
    g_assert_no_error(error);
}

static void
write_measures(MoeTraceWriter *writer, int router)
{
    float cosine[EXPERTS * EXPERTS], distance[EXPERTS * EXPERTS], norm[EXPERTS];
    for (int i = 0; i < EXPERTS; i++)
        norm[i] = (float)sqrt(product(router, i, i));
    for (int i = 0; i < EXPERTS * EXPERTS; i++) {
        int a = i / EXPERTS, b = i % EXPERTS;
        double square = product(router, a, a) + product(router, b, b) - 2 * product(router, a, b);
        cosine[i] = (float)(product(router, a, b) / ((double)norm[a] * (double)norm[b]));
        distance[i] = (float)sqrt(fmax(square, 0));
    }
    measure(writer, router, "router_cosine", 2, cosine);
    measure(writer, router, "router_norm", 1, norm);
    if (router == 0)
        return;
    measure(writer, router, "selection_embedding_cosine", 2, cosine);
    measure(writer, router, "selection_embedding_distance", 2, distance);
    for (int i = 0; i < EXPERTS * EXPERTS; i++)
        cosine[i] *= cosine[i];
    measure(writer, router, "expert_output_cka", 2, cosine);
    for (int i = 0; i < EXPERTS * EXPERTS; i++)
        cosine[i] *= 0.25f;
    measure(writer, router, "expert_output_cka_shuffled", 2, cosine);
}

/* A unit picks two experts of a family, mostly, which its domain prefers. */
static void
fill(int32_t *expert, int32_t *domain, int router)
{
    for (int t = 0; t < TOKENS; t++) {
        int family = (t * t + t / 80 + router) % 5 == 0, first = 2 * ((t / 7 + t) % 3);
        domain[t] = t / (TOKENS / DOMAINS);
        expert[2 * t] = (first + (domain[t] + family) % 2) % EXPERTS;
        expert[2 * t + 1] = (expert[2 * t] + (t % 3 ? 2 : 1 + 2 * (t % 2))) % EXPERTS;
    }
}

static void
write_trace(const char *path, bool measures)
{
    static const MoeRouterInfo routers[ROUTERS] = {{.layer = 1,
                                                    .experts = EXPERTS,
                                                    .k = 2,
                                                    .units_per_token = 1,
                                                    .score = (char *)"linear",
                                                    .select = (char *)"topk",
                                                    .gate = (char *)"softmax"},
                                                   {.layer = 4,
                                                    .experts = EXPERTS,
                                                    .k = 2,
                                                    .units_per_token = 1,
                                                    .score = (char *)"linear",
                                                    .select = (char *)"topk",
                                                    .gate = (char *)"softmax"}};
    static const char *const names[DOMAINS] = {"code", "german", "prose"};
    static int32_t expert[ROUTERS][UNITS], domain[TOKENS], id[TOKENS];
    g_autoptr(GError) error = NULL;
    MoeTraceOptions options = {0};
    MoeTracePicks picks[ROUTERS] = {{.expert = expert[0]}, {.expert = expert[1]}};
    MoeTraceTokens tokens = {.n = TOKENS, .id = id, .domain = domain};
    g_autofree char *meta =
        moe_trace_meta(routers, ROUTERS, names, DOMAINS,
                       "{\"model\": \"toy\", \"recipe\": {\"model\": {\"d_model\": 5}}}");
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, ROUTERS, &options, &error);
    g_assert_no_error(error);
    for (int r = 0; r < ROUTERS; r++) {
        fill(expert[r], domain, r);
        if (measures)
            write_measures(writer, r);
    }
    g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_no_error(error);
}

/* Rows of a router as Hugging Face names them, and what only looks like one. */
static void
write_weights(const char *path, bool numbers)
{
    static float rows[ROUTERS][EXPERTS * WIDTH];
    const int64_t shape[2] = {EXPERTS, WIDTH}, turned[2] = {WIDTH, EXPERTS};
    MoeSafetensorsWriter *writer = moe_safetensors_writer_new();
    for (int r = 0; r < ROUTERS; r++) {
        for (int i = 0; i < EXPERTS * WIDTH; i++)
            rows[r][i] = numbers ? coordinate(r, i / WIDTH, i % WIDTH) : NAN;
        g_autofree char *name = g_strdup_printf("model.layers.%d.mlp.gate.weight", 1 + 3 * r);
        moe_safetensors_writer_add(writer, name, MOE_STORED_F32, 2, shape, rows[r]);
    }
    moe_safetensors_writer_add(writer, "model.layers.1.mlp.experts.0.gate.weight", MOE_STORED_F32,
                               2, turned, rows[0]);
    moe_safetensors_writer_add(writer, "model.layers.1.mlp.gate_proj.weight", MOE_STORED_F32, 2,
                               turned, rows[0]);
    moe_safetensors_writer_add(writer, "gate.weight", MOE_STORED_F32, 2, turned, rows[0]);
    g_autoptr(GError) error = NULL;
    g_assert_true(moe_safetensors_writer_save(writer, path, &error));
    g_assert_no_error(error);
    moe_safetensors_writer_free(writer);
}

/* --- Inputs -----------------------------------------------------------------------------------*/

/* Letters: t, a trace; m, one with measures; w, weights; n, weights that aren't numbers. */
/* Of inputs by letters: a trace with measures (m) or of tokens alone (t), weights (w), weights that
 * aren't numbers (n). */
static MoeScene *
build(const GoldenFigure *golden, GError **error)
{
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    for (const char *of = golden->of; *of; of++) {
        bool weights = *of == 'w' || *of == 'n';
        g_autofree char *path =
            g_build_filename(folder, weights ? "toy.safetensors" : "toy.npz", NULL);
        if (weights)
            write_weights(path, *of == 'w');
        else
            write_trace(path, *of == 'm');
        g_assert_true(moe_figure_input_open(input, path, NULL, error));
    }
    return golden_figure_build(golden, input, error);
}

static const GoldenFigure goldens[] = {
    {"similarity", "similarity", "", "paper-column", "m"},
    {"similarity-tokens", "similarity", "", NULL, "t"},
    {"similarity-domains", "similarity", "of=domains sort=index experts=0-3", NULL, "t"},
    {"similarity-outputs", "similarity", "of=outputs sort=load", NULL, "m"},
    {"similarity-weights", "similarity", "layers=4", NULL, "w"},
    {"embeddings", "embeddings", "colour=domain", "paper-column", "m"},
    {"embeddings-embedding", "embeddings", "of=embedding", NULL, "m"},
    {"embeddings-tokens", "embeddings", "layers=1", "dark", "t"},
    {"embeddings-weights", "embeddings", "layers=4 experts=1,3,5", NULL, "wt"},
};

/* The same rows, told as cosines and lengths or as weights, are the same map. */
static void
test_sources(void)
{
    static const char *const inputs[] = {"m", "wt"};
    double x[2][EXPERTS];
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeScene) scene = build(&(GoldenFigure){.figure = "embeddings",
                                                          .assignments = "of=router layers=4",
                                                          .of = inputs[i]},
                                          &error);
        g_assert_no_error(error);
        g_autofree char *csv = moe_scene_to_csv(scene);
        g_auto(GStrv) lines = g_strsplit(csv, "\n", -1);
        for (int e = 0; e < EXPERTS; e++) {
            g_auto(GStrv) fields = g_strsplit(lines[1 + e], ",", -1);
            x[i][e] = g_ascii_strtod(fields[5], NULL);
        }
    }
    for (int e = 0; e < EXPERTS; e++) {
        g_assert_cmpfloat(fabs(x[0][e]), >, 0.01);
        g_assert_cmpfloat_with_epsilon(x[0][e], x[1][e], 1e-4);
    }
}

/* What can't be shown is said. */
static const GoldenFigure missings[] = {
    {"has no measure expert_cosine", "similarity", "of=experts", NULL, "m"},
    {"has no rows of routers", "embeddings", "of=router", NULL, "t"},
    {"no loads to sort by", "similarity", "sort=load", NULL, "w"},
    {"no input has loads of experts", "embeddings", "colour=load", NULL, "w"},
    {"layer 1 of toy.safetensors: found numbers that aren't finite", "similarity", "", NULL, "n"},
    {"layer 1 of toy.safetensors: found numbers that aren't finite", "embeddings", "", NULL, "n"},
    {"expected two or more", "similarity", "experts=9", NULL, "t"},
    {"holds the weights of a model", "load", "", NULL, "w"},
    {"holds the weights of a model", "token-map", "", NULL, "w"},
    {"experts=9 picks none of the 6 experts of layer 1", "coactivation", "experts=9", NULL, "t"},
    {"expected one domain of toy.npz: code, german, prose", "activation", "domains=poems", NULL,
     "t"},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    folder = g_dir_make_tmp("moescope-experts-XXXXXX", NULL);
    golden_figures_add("/expert-figures", goldens, G_N_ELEMENTS(goldens), build, folder);
    golden_missing_add("/expert-figures", missings, G_N_ELEMENTS(missings), build);
    g_test_add_func("/expert-figures/sources", test_sources);
    int failed = g_test_run();
    static const char *const files[] = {"toy.npz", "toy.safetensors"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
