/* SPDX-License-Identifier: MIT
 *
 * npy.c: writes and reads the header of .npy files: magic, version, length, and a Python dict
 * literal with the keys descr, fortran_order and shape. Any header is read; what a trace's columns
 * may be is checked afterwards.
 */
#include "trace/npy.h"

#include <string.h>

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN); /* data are written as they lie in memory */

static const char magic[8] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0};
enum { ALIGNMENT = 64, WIDE_PREFIX = 12, COLUMN_AXES = 4 };

static const char *const type_codes[] = {
    [MOE_U8] = "|u1",  [MOE_U16] = "<u2", [MOE_I32] = "<i4", [MOE_I64] = "<i8",
    [MOE_F16] = "<f2", [MOE_F32] = "<f4", [MOE_F64] = "<f8",
};

size_t
moe__npy_header(const MoeArray *array, char out[MOE_NPY_HEADER_MAX])
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                           type_codes[array->type]);
    for (int i = 0; i < array->ndim; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT "%s", i > 0 ? " " : "", array->shape[i],
                               i + 1 < array->ndim || array->ndim == 1 ? "," : "");
    g_string_append(text, "), }");

    size_t length = (MOE_NPY_PREFIX + text->len + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memcpy(out, magic, sizeof magic);
    out[8] = (char)(length - MOE_NPY_PREFIX);
    out[9] = (char)((length - MOE_NPY_PREFIX) >> 8);
    memset(out + MOE_NPY_PREFIX, ' ', length - MOE_NPY_PREFIX);
    memcpy(out + MOE_NPY_PREFIX, text->str, text->len);
    out[length - 1] = '\n';
    return length;
}

/* What is left of the dict literal. */
typedef struct Cursor {
    const char *at, *end;
} Cursor;

/* Skips blanks, then `token` if it comes next. */
static bool
accept(Cursor *cursor, const char *token)
{
    size_t n = strlen(token);
    while (cursor->at < cursor->end && *cursor->at == ' ')
        cursor->at++;
    if ((size_t)(cursor->end - cursor->at) < n || memcmp(cursor->at, token, n) != 0)
        return false;
    cursor->at += n;
    return true;
}

/* The type as text; lists of fields and the like are left to say so. */
static bool
parse_descr(Cursor *cursor, MoeNpyHeader *out, GError **error)
{
    const char *end = NULL;
    if (accept(cursor, "'"))
        end = memchr(cursor->at, '\'', (size_t)(cursor->end - cursor->at));
    if (end && end - cursor->at < (ptrdiff_t)sizeof out->descr) {
        memcpy(out->descr, cursor->at, (size_t)(end - cursor->at));
        cursor->at = end + 1;
        return true;
    }
    int shown = (int)MIN(cursor->end - cursor->at, 12);
    g_autofree char *valid = g_utf8_make_valid(cursor->at, shown);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "element type %s… found; one type such as '<f4' is expected", valid);
    return false;
}

static bool
parse_order(Cursor *cursor, MoeNpyHeader *out, GError **error)
{
    out->fortran = accept(cursor, "True");
    if (out->fortran || accept(cursor, "False"))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "fortran_order is neither True nor False");
    return false;
}

static bool
parse_length(Cursor *cursor, int64_t *out)
{
    const char *begin = cursor->at;
    int64_t n = 0;
    for (; cursor->at < cursor->end && g_ascii_isdigit(*cursor->at); cursor->at++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *cursor->at - '0', &n))
            return false;
    *out = n;
    return cursor->at > begin;
}

static bool
parse_shape(Cursor *cursor, MoeNpyHeader *out, GError **error)
{
    bool ok = accept(cursor, "("), comma = true;
    while (ok && !accept(cursor, ")")) {
        ok = comma && out->ndim < (int)G_N_ELEMENTS(out->shape) && accept(cursor, "") &&
             parse_length(cursor, &out->shape[out->ndim]);
        out->ndim += ok;
        comma = accept(cursor, ",");
    }
    if (ok && (out->ndim != 1 || comma)) /* "(3)" is a number to Python */
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "the shape is not a tuple of at most %d lengths", (int)G_N_ELEMENTS(out->shape));
    return false;
}

/* The dict: each key once, in any order. */
static bool
parse_dict(Cursor *cursor, MoeNpyHeader *out, GError **error)
{
    bool descr = false, order = false, shape = false, ok = accept(cursor, "{");
    while (ok && !accept(cursor, "}")) {
        if (!descr && accept(cursor, "'descr':"))
            ok = descr = parse_descr(cursor, out, error);
        else if (!order && accept(cursor, "'fortran_order':"))
            ok = order = parse_order(cursor, out, error);
        else if (!shape && accept(cursor, "'shape':"))
            ok = shape = parse_shape(cursor, out, error);
        else
            break;
        if (!ok)
            return false;
        accept(cursor, ",");
    }
    if (descr && order && shape && accept(cursor, "\n") && cursor->at == cursor->end)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "the header is not a dict with descr, fortran_order and shape");
    return false;
}

static bool
check_length(const MoeArray *array, size_t found, GError **error)
{
    int64_t bytes = (int64_t)moe_type_size(array->type);
    bool overflow = false;
    for (int i = 0; i < array->ndim; i++)
        overflow |= __builtin_mul_overflow(bytes, array->shape[i], &bytes);
    if (!overflow && (uint64_t)bytes == found)
        return true;
    g_autofree char *expected = g_strdup_printf("%" G_GINT64_FORMAT, bytes);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%zu bytes of data found, %s expected from its shape", found,
                overflow ? "an impossible number" : expected);
    return false;
}

/* What a column may be: a part of what numpy writes. */
static bool
check_column(const MoeNpyHeader *header, MoeArray *out, GError **error)
{
    gsize type = 0;
    while (type < G_N_ELEMENTS(type_codes) && strcmp(type_codes[type], header->descr) != 0)
        type++;
    if (type == G_N_ELEMENTS(type_codes)) {
        g_autofree char *valid = g_utf8_make_valid(header->descr, -1);
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "element type '%s' found; |u1, <u2, <i4, <i8, <f2, <f4 or <f8 expected", valid);
        return false;
    }
    if (header->fortran) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "found an array in Fortran order, expected C order (np.ascontiguousarray() "
                    "makes it so before it is saved)");
        return false;
    }
    if (header->ndim > COLUMN_AXES) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%d axes found; at most %d expected",
                    header->ndim, COLUMN_AXES);
        return false;
    }
    *out = (MoeArray){.type = (MoeType)type, .ndim = header->ndim};
    memcpy(out->shape, header->shape, sizeof out->shape);
    return true;
}

size_t
moe__npy_header_length(const uint8_t prefix[MOE_NPY_PREFIX], size_t length, GError **error)
{
    if (length < MOE_NPY_PREFIX || memcmp(prefix, magic, sizeof magic) != 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "not a .npy array of version 1.0 (%zu bytes)", length);
        return 0;
    }
    size_t header = MOE_NPY_PREFIX + (size_t)(prefix[8] | prefix[9] << 8);
    if (header <= length)
        return header;
    g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                "the array's header takes %zu bytes, %zu are there", header, length);
    return 0;
}

bool
moe__npy_parse_header(const uint8_t *bytes, size_t header, size_t length, MoeArray *out,
                      GError **error)
{
    MoeNpyHeader any = {0};
    *out = (MoeArray){0};
    Cursor cursor = {(const char *)bytes + MOE_NPY_PREFIX, (const char *)bytes + header};
    return parse_dict(&cursor, &any, error) && check_column(&any, out, error) &&
           check_length(out, length - header, error);
}

bool
moe__npy_parse(const uint8_t *bytes, size_t length, MoeArray *out, GError **error)
{
    *out = (MoeArray){0};
    size_t header = moe__npy_header_length(bytes, length, error);
    if (header == 0 || !moe__npy_parse_header(bytes, header, length, out, error))
        return false;
    out->data = bytes + header;
    return true;
}

bool
moe__npy_any_header(const uint8_t *bytes, size_t length, MoeNpyHeader *out, GError **error)
{
    *out = (MoeNpyHeader){0};
    if (length < WIDE_PREFIX || memcmp(bytes, magic, 6) != 0 || bytes[6] < 1 || bytes[6] > 3) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "not a .npy array of version 1, 2 or 3 (%zu bytes)", length);
        return false;
    }
    size_t prefix = bytes[6] == 1 ? MOE_NPY_PREFIX : WIDE_PREFIX;
    size_t wide = bytes[6] == 1 ? 0 : (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    out->data = prefix + (size_t)(bytes[8] | bytes[9] << 8) + wide;
    if (out->data > length) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                    "the array's header takes %zu bytes, %zu are there", out->data, length);
        return false;
    }
    Cursor cursor = {(const char *)bytes + prefix, (const char *)bytes + out->data};
    return parse_dict(&cursor, out, error);
}
