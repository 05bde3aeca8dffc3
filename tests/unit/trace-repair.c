/* SPDX-License-Identifier: MIT
 *
 * Traces that were cut off or damaged: what verification says, what repair makes of them. And the
 * sizes of one that is sound.
 */
#include "trace-same.h"
#include "trace-sample.h"
#include "trace/zip-array.h"
#include "zip-without.h"

#include <math.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static char *
load(const char *path, gsize *length)
{
    char *bytes;
    g_assert_true(g_file_get_contents(path, &bytes, length, NULL));
    return bytes;
}

/* Written anew: g_file_set_contents() waits for the disk. */
static void
save(const char *path, const void *bytes, gsize length)
{
    FILE *file = g_fopen(path, "wb");
    g_assert_cmpuint(fwrite(bytes, 1, length, file), ==, length);
    g_assert_cmpint(fclose(file), ==, 0);
}

/* Seven batches in three chunks, without the wide columns. */
static char *
small_trace(const char *path, gsize *length)
{
    const MoeTraceOptions options = {.compression = 9, .chunk_tokens = 40, .gates = true};
    sample_write(path, 0, 7, &options);
    return load(path, length);
}

/* What is wrong with a trace, as one text. (transfer full) */
static char *
complaints(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_auto(GStrv) problems = moe_trace_verify(trace, NULL, &error);
    g_assert_no_error(error);
    return g_strjoinv("\n", problems);
}

static void
assert_sound(const char *path)
{
    g_autofree char *text = complaints(path);
    g_assert_cmpstr(text, ==, "");
}

static void
assert_complaint(const char *path, const char *pattern)
{
    g_autofree char *text = complaints(path);
    if (!g_pattern_match_simple(pattern, text))
        g_error("\"%s\" doesn't match \"%s\"", text, pattern);
}

static MoeTraceRepaired
repair(const char *path, const char *out)
{
    g_autoptr(GError) error = NULL;
    MoeTraceRepaired result;
    g_assert_true(moe_trace_repair(path, out, &result, NULL, &error));
    g_assert_no_error(error);
    return result;
}

/* Where member NAME's bytes are. */
static gsize
find_data(const char *path, const char *name)
{
    g_autoptr(MoeZipReader) zip = moe__zip_reader_open(path, UINT64_MAX, NULL);
    const MoeZipEntry *entry = moe__zip_reader_find(zip, name);
    g_assert_nonnull(entry);
    return entry->data + entry->packed / 2;
}

/* --- Cut off ----------------------------------------------------------------------------------*/

static void
test_cut(void)
{
    g_autofree char *path = scratch("whole.npz"), *cut = scratch("cut.npz");
    g_autofree char *out = scratch("out.npz");
    gsize length;
    g_autofree char *bytes = small_trace(path, &length);
    g_autoptr(MoeTrace) whole = sample_open(path);
    int seen[4] = {0}, refused = 0;
    for (gsize n = 1; n < length; n += length / 25 | 1) {
        g_autoptr(GError) error = NULL;
        MoeTraceRepaired result;
        save(cut, bytes, n);
        g_autoptr(MoeTrace) before = moe_trace_open(cut, NULL);
        if (!before || moe_trace_chunks(before) == 0) { /* nothing but meta.json, or not even it */
            g_assert_false(moe_trace_repair(cut, out, &result, NULL, &error));
            g_assert_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED);
            refused++;
            continue;
        }
        assert_complaint(cut, "*was cut off or isn't finished*");
        result = repair(cut, n % 2 ? out : NULL);
        const char *mended = n % 2 ? out : cut;
        g_autoptr(MoeTrace) after = sample_open(mended);
        g_assert_true(result.needed);
        g_assert_true(moe_trace_complete(after));
        g_assert_cmpint(result.damaged, ==, 0);
        g_assert_cmpint(result.chunks, ==, moe_trace_chunks(before));
        g_assert_cmpint(result.tokens, ==, moe_trace_tokens(before, -1));
        assert_sound(mended);
        same_assert(before, after);
        same_assert_picks(whole, after, 1, 0, result.tokens - 1);
        seen[result.chunks]++;
    }
    g_assert_cmpint(refused, >, 0);
    g_assert_cmpint(seen[0], ==, 0);
    for (int i = 1; i < 4; i++)
        g_assert_cmpint(seen[i], >, 0);
}

static void
test_nothing_to_do(void)
{
    g_autofree char *path = scratch("whole.npz"), *out = scratch("out.npz");
    gsize length, again;
    g_autofree char *bytes = small_trace(path, &length);
    MoeTraceRepaired result = repair(path, NULL);
    g_autofree char *after = load(path, &again);
    g_assert_false(result.needed);
    g_assert_cmpint(result.chunks, ==, 3);
    g_assert_cmpmem(bytes, length, after, again);
    g_assert_false(repair(path, out).needed);
    g_autoptr(MoeTrace) a = sample_open(path);
    g_autoptr(MoeTrace) b = sample_open(out);
    same_assert(a, b);
    g_assert_cmpstr(moe_trace_meta_json(a), ==, moe_trace_meta_json(b));
}

/* --- Damaged ----------------------------------------------------------------------------------*/

/* The third chunk is the second of what was mended. */
static void
assert_last_chunk(const MoeTrace *whole, const MoeTrace *mended)
{
    MoeArray a, b;
    g_assert_true(moe_trace_read(whole, "tokens/00002.id", &a, NULL));
    g_assert_true(moe_trace_read(mended, "tokens/00001.id", &b, NULL));
    g_assert_cmpmem(a.data, 14 * 4, b.data, 14 * 4);
    g_free((void *)a.data);
    g_free((void *)b.data);
}

static void
test_damaged_chunk(void)
{
    g_autofree char *path = scratch("damaged.npz");
    gsize length;
    g_autofree char *bytes = small_trace(path, &length);
    g_autoptr(MoeTrace) whole = sample_open(path);
    assert_sound(path);
    bytes[find_data(path, "picks/00001.r001.gate.npy")] ^= 0x10;
    g_autofree char *copy = scratch("copy.npz");
    save(copy, bytes, length);
    assert_complaint(copy, "*member picks/00001.r001.gate.npy*");

    MoeTraceRepaired result = repair(copy, NULL);
    g_assert_cmpint(result.chunks, ==, 2);
    g_assert_cmpint(result.damaged, ==, 1);
    g_assert_cmpint(result.tokens, ==, 42 + 14);
    assert_sound(copy);
    g_autoptr(MoeTrace) after = sample_open(copy);
    assert_last_chunk(whole, after);
    g_assert_nonnull(strstr(moe_trace_meta_json(after), "\"damaged_chunks\": 1"));
}

/* A chunk in the middle lost the member that closes it: that chunk goes, and no other. */
static void
test_gap(void)
{
    g_autofree char *path = scratch("whole.npz"), *gap = scratch("gap.npz");
    gsize length, after_length;
    g_free(small_trace(path, &length));
    zip_without(path, gap, "chunks/00001.json");
    g_autofree char *before = load(gap, &length);
    assert_complaint(gap, "*gap.npz: * no chunk that was closed: there is no chunks/00001.json, *");

    g_autoptr(MoeTrace) whole = sample_open(path);
    g_autoptr(MoeTrace) broken = sample_open(gap);
    g_autofree char *none = moe_trace_gap(whole);
    g_assert_null(none);
    g_autoptr(GError) error = NULL;
    const MoeTraceOutput output = {.compression = -1};
    g_assert_cmpint(moe_trace_tokens(broken, -1), ==, 42);
    g_assert_false(
        moe_trace_select(broken, gap, &(MoeTraceSelection){0}, &output, NULL, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_clear_error(&error);
    const MoeTrace *const both[] = {whole, broken};
    g_assert_false(moe_trace_merge(both, 2, gap, MOE_TRACE_DOCUMENTS_KEEP, &output, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_autofree char *after = load(gap, &after_length);
    g_assert_cmpmem(before, length, after, after_length);

    MoeTraceRepaired result = repair(gap, NULL);
    g_assert_cmpint(result.chunks, ==, 2);
    g_assert_cmpint(result.damaged, ==, 1);
    g_assert_cmpint(result.unclosed, ==, 1);
    g_assert_cmpint(result.tokens, ==, 42 + 14);
    assert_sound(gap);
    g_autoptr(MoeTrace) mended = sample_open(gap);
    assert_last_chunk(whole, mended);
    g_assert_nonnull(strstr(moe_trace_meta_json(mended), "\"unclosed_chunks\": 1"));
}

/* The closing member itself is damaged: no trace can be opened, but it can be repaired. */
static void
test_damaged_closing_member(void)
{
    g_autofree char *path = scratch("whole.npz");
    gsize length;
    g_autofree char *bytes = small_trace(path, &length);
    bytes[find_data(path, "chunks/00000.json")] ^= 0x21;
    g_autofree char *copy = scratch("copy.npz");
    save(copy, bytes, length);
    g_assert_null(moe_trace_open(copy, NULL));
    MoeTraceRepaired result = repair(copy, NULL);
    g_assert_cmpint(result.chunks, ==, 2);
    g_assert_cmpint(result.unclosed, ==, 1);
    assert_sound(copy);
}

static void
test_every_member_matters(void)
{
    g_autofree char *path = scratch("whole.npz"), *copy = scratch("copy.npz");
    gsize length;
    g_autofree char *bytes = small_trace(path, &length);
    g_autoptr(MoeTrace) whole = sample_open(path);
    int n;
    const char *const *members = moe_trace_members(whole, &n);
    for (int i = 1; i < n; i += 5) {
        gsize at = find_data(path, members[i]);
        bytes[at] ^= 0x21;
        save(copy, bytes, length);
        g_autoptr(MoeTrace) damaged = moe_trace_open(copy, NULL);
        g_auto(GStrv) problems = damaged ? moe_trace_verify(damaged, NULL, NULL) : NULL;
        g_assert_true(!damaged || problems[0]); /* a closing member is read on opening */
        bytes[at] ^= 0x21;
    }
}

static void
test_damaged_directory(void)
{
    g_autofree char *path = scratch("directory.npz");
    gsize length;
    g_autofree char *bytes = small_trace(path, &length);
    g_autoptr(MoeTrace) whole = sample_open(path);
    g_autofree char *copy = scratch("copy.npz");
    memset(bytes + length - 500, 'x', 4);
    save(copy, bytes, length);
    g_assert_null(moe_trace_open(copy, NULL));
    MoeTraceRepaired result = repair(copy, NULL);
    g_assert_true(result.needed);
    g_assert_cmpint(result.chunks, ==, 3);
    assert_sound(copy);
    g_autoptr(MoeTrace) after = sample_open(copy);
    same_assert(whole, after);
}

/* --- What verification finds ------------------------------------------------------------------*/

static void
test_gate_not_a_number(void)
{
    g_autofree char *path = scratch("nan.npz");
    g_autoptr(GError) error = NULL;
    const MoeTraceOptions options = {.gates = true};
    MoeTraceWriter *writer = sample_writer(path, &options);
    g_autofree Sample *sample = sample_new(0);
    sample->gate[0][3] = NAN; /* unit 1, slot 1 */
    g_assert_true(moe_trace_writer_append(writer, &sample->tokens, sample->picks, &error));
    g_assert_true(moe_trace_writer_close(writer, &error));
    assert_complaint(path, "*picks/00000.r000.gate: the gate of unit 1 in slot 1 is *nan*");
}

/* A column of another type: what it is, and what it should be. */
static void
test_wrong_type(void)
{
    g_autofree char *path = scratch("astray.npz"), *wrong = scratch("wrong.npz");
    gsize length;
    g_free(small_trace(path, &length));
    static const int64_t ids[42];
    const MoeArray array = {MOE_I64, 1, {42}, ids};
    MoeZipPacked packed;
    g_assert_true(moe__zip_pack_array(&array, &packed));
    zip_with(path, wrong, "tokens/00000.id.npy", &packed);
    moe__zip_packed_clear(&packed);
    assert_complaint(wrong, "*wrong.npz: tokens/00000.id: *: found i8 [42], expected i4 [42]");
}

/* Numbers that can be read and mean nothing are told by verify; repair keeps them. */
static void
assert_odd_values(const char *member, const MoeArray *array, const char *pattern)
{
    g_autofree char *path = scratch("whole.npz"), *odd = scratch("odd.npz");
    gsize length;
    g_free(small_trace(path, &length));
    MoeZipPacked packed;
    g_assert_true(moe__zip_pack_array(array, &packed));
    zip_with(path, odd, member, &packed);
    moe__zip_packed_clear(&packed);
    assert_complaint(odd, pattern);
    g_assert_false(repair(odd, NULL).needed);
}

static void
test_odd_values(void)
{
    enum { TOKENS = 42, UNITS = 2 * TOKENS };
    static int32_t ids[TOKENS];
    static uint8_t flags[3 * UNITS];
    ids[7] = -1;
    ids[8] = -9;
    flags[2] = 1;
    flags[UNITS + 5] = 77;
    const MoeArray id = {MOE_I32, 1, {TOKENS}, ids}, flag = {MOE_U8, 2, {3, UNITS}, flags};
    assert_odd_values("tokens/00000.id.npy", &id, "*tokens/00000.id: token 8 has id -9; 0 or *");
    assert_odd_values("picks/00000.r001.dropped.npy", &flag,
                      "*r001.dropped: unit 5 in slot 1 has 77; 0 or 1 is expected");
}

static void
test_odd_counts(void)
{
    g_autofree char *path = scratch("state.npz"), *odd = scratch("odd.npz");
    g_autoptr(GError) error = NULL;
    MoeTraceWriter *writer = sample_writer(path, &(MoeTraceOptions){0});
    sample_append_state(writer, 0);
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_autofree int64_t *counts = g_new0(int64_t, (gsize)sample_routers[0].experts);
    const MoeArray load = {MOE_I64, 2, {1, sample_routers[0].experts}, counts};
    for (int bad = 0; bad < 2; bad++) {
        MoeZipPacked packed;
        counts[3] = bad ? -7 : 7;
        g_assert_true(moe__zip_pack_array(&load, &packed));
        zip_with(path, odd, "state/00000.r000.load.npy", &packed);
        moe__zip_packed_clear(&packed);
        if (bad)
            assert_complaint(odd, "*r000.load: row 0 has -7 for expert 3; 0 or more is expected");
        else
            assert_sound(odd);
    }
}

static void
test_members_astray(void)
{
    g_autofree char *path = scratch("astray.npz"), *meta = sample_meta();
    g_autoptr(GError) error = NULL;
    MoeZipPacked packed;
    g_autoptr(MoeZipWriter) zip = moe__zip_writer_new(path, NULL, &error);
    g_assert_true(moe__zip_pack((uint8_t *)g_strdup(meta), strlen(meta), 0, &packed));
    g_assert_true(moe__zip_writer_add(zip, "meta.json", &packed, &error));
    g_assert_true(moe__zip_writer_add(zip, "tokens/00003.id.npy", &packed, &error));
    g_assert_true(moe__zip_writer_finish(zip, &error));
    moe__zip_packed_clear(&packed);
    assert_complaint(path, "*1 members belong to no chunk that was closed*");
}

/* --- Sizes ------------------------------------------------------------------------------------*/

static void
test_sizes(void)
{
    g_autofree char *path = scratch("whole.npz");
    gsize length;
    g_autofree char *bytes = small_trace(path, &length);
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_autoptr(GError) error = NULL;
    g_auto(MoeTraceSizes) sizes = {0};
    g_assert_true(moe_trace_sizes(trace, &sizes, &error));
    int members = 0, experts = 0;
    uint64_t packed = 0;
    for (int i = 0; i < sizes.n_kinds; i++) {
        members += sizes.kinds[i].members;
        packed += sizes.kinds[i].packed;
        if (g_str_equal(sizes.kinds[i].kind, "picks/expert"))
            experts = sizes.kinds[i].members;
    }
    g_assert_cmpmem(bytes, 2, "PK", 2);
    g_assert_cmpuint(sizes.file, ==, length);
    g_assert_cmpint(members, ==, sizes.members);
    g_assert_cmpuint(packed, ==, sizes.packed);
    g_assert_cmpuint(packed, <, length);
    g_assert_cmpint(experts, ==, 3 * SAMPLE_ROUTERS);
    int64_t varies = 0; /* router 2: one to four picks a unit, of seven batches */
    for (int batch = 0; batch < 7; batch++)
        for (int row = 0; row < SAMPLE_ROWS; row++)
            varies += sample_is_padding(row) ? 0 : (batch + row) % 4 + 1;
    g_assert_cmpint(sizes.decisions, ==, 7 * 14 * (2 + 2 * 3) + varies);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-repair-XXXXXX", NULL);
    g_test_add_func("/trace-repair/cut", test_cut);
    g_test_add_func("/trace-repair/nothing-to-do", test_nothing_to_do);
    g_test_add_func("/trace-repair/damaged-chunk", test_damaged_chunk);
    g_test_add_func("/trace-repair/gap", test_gap);
    g_test_add_func("/trace-repair/damaged-closing-member", test_damaged_closing_member);
    g_test_add_func("/trace-repair/every-member-matters", test_every_member_matters);
    g_test_add_func("/trace-repair/damaged-directory", test_damaged_directory);
    g_test_add_func("/trace-repair/gate-not-a-number", test_gate_not_a_number);
    g_test_add_func("/trace-repair/wrong-type", test_wrong_type);
    g_test_add_func("/trace-repair/odd-values", test_odd_values);
    g_test_add_func("/trace-repair/odd-counts", test_odd_counts);
    g_test_add_func("/trace-repair/members-astray", test_members_astray);
    g_test_add_func("/trace-repair/sizes", test_sizes);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
