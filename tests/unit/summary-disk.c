/* SPDX-License-Identifier: MIT
 *
 * Summaries on disk and attached to traces: what was counted comes back; what can't be true is
 * refused in one sentence; a trace's summary is taken only for that trace.
 */
#include "summary-made.h"
#include "trace-sample.h"

#include <math.h>
#include <moescope/archive.h>

static char *folder;
static const Made few = {.n = 30, .domains = MADE_DOMAINS};

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static MoeSummary *
opened(const char *path)
{
    g_autoptr(GError) error = NULL;
    MoeSummary *summary = moe_summary_open(path, &error);
    g_assert_no_error(error);
    return summary;
}

static MoeSummary *
counted(const Made *made, unsigned tallies)
{
    g_autoptr(MoeTrace) trace = made_trace(folder, "counted.npz", made);
    return made_summary(trace, tallies);
}

/* --- Files of their own -----------------------------------------------------------------------*/

static void
test_round(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("round.npz"), *again = scratch("again.npz");
    g_autoptr(MoeSummary) summary = counted(&few, MOE_TALLIES_ALL);
    g_assert_true(
        moe_summary_save(summary, path, "{\"model\": \"made up\", \"schema\": 1}", &error));
    g_assert_no_error(error);
    g_autoptr(MoeSummary) found = opened(path);
    made_assert_same(found, summary, true);
    g_assert_true(moe_summary_is(path));
    g_assert_nonnull(strstr(moe_summary_meta_json(found), "\"made up\""));
    g_assert_null(moe_summary_meta_json(summary));
    for (int r = 0; r < MADE_ROUTERS; r++) {
        const MoeRouterInfo *a = moe_summary_router(found, r), *b = &made_routers[r];
        g_assert_cmpint(a->layer, ==, b->layer);
        g_assert_cmpint(a->k, ==, b->k);
        g_assert_cmpint(a->units_per_token, ==, b->units_per_token);
        g_assert_cmpstr(a->score, ==, b->score);
        g_assert_cmpstr(a->gate, ==, b->gate);
    }

    g_autofree char *x = NULL, *y = NULL;
    gsize n, m;
    g_assert_true(moe_summary_save(found, again, "{\"model\": \"made up\"}", &error));
    g_assert_true(g_file_get_contents(path, &x, &n, NULL));
    g_assert_true(g_file_get_contents(again, &y, &m, NULL));
    g_assert_cmpmem(x, n, y, m);
}

/* Without its tables, the cell of the tokens is kept; it can't be added to. */
static void
test_cells_of_tokens(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("cells.npz");
    g_autoptr(MoeTrace) trace = made_trace(folder, "counted.npz", &few);
    const MoeSummaryOptions options = {.tallies = MOE_TALLY_TOKENS};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    g_assert_null(moe_summary_token_table(summary, 0));
    g_assert_true(moe_summary_save(summary, path, NULL, &error));
    g_autoptr(MoeSummary) found = opened(path);
    made_assert_same(found, summary, true);
    g_assert_nonnull(moe_summary_tokens(found, 0));
    g_assert_true(moe_summary_add(found, summary, &error));
    g_assert_null(moe_summary_tokens(found, 0));
}

/* What couldn't be opened again isn't written, nor takes the place of what is there. */
static void
test_name_not_saved(void)
{
    static const char *const domains[] = {"prose", "two\nlines"};
    g_autofree char *path = scratch("name.npz");
    for (int n = 1; n <= 2; n++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeSummary) summary = moe_summary_new(made_routers, MADE_ROUTERS, domains, n, 0);
        g_assert_cmpint(moe_summary_save(summary, path, NULL, &error), ==, n == 1);
        g_assert_true(n == 1 || strstr(error->message, "\"two\\nlines\" of domain 1 has control"));
        g_autoptr(MoeSummary) found = opened(path);
        g_assert_cmpint(moe_summary_domains(found), ==, 1);
    }
}

static void
test_not_saved(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("not.npz");
    g_autoptr(MoeSummary) summary = counted(&few, 0);
    g_assert_false(moe_summary_save(summary, path, "[]", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    moe_summary_fill(summary, 2, 0)->gate_sum[5] = G_MAXDOUBLE * 2;
    g_assert_false(moe_summary_save(summary, path, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "not.npz: load/r002/gate_sum: a sum isn't finite"));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_false(moe_summary_is(path));
    g_clear_error(&error);
    g_assert_null(moe_summary_open(path, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

/* --- What can't be true -----------------------------------------------------------------------*/

/* One thing wrong about a file. */
typedef struct Spoilt {
    const char *member; /* the array */
    double value;       /* of its first element that isn't 0, if it stays one */
    int64_t columns;    /* its last axis, if not 0 */
    bool missing;
    const char *from, *to; /* texts in meta.json */
    const char *why;
} Spoilt;

static void
spoil(const Spoilt *spoilt, MoeArray *array, int64_t *wide, double *real)
{
    int64_t n = moe_array_count(array);
    for (int64_t i = 0; i < n; i++) {
        wide[i] = (int64_t)moe_array_value(array, i);
        real[i] = moe_array_value(array, i);
    }
    for (int64_t i = 0; i < n && spoilt->columns == 0; i++)
        if (real[i] != 0) {
            real[i] = spoilt->value;
            wide[i] = isnan(spoilt->value) ? 0 : (int64_t)spoilt->value;
            break;
        }
    if (spoilt->columns)
        array->shape[array->ndim - 1] = spoilt->columns;
    array->data = array->type == MOE_F64 ? (const void *)real : wide;
    array->type = array->type == MOE_F64 ? MOE_F64 : MOE_I64;
}

static void
copy_member(const MoeArchive *from, MoeArchiveWriter *to, const char *name, const Spoilt *spoilt)
{
    MoeArray array;
    g_assert_true(moe_archive_read(from, name, &array, NULL));
    g_autofree gpointer data G_GNUC_UNUSED = (gpointer)array.data;
    gsize n = (gsize)moe_array_count(&array);
    g_autofree int64_t *wide = g_new(int64_t, n);
    g_autofree double *real = g_new(double, n);
    bool own = g_strcmp0(name, spoilt->member) == 0;
    if (own)
        spoil(spoilt, &array, wide, real);
    if (!own || !spoilt->missing)
        g_assert_true(moe_archive_add(to, name, &array, NULL));
}

static char *
replaced(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, 2);
    g_assert_cmpint(g_strv_length(parts), ==, 2);
    return g_strjoinv(to, parts);
}

static void
write_spoilt(const char *good, const char *path, const Spoilt *spoilt)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeArchive) archive = moe_archive_open(good, &error);
    g_assert_no_error(error);
    const char *meta = moe_archive_meta(archive);
    g_autofree char *other = spoilt->from ? replaced(meta, spoilt->from, spoilt->to) : NULL;
    MoeArchiveWriter *writer = moe_archive_begin(path, other ? other : meta, &error);
    g_assert_no_error(error);
    int n;
    const char *const *names = moe_archive_names(archive, &n);
    for (int i = 0; i < n; i++)
        copy_member(archive, writer, names[i], spoilt);
    g_assert_true(moe_archive_close(writer, &error));
}

static void
test_refused(void)
{
    static const Spoilt cases[] = {
        {.from = "moescope.summary/3", .to = "moescope.trace/1", .why = "the schema is"},
        {.from = "moescope.summary/3",
         .to = "moescope.summary/2",
         .why = "this version reads \"moescope.summary/3\": make the summary again"},
        {.from = "\"routers\"", .to = "\"rooters\"", .why = "\"routers\" is missing"},
        {.from = "\"experts\" : 12", .to = "\"experts\" : 0", .why = "router 1: \"experts\" is"},
        {.from = "\"experts\" : 12",
         .to = "\"experts\" : 13",
         .why = "expected whole numbers [4, "},
        {.from = "\"k\" : 2",
         .to = "\"k\" : \"2\"",
         .why = "router 0: \"k\" is \"2\"; an integer from"},
        {.from = "\"poems\"", .to = "3", .why = "domain 2 is not a string"},
        {.from = "\"poems\"", .to = "\"poems\", \"songs\"", .why = "expected whole numbers [5, "},
        {.from = "\"groups\" : 64", .to = "\"groups\" : 63", .why = "expected a power of two"},
        {.from = "\"groups\" : 64", .to = "\"groups\" : 128", .why = "\"groups\" is"},
        {.from = "\"groups\" : 64",
         .to = "\"groups\" : 32",
         .why = "expected whole numbers [4, 32"},
        {.from = "\"load\"", .to = "\"lead\"", .why = "the tally \"load\" is missing"},
        {.from = "\"by_domain\" : true", .to = "\"by_domain\" : false", .why = "or not by domain"},
        {.member = "load/r001/count", .missing = true, .why = "load/r001/count"},
        {.member = "order/r000/runs", .missing = true, .why = "order/r000/runs"},
        {.member = "load/r001/count", .columns = 11, .why = "expected whole numbers [4, 64, 12]"},
        {.member = "load/r001/count", .value = -3, .why = "found -3, expected 0 or more"},
        {.member = "load/r001/count", .value = 0, .why = "counts of experts don't add up to picks"},
        {.member = "load/r001/count", .value = 1e18, .why = "found counts of more than"},
        {.member = "load/r000/first", .value = 1e6, .why = "more first choices than units"},
        {.member = "load/r000/making", .value = 1e6, .why = "are more than units"},
        {.member = "load/r000/gate_sum", .value = NAN, .why = "a sum that isn't finite"},
        {.member = "order/r002/jaccard",
         .value = INFINITY,
         .why = "order/r002/jaccard: found a sum"},
        {.member = "pairs/r002/together", .value = -1, .why = "found -1"},
        {.member = "tokens/r000/table.id", .columns = 5, .why = "expected i4 ["},
        {.member = "tokens/r000/table.first", .value = -9, .why = "found a count of -9"},
        {.member = "tokens/r000/table.picks", .missing = true, .why = "table.picks"},
    };
    g_autoptr(GError) none = NULL;
    g_autofree char *good = scratch("good.npz"), *path = scratch("spoilt.npz");
    g_autoptr(MoeSummary) summary = counted(&few, MOE_TALLIES_ALL);
    g_assert_true(moe_summary_save(summary, good, NULL, &none));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        write_spoilt(good, path, &cases[i]);
        g_assert_null(moe_summary_open(path, &error));
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, path));
        if (!strstr(error->message, cases[i].why))
            g_error("found \"%s\", expected \"%s\" in it", error->message, cases[i].why);
        g_assert_null(strchr(error->message, '\n'));
    }
}

/* A tally of a later version is left out. */
static void
test_unknown(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *good = scratch("known.npz"), *path = scratch("unknown.npz");
    g_autoptr(MoeSummary) summary = counted(&few, MOE_TALLY_PAIRS);
    g_assert_true(moe_summary_save(summary, good, NULL, &error));
    const Spoilt spoilt = {.from = "\"pairs\"", .to = "\"triples\""};
    write_spoilt(good, path, &spoilt);
    g_autoptr(MoeSummary) found = opened(path);
    g_assert_cmpint(moe_summary_tallies(found), ==, MOE_TALLY_LOAD);
    g_assert_null(moe_summary_pairs(found, 0, MOE_DOMAIN_ALL));
}

/* --- Traces that bring theirs along -----------------------------------------------------------*/

static bool
stop_at_once(int64_t done, int64_t total, const char *what, void *user)
{
    (void)done, (void)total, (void)what, (void)user;
    return false;
}

/* Whether the summary of a trace comes without counting. */
static bool
is_brought(const char *path, MoeSummaryOptions options)
{
    const MoeProgress progress = {stop_at_once, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    options.progress = &progress;
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, &error);
    if (summary)
        g_assert_cmpint(moe_summary_tallies(summary), ==, options.tallies | MOE_TALLY_LOAD);
    else
        g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    return summary != NULL;
}

static void
test_attached(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("bearer.npz");
    made_write(path, &few);
    g_assert_false(is_brought(path, (MoeSummaryOptions){0}));
    g_autoptr(MoeTrace) trace = sample_open(path);
    const unsigned tallies = MOE_TALLY_LOAD | MOE_TALLY_ORDER | MOE_TALLY_PAIRS | MOE_TALLY_TOKENS;
    g_autoptr(MoeSummary) summary = made_summary(trace, tallies);
    g_assert_true(moe_summary_attach(summary, path, NULL, &error));
    g_assert_no_error(error);

    g_autoptr(MoeTrace) bearer = sample_open(path);
    g_autoptr(MoeSummary) found = moe_summary_attached(bearer, &error);
    g_assert_no_error(error);
    made_assert_same(found, summary, true);
    g_assert_true(is_brought(path, (MoeSummaryOptions){0}));
    g_assert_true(is_brought(path, (MoeSummaryOptions){.tallies = MOE_TALLY_PAIRS}));
    g_assert_true(is_brought(path, (MoeSummaryOptions){.tallies = tallies, .keep_tokens = true}));
    g_assert_true(is_brought(path, (MoeSummaryOptions){.steps = MOE_STEPS_LAST}));
    g_assert_true(is_brought(path, (MoeSummaryOptions){.steps = MOE_STEPS_ONE, .step = 0}));
    g_assert_false(is_brought(path, (MoeSummaryOptions){.recount = true}));
    g_assert_false(is_brought(path, (MoeSummaryOptions){.tallies = MOE_TALLY_FLOW}));
    g_autoptr(MoeSummary) recounted = made_summary(bearer, tallies);
    made_assert_same(recounted, summary, true);
}

/* Steps are told apart only by counting. */
static void
test_attached_steps(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("steps.npz");
    const Made made = {.n = 4, .domains = 1, .steps = true};
    made_write(path, &made);
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_autoptr(MoeSummary) summary = made_summary(trace, 0);
    g_assert_true(moe_summary_attach(summary, path, NULL, &error));
    g_assert_true(is_brought(path, (MoeSummaryOptions){0}));
    g_assert_false(is_brought(path, (MoeSummaryOptions){.steps = MOE_STEPS_LAST}));
    g_assert_false(is_brought(path, (MoeSummaryOptions){.steps = MOE_STEPS_ONE, .step = 3}));
    const MoeSummaryOptions last = {.steps = MOE_STEPS_LAST};
    g_autoptr(MoeSummary) part = moe_summary_from_trace(trace, &last, &error);
    g_assert_false(moe_summary_attach(part, path, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "steps.npz: the summary is of "));
}

/* A summary of other content, or of no summary's form, isn't taken; nor does it stand in the way.
 */
static void
test_attached_other(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("first.npz"), *other = scratch("second.npz");
    const Made second = {.first = 40, .n = 30, .domains = MADE_DOMAINS};
    made_write(path, &few);
    made_write(other, &second);
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_autoptr(MoeSummary) summary = made_summary(trace, 0);
    g_assert_false(moe_summary_attach(summary, other, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);

    g_assert_true(moe_summary_attach(summary, path, NULL, &error));
    g_autoptr(MoeTrace) bearer = sample_open(path);
    MoeArray meta;
    g_assert_true(moe_trace_attached(bearer, "meta.json", &meta, &error));
    const MoeAttachment carried = {
        .name = "meta.json", .bytes = meta.data, .n_bytes = (size_t)moe_array_count(&meta)};
    g_assert_true(moe_trace_attach(other, &carried, 1, &error));
    g_autoptr(MoeTrace) wrong = sample_open(other);
    g_assert_null(moe_summary_attached(wrong, &error));
    g_assert_no_error(error);
    g_assert_false(is_brought(other, (MoeSummaryOptions){0}));

    g_assert_true(moe_trace_attach(path, &carried, 1, &error)); /* its own, without the arrays */
    g_free((gpointer)meta.data);
    g_autoptr(MoeTrace) bare = sample_open(path);
    g_assert_null(moe_summary_attached(bare, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_false(is_brought(path, (MoeSummaryOptions){0}));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-disk-XXXXXX", NULL);
    g_test_add_func("/summary-disk/round", test_round);
    g_test_add_func("/summary-disk/cells-of-tokens", test_cells_of_tokens);
    g_test_add_func("/summary-disk/not-saved", test_not_saved);
    g_test_add_func("/summary-disk/name-not-saved", test_name_not_saved);
    g_test_add_func("/summary-disk/refused", test_refused);
    g_test_add_func("/summary-disk/unknown", test_unknown);
    g_test_add_func("/summary-disk/attached", test_attached);
    g_test_add_func("/summary-disk/attached-steps", test_attached_steps);
    g_test_add_func("/summary-disk/attached-other", test_attached_other);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
