/* SPDX-License-Identifier: MIT
 *
 * compare-tokens.c: tokens of two traces in step with each other, whatever their chunks are,
 * whether they are the same, and those of them that a filter chooses.
 */
#include "stats/compare.h"
#include "stats/errors.h"
#include "tensor/cpu.h"

/* Stretches in a list: more than a trace has whose steps lie apart. */
enum { MOST_STRETCHES = 1 << 20 };

/* --- Stretches --------------------------------------------------------------------------------*/

static void
add_stretches(GArray *list, int chunk, const int32_t *step, int64_t tokens)
{
    for (int64_t first = 0, end; first < tokens && list->len <= MOST_STRETCHES; first = end) {
        end = step ? first + 1 : tokens;
        while (end < tokens && step[end] == step[first])
            end++;
        MoeStretch stretch = {step ? step[first] : 0, chunk, first, end - first};
        g_array_append_val(list, stretch);
    }
}

GArray *
moe__stretches(const MoeTrace *trace, bool by_step, GError **error)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(MoeStretch));
    g_auto(MoeColumnReader) step = {trace, "step", -1, NULL};
    for (int i = 0; i < moe_trace_chunks(trace); i++) {
        if (by_step && !moe__column_reader_load(&step, i, error))
            return NULL;
        add_stretches(list, i, step.values, moe_trace_tokens(trace, i));
        if (list->len > MOST_STRETCHES) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                        "tokens of different steps alternate more than %d times: found by chunk %d",
                        MOST_STRETCHES, i);
            return NULL;
        }
    }
    return g_steal_pointer(&list);
}

int64_t
moe__stretches_tokens(const GArray *stretches)
{
    int64_t tokens = 0;
    for (guint i = 0; i < stretches->len; i++)
        tokens += g_array_index(stretches, MoeStretch, i).n;
    return tokens;
}

GArray *
moe__stretches_of(const GArray *stretches, int32_t step)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(MoeStretch));
    for (guint i = 0; i < stretches->len; i++)
        if (g_array_index(stretches, MoeStretch, i).step == step)
            g_array_append_val(list, g_array_index(stretches, MoeStretch, i));
    return list;
}

static GArray *
choose_step(const MoeCompareSide *side, GArray *all, GError **error)
{
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (guint i = 0; i < all->len; i++) {
        low = MIN(low, g_array_index(all, MoeStretch, i).step);
        high = MAX(high, g_array_index(all, MoeStretch, i).step);
    }
    int32_t step = side->steps == MOE_STEPS_LAST ? high : side->step;
    GArray *list = moe__stretches_of(all, step);
    if (list->len > 0)
        return list;
    g_array_unref(list);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "no token was recorded at step %d; the trace has steps %d … %d", step, low, high);
    return NULL;
}

GArray *
moe__side_stretches(const MoeCompareSide *side, GError **error)
{
    g_autoptr(GArray) all = moe__stretches(side->trace, side->steps != MOE_STEPS_ALL, error);
    if (!all)
        return NULL;
    if (all->len == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "the trace has no tokens");
        return NULL;
    }
    return side->steps == MOE_STEPS_ALL ? g_steal_pointer(&all) : choose_step(side, all, error);
}

bool
moe__pairing_next(MoePairing *pairing, MoePaired *out)
{
    if (pairing->at_a == pairing->a->len || pairing->at_b == pairing->b->len)
        return false;
    const MoeStretch *a = &g_array_index(pairing->a, MoeStretch, pairing->at_a);
    const MoeStretch *b = &g_array_index(pairing->b, MoeStretch, pairing->at_b);
    *out = (MoePaired){a->chunk, b->chunk, a->first + pairing->done_a, b->first + pairing->done_b,
                       MIN(a->n - pairing->done_a, b->n - pairing->done_b)};
    pairing->done_a += out->n;
    pairing->done_b += out->n;
    if (pairing->done_a == a->n) {
        pairing->at_a++;
        pairing->done_a = 0;
    }
    if (pairing->done_b == b->n) {
        pairing->at_b++;
        pairing->done_b = 0;
    }
    return true;
}

/* --- Columns ----------------------------------------------------------------------------------*/

bool
moe__column_reader_load(MoeColumnReader *column, int chunk, GError **error)
{
    MoeArray array;
    if (column->chunk == chunk)
        return true;
    g_clear_pointer(&column->values, g_free);
    column->chunk = -1;
    g_autofree char *name = g_strdup_printf("tokens/%05d.%s", chunk, column->name);
    if (moe_trace_has(column->trace, name)) {
        if (!moe_trace_read(column->trace, name, &array, error))
            return false;
        column->values = (int32_t *)array.data;
        int64_t tokens = moe_trace_tokens(column->trace, chunk);
        if (array.type != MOE_I32 || array.ndim != 1 || array.shape[0] != tokens) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                        "%s: <i4 of %" G_GINT64_FORMAT " tokens was expected", name, tokens);
            return false;
        }
    }
    column->chunk = chunk;
    return true;
}

void
moe__column_reader_clear(MoeColumnReader *column)
{
    g_clear_pointer(&column->values, g_free);
}

/* --- The same tokens? -------------------------------------------------------------------------*/

/* Columns in which tokens have to agree. */
static const struct {
    const char *name, *is;
    bool unknown; /* negative numbers say nothing */
} compared[] = {
    {"id", "id", true},
    {"doc", "document", false},
    {"pos", "position", true},
};
enum { COMPARED = G_N_ELEMENTS(compared) };

static bool
fail_different(int column, int64_t token, int32_t a, int32_t b, GError **error)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "the tokens aren't the same: token %" G_GINT64_FORMAT
                " has %s %d in the second, expected %d as in the first",
                token, compared[column].is, b, a);
    return false;
}

MOE_CLONES static bool
compare_tokens_equal(const int32_t *a, const int32_t *b, int64_t n)
{
    int32_t other = 0;
    for (int64_t i = 0; i < n; i++)
        other |= a[i] ^ b[i];
    return other == 0;
}

/* The first token of a stretch that differs; n: none does. */
static int64_t
first_different(const int32_t *a, const int32_t *b, int64_t n, bool unknown)
{
    if (compare_tokens_equal(a, b, n))
        return n;
    for (int64_t i = 0; i < n; i++)
        if (a[i] != b[i] && !(unknown && (a[i] < 0 || b[i] < 0)))
            return i;
    return n;
}

/* Whether nothing has to be looked at: the chunks' columns are the same, and so are the places in
 * them. */
static bool
alike(const MoeColumnReader *a, const MoeColumnReader *b, const MoePaired *paired)
{
    if (paired->first_a != paired->first_b)
        return false;
    g_autofree char *of_a = g_strdup_printf("tokens/%05d.%s", paired->chunk_a, a->name);
    g_autofree char *of_b = g_strdup_printf("tokens/%05d.%s", paired->chunk_b, b->name);
    return moe_trace_columns_alike(a->trace, of_a, b->trace, of_b);
}

static bool
same_stretch(MoeColumnReader *a, MoeColumnReader *b, const MoePaired *paired, int64_t done,
             GError **error)
{
    int64_t first = paired->n;
    int which = 0;
    for (int c = 0; c < COMPARED; c++) {
        if (alike(&a[c], &b[c], paired))
            continue;
        if (!moe__column_reader_load(&a[c], paired->chunk_a, error) ||
            !moe__column_reader_load(&b[c], paired->chunk_b, error))
            return false;
        if (!a[c].values || !b[c].values)
            continue;
        int64_t i = first_different(a[c].values + paired->first_a, b[c].values + paired->first_b,
                                    first, compared[c].unknown);
        if (i < first) {
            first = i;
            which = c;
        }
    }
    if (first == paired->n)
        return true;
    return fail_different(which, done + first, a[which].values[paired->first_a + first],
                          b[which].values[paired->first_b + first], error);
}

/* What comes together of both, in step. (transfer full, of MoePaired) */
static GArray *
pair_up(const GArray *a, const GArray *b)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(MoePaired));
    MoePairing pairing = {.a = a, .b = b};
    MoePaired paired;
    while (moe__pairing_next(&pairing, &paired))
        g_array_append_val(list, paired);
    return list;
}

/* Some that follow each other; the first of them is the `done`-th token. */
static bool
same_stretches(const MoeTrace *trace_a, const MoeTrace *trace_b, const MoePaired *paired, guint n,
               int64_t done, GError **error)
{
    MoeColumnReader a[COMPARED], b[COMPARED];
    bool same = true;
    for (int c = 0; c < COMPARED; c++) {
        a[c] = (MoeColumnReader){trace_a, compared[c].name, -1, NULL};
        b[c] = (MoeColumnReader){trace_b, compared[c].name, -1, NULL};
    }
    for (guint i = 0; same && i < n; done += paired[i++].n)
        same = same_stretch(a, b, &paired[i], done, error);
    for (int c = 0; c < COMPARED; c++) {
        moe__column_reader_clear(&a[c]);
        moe__column_reader_clear(&b[c]);
    }
    return same;
}

/* Each thread takes a part of the list. */
static bool
same_parts(const MoeTrace *trace_a, const MoeTrace *trace_b, const GArray *list, GError **error)
{
    int parts = CLAMP(moe_threads(), 1, MAX((int)list->len, 1));
    g_autofree GError **errors = g_new0(GError *, (gsize)parts);
    g_autofree int64_t *done = g_new0(int64_t, (gsize)parts + 1);
    for (int p = 0; p < parts; p++) {
        guint first = list->len * (guint)p / (guint)parts;
        guint end = list->len * ((guint)p + 1) / (guint)parts;
        done[p + 1] = done[p];
        for (guint i = first; i < end; i++)
            done[p + 1] += g_array_index(list, MoePaired, i).n;
    }
#pragma omp parallel for schedule(static, 1) num_threads(parts)
    for (int p = 0; p < parts; p++) {
        guint first = list->len * (guint)p / (guint)parts;
        guint end = list->len * ((guint)p + 1) / (guint)parts;
        same_stretches(trace_a, trace_b, &g_array_index(list, MoePaired, first), end - first,
                       done[p], &errors[p]);
    }
    return moe__take_first_error(errors, parts, error);
}

bool
moe__same_tokens(const MoeTrace *trace_a, const GArray *a, const MoeTrace *trace_b, const GArray *b,
                 GError **error)
{
    int64_t n = moe__stretches_tokens(a), found = moe__stretches_tokens(b);
    g_autoptr(GArray) list = pair_up(a, b);
    if (!same_parts(trace_a, trace_b, list, error))
        return false;
    if (n != found)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "the tokens aren't the same: found %" G_GINT64_FORMAT
                    " in the second, expected %" G_GINT64_FORMAT ", as many as in the first",
                    found, n);
    return n == found;
}

/* --- Chosen tokens ----------------------------------------------------------------------------*/

/* Adds what is chosen of paired tokens to both lists. */
static void
choose_paired(const uint64_t *bits, const MoePaired *paired, GArray *a, GArray *b)
{
    for (int64_t i = 0, end; i < paired->n && a->len <= MOST_STRETCHES; i = end) {
        end = i + 1;
        if (!bits || !moe_token_set_has(bits, paired->first_a + i))
            continue;
        while (end < paired->n && moe_token_set_has(bits, paired->first_a + end))
            end++;
        MoeStretch in_a = {0, paired->chunk_a, paired->first_a + i, end - i};
        MoeStretch in_b = {0, paired->chunk_b, paired->first_b + i, end - i};
        g_array_append_val(a, in_a);
        g_array_append_val(b, in_b);
    }
}

bool
moe__stretches_choose(const MoeTrace *trace_a, GArray **a, GArray **b, const MoeTokenFilter *filter,
                      GError **error)
{
    g_autoptr(MoeTokenSet) set = moe_token_set_new(trace_a, filter, error);
    g_autoptr(GArray) of_a = g_array_new(FALSE, FALSE, sizeof(MoeStretch));
    g_autoptr(GArray) of_b = g_array_new(FALSE, FALSE, sizeof(MoeStretch));
    MoePairing pairing = {.a = *a, .b = *b};
    MoePaired paired;
    if (!set)
        return false;
    while (moe__pairing_next(&pairing, &paired))
        choose_paired(moe_token_set_bits(set, paired.chunk_a), &paired, of_a, of_b);
    g_autofree char *words = moe_token_filter_text(filter);
    if (of_a->len == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "there is no token where %s", words);
        return false;
    }
    if (of_a->len > MOST_STRETCHES) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "the tokens where %s lie in more than %d pieces", words, MOST_STRETCHES);
        return false;
    }
    GArray *all_a = *a, *all_b = *b;
    *a = g_steal_pointer(&of_a);
    *b = g_steal_pointer(&of_b);
    g_array_unref(all_a);
    g_array_unref(all_b);
    return true;
}
