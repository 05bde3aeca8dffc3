/* SPDX-License-Identifier: MIT */
#include "import/sglang-record.h"

static void
piece_clear(void *piece)
{
    g_free(((MoePiece *)piece)->name);
}

void
moe__sglang_init(MoeSglang *record)
{
    *record = (MoeSglang){.number = -1, .pieces = g_array_new(FALSE, FALSE, sizeof(MoePiece))};
    g_array_set_clear_func(record->pieces, piece_clear);
}

void
moe__sglang_reset(MoeSglang *record)
{
    moe__values_clear(&record->ids);
    moe__values_clear(&record->positions);
    moe__values_clear(&record->tokens);
    g_array_set_size(record->pieces, 0);
}

void
moe__sglang_clear(MoeSglang *record)
{
    moe__sglang_reset(record);
    g_array_unref(record->pieces);
}

bool
moe__sglang_fail(const MoeSglang *record, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *name = g_filename_display_name(record->path);
    g_autofree char *place = g_strdup_printf(": record %" G_GINT64_FORMAT, record->number);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s%s: %s", name,
                record->number < 0 ? "" : place, message);
    return false;
}

/* --- A record ---------------------------------------------------------------------------------*/

/* A list of integers, or an array of them; nothing where it is None or absent. */
static bool
read_integers(MoeSglang *record, const MoePy *value, const char *name, MoeValues *out,
              GError **error)
{
    if (!value || value->kind == MOE_PY_NONE)
        return true;
    if (value->kind == MOE_PY_ARRAY)
        return moe__py_values(record->doc, value, out, error);
    if (value->kind != MOE_PY_LIST && value->kind != MOE_PY_TUPLE)
        return moe__sglang_fail(record, error, "%s: found %s, expected a list", name,
                                moe__py_kind_name((MoePyKind)value->kind));
    *out = (MoeValues){.type = MOE_STORED_I64, .ndim = 1, .shape = {value->count}};
    out->count = value->count;
    out->data = g_new(int64_t, (gsize)MAX(value->count, 1));
    for (int64_t i = 0; i < value->count; i++)
        if (!moe__py_integer(value->items[i], (int64_t *)out->data + i))
            return moe__sglang_fail(record, error, "%s: expected integers", name);
    return true;
}

static bool
read_ids(MoeSglang *record, const MoePy *node, GError **error)
{
    const MoePy *ids = moe__py_get(node, "topk_ids_of_layer");
    if (!ids)
        return moe__sglang_fail(
            record, error,
            moe__py_get(node, "global_physical_count")
                ? "found counts of a pass, but no topk_ids_of_layer: recorded per_pass "
                  "(--as sglang-passes reads the counts; picks are in what per_token records)"
                : "found no topk_ids_of_layer");
    if (!moe__py_values(record->doc, ids, &record->ids, error))
        return false;
    const int64_t *shape = record->ids.shape;
    int64_t unused;
    if (record->ids.ndim != 3 ||
        (record->ids.count > 0 && !moe__values_integer(&record->ids, 0, &unused)))
        return moe__sglang_fail(record, error,
                                "topk_ids_of_layer: expected integers [layers, tokens, slots]");
    if (shape[0] < 1 || shape[0] > UINT16_MAX || shape[1] > INT32_MAX || shape[2] > UINT16_MAX)
        return moe__sglang_fail(record, error,
                                "topk_ids_of_layer: found %" G_GINT64_FORMAT " layers", shape[0]);
    return true;
}

/* Whether `values`, if there are any, are those of the record's tokens. */
static bool
check_length(const MoeSglang *record, const MoeValues *values, const char *name, GError **error)
{
    if (!values->data || (values->ndim == 1 && values->count == record->ids.shape[1]))
        return true;
    return moe__sglang_fail(
        record, error, "%s: found %" G_GINT64_FORMAT " of them for %" G_GINT64_FORMAT " tokens",
        name, values->count, record->ids.shape[1]);
}

bool
moe__sglang_read(MoeSglang *record, const MoePy *node, GError **error)
{
    return read_ids(record, node, error) &&
           read_integers(record, moe__py_get(node, "positions"), "positions", &record->positions,
                         error) &&
           check_length(record, &record->positions, "positions", error) &&
           read_integers(record, moe__py_get(node, "input_ids"), "input_ids", &record->tokens,
                         error) &&
           check_length(record, &record->tokens, "input_ids", error);
}

/* --- Pieces -----------------------------------------------------------------------------------*/

static int32_t
position_of(const MoeSglang *record, int64_t t)
{
    int64_t position = -1;
    if (record->positions.data)
        moe__values_integer(&record->positions, t, &position);
    return (int32_t)CLAMP(position, -1, INT32_MAX / 2);
}

/* Padding has no picks in any layer, and belongs to no text. */
static bool
is_padding(const MoeSglang *record, int64_t t)
{
    const int64_t *shape = record->ids.shape;
    for (int64_t layer = 0; layer < shape[0]; layer++)
        for (int64_t i = 0; i < shape[2]; i++) {
            int64_t id = -1;
            moe__values_integer(&record->ids, (layer * shape[1] + t) * shape[2] + i, &id);
            if (id >= 0)
                return false;
        }
    return true;
}

/* `index`: of its request in the pass. */
static void
add_piece(MoeSglang *record, const MoePy *names, int64_t index, int64_t at, int64_t n)
{
    bool named = names && names->kind == MOE_PY_LIST && index < names->count;
    if (n == 0 || is_padding(record, at))
        return;
    const MoePiece piece = {
        .name = named ? moe__py_string(names->items[index]) : NULL,
        .at = at,
        .first = MAX(position_of(record, at), 0),
        .n = (int32_t)n,
    };
    g_array_append_val(record->pieces, piece);
}

/* Whether token t belongs to the text of the one before, as far as positions tell. In decoding, no
 * two tokens of a pass do. */
static bool
goes_on(const MoeSglang *record, const MoeValues *lengths, int64_t t)
{
    if (!record->positions.data)
        return true;
    return lengths->data && position_of(record, t) == position_of(record, t - 1) + 1;
}

/* Whether the lengths are there and are those of all tokens. */
static bool
adds_up(const MoeSglang *record, const MoeValues *lengths)
{
    int64_t left = record->ids.shape[1];
    for (int64_t i = 0; i < lengths->count; i++) {
        int64_t length;
        if (!moe__values_integer(lengths, i, &length) || length < 0 || length > left)
            return false;
        left -= length;
    }
    return lengths->data && left == 0;
}

/* A pass over prompts says how long the piece of each is; one of decoding has a token of each text.
 * Where lengths don't add up, a piece ends where positions don't go on. */
static void
cut_pieces(MoeSglang *record, const MoePy *node, const MoeValues *lengths)
{
    const MoePy *names = moe__py_get(node, "rids");
    int64_t T = record->ids.shape[1], first = 0, index = 0, length = 0;
    bool told = adds_up(record, lengths);
    for (; told && index < lengths->count; index++, first += length) {
        moe__values_integer(lengths, index, &length);
        add_piece(record, names, index, first, length);
    }
    for (int64_t t = first + 1; first < T; t++) {
        if (t < T && goes_on(record, lengths, t))
            continue;
        add_piece(record, names, index++, first, t - first);
        first = t;
    }
}

bool
moe__sglang_cut(MoeSglang *record, const MoePy *node, GError **error)
{
    g_auto(MoeValues) lengths = {0};
    if (!read_integers(record, moe__py_get(node, "extend_seq_lens"), "extend_seq_lens", &lengths,
                       error))
        return false;
    cut_pieces(record, node, &lengths);
    return true;
}
