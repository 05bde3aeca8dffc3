/* SPDX-License-Identifier: MIT
 *
 * Made-up traces: the chances of being drawn against enumeration, the decisions against what
 * meta.json expects of them, and that nothing but the parameters matters.
 */
#include "trace-same.h"
#include "trace-sample.h"
#include "trace/writer.h"

#include <json-glib/json-glib.h>
#include <math.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* --- Chances ----------------------------------------------------------------------------------*/

/* Adds up the chances of all ways to draw `left` more. */
static void
enumerate(const double *weight, int n, int left, double rest, double chance, unsigned taken,
          double *out)
{
    if (left == 0) {
        for (int e = 0; e < n; e++)
            out[e] += taken >> e & 1 ? chance : 0;
        return;
    }
    for (int e = 0; e < n; e++)
        if (!(taken >> e & 1))
            enumerate(weight, n, left - 1, rest - weight[e], chance * weight[e] / rest,
                      taken | 1u << e, out);
}

static void
test_inclusion(void)
{
    static const double sets[][6] = {
        {1, 1, 1, 1, 1, 1}, {1, 2, 3, 4, 5, 6}, {1000, 1, 0.1, 7, 1e-3, 50}};
    for (gsize s = 0; s < G_N_ELEMENTS(sets); s++)
        for (int k = 1; k <= 6; k++) {
            double chance[6], expected[6] = {0}, rest = 0;
            for (int e = 0; e < 6; e++)
                rest += sets[s][e];
            enumerate(sets[s], 6, k, rest, 1, 0, expected);
            moe_trace_inclusion(sets[s], 6, k, chance);
            for (int e = 0; e < 6; e++)
                g_assert_cmpfloat_with_epsilon(chance[e], expected[e], 1e-9);
        }
}

static void
test_inclusion_large(void)
{
    enum { N = 256 };
    double weight[N], chance[N];
    for (int k = 1; k <= 64; k *= 8) {
        double sum = 0;
        for (int e = 0; e < N; e++)
            weight[e] = pow(e + 1, -1.5);
        moe_trace_inclusion(weight, N, k, chance);
        for (int e = 0; e < N; e++) {
            sum += chance[e];
            g_assert_true(e == 0 || chance[e] < chance[e - 1] + 1e-12);
        }
        g_assert_cmpfloat_with_epsilon(sum, k, 1e-8);
    }
}

/* --- Decisions --------------------------------------------------------------------------------*/

static const MoeTraceSynth base = {.tokens = 40000,
                                   .routers = 2,
                                   .experts = 16,
                                   .k = 3,
                                   .domains = 3,
                                   .skew = 1,
                                   .specialisation = 0.5,
                                   .repetition = 0.3,
                                   .document_tokens = 100,
                                   .gates = true,
                                   .seed = 7};

static MoeTrace *
make(const char *name, const MoeTraceSynth *synth, const MoeTraceOutput *output)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch(name);
    g_assert_true(moe_trace_synth(path, synth, output, NULL, &error));
    g_assert_no_error(error);
    MoeTrace *trace = sample_open(path);
    g_auto(GStrv) problems = moe_trace_verify(trace, NULL, &error);
    g_assert_cmpstr(problems[0], ==, NULL);
    return trace;
}

/* What was counted in router `r`. */
typedef struct Tally {
    double load[16], domain_load[3][16], picks, domain_picks[3];
    double repeats, repeatable, gate[3];
} Tally;

static void
tally_token(const MoeTraceSynth *s, const MoeTraceTokens *tokens, const MoeTracePicks *p, int64_t i,
            Tally *tally)
{
    const int32_t *now = p->expert + i * s->k, *before = now - s->k;
    int d = tokens->domain[i];
    for (int j = 0; j < s->k; j++) {
        tally->load[now[j]]++;
        tally->domain_load[d][now[j]]++;
        tally->picks++;
        tally->domain_picks[d]++;
        tally->gate[j] += (double)p->gate[i * s->k + j];
        for (int l = 0; l < j; l++)
            g_assert_cmpint(now[j], !=, now[l]);
        tally->repeatable += tokens->pos[i] > 0;
        for (int l = 0; tokens->pos[i] > 0 && l < s->k; l++)
            tally->repeats += now[j] == before[l];
    }
}

static void
count(const MoeTrace *trace, const MoeTraceSynth *s, int r, Tally *tally)
{
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(trace, &r, 1);
    g_autofree int64_t *index = g_new(int64_t, s->tokens);
    *tally = (Tally){0};
    g_assert_cmpint(moe_trace_chunks(trace), ==, 1); /* so that every token has the one before */
    g_assert_true(moe_trace_rows_load(rows, 0, NULL));
    for (int64_t i = 0; i < s->tokens; i++)
        index[i] = i;
    MoeTraceTokens tokens;
    MoeTracePicks picks;
    moe_trace_rows_take(rows, index, s->tokens, &tokens, &picks);
    for (int64_t i = 0; i < s->tokens; i++) {
        g_assert_cmpint(tokens.doc[i], ==, i / s->document_tokens);
        g_assert_cmpint(tokens.domain[i], ==, tokens.doc[i] % s->domains);
        tally_token(s, &tokens, &picks, i, tally);
    }
}

static JsonArray *
list_at(JsonArray *array, int i)
{
    return json_array_get_array_element(array, (guint)i);
}

/* Five times what sampling lets expect; repeated tokens make samples smaller. */
static void
assert_share(double found, double expected, double samples)
{
    double sigma = sqrt(expected * (1 - expected) / samples);
    if (fabs(found - expected) > 5 * sigma)
        g_error("%g found, %g ± %g expected", found, expected, sigma);
}

static void
test_statistics(void)
{
    g_autoptr(MoeTrace) trace = make("a.npz", &base, &(MoeTraceOutput){0});
    g_autoptr(JsonNode) root = json_from_string(moe_trace_meta_json(trace), NULL);
    JsonObject *synth = json_object_get_object_member(json_node_get_object(root), "synth");
    JsonObject *expected = json_object_get_object_member(synth, "expected");
    g_assert_cmpint(json_object_get_int_member(synth, "seed"), ==, 7);
    for (int r = 0; r < base.routers; r++) {
        Tally tally;
        count(trace, &base, r, &tally);
        JsonArray *load = list_at(json_object_get_array_member(expected, "load"), r);
        JsonArray *by_domain = list_at(json_object_get_array_member(expected, "domain_load"), r);
        JsonArray *gate = json_object_get_array_member(expected, "gate");
        double repeat = json_array_get_double_element(
            json_object_get_array_member(expected, "repeat"), (guint)r);
        double fresh = (1 - base.repetition) / (1 + base.repetition), sum = 0;
        for (guint e = 0; e < 16; e++) {
            sum += json_array_get_double_element(load, e);
            assert_share(tally.load[e] / tally.picks, json_array_get_double_element(load, e),
                         tally.picks * fresh);
            for (int d = 0; d < base.domains; d++)
                assert_share(tally.domain_load[d][e] / tally.domain_picks[d],
                             json_array_get_double_element(list_at(by_domain, d), e),
                             tally.domain_picks[d] * fresh);
        }
        g_assert_cmpfloat_with_epsilon(sum, 1, 1e-9);
        assert_share(tally.repeats / tally.repeatable, repeat, tally.repeatable / base.k);
        for (guint j = 0; j < 3; j++)
            g_assert_cmpfloat_with_epsilon(tally.gate[j] / (double)base.tokens,
                                           json_array_get_double_element(gate, j), 0.005);
    }
}

/* Neither threads nor chunks nor compression change a value. */
static void
test_determinism(void)
{
    g_autoptr(MoeTrace) trace = make("a.npz", &base, &(MoeTraceOutput){0});
    int threads = moe_threads();
    moe_set_threads(3);
    g_autoptr(MoeTrace) again = make("b.npz", &base, &(MoeTraceOutput){6, 700});
    moe_set_threads(1);
    g_autoptr(MoeTrace) same = make("c.npz", &base, &(MoeTraceOutput){0});
    moe_set_threads(threads);
    g_assert_cmpint(moe_trace_chunks(same), ==, 1);
    g_assert_cmpint(moe_trace_chunks(again), >, 50);
    same_assert(trace, again);
    g_autofree char *a = scratch("a.npz"), *c = scratch("c.npz"), *x = NULL, *y = NULL;
    gsize n, m;
    g_assert_true(g_file_get_contents(a, &x, &n, NULL));
    g_assert_true(g_file_get_contents(c, &y, &m, NULL));
    g_assert_cmpmem(x, n, y, m);

    MoeTraceSynth other = base;
    other.seed++;
    g_autoptr(MoeTrace) differs = make("d.npz", &other, &(MoeTraceOutput){0});
    g_autoptr(GByteArray) p = same_picks(trace, 0, 0, 1000), q = same_picks(differs, 0, 0, 1000);
    g_assert_cmpint(p->len, ==, q->len);
    g_assert_cmpint(memcmp(p->data, q->data, p->len), !=, 0);
}

/* Where drawing again and again would take too long; and where nothing is left to chance. */
static void
test_extremes(void)
{
    const MoeTraceSynth steep = {
        .tokens = 1000, .routers = 1, .experts = 300, .k = 30, .domains = 1, .skew = 4};
    const MoeTraceSynth all = {.tokens = 50, .routers = 1, .experts = 5, .k = 5, .domains = 2};
    const MoeTraceSynth one = {.tokens = 50,
                               .routers = 1,
                               .experts = 1,
                               .k = 1,
                               .domains = 1,
                               .repetition = 1,
                               .document_tokens = 7,
                               .vocabulary = 1,
                               .gates = true};
    g_autoptr(MoeTrace) a = make("a.npz", &steep, &(MoeTraceOutput){0});
    g_autoptr(MoeTrace) b = make("b.npz", &all, &(MoeTraceOutput){0});
    g_autoptr(MoeTrace) c = make("c.npz", &one, &(MoeTraceOutput){0});
    g_assert_cmpint(moe_trace_tokens(b, -1), ==, 50);
    g_assert_false(moe_trace_has(a, "picks/00000.r000.gate"));
    g_assert_true(moe_trace_has(c, "picks/00000.r000.gate"));
    g_assert_cmpint(moe_trace_tokens(c, -1), ==, 50);
}

static void
test_bad_parameters(void)
{
    MoeTraceSynth bad[10];
    g_autofree char *path = scratch("bad.npz");
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        bad[i] = base;
    bad[0].tokens = 0;
    bad[1].k = 17;
    bad[2].experts = 65536;
    bad[3].skew = NAN;
    bad[4].specialisation = -0.1;
    bad[5].repetition = 1.1;
    bad[6].domains = 0;
    bad[7].document_tokens = -1;
    bad[8].vocabulary = -1;
    bad[9].routers = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(moe_trace_synth(path, &bad[i], &(MoeTraceOutput){0}, NULL, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
}

/* What is said of a made-up trace isn't said of a part of it, but how it came about is. */
static void
test_derived(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = make("a.npz", &base, &(MoeTraceOutput){0});
    g_autofree char *path = scratch("part.npz");
    const MoeTraceSelection part = {.n_tokens = 100};
    for (int whole = 0; whole < 2; whole++) {
        moe_trace_select(trace, path, whole ? &(MoeTraceSelection){0} : &part, &(MoeTraceOutput){0},
                         NULL, NULL, &error);
        g_assert_no_error(error);
        g_autoptr(MoeTrace) derived = moe_trace_open(path, &error);
        g_autoptr(JsonNode) root = json_from_string(moe_trace_meta_json(derived), NULL);
        JsonObject *meta = json_node_get_object(root);
        JsonArray *history = json_object_get_array_member(meta, "history");
        JsonObject *first = json_array_get_object_element(history, 0);
        const char *tool = json_object_get_string_member(first, "tool");
        g_assert_cmpint(json_object_has_member(meta, "synth"), ==, whole);
        g_assert_cmpstr(tool, ==, whole ? "recompress" : "synth");
        g_assert_cmpint(json_array_get_length(history), ==, whole ? 1 : 2);
    }
    g_unlink(path);
}

/* A chunk is about 48 MB, whatever the model. */
static void
test_chunks(void)
{
    MoeRouterInfo routers[60] = {0};
    for (int r = 0; r < 60; r++)
        routers[r] = (MoeRouterInfo){.experts = 256, .k = 8, .units_per_token = 1};
    MoeTraceOptions options = {.gates = true};
    int64_t tokens = moe__trace_chunk_tokens(routers, 60, &options);
    g_assert_cmpint(tokens * 60 * 8 * (2 + 2), <=, 48 << 20);
    g_assert_cmpint(tokens * 60 * 8 * (2 + 2), >, 47 << 20);
    options.logits = true;
    g_assert_cmpint(moe__trace_chunk_tokens(routers, 60, &options), <, tokens / 10);
    g_assert_cmpint(moe__trace_chunk_tokens(routers, 2, &options), <, 65536);
    g_assert_cmpint(moe__trace_chunk_tokens(routers, 1, &(MoeTraceOptions){0}), ==, 65536);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-synth-XXXXXX", NULL);
    g_test_add_func("/trace-synth/inclusion", test_inclusion);
    g_test_add_func("/trace-synth/inclusion-large", test_inclusion_large);
    g_test_add_func("/trace-synth/statistics", test_statistics);
    g_test_add_func("/trace-synth/determinism", test_determinism);
    g_test_add_func("/trace-synth/extremes", test_extremes);
    g_test_add_func("/trace-synth/bad-parameters", test_bad_parameters);
    g_test_add_func("/trace-synth/derived", test_derived);
    g_test_add_func("/trace-synth/chunks", test_chunks);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
