/* SPDX-License-Identifier: MIT */
#include "import/id-array.h"

#include "import/numpy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
moe__id_array_free(MoeIdArray *array)
{
    if (!array)
        return;
    g_free(array->bytes);
    g_free(array);
}

int64_t
moe__id_array_at(const MoeIdArray *array, int64_t i)
{
    const uint8_t *at = array->bytes + i * array->width;
    uint64_t bits = 0;
    for (int b = 0; b < array->width; b++)
        bits |= (uint64_t)at[b] << (8 * b);
    int unused = 64 - 8 * array->width;
    return array->kind == 'i' ? (int64_t)(bits << unused) >> unused : (int64_t)bits;
}

/* --- Shapes -----------------------------------------------------------------------------------*/

/* Whether the ids fill what is there. */
static bool
check_size(MoeJson *json, const MoeIdArray *array)
{
    int64_t ids = (int64_t)array->length / array->width;
    bool sane = array->tokens >= 0 && array->tokens <= INT32_MAX && array->layers > 0 &&
                array->layers <= UINT16_MAX && array->k > 0 && array->k <= UINT16_MAX;
    if (sane && array->start > INT32_MAX - array->tokens)
        return moe__json_fail(json,
                              "found %" G_GINT64_FORMAT " tokens from %" G_GINT64_FORMAT " on",
                              array->tokens, array->start);
    if (sane && (array->tokens == 0 || ids / array->tokens == array->layers * array->k) &&
        ids == array->tokens * array->layers * array->k)
        return true;
    return moe__json_fail(json,
                          "found %" G_GINT64_FORMAT " ids for the shape (%" G_GINT64_FORMAT
                          ", %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")",
                          ids, array->tokens, array->layers, array->k);
}

static bool
set_type(MoeJson *json, MoeIdArray *array, char kind, int width, const char *name)
{
    array->kind = kind;
    array->width = width;
    if ((kind == 'i' || kind == 'u') && (width == 1 || width == 2 || width == 4 || width == 8))
        return true;
    return moe__json_fail(json, "found type %.20s, expected integers", name);
}

enum { NPY_LEAST = 12 }; /* bytes before a header */

/* What the reader of .npy files makes of it: ids in C order. */
static bool
take_values(MoeJson *json, MoeIdArray *array, MoeValues *values)
{
    int first = values->ndim == 4 && values->shape[0] == 1; /* a batch of one */
    bool is_unsigned = values->type == MOE_STORED_U8 || values->type == MOE_STORED_U16 ||
                       values->type == MOE_STORED_U32 || values->type == MOE_STORED_U64;
    bool is_signed = values->type == MOE_STORED_I8 || values->type == MOE_STORED_I16 ||
                     values->type == MOE_STORED_I32 || values->type == MOE_STORED_I64;
    if ((!is_unsigned && !is_signed) || values->ndim - first != 3)
        return moe__json_fail(json, "found a .npy of %s with %d axes, expected integers of three",
                              moe_stored_type_name(values->type), values->ndim);
    array->tokens = values->shape[first];
    array->layers = values->shape[first + 1];
    array->k = values->shape[first + 2];
    array->shaped = true;
    array->length = (size_t)values->count * moe_stored_type_size(values->type);
    g_free(array->bytes);
    array->bytes = g_steal_pointer(&values->data);
    return set_type(json, array, is_unsigned ? 'u' : 'i', (int)moe_stored_type_size(values->type),
                    moe_stored_type_name(values->type)) &&
           check_size(json, array);
}

static bool
parse_npy(MoeJson *json, MoeIdArray *array)
{
    g_autoptr(GError) error = NULL;
    g_auto(MoeValues) values = {0};
    if (moe__npy_values(array->bytes, array->length, &values, &error))
        return take_values(json, array, &values);
    bool cut = array->length < NPY_LEAST || g_error_matches(error, MOE_ERROR, MOE_ERROR_TRUNCATED);
    return moe__json_fail(json, "found a .npy that %s: %s",
                          cut ? "ends too early" : "can't be read", error->message);
}

bool
moe__id_array_shape(MoeIdArray *array, int64_t tokens, int64_t k)
{
    int64_t ids = (int64_t)array->length / array->width;
    if (tokens <= 0 || k <= 0 || ids % tokens || ids / tokens % k)
        return false;
    array->tokens = tokens;
    array->k = k;
    array->layers = ids / tokens / k;
    array->shaped = true;
    return array->layers > 0 && array->layers <= UINT16_MAX;
}

/* --- Values -----------------------------------------------------------------------------------*/

static bool
decode(MoeJson *json, const char *text, MoeIdArray *array)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    /* That for URLs has other letters for the last two. */
    g_autofree char *usual = strpbrk(text, "-_") ? g_strdup(text) : NULL;
    for (char *c = usual; c && *c; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    text = usual ? usual : text;
    size_t plain = strspn(text, letters);
    size_t whole = plain + strspn(text + plain, "=");
    if (text[whole] || whole % 4 || whole - plain > 2)
        return moe__json_fail(json, "found what isn't base64");
    g_free(array->bytes);
    array->bytes = g_base64_decode(text, &array->length);
    return true;
}

/* "int16", "uint8", "torch.int32" … */
static bool
set_named_type(MoeJson *json, MoeIdArray *array, const char *name)
{
    name += g_str_has_prefix(name, "torch.") ? strlen("torch.") : 0;
    bool is_unsigned = *name == 'u';
    int bits = strncmp(name + is_unsigned, "int", 3) == 0 ? atoi(name + is_unsigned + 3) : 0;
    return set_type(json, array, is_unsigned ? 'u' : 'i', bits / 8, name);
}

/* "nrlre1:int16:5x24x8:BASE64" (nemo_rl/utils/routed_experts_codec.py) */
static bool
read_nemo(MoeJson *json, const char *text, MoeIdArray *array)
{
    char type[8] = "";
    int n = 0;
    if (sscanf(text,
               "nrlre1:%7[a-z0-9]:%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
               ":%n",
               type, &array->tokens, &array->layers, &array->k, &n) != 4 ||
        n == 0)
        return moe__json_fail(json, "found \"%.40s\", expected nrlre1:TYPE:SxLxK:BASE64", text);
    array->shaped = true;
    return set_named_type(json, array, type) && decode(json, text + n, array) &&
           check_size(json, array);
}

static bool
read_text(MoeJson *json, MoeIdArray *array)
{
    const char *text = moe__json_text(json);
    if (!text)
        return false;
    if (g_str_has_prefix(text, "nrlre1:"))
        return read_nemo(json, text, array);
    if (!decode(json, text, array))
        return false;
    if (array->length >= 6 && memcmp(array->bytes, "\x93NUMPY", 6) == 0)
        return parse_npy(json, array);
    if (array->length >= 4 && memcmp(array->bytes, "PK\3\4", 4) == 0)
        return moe__json_fail(json, "found a .npz or another archive, expected a .npy or bare ids");
    return true; /* what it is of may be said later */
}

bool
moe__id_array_type(MoeJson *json, MoeIdArray *array, const char *name)
{
    name = name ? name : "int32";
    if (!set_named_type(json, array, name))
        return false;
    return array->length % (size_t)array->width == 0 ||
           moe__json_fail(json, "found %zu bytes, expected %s (--id-type says what ids are)",
                          array->length, name);
}

static bool
read_shape(MoeJson *json, MoeIdArray *array)
{
    g_autoptr(GArray) shape = g_array_new(FALSE, FALSE, sizeof(int32_t));
    if (!moe__json_take_ints(json, "shape", shape))
        return false;
    guint first = shape->len == 4 && g_array_index(shape, int32_t, 0) == 1; /* a batch of one */
    if (shape->len - first != 3)
        return moe__json_fail(json, "found a shape of %u axes, expected 3", shape->len);
    array->tokens = g_array_index(shape, int32_t, first);
    array->layers = g_array_index(shape, int32_t, first + 1);
    array->k = g_array_index(shape, int32_t, first + 2);
    array->shaped = true;
    return true;
}

static bool
read_type(MoeJson *json, MoeIdArray *array)
{
    const char *name = moe__json_take_text(json, "dtype");
    return name && set_named_type(json, array, name);
}

static bool
read_data(MoeJson *json, MoeIdArray *array)
{
    const char *text = moe__json_take_text(json, "data");
    return text && decode(json, text, array);
}

/* The place of the first row: the rows of a prefix that was cached may be left out. */
static bool
read_start(MoeJson *json, MoeIdArray *array)
{
    if (moe__json_next(json) == MOE_JSON_NULL)
        return true;
    if (!moe__json_check_int(json, "start", 0, INT32_MAX))
        return false;
    array->start = json->integer;
    return true;
}

static bool
read_envelope(MoeJson *json, MoeIdArray *array)
{
    while (moe__json_next(json) == MOE_JSON_KEY) {
        bool data = moe__json_is(json, "data_base64") || moe__json_is(json, "data");
        bool good = moe__json_is(json, "shape")   ? read_shape(json, array)
                    : moe__json_is(json, "dtype") ? read_type(json, array)
                    : moe__json_is(json, "start") ? read_start(json, array)
                    : data                        ? read_data(json, array)
                                                  : moe__json_skip(json);
        if (!good)
            return false;
    }
    if (json->error)
        return false;
    if (!array->shaped || !array->bytes || !array->width)
        return moe__json_fail(json, "expected shape, dtype and data_base64");
    return check_size(json, array);
}

/* Lists of lists of lists, opened: [tokens][layers][k]. */
static bool
read_lists(MoeJson *json, MoeIdArray *array)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    int64_t rows = 0;
    while (moe__json_next(json) == MOE_JSON_ARRAY) {
        int64_t layers = 0;
        for (; moe__json_next(json) == MOE_JSON_ARRAY; layers++, rows++) {
            guint before = ids->len;
            if (!moe__json_rest_ints(json, "routed_experts", ids))
                return false;
            array->k = rows == 0 ? ids->len : array->k;
            if (array->k == 0 || ids->len - before != array->k)
                return moe__json_fail(json,
                                      "routed_experts: found %u ids, expected %" G_GINT64_FORMAT,
                                      ids->len - before, MAX(array->k, 1));
        }
        array->layers = array->tokens == 0 ? layers : array->layers;
        if (json->event != MOE_JSON_ARRAY_END || layers == 0 || layers != array->layers)
            return moe__json_fail(json, "routed_experts: expected lists [tokens][layers][k]");
        array->tokens++;
    }
    if (json->event != MOE_JSON_ARRAY_END)
        return moe__json_fail(json, "routed_experts: expected lists [tokens][layers][k]");
    array->length = ids->len * sizeof(int32_t);
    array->bytes = (uint8_t *)g_array_free(g_steal_pointer(&ids), FALSE);
    array->shaped = true;
    return set_type(json, array, 'i', sizeof(int32_t), "int32") && check_size(json, array);
}

MoeIdArray *
moe__id_array_read(MoeJson *json)
{
    g_autoptr(MoeIdArray) array = g_new0(MoeIdArray, 1);
    array->start = -1;
    bool good = false;
    switch (moe__json_next(json)) {
    case MOE_JSON_STRING:
        good = read_text(json, array);
        break;
    case MOE_JSON_OBJECT:
        good = read_envelope(json, array);
        break;
    case MOE_JSON_ARRAY:
        good = read_lists(json, array);
        break;
    case MOE_JSON_NULL:
        break;
    default:
        moe__json_fail(json, "routed_experts: expected base64, an object with it, or lists of ids");
    }
    return good ? g_steal_pointer(&array) : NULL;
}
