/* SPDX-License-Identifier: MIT
 *
 * Traces that were cut off, damaged, or made to harm: every one is either read up to its last
 * whole chunk or refused with a sentence.
 */
#include "trace-sample.h"
#include "trace/npy.h"
#include "trace/zip.h"

#include <unistd.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static char *
load(const char *path, gsize *length)
{
    g_autoptr(GError) error = NULL;
    char *bytes;
    g_file_get_contents(path, &bytes, length, &error);
    g_assert_no_error(error);
    return bytes;
}

static void
save(const char *path, const void *bytes, gsize length)
{
    FILE *file = g_fopen(path, "wb");
    g_assert_cmpuint(fwrite(bytes, 1, length, file), ==, length);
    g_assert_cmpint(fclose(file), ==, 0);
}

/* Reads whatever can be read; the first error. */
static GError *
read_all(const MoeTrace *trace)
{
    GError *error = NULL;
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    for (int i = 0; i < moe_trace_chunks(trace); i++)
        for (int r = 0; r < moe_trace_routers(trace) && !error; r++)
            moe_trace_view(trace, i, r, view, &error);
    int n;
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        const char *const *measures = moe_trace_measure_names(trace, r, &n);
        for (int i = 0; i < n && !error; i++) {
            MoeArray array;
            g_autofree char *name = g_strdup_printf("measures/r%03d.%s", r, measures[i]);
            if (moe_trace_join(trace, name, &array, &error))
                g_free((void *)array.data);
        }
    }
    const char *const *members = moe_trace_members(trace, &n);
    for (int i = 0; i < n && !error; i++) {
        MoeArray array;
        g_autofree char *name = g_strdup(members[i]);
        if (!g_str_has_suffix(name, ".npy"))
            continue;
        name[strlen(name) - 4] = 0;
        if (moe_trace_read(trace, name, &array, &error))
            g_free((void *)array.data);
    }
    return error;
}

/* --- Cut off ----------------------------------------------------------------------------------*/

/* A small trace without the wide columns, and where its meta.json and chunks end. */
static char *
small_trace(gsize *length, gsize *meta_end, GArray *chunk_ends)
{
    g_autofree char *path = scratch("small.npz");
    g_autoptr(GError) error = NULL;
    const MoeTraceOptions options = {.compression = 9, .chunk_tokens = 20};
    MoeTraceWriter *writer = sample_writer(path, &options);
    for (int batch = 0; batch < 4; batch++) {
        g_assert_true(moe_trace_writer_series(writer, "loss", batch, 1, &error));
        sample_append_measures(writer, 2 * batch);
        sample_append(writer, batch);
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_autoptr(MoeZipReader) zip = moe__zip_reader_open(path, UINT64_MAX, NULL);
    for (guint i = 0; i < zip->entries->len; i++) {
        const MoeZipEntry *entry = &g_array_index(zip->entries, MoeZipEntry, i);
        gsize end = entry->data + entry->packed;
        if (g_str_equal(entry->name, "meta.json"))
            *meta_end = end;
        if (g_str_has_prefix(entry->name, "chunks/"))
            g_array_append_val(chunk_ends, end);
    }
    return load(path, length);
}

static int
count_whole(const GArray *chunk_ends, gsize cut)
{
    int whole = 0;
    while (whole < (int)chunk_ends->len && g_array_index(chunk_ends, gsize, whole) <= cut)
        whole++;
    return whole;
}

/* `read`: also reads what is visible. */
static void
assert_cut(const char *path, gsize cut, gsize meta_end, const GArray *chunk_ends, bool read)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    if (cut < meta_end) {
        g_assert_null(trace);
        g_assert_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED);
        const char *said = cut > 0 ? "before its first member, meta.json, was whole" : "is empty";
        g_assert_nonnull(strstr(error->message, said));
        return;
    }
    g_assert_no_error(error);
    int whole = count_whole(chunk_ends, cut);
    g_assert_cmpint(moe_trace_chunks(trace), ==, whole);
    g_assert_false(moe_trace_complete(trace));
    error = read ? read_all(trace) : NULL;
    g_assert_no_error(error);
    /* Members behind the last whole chunk aren't seen, though they may be whole. */
    g_autofree char *beyond = g_strdup_printf("tokens/%05d.id", whole);
    g_assert_false(moe_trace_has(trace, beyond));
}

/* From the end to the beginning, byte by byte. */
static void
test_cut_everywhere(void)
{
    g_autofree char *path = scratch("cut.npz");
    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(gsize));
    gsize length, meta_end = 0;
    g_autofree char *bytes = small_trace(&length, &meta_end, ends);
    g_assert_cmpuint(ends->len, ==, 2);
    g_assert_cmpuint(length, >, g_array_index(ends, gsize, 1) + 1000); /* the directory */
    save(path, bytes, length);
    for (gsize cut = length; cut-- > 0;) {
        g_assert_cmpint(truncate(path, (off_t)cut), ==, 0);
        assert_cut(path, cut, meta_end, ends, cut % 100 == 0);
    }
}

static void
test_cut_at_random(void)
{
    g_autofree char *path = scratch("large.npz"), *part = scratch("part.npz");
    MoeTraceOptions options = sample_options;
    options.chunk_tokens = 100;
    options.compression = 0;
    sample_write(path, 0, 32, &options);
    gsize length;
    g_autofree char *bytes = load(path, &length);
    g_assert_cmpuint(length, >, 500000);
    MoeRng rng = moe_rng(5, 5);
    int chunks = 0;
    for (int i = 0; i < 30; i++) {
        g_autoptr(GError) error = NULL;
        save(part, bytes, 2000 + moe_rng_below(&rng, length - 2000));
        g_autoptr(MoeTrace) trace = moe_trace_open(part, &error);
        g_assert_no_error(error);
        error = read_all(trace);
        g_assert_no_error(error);
        g_assert_cmpint(moe_trace_tokens(trace, -1), ==, 112 * moe_trace_chunks(trace));
        chunks += moe_trace_chunks(trace);
    }
    g_assert_cmpint(chunks, >, 30);
}

/* A crash may leave zeros where the file system had promised bytes. */
static void
test_zeros_behind(void)
{
    g_autofree char *path = scratch("zeros.npz");
    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(gsize));
    gsize length, meta_end = 0;
    g_autofree char *bytes = small_trace(&length, &meta_end, ends);
    gsize cut = g_array_index(ends, gsize, 0);
    memset(bytes + cut, 0, length - cut);
    save(path, bytes, length);
    assert_cut(path, cut, meta_end, ends, true);
}

static void
test_not_a_trace(void)
{
    g_autofree char *path = scratch("other");
    g_autoptr(GError) error = NULL;
    save(path, "RIFF, not a zip archive", 23);
    g_assert_null(moe_trace_open(path, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_clear_error(&error);

    MoeZipPacked packed;
    moe__zip_pack((uint8_t *)g_strdup("x"), 1, 0, &packed);
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(path, NULL, &error);
    g_assert_true(moe__zip_writer_add(writer, "x", &packed, &error));
    g_assert_true(moe__zip_writer_finish(writer, &error));
    moe__zip_packed_clear(&packed);
    g_assert_null(moe_trace_open(path, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_assert_nonnull(strstr(error->message, "it has no meta.json"));
}

/* --- Forged -----------------------------------------------------------------------------------*/

static void
add_text(MoeZipWriter *writer, const char *name, const char *text)
{
    MoeZipPacked packed;
    g_assert_true(moe__zip_pack((uint8_t *)g_strdup(text), strlen(text), 0, &packed));
    g_assert_true(moe__zip_writer_add(writer, name, &packed, NULL));
    moe__zip_packed_clear(&packed);
}

static void
add_array(MoeZipWriter *writer, const char *name, const MoeArray *array)
{
    MoeZipPacked packed;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    char header[MOE_NPY_HEADER_MAX];
    size_t n = moe__npy_header(array, header);
    g_byte_array_append(bytes, (const guint8 *)header, (guint)n);
    g_byte_array_append(bytes, array->data,
                        (guint)((size_t)moe_array_count(array) * moe_type_size(array->type)));
    g_assert_true(moe__zip_pack(g_memdup2(bytes->data, bytes->len), bytes->len, 0, &packed));
    g_assert_true(moe__zip_writer_add(writer, name, &packed, NULL));
    moe__zip_packed_clear(&packed);
}

/* One router of 4 experts, k 2; two domains; a chunk of three tokens. */
static const char good_meta[] =
    "{\"schema\": \"moescope.trace/1\", \"domains\": [\"a\", \"b\"], \"routers\": [{\"layer\": 0, "
    "\"experts\": 4, \"k\": 2, \"units_per_token\": 1, \"shared\": 0, \"gates_sum_to_one\": true, "
    "\"causal\": true, \"score\": \"\", \"select\": \"\", \"gate\": \"\"}]}";
static const char good_chunk[] = "{\"tokens\": 3, \"states\": 0}";
static const int32_t three[] = {0, 1, -1};
static const uint8_t six[] = {0, 1, 2, 3, 255, 0};
static const MoeArray good_tokens = {MOE_I32, 1, {3}, three},
                      good_experts = {MOE_U8, 2, {2, 3}, six};

typedef struct Forgery {
    const char *meta, *chunk;
    const MoeArray *domain, *expert, *gate, *slot;
    const MoeArray *value, *step; /* of a measure; NULL: left out */
} Forgery;

/* Writes the trace, with the members that the forgery doesn't give as they should be; returns what
 * reading it complains about. */
static GError *
read_forgery(Forgery forgery)
{
    g_autofree char *path = scratch("forged.npz");
    GError *error = NULL;
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(path, NULL, &error);
    g_assert_no_error(error);
    add_text(writer, "meta.json", forgery.meta ? forgery.meta : good_meta);
    add_array(writer, "tokens/00000.id.npy", &good_tokens);
    add_array(writer, "tokens/00000.domain.npy", forgery.domain ? forgery.domain : &good_tokens);
    add_array(writer, "picks/00000.r000.expert.npy",
              forgery.expert ? forgery.expert : &good_experts);
    if (forgery.gate)
        add_array(writer, "picks/00000.r000.gate.npy", forgery.gate);
    if (forgery.slot)
        add_array(writer, "picks/00000.r000.slot.npy", forgery.slot);
    if (forgery.value)
        add_array(writer, "measures/00000.r000.x.npy", forgery.value);
    if (forgery.step)
        add_array(writer, "measures/00000.r000.x.step.npy", forgery.step);
    add_text(writer, "chunks/00000.json", forgery.chunk ? forgery.chunk : good_chunk);
    g_assert_true(moe__zip_writer_finish(writer, &error));
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    return trace ? read_all(trace) : error;
}

static void
assert_forgery(Forgery forgery, int code, const char *pattern)
{
    g_autoptr(GError) error = read_forgery(forgery);
    g_assert_error(error, MOE_ERROR, code);
    g_test_message("%s", error->message);
    if (!g_pattern_match_simple(pattern, error->message))
        g_error("\"%s\" doesn't match \"%s\"", error->message, pattern);
}

static void
test_forged_columns(void)
{
    static const int32_t high[] = {0, 1, 2}, low[] = {0, -2, 1};
    static const uint8_t experts[] = {0, 1, 2, 3, 4, 0};
    static const float gates[6];
    const MoeArray few_tokens = {MOE_I32, 1, {2}, three};
    const MoeArray high_domain = {MOE_I32, 1, {3}, high}, low_domain = {MOE_I32, 1, {3}, low};
    const MoeArray square = {MOE_I32, 2, {3, 1}, high}, wrong_expert = {MOE_U8, 2, {2, 3}, experts};
    const MoeArray one_slot = {MOE_U8, 2, {1, 3}, six}, few_units = {MOE_U8, 2, {3, 2}, six};
    const MoeArray signed_experts = {MOE_I32, 2, {1, 3}, three}, flat = {MOE_U8, 1, {6}, six};
    const MoeArray gate_shape = {MOE_F32, 2, {3, 2}, gates}, gate_type = {MOE_U8, 2, {2, 3}, six};
    const MoeArray gate = {MOE_F32, 2, {2, 3}, gates};

    g_assert_no_error(read_forgery((Forgery){0}));
    g_assert_no_error(read_forgery((Forgery){.gate = &gate}));
    assert_forgery((Forgery){.domain = &few_tokens}, MOE_ERROR_FORMAT,
                   "*00000.domain: type and * trace: found i4 [2], expected i4 [3]");
    assert_forgery((Forgery){.domain = &square}, MOE_ERROR_FORMAT, "*00000.domain: type and*");
    assert_forgery((Forgery){.domain = &high_domain}, MOE_ERROR_FORMAT,
                   "*token 2 has domain 2; -1 … 1 is expected");
    assert_forgery((Forgery){.domain = &low_domain}, MOE_ERROR_FORMAT, "*token 1 has domain -2*");
    assert_forgery((Forgery){.expert = &wrong_expert}, MOE_ERROR_FORMAT,
                   "*unit 1 picks expert 4; 0 … 3 is expected");
    assert_forgery((Forgery){.expert = &one_slot}, MOE_ERROR_FORMAT, "*1 slots found, 2 expected*");
    assert_forgery((Forgery){.expert = &few_units}, MOE_ERROR_FORMAT, "*slots × 3*");
    assert_forgery((Forgery){.expert = &signed_experts}, MOE_ERROR_FORMAT, "*slots × 3*");
    assert_forgery((Forgery){.expert = &flat}, MOE_ERROR_FORMAT, "*slots × 3*");
    assert_forgery((Forgery){.gate = &gate_shape}, MOE_ERROR_FORMAT, "*r000.gate: type and*");
    assert_forgery((Forgery){.gate = &gate_type}, MOE_ERROR_FORMAT, "*r000.gate: type and*");
}

static void
test_forged_slots(void)
{
    static const int32_t slots[] = {0, 1, 0, 2, -1, 70000};
    static const int32_t missing[] = {0, 1, 0, -1, -1, 0}, surplus[] = {0, 1, 0, 0, 0, 0};
    const MoeArray good = {MOE_I32, 2, {2, 3}, slots}, shape = {MOE_I32, 2, {3, 2}, slots};
    const MoeArray type = {MOE_U8, 2, {2, 3}, six};
    const MoeArray none = {MOE_I32, 2, {2, 3}, missing}, more = {MOE_I32, 2, {2, 3}, surplus};
    g_assert_no_error(read_forgery((Forgery){.slot = &good}));
    assert_forgery((Forgery){.slot = &shape}, MOE_ERROR_FORMAT, "*r000.slot: type and*");
    assert_forgery((Forgery){.slot = &type}, MOE_ERROR_FORMAT, "*r000.slot: type and*");
    assert_forgery((Forgery){.slot = &none}, MOE_ERROR_FORMAT,
                   "*r000.slot: unit 0 has slot -1 for expert 3; 0 or more, *");
    assert_forgery((Forgery){.slot = &more}, MOE_ERROR_FORMAT,
                   "*r000.slot: unit 1 has slot 0 for expert -1; *");
}

static void
test_forged_measures(void)
{
    static const float values[6];
    static const int64_t steps[3] = {1, 2, 3};
    const MoeArray two = {MOE_F32, 2, {2, 3}, values}, three_rows = {MOE_F32, 1, {3}, values};
    const MoeArray no_rows = {MOE_F32, 0, {0}, values}, whole = {MOE_I32, 1, {2}, three};
    const MoeArray step = {MOE_I64, 1, {2}, steps}, short_step = {MOE_I32, 1, {2}, three};
    const MoeArray flat_step = {MOE_I64, 2, {2, 1}, steps};
    const char *const pattern =
        "*measures/00000.r000.x: f4 of as many rows as i8 in measures/00000.r000.x.step was *";
    g_assert_no_error(read_forgery((Forgery){.value = &two, .step = &step}));
    assert_forgery((Forgery){.value = &three_rows, .step = &step}, MOE_ERROR_FORMAT, pattern);
    assert_forgery((Forgery){.value = &no_rows, .step = &step}, MOE_ERROR_FORMAT, pattern);
    assert_forgery((Forgery){.value = &whole, .step = &step}, MOE_ERROR_FORMAT, pattern);
    assert_forgery((Forgery){.value = &two, .step = &short_step}, MOE_ERROR_FORMAT, pattern);
    assert_forgery((Forgery){.value = &two, .step = &flat_step}, MOE_ERROR_FORMAT, pattern);
    assert_forgery((Forgery){.value = &two}, MOE_ERROR_DATA,
                   "*there is no column measures/00000.r000.x.step");
}

/* Members that look like measures, but of no router that there is, are passed over. */
static void
test_foreign_measures(void)
{
    static const char *const names[] = {"measures/00000.r001.x.npy",   "measures/00000.r0.x.npy",
                                        "measures/00000.x.npy",        "measures/00000.r000..npy",
                                        "measures/r000.x.npy",         "measures/00000.r000.npy",
                                        "measures/00000.r-01.x.npy",   "measures/00000.r000.x.bin",
                                        "measures/00000.r000.x.y.npy", "measures/.npy"};
    static const float value[1];
    const MoeArray array = {MOE_F32, 1, {1}, value};
    g_autofree char *path = scratch("foreign.npz");
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(path, NULL, &error);
    add_text(writer, "meta.json", good_meta);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        add_array(writer, names[i], &array);
    add_text(writer, "chunks/00000.json", "{\"tokens\": 0, \"states\": 0}");
    g_assert_true(moe__zip_writer_finish(writer, &error));
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    int n;
    const char *const *measures = moe_trace_measure_names(trace, 0, &n);
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpstr(measures[0], ==, "x.y");
}

static void
test_forged_chunk(void)
{
    const char *const bad[] = {
        "",
        "3",
        "{\"tokens\": 3}",
        "{\"tokens\": 3.5, \"states\": 0}",
        "{\"tokens\": -1, \"states\": 0}",
        "{\"tokens\": \"3\", \"states\": 0}",
        "{\"tokens\": [3], \"states\": 0}",
        "{\"tokens\": 999999999999999999, \"states\": 0}",
        "{\"tokens\": 99999999999999999999999, \"states\": 0}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_forgery((Forgery){.chunk = bad[i]}, MOE_ERROR_FORMAT, "*chunks/00000.json: *");
    /* More tokens than there can be: refused before memory is taken for them. */
    assert_forgery((Forgery){.chunk = "{\"tokens\": 33554432, \"states\": 0}"}, MOE_ERROR_FORMAT,
                   "*too short for 33554432 tokens");
    assert_forgery((Forgery){.chunk = "{\"tokens\": 33554433, \"states\": 0}"}, MOE_ERROR_FORMAT,
                   "*forged.npz: chunks/00000.json: \"tokens\" is 33554433; *to 33554432 *");
    assert_forgery((Forgery){.chunk = "{\"tokens\": 0, \"states\": 1048577}"}, MOE_ERROR_FORMAT,
                   "*forged.npz: chunks/00000.json: \"states\" is 1048577; *to 1048576 *");
}

/* A few packed bytes that unpack to very many: refused by what their header states. */
static void
test_forged_sizes(void)
{
    enum { META = 65 << 20, CLOSING = 65 << 10 };
    g_autofree char *meta = g_malloc0(META + 1), *chunk = g_malloc0(CLOSING + 1);
    memset(meta, ' ', META);
    memset(chunk, ' ', CLOSING);
    memcpy(meta, good_meta, strlen(good_meta));
    memcpy(chunk, good_chunk, strlen(good_chunk));
    assert_forgery((Forgery){.meta = meta}, MOE_ERROR_FORMAT,
                   "*member meta.json: found 68157440 bytes, expected at most 67108864");
    assert_forgery((Forgery){.chunk = chunk}, MOE_ERROR_FORMAT,
                   "*member chunks/00000.json: found 66560 bytes, expected at most 65536");
    meta[64 << 20] = 0;
    chunk[64 << 10] = 0;
    g_assert_no_error(read_forgery((Forgery){.meta = meta, .chunk = chunk}));
}

/* good_meta with one part replaced. */
static void
assert_meta(const char *part, const char *by, int code)
{
    g_auto(GStrv) halves = g_strsplit(good_meta, part, 2);
    g_assert_nonnull(halves[1]);
    g_autofree char *meta = g_strconcat(halves[0], by, halves[1], NULL);
    assert_forgery((Forgery){.meta = meta}, code, "*forged.npz: meta.json: *");
}

static void
test_forged_meta(void)
{
    assert_meta("moescope.trace/1", "moescope.trace/2", MOE_ERROR_UNSUPPORTED);
    assert_meta("\"schema\"", "\"scheme\"", MOE_ERROR_FORMAT);
    assert_meta("\"experts\": 4", "\"experts\": 0", MOE_ERROR_FORMAT);
    assert_meta("\"experts\": 4", "\"experts\": 70000", MOE_ERROR_FORMAT);
    assert_meta("\"k\": 2", "\"k\": 5", MOE_ERROR_FORMAT);
    assert_meta("\"k\": 2", "\"k\": null", MOE_ERROR_FORMAT);
    assert_meta("\"units_per_token\": 1", "\"units_per_token\": 0", MOE_ERROR_FORMAT);
    assert_meta("\"causal\": true", "\"causal\": 1", MOE_ERROR_FORMAT);
    assert_meta("\"gate\": \"\"", "\"gate\": {}", MOE_ERROR_FORMAT);
    assert_meta("[\"a\", \"b\"]", "[\"a\", 1]", MOE_ERROR_FORMAT);
    assert_meta("[\"a\", \"b\"]", "\"a\"", MOE_ERROR_FORMAT);
    assert_meta("[\"a\", \"b\"]", "[\"a\", ", MOE_ERROR_FORMAT);
    /* Names that would write their own lines, or steer a terminal; \u0085 is a new line too. */
    assert_meta("\"a\", \"b\"", "\"a\\nb\"", MOE_ERROR_FORMAT);
    assert_meta("\"a\", \"b\"", "\"a\\u0085b\"", MOE_ERROR_FORMAT);
    assert_meta("\"a\", \"b\"", "\"a\\u007fb\"", MOE_ERROR_FORMAT);
    assert_meta("\"a\", \"b\"", "\"a\\u001b[31mb\"", MOE_ERROR_FORMAT);
    g_auto(GStrv) halves = g_strsplit(good_meta, "\"a\"", 2);
    g_autofree char *accents = g_strjoinv("\"\u00e9\u00a0\\t\u4e2d\"", halves);
    g_assert_no_error(read_forgery((Forgery){.meta = accents}));
    g_autofree char *deep = g_strnfill(100000, '[');
    assert_meta("[\"a\", \"b\"]", deep, MOE_ERROR_FORMAT);
    assert_forgery((Forgery){.meta = ""}, MOE_ERROR_FORMAT, "*meta.json: a JSON object*");
    assert_forgery((Forgery){.meta = "\xff\xfe{}"}, MOE_ERROR_FORMAT, "*meta.json: *");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-damage-XXXXXX", NULL);
    g_test_add_func("/trace/cut-everywhere", test_cut_everywhere);
    g_test_add_func("/trace/cut-at-random", test_cut_at_random);
    g_test_add_func("/trace/zeros-behind", test_zeros_behind);
    g_test_add_func("/trace/not-a-trace", test_not_a_trace);
    g_test_add_func("/trace/forged-columns", test_forged_columns);
    g_test_add_func("/trace/forged-slots", test_forged_slots);
    g_test_add_func("/trace/forged-measures", test_forged_measures);
    g_test_add_func("/trace/foreign-measures", test_foreign_measures);
    g_test_add_func("/trace/forged-chunk", test_forged_chunk);
    g_test_add_func("/trace/forged-sizes", test_forged_sizes);
    g_test_add_func("/trace/forged-meta", test_forged_meta);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
