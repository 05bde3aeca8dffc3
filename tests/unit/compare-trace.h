/* SPDX-License-Identifier: MIT
 *
 * compare-trace.h: traces of made-up picks for the tests of comparisons: arrays that a test can
 * change and look into, and the trace of them.
 */
#ifndef MOESCOPE_TESTS_COMPARE_TRACE_H
#define MOESCOPE_TESTS_COMPARE_TRACE_H

#include <glib/gstdio.h>
#include <moescope/compare.h>

enum { MADE_ROUTERS = 4, MADE_DOMAINS = 2 };

/* Few experts; sub-tokens, and more experts than bits in a word; picks that vary; one in a layer of
 * its own. */
static const MoeRouterInfo made_routers[MADE_ROUTERS] = {
    {0, 16, 4, 1, 0, true, true, (char *)"linear", (char *)"topk", (char *)"softmax-selected"},
    {1, 100, 3, 2, 0, true, true, (char *)"linear", (char *)"topk", (char *)"softmax-selected"},
    {2, 8, 0, 1, 0, false, true, (char *)"relu", (char *)"positive", (char *)"score"},
    {5, 64, 8, 1, 0, true, true, (char *)"linear", (char *)"topk", (char *)"softmax-selected"},
};
static const char *const made_domains[MADE_DOMAINS] = {"prose", "code"};

typedef struct Made {
    int tokens;
    bool gates;
    int32_t *id, *doc, *pos, *domain, *step; /* [tokens] */
    MoeRouterInfo routers[MADE_ROUTERS];
    int32_t *expert[MADE_ROUTERS]; /* [tokens × units_per_token × width] */
    float *gate[MADE_ROUTERS];
} Made;

static inline int
made_width(const MoeRouterInfo *info)
{
    return info->k > 0 ? info->k : info->experts;
}

/* `n` distinct experts of `experts`, the lower ones more often, at row[0 …]; -1 behind them. */
static inline void
made_draw(MoeRng *rng, int experts, int n, int width, int32_t *row)
{
    for (int slot = 0; slot < width; slot++) {
        row[slot] = -1;
        for (bool fresh = false; slot < n && !fresh;) {
            int a = (int)moe_rng_below(rng, (uint64_t)experts);
            int b = (int)moe_rng_below(rng, (uint64_t)experts);
            row[slot] = MIN(a, b);
            fresh = true;
            for (int i = 0; i < slot; i++)
                fresh &= row[i] != row[slot];
        }
    }
}

static inline void
made_fill(Made *made, int r, MoeRng *rng)
{
    const MoeRouterInfo *info = &made->routers[r];
    int width = made_width(info), units = made->tokens * info->units_per_token;
    for (int u = 0; u < units; u++) {
        int n = info->k > 0 ? info->k : (int)moe_rng_below(rng, 5);
        made_draw(rng, info->experts, n, width, made->expert[r] + u * width);
        for (int slot = 0; slot < width; slot++)
            made->gate[r][u * width + slot] = (float)(1 + moe_rng_below(rng, 64)) / 64;
    }
}

/* Documents of 50 tokens, in turn of two domains. */
static inline Made *
made_new(int tokens, uint64_t seed)
{
    Made *made = g_new0(Made, 1);
    MoeRng rng = moe_rng(seed, 0);
    made->tokens = tokens;
    made->gates = true;
    int32_t **columns[] = {&made->id, &made->doc, &made->pos, &made->domain, &made->step};
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++)
        *columns[i] = g_new0(int32_t, (gsize)tokens);
    for (int t = 0; t < tokens; t++) {
        made->id[t] = t % 97;
        made->doc[t] = t / 50;
        made->pos[t] = t % 50;
        made->domain[t] = t / 50 % MADE_DOMAINS;
    }
    for (int r = 0; r < MADE_ROUTERS; r++) {
        made->routers[r] = made_routers[r];
        gsize n = (gsize)(tokens * made_routers[r].units_per_token * made_width(&made_routers[r]));
        made->expert[r] = g_new(int32_t, n);
        made->gate[r] = g_new(float, n);
        made_fill(made, r, &rng);
    }
    return made;
}

static inline void
made_free(Made *made)
{
    g_free(made->id);
    g_free(made->doc);
    g_free(made->pos);
    g_free(made->domain);
    g_free(made->step);
    for (int r = 0; r < MADE_ROUTERS; r++) {
        g_free(made->expert[r]);
        g_free(made->gate[r]);
    }
    g_free(made);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Made, made_free)

/* The trace of the first n_routers, in chunks of `chunk` tokens. */
static inline MoeTrace *
made_trace(const Made *made, int n_routers, int chunk)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    int file = g_file_open_tmp("moescope-compare-XXXXXX.npz", &path, &error);
    g_assert_no_error(error);
    g_close(file, NULL);
    g_autofree char *meta =
        moe_trace_meta(made->routers, n_routers, made_domains, MADE_DOMAINS, NULL);
    MoeTraceOptions options = {.chunk_tokens = 1, .gates = made->gates};
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, made->routers, n_routers, &options, &error);
    g_assert_no_error(error);
    for (int t = 0; t < made->tokens; t += chunk) {
        MoeTraceTokens tokens = {.n = MIN(chunk, made->tokens - t),
                                 .id = made->id + t,
                                 .doc = made->doc ? made->doc + t : NULL,
                                 .pos = made->pos + t,
                                 .domain = made->domain + t,
                                 .step = made->step + t};
        MoeTracePicks picks[MADE_ROUTERS] = {{NULL}};
        for (int r = 0; r < n_routers; r++) {
            int at = t * made->routers[r].units_per_token * made_width(&made->routers[r]);
            picks[r].expert = made->expert[r] + at;
            picks[r].gate = made->gates ? made->gate[r] + at : NULL;
        }
        g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_unlink(path); /* it stays open */
    return trace;
}

#endif
