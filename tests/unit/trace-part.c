/* SPDX-License-Identifier: MIT
 *
 * Parts of traces, and traces joined: nothing is lost, nothing comes twice, what was done is said.
 */
#include "trace-same.h"
#include "trace-sample.h"

#include <unistd.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

enum { BATCHES = 7, TOKENS = BATCHES * 14 };

static const MoeTraceOutput as_source = {.compression = -1};

/* The trace of seven batches: three chunks. */
static MoeTrace *
whole(void)
{
    g_autofree char *path = scratch("whole.npz");
    sample_write(path, 0, BATCHES, &sample_options);
    return sample_open(path);
}

static MoeTrace *
selected(const MoeTrace *trace, const char *name, const MoeTraceSelection *selection,
         const MoeTraceOutput *output)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch(name);
    int64_t kept = -1;
    g_assert_true(moe_trace_select(trace, path, selection, output, &kept, NULL, &error));
    g_assert_no_error(error);
    MoeTrace *part = sample_open(path);
    g_assert_true(moe_trace_complete(part));
    g_assert_cmpint(moe_trace_tokens(part, -1), ==, kept);
    g_auto(GStrv) problems = moe_trace_verify(part, NULL, &error);
    g_assert_cmpstr(problems[0], ==, NULL);
    return part;
}

static MoeTrace *
merged(const MoeTrace *a, const MoeTrace *b, MoeTraceDocuments documents, GError **error)
{
    g_autofree char *path = scratch("merged.npz");
    const MoeTrace *traces[] = {a, b};
    if (!moe_trace_merge(traces, 2, path, documents, &as_source, NULL, error))
        return NULL;
    return sample_open(path);
}

static void
assert_no_leftovers(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));)
        g_assert_false(g_str_has_suffix(name, ".part"));
}

static void
assert_history(const MoeTrace *trace, const char *text)
{
    const char *history = strstr(moe_trace_meta_json(trace), "\"history\"");
    g_assert_nonnull(history);
    if (!strstr(history, text))
        g_error("\"%s\" isn't in %s", text, history);
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "made up")); /* what else was there */
}

static void
test_recompress(void)
{
    static const MoeTraceOutput outputs[] = {{0, 0}, {9, 0}, {1, 1}, {-1, 33}, {6, 1000}};
    g_autoptr(MoeTrace) trace = whole();
    for (gsize i = 0; i < G_N_ELEMENTS(outputs); i++) {
        g_autoptr(MoeTrace) again =
            selected(trace, "again.npz", &(MoeTraceSelection){0}, &outputs[i]);
        same_assert(trace, again);
        assert_history(again, "\"recompress\"");
    }
    /* Three batches a chunk, as it was. */
    g_autoptr(MoeTrace) same =
        selected(trace, "again.npz", &(MoeTraceSelection){0}, &(MoeTraceOutput){6, 42});
    g_assert_cmpint(moe_trace_chunks(same), ==, moe_trace_chunks(trace));
    for (int i = 0; i < moe_trace_chunks(trace); i++)
        g_assert_cmpint(moe_trace_tokens(same, i), ==, moe_trace_tokens(trace, i));
}

static void
test_in_place(void)
{
    g_autofree char *path = scratch("whole.npz");
    g_autoptr(MoeTrace) trace = whole();
    g_autoptr(GError) error = NULL;
    g_assert_true(moe_trace_select(trace, path, &(MoeTraceSelection){0}, &(MoeTraceOutput){0, 5},
                                   NULL, NULL, &error));
    g_autoptr(MoeTrace) after = sample_open(path);
    g_assert_cmpint(moe_trace_tokens(after, 0), ==, 5);
    g_assert_cmpint(moe_trace_chunks(after), ==, (TOKENS + 4) / 5);
    same_assert(trace, after); /* who has the old file open keeps it */
}

/* A file that is replaced keeps its mode, and the link that names it. */
static void
test_in_place_of_a_link(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = whole();
    g_autofree char *path = scratch("whole.npz"), *link = scratch("link.npz");
    GStatBuf info;
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
    g_assert_cmpint(symlink("whole.npz", link), ==, 0);
    for (int way = 0; way < 2; way++) {
        if (way == 0)
            moe_trace_select(trace, link, &(MoeTraceSelection){0}, &as_source, NULL, NULL, &error);
        else
            moe_trace_copy_without(trace, link, NULL, 0, "{}", NULL, &error);
        g_assert_no_error(error);
        g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
        g_assert_cmpint(g_stat(path, &info), ==, 0);
        g_assert_cmpint(info.st_mode & 07777, ==, 0600);
        g_autoptr(MoeTrace) after = sample_open(path);
        assert_history(after, way == 0 ? "recompress" : "history");
    }
    g_unlink(link);
    assert_no_leftovers();
}

static void
test_slice_merge(void)
{
    static const int64_t cuts[] = {1, 42, 61};
    g_autoptr(MoeTrace) trace = whole();
    for (gsize i = 0; i < G_N_ELEMENTS(cuts); i++) {
        const MoeTraceSelection front = {.n_tokens = cuts[i]}, back = {.first_token = cuts[i]};
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeTrace) a = selected(trace, "a.npz", &front, &as_source);
        g_autoptr(MoeTrace) b = selected(trace, "b.npz", &back, &as_source);
        g_assert_cmpint(moe_trace_tokens(a, -1), ==, cuts[i]);
        g_assert_cmpint(moe_trace_tokens(b, -1), ==, TOKENS - cuts[i]);
        for (int r = 0; r < SAMPLE_ROUTERS; r++)
            same_assert_picks(trace, b, r, cuts[i], INT64_MAX);
        same_assert_run(trace, a);
        g_autoptr(MoeTrace) sum = merged(a, b, MOE_TRACE_DOCUMENTS_KEEP, &error);
        g_assert_no_error(error);
        same_assert(trace, sum);
        assert_history(sum, "\"merge\"");
        assert_history(sum, "\"slice\"");
    }
}

/* Steps of tokens are 0 … 3, those of the state 0 … 13. */
static void
test_steps(void)
{
    g_autoptr(MoeTrace) trace = whole();
    g_autoptr(GError) error = NULL;
    const MoeTraceSelection early = {.by_step = true, .first_step = 0, .last_step = 1};
    const MoeTraceSelection late = {.by_step = true, .first_step = 2, .last_step = INT64_MAX};
    g_autoptr(MoeTrace) a = selected(trace, "a.npz", &early, &as_source);
    g_autoptr(MoeTrace) b = selected(trace, "b.npz", &late, &as_source);
    g_assert_cmpint(moe_trace_tokens(a, -1), ==, 4 * 14);
    MoeArray steps;
    g_assert_true(moe_trace_join(a, "state/step", &steps, &error));
    g_assert_cmpint(steps.shape[0], ==, 2);
    g_free((void *)steps.data);
    g_assert_true(moe_trace_join(a, "measures/r000.scale", &steps, &error));
    g_assert_cmpint(steps.shape[0], ==, 2);
    g_free((void *)steps.data);
    g_autoptr(MoeTrace) sum = merged(a, b, MOE_TRACE_DOCUMENTS_DISTINCT, &error);
    g_assert_no_error(error);
    same_assert(trace, sum);
}

static void
test_domains(void)
{
    static const char *const code[] = {"code", NULL}, *const none[] = {"poems", NULL};
    g_autoptr(MoeTrace) trace = whole();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("none.npz");
    g_autoptr(MoeTrace) part =
        selected(trace, "code.npz", &(MoeTraceSelection){.domains = code}, &as_source);
    MoeArray domain;
    g_assert_true(moe_trace_join(part, "tokens/domain", &domain, NULL));
    g_assert_cmpint(domain.shape[0], ==, 4 * BATCHES); /* rows 2, 8, 11, 14 */
    for (int64_t i = 0; i < domain.shape[0]; i++)
        g_assert_cmpfloat(moe_array_value(&domain, i), ==, 1);
    g_free((void *)domain.data);
    assert_history(part, "\"domains\": [\"code\"]");
    g_assert_false(moe_trace_select(trace, path, &(MoeTraceSelection){.domains = none}, &as_source,
                                    NULL, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "no domain \"poems\"; there are: prose, code"));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void
test_routers(void)
{
    static const int last[] = {1, 2};
    g_autoptr(MoeTrace) trace = whole();
    g_autoptr(MoeTrace) part = selected(
        trace, "routers.npz", &(MoeTraceSelection){.routers = last, .n_routers = 2}, &as_source);
    g_assert_cmpint(moe_trace_routers(part), ==, 2);
    g_assert_cmpint(moe_trace_router(part, 0)->experts, ==, 300);
    g_assert_cmpint(moe_trace_router(part, 1)->layer, ==, 2);
    for (int r = 0; r < 2; r++) {
        g_autoptr(GByteArray) x = same_picks(trace, last[r], 0, INT64_MAX);
        g_autoptr(GByteArray) y = same_picks(part, r, 0, INT64_MAX);
        g_assert_cmpmem(x->data, x->len, y->data, y->len);
    }
    int n;
    g_assert_cmpstr(moe_trace_measure_names(part, 0, &n)[0], ==, "cosine");
    g_assert_cmpint(n, ==, 1);
    MoeArray load;
    g_assert_true(moe_trace_join(part, "state/r000.load", &load, NULL));
    g_assert_cmpint(load.shape[1], ==, 300);
    g_free((void *)load.data);
}

static int64_t
sampled(const MoeTrace *trace, double share, uint64_t seed, int64_t every)
{
    const MoeTraceSelection selection = {.share = share, .seed = seed, .every = every};
    g_autoptr(MoeTrace) part = selected(trace, "part.npz", &selection, &as_source);
    MoeArray doc;
    int64_t sum = 0;
    g_assert_true(moe_trace_join(part, "tokens/doc", &doc, NULL));
    for (int64_t i = 0; i < doc.shape[0]; i++) {
        sum += 1 << (int)moe_array_value(&doc, i);
        g_assert_true(every == 0 || (int)moe_array_value(&doc, i) % every == 0);
    }
    g_free((void *)doc.data);
    g_assert_cmpint(sum % 14, ==, 0); /* documents are whole */
    return sum / 14;
}

static void
test_sample(void)
{
    g_autoptr(MoeTrace) trace = whole();
    g_assert_cmpint(sampled(trace, 0, 0, 3), ==, 1 << 0 | 1 << 3 | 1 << 6);
    g_assert_cmpint(sampled(trace, 1, 0, 0), ==, (1 << BATCHES) - 1);
    int64_t first = sampled(trace, 0.5, 1, 0);
    bool differs = false;
    g_assert_cmpint(first, ==, sampled(trace, 0.5, 1, 0));
    for (uint64_t seed = 2; seed < 5; seed++)
        differs = differs || sampled(trace, 0.5, seed, 0) != first;
    g_assert_true(differs);
}

/* Another trace with the same routers, its domains in another order and one more. */
static MoeTrace *
foreign(const MoeRouterInfo *routers)
{
    static const char *const domains[] = {"code", "poems", "prose"};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("foreign.npz");
    g_autofree char *meta = moe_trace_meta(routers, SAMPLE_ROUTERS, domains, 3, NULL);
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, routers, SAMPLE_ROUTERS, &sample_options, &error);
    g_assert_no_error(error);
    g_autofree Sample *sample = sample_new(0);
    for (int i = 0; i < SAMPLE_ROWS; i++)
        sample->columns[3][i] = i % 4 - 1;
    g_assert_true(moe_trace_writer_append(writer, &sample->tokens, sample->picks, &error));
    g_assert_true(moe_trace_writer_close(writer, &error));
    return sample_open(path);
}

static void
test_merge_others(void)
{
    static const int expected[] = {-1, 1, 2, 0}; /* none, code, poems, prose in the whole */
    g_autoptr(MoeTrace) trace = whole();
    g_autoptr(MoeTrace) other = foreign(sample_routers);
    g_autoptr(GError) error = NULL;
    g_assert_null(merged(trace, other, MOE_TRACE_DOCUMENTS_DISTINCT, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "both have documents between 0 and 0"));
    g_clear_error(&error);

    g_autoptr(MoeTrace) sum = merged(trace, other, MOE_TRACE_DOCUMENTS_SHIFT, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_trace_domains(sum), ==, 3);
    g_assert_cmpstr(moe_trace_domain_name(sum, 2), ==, "poems");
    g_assert_cmpint(moe_trace_tokens(sum, -1), ==, TOKENS + 14);
    MoeArray domain, doc, pos;
    g_assert_true(moe_trace_join(sum, "tokens/domain", &domain, NULL));
    g_assert_true(moe_trace_join(sum, "tokens/doc", &doc, NULL));
    g_assert_true(moe_trace_join(sum, "tokens/pos", &pos, NULL));
    for (int64_t i = TOKENS; i < TOKENS + 14; i++) {
        int row = (int)moe_array_value(&pos, i);
        g_assert_cmpfloat(moe_array_value(&domain, i), ==, expected[row % 4]);
        g_assert_cmpfloat(moe_array_value(&doc, i), ==, BATCHES);
    }
    g_free((void *)domain.data);
    g_free((void *)doc.data);
    g_free((void *)pos.data);
}

static void
test_merge_misfits(void)
{
    MoeRouterInfo routers[SAMPLE_ROUTERS];
    g_autoptr(MoeTrace) trace = whole();
    g_autoptr(GError) error = NULL;
    memcpy(routers, sample_routers, sizeof routers);
    routers[2].layer = 5;
    g_autoptr(MoeTrace) other = foreign(routers);
    g_assert_null(merged(trace, other, MOE_TRACE_DOCUMENTS_KEEP, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "router 2 is of layer 5, not 2"));
    assert_no_leftovers();
}

static bool
stop(int64_t done, int64_t total, const char *what, void *user)
{
    return done < 1 || !total || !what || user;
}

/* Whatever goes wrong, the target stays as it was. */
static void
test_failures(void)
{
    static const int unsorted[] = {1, 0}, beyond[] = {3};
    const MoeTraceSelection bad[] = {
        {.first_token = TOKENS},
        {.routers = unsorted, .n_routers = 2},
        {.routers = beyond, .n_routers = 1},
        {.by_step = true, .first_step = 3, .last_step = 2},
        {.share = 1.5},
        {.n_tokens = -1},
    };
    g_autoptr(MoeTrace) trace = whole();
    g_autofree char *path = scratch("target.npz");
    g_assert_true(g_file_set_contents(path, "precious", -1, NULL));
    for (gsize i = 0; i <= G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        bool stopped = i == G_N_ELEMENTS(bad);
        const MoeProgress progress = {stop, NULL};
        g_assert_false(moe_trace_select(trace, path, stopped ? &(MoeTraceSelection){0} : &bad[i],
                                        &as_source, NULL, stopped ? &progress : NULL, &error));
        int code = stopped ? MOE_ERROR_CANCELLED : MOE_ERROR_DATA;
        g_assert_error(error, MOE_ERROR, code);
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_assert_cmpstr(text, ==, "precious");
    }
    assert_no_leftovers();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-part-XXXXXX", NULL);
    g_test_add_func("/trace-part/recompress", test_recompress);
    g_test_add_func("/trace-part/in-place", test_in_place);
    g_test_add_func("/trace-part/in-place-of-a-link", test_in_place_of_a_link);
    g_test_add_func("/trace-part/slice-merge", test_slice_merge);
    g_test_add_func("/trace-part/steps", test_steps);
    g_test_add_func("/trace-part/domains", test_domains);
    g_test_add_func("/trace-part/routers", test_routers);
    g_test_add_func("/trace-part/sample", test_sample);
    g_test_add_func("/trace-part/merge-others", test_merge_others);
    g_test_add_func("/trace-part/merge-misfits", test_merge_misfits);
    g_test_add_func("/trace-part/failures", test_failures);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
