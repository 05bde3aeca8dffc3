/* SPDX-License-Identifier: MIT
 *
 * synth.c: draws made-up decisions and writes them as a trace. A router's picks in a document come
 * from a stream of random numbers of their own, so that threads and chunks don't matter.
 */
#include "trace/synth.h"

#include "trace/tools.h"

#include <glib/gstdio.h>
#include <string.h>

enum {
    DOCUMENT_TOKENS = 512,
    DOCUMENT_TOKENS_MAX = 65536,
    VOCABULARY = 32768,
    BATCH_TOKENS = 8192,
    TRIES_MAX = 32, /* draws of experts that are taken already */
};

/* --- Drawing from a table ---------------------------------------------------------------------*/

/* Walker's alias method (Vose 1991), with one number for place and chance. */
typedef struct Alias {
    uint32_t chance, other;
} Alias;

static void
alias_init(Alias *table, const double *weight, int n)
{
    g_autofree double *left = g_new(double, (gsize)n);
    g_autofree int *small = g_new(int, (gsize)n), *large = g_new(int, (gsize)n);
    int n_small = 0, n_large = 0;
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += weight[i];
    for (int i = 0; i < n; i++) {
        left[i] = weight[i] / sum * n;
        table[i] = (Alias){UINT32_MAX, (uint32_t)i};
        if (left[i] < 1)
            small[n_small++] = i;
        else
            large[n_large++] = i;
    }
    while (n_small > 0 && n_large > 0) {
        int s = small[--n_small], l = large[n_large - 1];
        table[s] = (Alias){(uint32_t)(left[s] * UINT32_MAX), (uint32_t)l};
        left[l] -= 1 - left[s];
        if (left[l] < 1)
            small[n_small++] = large[--n_large];
    }
}

static inline int
alias_draw(const Alias *table, int n, uint32_t random)
{
    uint64_t product = (uint64_t)random * (uint64_t)n;
    const Alias *entry = &table[product >> 32];
    return (uint32_t)product < entry->chance ? (int)(product >> 32) : (int)entry->other;
}

/* --- Drawing documents ------------------------------------------------------------------------*/

typedef struct Maker {
    MoeTraceSynth synth; /* with the defaults filled in */
    double *weights;     /* [routers][domains][experts] */
    Alias *experts;      /* the same */
    Alias *words;        /* [vocabulary] */
    int64_t batch;       /* tokens drawn at a time: whole documents */
    float *gates;        /* [SYNTH_GATE_ROWS][k] */
    /* A batch. */
    int64_t first, n;    /* its tokens */
    int32_t *columns[4]; /* id, doc, pos, domain */
    int32_t **expert;    /* [routers] */
    float **gate;
} Maker;

/* What a thread needs to see which experts a token has. */
typedef struct Taken {
    uint32_t *mark; /* [experts]: the last token that took it */
    uint32_t token;
} Taken;

static void
next_token(Taken *taken, int experts)
{
    if (++taken->token == 0) {
        memset(taken->mark, 0, sizeof *taken->mark * (size_t)experts);
        taken->token = 1;
    }
}

/* One of the experts that aren't taken, where drawing until one comes takes too long. */
static int
draw_rest(const double *weight, int n, const Taken *taken, MoeRng *rng)
{
    double left = 0;
    int last = -1;
    for (int e = 0; e < n; e++)
        left += taken->mark[e] == taken->token ? 0 : weight[e];
    left *= (moe_rng_u32(rng) + 0.5) * 0x1p-32;
    for (int e = 0; e < n; e++) {
        if (taken->mark[e] == taken->token)
            continue;
        last = e;
        left -= weight[e];
        if (left < 0)
            break;
    }
    return last;
}

static void
draw_picks(const Maker *maker, const double *weight, const Alias *table, Taken *taken, MoeRng *rng,
           int32_t *out)
{
    int n = maker->synth.experts;
    next_token(taken, n);
    for (int j = 0; j < maker->synth.k; j++) {
        int e = alias_draw(table, n, moe_rng_u32(rng)), tries = 0;
        while (taken->mark[e] == taken->token && tries++ < TRIES_MAX)
            e = alias_draw(table, n, moe_rng_u32(rng));
        if (taken->mark[e] == taken->token)
            e = draw_rest(weight, n, taken, rng);
        taken->mark[e] = taken->token;
        out[j] = e;
    }
}

/* A router's picks in document `doc`, which begins at row `row` of the batch. */
static void
draw_document(const Maker *maker, int router, int64_t doc, int64_t row, int64_t tokens,
              Taken *taken)
{
    const MoeTraceSynth *s = &maker->synth;
    size_t k = (size_t)s->k;
    gsize set = ((gsize)router * (gsize)s->domains + (gsize)(doc % s->domains)) * (gsize)s->experts;
    MoeRng rng = moe_rng(s->seed, (uint64_t)(router + 1) << 40 | (uint64_t)doc);
    uint32_t again = (uint32_t)(s->repetition * 0x1p24);
    for (int64_t i = 0; i < tokens; i++) {
        int32_t *expert = maker->expert[router] + (size_t)(row + i) * k;
        uint32_t random = moe_rng_u32(&rng);
        if (i > 0 && random >> 8 < again)
            memcpy(expert, expert - k, k * sizeof *expert);
        else
            draw_picks(maker, maker->weights + set, maker->experts + set, taken, &rng, expert);
        if (s->gates)
            memcpy(maker->gate[router] + (size_t)(row + i) * k,
                   maker->gates + (random & (SYNTH_GATE_ROWS - 1)) * k, k * sizeof(float));
    }
}

static void
draw_tokens(const Maker *maker, int64_t doc, int64_t row, int64_t tokens)
{
    const MoeTraceSynth *s = &maker->synth;
    MoeRng rng = moe_rng(s->seed, (uint64_t)doc);
    for (int64_t i = 0; i < tokens; i++) {
        maker->columns[0][row + i] = alias_draw(maker->words, s->vocabulary, moe_rng_u32(&rng));
        maker->columns[1][row + i] = (int32_t)doc;
        maker->columns[2][row + i] = (int32_t)i;
        maker->columns[3][row + i] = (int32_t)(doc % s->domains);
    }
}

static void
draw_batch(const Maker *maker)
{
    const MoeTraceSynth *s = &maker->synth;
    int64_t length = s->document_tokens, docs = (maker->n + length - 1) / length;
    int64_t jobs = docs * (s->routers + 1);
#pragma omp parallel num_threads(moe_threads())
    {
        Taken taken = {g_new0(uint32_t, (gsize)s->experts), 0};
#pragma omp for schedule(dynamic, 1)
        for (int64_t job = 0; job < jobs; job++) {
            int64_t row = job / (s->routers + 1) * length;
            int64_t doc = (maker->first + row) / length, tokens = MIN(length, maker->n - row);
            int router = (int)(job % (s->routers + 1)) - 1;
            if (router < 0)
                draw_tokens(maker, doc, row, tokens);
            else
                draw_document(maker, router, doc, row, tokens, &taken);
        }
        g_free(taken.mark);
    }
}

/* --- The maker --------------------------------------------------------------------------------*/

static bool
check(const MoeTraceSynth *s, GError **error)
{
    const int64_t sizes = (int64_t)1 << 24;
    const char *wrong = NULL;
    if (s->document_tokens < 1 || s->document_tokens > DOCUMENT_TOKENS_MAX)
        wrong = "tokens a document: 1 … 65536";
    else if (s->tokens < 1 || s->tokens / s->document_tokens >= INT32_MAX)
        wrong = "tokens: at least 1, and fewer than 2^31 documents";
    else if (s->routers < 1 || s->routers > 1000)
        wrong = "routers: 1 … 1000";
    else if (s->experts < 1 || s->experts > UINT16_MAX)
        wrong = "experts: 1 … 65535";
    else if (s->k < 1 || s->k > s->experts)
        wrong = "k: 1 … the number of experts";
    else if (s->domains < 1 || s->domains > 1000)
        wrong = "domains: 1 … 1000";
    else if ((int64_t)s->experts * s->routers * s->domains > sizes / s->k)
        wrong = "routers × domains × experts × k: at most 2^24";
    else if (!(s->skew >= 0 && s->skew <= 4))
        wrong = "skew: 0 … 4";
    else if (!(s->specialisation >= 0 && s->specialisation <= 1))
        wrong = "specialisation: 0 … 1";
    else if (!(s->repetition >= 0 && s->repetition <= 1))
        wrong = "repetition: 0 … 1";
    else if (s->vocabulary < 1 || s->vocabulary > 1 << 24)
        wrong = "vocabulary: 1 … 2^24";
    if (!wrong)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "a made-up trace needs %s", wrong);
    return false;
}

static void
maker_init(Maker *maker)
{
    const MoeTraceSynth *s = &maker->synth;
    int sets = s->routers * s->domains;
    gsize n = (gsize)s->experts, rows = (gsize)maker->batch, picks = rows * (gsize)s->k;
    maker->weights = moe__synth_weights(s);
    maker->gates = moe__synth_gates(s);
    maker->experts = g_new(Alias, (gsize)sets * n);
    for (int i = 0; i < sets; i++)
        alias_init(maker->experts + (gsize)i * n, maker->weights + (gsize)i * n, s->experts);
    g_autofree double *zipf = g_new(double, (gsize)s->vocabulary);
    for (int i = 0; i < s->vocabulary; i++)
        zipf[i] = 1.0 / (i + 1);
    maker->words = g_new(Alias, (gsize)s->vocabulary);
    alias_init(maker->words, zipf, s->vocabulary);
    for (int c = 0; c < 4; c++)
        maker->columns[c] = g_new(int32_t, rows);
    maker->expert = g_new0(int32_t *, (gsize)s->routers);
    maker->gate = g_new0(float *, (gsize)s->routers);
    for (int r = 0; r < s->routers; r++) {
        maker->expert[r] = g_new(int32_t, picks);
        maker->gate[r] = s->gates ? g_new(float, picks) : NULL;
    }
}

static void
maker_clear(Maker *maker)
{
    for (int r = 0; r < maker->synth.routers; r++) {
        g_free(maker->expert[r]);
        g_free(maker->gate[r]);
    }
    g_free(maker->expert);
    g_free(maker->gate);
    for (int c = 0; c < 4; c++)
        g_free(maker->columns[c]);
    g_free(maker->words);
    g_free(maker->experts);
    g_free(maker->gates);
    g_free(maker->weights);
}

/* --- Writing ----------------------------------------------------------------------------------*/

/* meta.json's "synth" as the text of an object that holds nothing else. (transfer full) */
static char *
describe(const Maker *maker)
{
    const MoeTraceSynth *s = &maker->synth;
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new(), *synth = json_object_new();
    json_object_set_int_member(synth, "seed", (gint64)s->seed);
    json_object_set_int_member(synth, "tokens", s->tokens);
    json_object_set_double_member(synth, "skew", s->skew);
    json_object_set_double_member(synth, "specialisation", s->specialisation);
    json_object_set_double_member(synth, "repetition", s->repetition);
    json_object_set_int_member(synth, "document_tokens", s->document_tokens);
    json_object_set_int_member(synth, "vocabulary", s->vocabulary);
    json_object_set_object_member(synth, "expected",
                                  moe__synth_expected(s, maker->weights, maker->gates));
    json_object_set_string_member(object, "version", moe_version());
    json_object_set_object_member(object, "synth", synth);
    json_node_take_object(root, object);
    return moe__json_to_text(root);
}

static MoeTraceWriter *
begin(const Maker *maker, const char *path, const MoeTraceOutput *output, GError **error)
{
    const MoeTraceSynth *s = &maker->synth;
    g_autofree MoeRouterInfo *routers = g_new0(MoeRouterInfo, (gsize)s->routers);
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *extra = describe(maker);
    MoeTraceOutput stored = *output;
    for (int r = 0; r < s->routers; r++)
        routers[r] = (MoeRouterInfo){.layer = r,
                                     .experts = s->experts,
                                     .k = s->k,
                                     .units_per_token = 1,
                                     .gates_sum_to_one = true,
                                     .causal = true,
                                     .score = (char *)"synthetic",
                                     .select = (char *)"plackett-luce",
                                     .gate = (char *)"synthetic"};
    for (int d = 0; d < s->domains; d++)
        g_ptr_array_add(domains, g_strdup_printf("domain-%d", d));
    g_autofree char *meta =
        moe_trace_meta(routers, s->routers, (const char *const *)domains->pdata, s->domains, extra);
    if (stored.compression == -1) /* there is no source that could say */
        stored.compression = 0;
    return moe__trace_rewrite(path, meta, NULL, routers, s->routers, &stored, MOE_F16, error);
}

static bool
write_batches(Maker *maker, MoeTraceWriter *writer, const MoeProgress *progress, GError **error)
{
    const MoeTraceSynth *s = &maker->synth;
    g_autofree MoeTracePicks *picks = g_new0(MoeTracePicks, (gsize)s->routers);
    for (maker->first = 0; maker->first < s->tokens; maker->first += maker->n) {
        if (!moe_progress(progress, maker->first, s->tokens, "drawing tokens")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED,
                        "stopped after %" G_GINT64_FORMAT " tokens", maker->first);
            return false;
        }
        maker->n = MIN(maker->batch, s->tokens - maker->first);
        draw_batch(maker);
        for (int r = 0; r < s->routers; r++)
            picks[r] = (MoeTracePicks){.expert = maker->expert[r], .gate = maker->gate[r]};
        const MoeTraceTokens tokens = {.n = maker->n,
                                       .id = maker->columns[0],
                                       .doc = maker->columns[1],
                                       .pos = maker->columns[2],
                                       .domain = maker->columns[3]};
        if (!moe_trace_writer_append(writer, &tokens, picks, error))
            return false;
    }
    return true;
}

static bool
write_synth(Maker *maker, const char *path, const MoeTraceOutput *output,
            const MoeProgress *progress, GError **error)
{
    MoeTraceWriter *writer = begin(maker, path, output, error);
    if (!writer)
        return false;
    if (write_batches(maker, writer, progress, error))
        return moe_trace_writer_close(writer, error);
    moe_trace_writer_abandon(writer);
    return false;
}

bool
moe_trace_synth(const char *path, const MoeTraceSynth *synth, const MoeTraceOutput *output,
                const MoeProgress *progress, GError **error)
{
    Maker maker = {.synth = *synth};
    if (maker.synth.document_tokens == 0)
        maker.synth.document_tokens = DOCUMENT_TOKENS;
    if (maker.synth.vocabulary == 0)
        maker.synth.vocabulary = VOCABULARY;
    g_autofree char *beside = check(&maker.synth, error) ? moe__trace_beside(path, error) : NULL;
    if (!beside)
        return false;
    int64_t chunk = output->chunk_tokens > 0 ? output->chunk_tokens : BATCH_TOKENS;
    maker.batch = MAX(1, MIN(chunk, BATCH_TOKENS) / maker.synth.document_tokens) *
                  maker.synth.document_tokens;
    maker_init(&maker);
    bool ok = write_synth(&maker, beside, output, progress, error);
    maker_clear(&maker);
    if (ok)
        return moe__trace_replace(beside, path, error);
    g_unlink(beside);
    return false;
}
