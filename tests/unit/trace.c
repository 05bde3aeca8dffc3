/* SPDX-License-Identifier: MIT
 *
 * Traces written and read back: every column, batches that are refused, and NumPy opening the file.
 */
#include "trace-sample.h"

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* Rows of a batch that are kept, in order. */
static int
kept_rows(int rows[SAMPLE_ROWS])
{
    int n = 0;
    for (int row = 0; row < SAMPLE_ROWS; row++)
        if (!sample_is_padding(row))
            rows[n++] = row;
    return n;
}

static void
assert_pick(const MoeTraceView *view, int64_t unit, int batch, int r, int source_unit)
{
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + unit;
        g_assert_cmpint(view->expert[i], ==, sample_expert(batch, r, source_unit, slot));
        g_assert_cmpfloat(view->gate[i], ==, sample_gate(batch, r, source_unit, slot));
        g_assert_cmpint(view->dropped && view->dropped[i], ==,
                        sample_dropped(batch, r, source_unit, slot));
        g_assert_true(!view->slot || view->slot[i] == sample_place(batch, r, source_unit, slot));
    }
    for (int slot = view->k; slot < sample_slots(r); slot++) /* slots that were left out */
        g_assert_cmpint(sample_expert(batch, r, source_unit, slot), ==, -1);
}

static void
assert_view(const MoeTrace *trace, int chunk, int first_batch, int batches, int r,
            MoeTraceView *view)
{
    g_autoptr(GError) error = NULL;
    int rows[SAMPLE_ROWS], n = kept_rows(rows), sub = sample_routers[r].units_per_token;
    g_assert_true(moe_trace_view(trace, chunk, r, view, &error));
    g_assert_no_error(error);
    g_assert_cmpint(view->tokens, ==, batches * n);
    g_assert_cmpint(view->slot != NULL, ==, r < 2);
    g_assert_cmpint(view->units, ==, batches * n * sub);
    g_assert_cmpint(view->k, ==, r == 2 ? 4 : sample_routers[r].k);
    for (int i = 0; i < batches * n; i++) {
        int batch = first_batch + i / n, row = rows[i % n];
        g_assert_cmpint(view->domain[i], ==, row % (SAMPLE_DOMAINS + 1) - 1);
        g_assert_cmpint(view->step[i], ==, batch / 2);
        for (int j = 0; j < sub; j++)
            assert_pick(view, i * sub + j, batch, r, row * sub + j);
    }
}

static void
assert_column(const MoeTrace *trace, const char *name, MoeType type, int64_t rows, int64_t columns)
{
    g_autoptr(GError) error = NULL;
    MoeArray array;
    g_assert_true(moe_trace_has(trace, name));
    g_assert_true(moe_trace_read(trace, name, &array, &error));
    g_assert_no_error(error);
    g_assert_cmpint(array.type, ==, type);
    g_assert_cmpint(array.ndim, ==, columns > 0 ? 2 : 1);
    g_assert_cmpint(array.shape[0], ==, rows);
    g_assert_cmpint(array.shape[1], ==, columns);
    g_free((void *)array.data);
}

/* Into the caller's memory: the same values, or what room they would need. */
static void
assert_read_into(const MoeTrace *trace, const char *name)
{
    g_autoptr(GError) error = NULL;
    MoeArray whole, into;
    g_assert_true(moe_trace_read(trace, name, &whole, &error));
    size_t n = (size_t)moe_array_count(&whole) * moe_type_size(whole.type);
    g_autofree uint8_t *buffer = g_malloc0(n + 1);
    g_assert_true(moe_trace_read_into(trace, name, buffer, n, &into, &error));
    g_assert_no_error(error);
    g_assert_true(into.data == buffer);
    g_assert_cmpmem(buffer, n, whole.data, n);
    g_assert_cmpint(buffer[n], ==, 0);
    g_free((void *)whole.data);

    g_assert_false(moe_trace_read_into(trace, name, buffer, n - 1, &into, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_null(into.data);
    g_assert_cmpint((int64_t)n, ==, moe_array_count(&into) * (int64_t)moe_type_size(into.type));
}

static void
test_round_trip(gconstpointer compression)
{
    g_autofree char *path = scratch("round.npz");
    MoeTraceOptions options = sample_options;
    options.compression = GPOINTER_TO_INT(compression);
    sample_write(path, 0, 7, &options);
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();

    g_assert_true(moe_trace_complete(trace));
    g_assert_cmpint(moe_trace_chunks(trace), ==, 3); /* 3 + 3 + 1 batches */
    g_assert_cmpint(moe_trace_tokens(trace, -1), ==, 7 * 14);
    g_assert_cmpint(moe_trace_tokens(trace, 2), ==, 14);
    for (int r = 0; r < SAMPLE_ROUTERS; r++) {
        assert_view(trace, 0, 0, 3, r, view);
        assert_view(trace, 1, 3, 3, r, view);
        assert_view(trace, 2, 6, 1, r, view);
    }
    assert_read_into(trace, "tokens/00001.loss");
    assert_read_into(trace, "picks/00000.r001.logits");
    assert_column(trace, "tokens/00001.loss", MOE_F32, 42, 0);
    assert_column(trace, "tokens/00001.pos", MOE_I32, 42, 0);
    assert_column(trace, "picks/00000.r000.expert", MOE_U8, 2, 42);
    assert_column(trace, "picks/00000.r001.expert", MOE_U16, 3, 84);
    assert_column(trace, "picks/00000.r001.gate", MOE_F16, 3, 84);
    assert_column(trace, "picks/00000.r001.dropped", MOE_U8, 3, 84);
    assert_column(trace, "picks/00000.r001.slot", MOE_I32, 3, 84);
    assert_column(trace, "picks/00000.r001.entropy", MOE_F16, 84, 0);
    assert_column(trace, "picks/00000.r001.margin", MOE_F16, 84, 0);
    assert_column(trace, "picks/00000.r001.logits", MOE_F16, 84, 300);
    assert_column(trace, "measures/00000.r000.scale", MOE_F32, 6, 0);
    assert_column(trace, "measures/00000.r000.scale.step", MOE_I64, 6, 0);
    assert_column(trace, "state/00000.step", MOE_I64, 6, 0);
    assert_column(trace, "state/00000.r000.load", MOE_I64, 6, 8);
    assert_column(trace, "state/00000.r000.dropped", MOE_I64, 6, 8);
    assert_column(trace, "state/00000.r000.prob", MOE_F64, 6, 8);
    /* Nothing was dropped in batch 6, nor ever by router 0. */
    g_assert_false(moe_trace_has(trace, "picks/00002.r001.dropped"));
    g_assert_false(moe_trace_has(trace, "picks/00000.r000.dropped"));
}

static void
test_meta(void)
{
    g_autofree char *path = scratch("meta.npz");
    sample_write(path, 0, 1, &sample_options);
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_assert_cmpint(moe_trace_routers(trace), ==, SAMPLE_ROUTERS);
    for (int r = 0; r < SAMPLE_ROUTERS; r++) {
        const MoeRouterInfo *read = moe_trace_router(trace, r), *info = &sample_routers[r];
        g_assert_cmpint(read->layer, ==, info->layer);
        g_assert_cmpint(read->experts, ==, info->experts);
        g_assert_cmpint(read->k, ==, info->k);
        g_assert_cmpint(read->units_per_token, ==, info->units_per_token);
        g_assert_cmpint(read->shared, ==, info->shared);
        g_assert_cmpint(read->gates_sum_to_one, ==, info->gates_sum_to_one);
        g_assert_cmpint(read->causal, ==, info->causal);
        g_assert_cmpstr(read->score, ==, info->score);
        g_assert_cmpstr(read->select, ==, info->select);
        g_assert_cmpstr(read->gate, ==, info->gate);
    }
    g_assert_cmpint(moe_trace_domains(trace), ==, 2);
    g_assert_cmpstr(moe_trace_domain_name(trace, 1), ==, "code");
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "made up"));
    g_assert_null(moe_trace_meta(NULL, 0, NULL, 0, "[1]"));
    g_assert_null(moe_trace_meta(NULL, 0, NULL, 0, "{"));
}

/* Brackets side by side don't nest. */
static void
test_many_routers(void)
{
    enum { ROUTERS = 200 };
    MoeRouterInfo routers[ROUTERS];
    g_autofree char *path = scratch("many.npz");
    g_autoptr(GError) error = NULL;
    for (int r = 0; r < ROUTERS; r++)
        routers[r] = sample_routers[0];
    g_autofree char *meta = moe_trace_meta(routers, ROUTERS, NULL, 0, "{\"a\": [[[1], [2]], []]}");
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, routers, ROUTERS, &sample_options, &error);
    g_assert_no_error(error);
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_assert_cmpint(moe_trace_routers(trace), ==, ROUTERS);
}

static void
test_join(void)
{
    g_autofree char *path = scratch("join.npz");
    g_autoptr(GError) error = NULL;
    sample_write(path, 0, 7, &sample_options);
    g_autoptr(MoeTrace) trace = sample_open(path);
    MoeArray loss, load, token;
    int n;

    const char *const *names = moe_trace_series_names(trace, &n);
    g_assert_cmpint(n, ==, 2);
    g_assert_cmpstr(names[0], ==, "loss");
    g_assert_cmpstr(names[1], ==, "lr");

    g_assert_true(moe_trace_join(trace, "series/loss", &loss, &error));
    g_assert_cmpint(loss.shape[0], ==, 14);
    g_assert_cmpint(loss.shape[1], ==, 2);
    for (int step = 0; step < 14; step++) {
        g_assert_cmpfloat(moe_array_value(&loss, 2 * step), ==, step);
        g_assert_cmpfloat(moe_array_value(&loss, 2 * step + 1), ==, step % 2 ? 1.5 * step : 0.5);
    }
    g_assert_true(moe_trace_join(trace, "state/r000.load", &load, &error));
    g_assert_cmpint(load.shape[0], ==, 14);
    g_assert_cmpfloat(moe_array_value(&load, 13 * 8 + 5), ==, 13005);
    g_assert_true(moe_trace_join(trace, "tokens/id", &token, &error));
    g_assert_cmpint(token.shape[0], ==, 98);
    g_assert_cmpfloat(moe_array_value(&token, 97), ==, 600 + SAMPLE_ROWS - 4);
    g_free((void *)loss.data);
    g_free((void *)load.data);
    g_free((void *)token.data);

    g_assert_false(moe_trace_join(trace, "series/nothing", &loss, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    g_assert_false(moe_trace_join(trace, "picks/r000.gate", &loss, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
}

static void
test_measures(void)
{
    g_autofree char *path = scratch("measures.npz");
    g_autoptr(GError) error = NULL;
    sample_write(path, 0, 7, &sample_options);
    g_autoptr(MoeTrace) trace = sample_open(path);
    MoeArray scale, cosine, step;
    int n;

    const char *const *names = moe_trace_measure_names(trace, 0, &n);
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpstr(names[0], ==, "scale");
    names = moe_trace_measure_names(trace, 1, &n);
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpstr(names[0], ==, "cosine");
    moe_trace_measure_names(trace, 2, &n);
    g_assert_cmpint(n, ==, 0);

    g_assert_true(moe_trace_join(trace, "measures/r000.scale", &scale, &error));
    g_assert_cmpint(scale.ndim, ==, 1);
    g_assert_cmpint(scale.shape[0], ==, 14);
    g_assert_cmpfloat(moe_array_value(&scale, 13), ==, 13.0 / 4);
    g_assert_true(moe_trace_join(trace, "measures/r001.cosine", &cosine, &error));
    g_assert_cmpint(cosine.type, ==, MOE_F32);
    g_assert_cmpint(cosine.ndim, ==, 3);
    g_assert_cmpint(cosine.shape[0], ==, 7);
    g_assert_cmpint(cosine.shape[1], ==, 2);
    g_assert_cmpint(cosine.shape[2], ==, 3);
    g_assert_true(moe_trace_join(trace, "measures/r001.cosine.step", &step, &error));
    g_assert_cmpint(step.shape[0], ==, 7);
    for (int i = 0; i < 7; i++) {
        g_assert_cmpfloat(moe_array_value(&step, i), ==, 2 * i);
        for (int j = 0; j < 6; j++)
            g_assert_cmpfloat(moe_array_value(&cosine, 6 * i + j), ==, 20 * i + j);
    }
    g_free((void *)scale.data);
    g_free((void *)cosine.data);
    g_free((void *)step.data);
    g_assert_false(moe_trace_join(trace, "measures/r001.scale", &scale, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

static void
assert_no_measure(MoeTraceWriter *writer, int router, const char *name, int ndim, int64_t size,
                  const char *part)
{
    const int64_t shape[4] = {size, 1, 1, 1};
    const float values[8] = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(moe_trace_writer_measure(writer, router, name, 0, ndim, shape, values, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, part));
}

static void
test_bad_measures(void)
{
    g_autofree char *path = scratch("bad-measures.npz");
    MoeTraceWriter *writer = sample_writer(path, &sample_options);
    sample_append_measures(writer, 0);
    assert_no_measure(writer, 0, "../scale", 0, 1, "measure name \"../scale\": a letter");
    assert_no_measure(writer, 0, "", 0, 1, "measure name \"\"");
    assert_no_measure(writer, 0, "scale.step", 0, 1, "the ending \".step\"");
    assert_no_measure(writer, -1, "scale", 0, 1, "router -1; 0 … 2 is expected");
    assert_no_measure(writer, 3, "scale", 0, 1, "router 3; 0 … 2 is expected");
    assert_no_measure(writer, 0, "scale", 1, 1, "of router 0, step 0: another shape");
    assert_no_measure(writer, 1, "cosine", 2, 2, "another shape");
    assert_no_measure(writer, 0, "new", 4, 1, "up to 3 axes");
    assert_no_measure(writer, 0, "new", -1, 1, "up to 3 axes");
    assert_no_measure(writer, 0, "new", 2, 0, "up to 3 axes");
    assert_no_measure(writer, 0, "new", 2, INT64_MAX, "up to 3 axes");
    g_assert_true(moe_trace_writer_close(writer, NULL));
    g_autoptr(MoeTrace) trace = sample_open(path); /* nothing was taken */
    g_autoptr(GError) error = NULL;
    MoeArray scale;
    int n;
    moe_trace_measure_names(trace, 0, &n);
    g_assert_cmpint(n, ==, 1);
    g_assert_true(moe_trace_join(trace, "measures/r000.scale", &scale, &error));
    g_assert_cmpint(scale.shape[0], ==, 1);
    g_free((void *)scale.data);
}

/* Options and columns that aren't given leave no member behind. */
static void
test_optional_columns(void)
{
    g_autofree char *path = scratch("few.npz");
    g_autoptr(GError) error = NULL;
    const MoeTraceOptions options = {.chunk_tokens = 1000};
    MoeTraceWriter *writer = sample_writer(path, &options);
    g_autofree Sample *sample = sample_new(0);
    sample->tokens.pos = sample->tokens.step = sample->tokens.domain = NULL;
    g_assert_true(moe_trace_writer_append(writer, &sample->tokens, sample->picks, &error));
    sample->tokens.doc = NULL; /* other columns: a new chunk, and no padding */
    g_assert_true(moe_trace_writer_append(writer, &sample->tokens, sample->picks, &error));
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_no_error(error);

    g_autoptr(MoeTrace) trace = sample_open(path);
    g_assert_cmpint(moe_trace_chunks(trace), ==, 2);
    g_assert_cmpint(moe_trace_tokens(trace, 0), ==, 14);
    g_assert_cmpint(moe_trace_tokens(trace, 1), ==, SAMPLE_ROWS);
    int n;
    const char *const *members = moe_trace_members(trace, &n);
    g_assert_cmpint(n, ==, 1 + (3 + 3 + 1) + (2 + 3 + 1));
    g_assert_cmpstr(members[0], ==, "meta.json");
    g_assert_cmpstr(members[1], ==, "tokens/00000.id.npy");
    g_assert_cmpstr(members[n - 1], ==, "chunks/00001.json");
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_assert_true(moe_trace_view(trace, 1, 0, view, &error));
    g_assert_null(view->gate);
    g_assert_cmpint(view->domain[3], ==, -1);
    g_assert_cmpint(view->step[3], ==, 0);
}

static void
test_bad_batches(void)
{
    g_autofree char *path = scratch("bad.npz");
    g_autoptr(GError) error = NULL;
    MoeTraceWriter *writer = sample_writer(path, &sample_options);
    g_autofree Sample *sample = sample_new(0);
    sample->expert[1][7 * 3 + 2] = 300;
    g_assert_false(moe_trace_writer_append(writer, &sample->tokens, sample->picks, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_cmpstr(error->message, ==,
                    "router 1, unit 7, slot 2: expert 300; -1 … 299 is expected");
    g_clear_error(&error);
    sample->expert[1][7 * 3 + 2] = -2;
    g_assert_false(moe_trace_writer_append(writer, &sample->tokens, sample->picks, NULL));
    sample->expert[1][7 * 3 + 2] = 0;
    sample->place[1][7 * 3 + 2] = -1;
    g_assert_false(moe_trace_writer_append(writer, &sample->tokens, sample->picks, &error));
    g_assert_cmpstr(error->message, ==,
                    "router 1, pick 23: slot -1 for expert 0; 0 or more, or -1 for both, is "
                    "expected");
    g_clear_error(&error);
    sample->picks[1].expert = NULL;
    g_assert_false(moe_trace_writer_append(writer, &sample->tokens, sample->picks, NULL));
    sample->tokens.id = NULL;
    g_assert_false(moe_trace_writer_append(writer, &sample->tokens, sample->picks, NULL));
    g_assert_false(moe_trace_writer_series(writer, "../loss", 0, 0, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_autoptr(MoeTrace) trace = sample_open(path); /* nothing was taken */
    g_assert_cmpint(moe_trace_chunks(trace), ==, 0);
    g_assert_cmpint(moe_trace_tokens(trace, -1), ==, 0);

    g_autofree char *meta = sample_meta();
    g_assert_null(moe_trace_writer_new(path, meta, sample_routers, 2, &sample_options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    g_assert_null(moe_trace_writer_new(path, "{}", NULL, 0, &sample_options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_clear_error(&error);
    const MoeTraceOptions options = {.compression = 10};
    g_assert_null(
        moe_trace_writer_new(path, meta, sample_routers, SAMPLE_ROUTERS, &options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

/* --- Other programs ---------------------------------------------------------------------------*/

/* The first Python that has numpy; Debian's own has it where the one on PATH may not. */
static char *
find_numpy(void)
{
    static const char *const candidates[] = {"python3", "/usr/bin/python3"};
    for (gsize i = 0; i < G_N_ELEMENTS(candidates); i++) {
        const char *const command[] = {candidates[i], "-c", "import numpy", NULL};
        int status = -1;
        if (g_spawn_sync(NULL, (char **)command, NULL,
                         G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                         &status, NULL) &&
            g_spawn_check_wait_status(status, NULL))
            return g_strdup(candidates[i]);
    }
    return NULL;
}

static const char numpy_script[] =
    "import json, sys, numpy\n"
    "trace = numpy.load(sys.argv[1], allow_pickle=False)\n"
    "members = 0\n"
    "for name in trace.files:\n"
    "    column = trace[name]\n"
    "    if name.endswith('.json'):\n"
    "        json.loads(column)\n"
    "    else:\n"
    "        assert isinstance(column, numpy.ndarray), name\n"
    "        assert column.flags.c_contiguous and column.size > 0, name\n"
    "    members += 1\n"
    "assert trace['picks/00000.r001.expert'].shape == (3, 84)\n"
    "assert trace['picks/00000.r001.expert'].dtype == numpy.uint16\n"
    "assert trace['picks/00000.r000.gate'][1, 0] == numpy.float16(2 / 64)\n"
    "assert trace['tokens/00002.id'].tolist()[:3] == [600, 601, 602]\n"
    "assert trace['series/00000.loss'].tolist()[1] == [1.0, 1.5]\n"
    "slot = trace['picks/00000.r000.slot']\n"
    "assert slot.dtype == numpy.int32 and slot[:, 1].tolist() == [100000, 100100]\n"
    "scale, step = (trace['measures/00000.r000.scale' + s] for s in ('', '.step'))\n"
    "assert scale.dtype == numpy.float32 and step.dtype == numpy.int64\n"
    "assert (4 * scale == step).all() and step.tolist() == list(range(len(step)))\n"
    "cosine = trace['measures/00000.r001.cosine']\n"
    "assert cosine.dtype == numpy.float32 and cosine.shape[1:] == (2, 3)\n"
    "assert cosine[1].tolist() == [[20, 21, 22], [23, 24, 25]]\n"
    "print(members)\n";

static void
test_numpy(gconstpointer compression)
{
    g_autofree char *python = find_numpy(), *path = scratch("numpy.npz"), *out = NULL;
    g_autoptr(GError) error = NULL;
    int status = -1, n;
    if (!python) {
        g_test_skip("there is no Python with numpy");
        return;
    }
    MoeTraceOptions options = sample_options;
    options.compression = GPOINTER_TO_INT(compression);
    sample_write(path, 0, 7, &options);
    const char *const command[] = {python, "-c", numpy_script, path, NULL};
    g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, &status,
                 &error);
    g_assert_no_error(error);
    g_assert_true(g_spawn_check_wait_status(status, NULL));
    g_autoptr(MoeTrace) trace = sample_open(path);
    moe_trace_members(trace, &n);
    g_assert_cmpint(atoi(out), ==, n);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-trace-XXXXXX", NULL);
    g_test_add_data_func("/trace/deflated", GINT_TO_POINTER(6), test_round_trip);
    g_test_add_data_func("/trace/stored", GINT_TO_POINTER(0), test_round_trip);
    g_test_add_func("/trace/meta", test_meta);
    g_test_add_func("/trace/many-routers", test_many_routers);
    g_test_add_func("/trace/join", test_join);
    g_test_add_func("/trace/measures", test_measures);
    g_test_add_func("/trace/measures/bad", test_bad_measures);
    g_test_add_func("/trace/optional-columns", test_optional_columns);
    g_test_add_func("/trace/bad-batches", test_bad_batches);
    g_test_add_data_func("/trace/numpy/deflated", GINT_TO_POINTER(6), test_numpy);
    g_test_add_data_func("/trace/numpy/stored", GINT_TO_POINTER(0), test_numpy);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
