/* SPDX-License-Identifier: MIT
 *
 * The header's JSON has one form only: {name: {"dtype": text, "shape": [whole …], "data_offsets":
 * [whole, whole]}, …, "__metadata__": {text: text, …}}. This parser knows no other, so nothing
 * nests deeper than that, nothing is allocated beyond what the bytes pay for, and every complaint
 * can name its byte. (json-glib's parser calls itself for each "[": a hostile file overflows the
 * stack.)
 */
#include "nn/safetensors-header.h"

#include "base/quote.h"

#include <string.h>

#define LENGTH_BYTES 8 /* that stand before the header */

typedef struct {
    const char *begin, *at, *end;
    const char *path;
    const char *name; /* of the array being read, or NULL */
    GError **error;
} Parser;

static bool
fail(Parser *p, const char *expected)
{
    g_autofree char *name = p->name ? moe__quote(p->name) : NULL;
    g_autofree char *found =
        p->at < p->end ? g_strdup_printf("0x%02x", (unsigned char)*p->at) : g_strdup("the end");
    g_set_error(p->error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: header%s%s, byte %td: found %s, expected %s", p->path, name ? " of " : "",
                name ? name : "", p->at - p->begin + LENGTH_BYTES, found, expected);
    return false;
}

static void
skip_space(Parser *p)
{
    while (p->at < p->end && strchr(" \t\r\n", *p->at) && *p->at)
        p->at++;
}

/* Whether `c` comes next; takes it if so. */
static bool
take(Parser *p, char c)
{
    skip_space(p);
    if (p->at == p->end || *p->at != c)
        return false;
    p->at++;
    return true;
}

static bool
expect(Parser *p, char c)
{
    char expected[] = {'"', c, '"', '\0'};
    return take(p, c) || fail(p, expected);
}

static bool
parse_hex4(Parser *p, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        int digit = p->at < p->end ? g_ascii_xdigit_value(*p->at) : -1;
        if (digit < 0)
            return fail(p, "four hexadecimal digits");
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

/* What follows "\u": a UTF-16 unit, or two of them. */
static bool
parse_unicode(Parser *p, GString *text)
{
    uint32_t high, low;
    if (!parse_hex4(p, &high))
        return false;
    if (high >= 0xD800 && high < 0xDC00) {
        if (p->end - p->at < 2 || p->at[0] != '\\' || p->at[1] != 'u')
            return fail(p, "the second half of a surrogate pair");
        p->at += 2;
        if (!parse_hex4(p, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return fail(p, "the second half of a surrogate pair");
        high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }
    if (high == 0 || !g_unichar_validate(high))
        return fail(p, "a character");
    g_string_append_unichar(text, high);
    return true;
}

static bool
parse_escape(Parser *p, GString *text)
{
    static const char code[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
    if (p->at == p->end)
        return fail(p, "an escape");
    if (*p->at == 'u') {
        p->at++;
        return parse_unicode(p, text);
    }
    const char *found = memchr(code, *p->at, sizeof code - 1);
    if (!found)
        return fail(p, "an escape");
    g_string_append_c(text, meaning[found - code]);
    p->at++;
    return true;
}

/* A string; NULL on error. (transfer full) */
static char *
parse_string(Parser *p)
{
    if (!expect(p, '"'))
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    while (p->at < p->end && *p->at != '"') {
        if (*p->at == '\\') {
            p->at++;
            if (!parse_escape(p, text))
                return NULL;
        } else if ((unsigned char)*p->at < 0x20) {
            fail(p, "no control character in a string");
            return NULL;
        } else {
            g_string_append_c(text, *p->at++);
        }
    }
    if (!expect(p, '"'))
        return NULL;
    if (!g_utf8_validate(text->str, (gssize)text->len, NULL)) {
        fail(p, "UTF-8 in the string that ends here");
        return NULL;
    }
    return g_strdup(text->str);
}

/* A whole number in 0 … INT64_MAX. */
static bool
parse_whole(Parser *p, int64_t *value)
{
    skip_space(p);
    const char *first = p->at;
    *value = 0;
    for (; p->at < p->end && g_ascii_isdigit(*p->at); p->at++)
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, *p->at - '0', value))
            return fail(p, "a number below 2^63");
    if (p->at == first)
        return fail(p, "a whole number");
    return true;
}

static bool
parse_wholes(Parser *p, GArray *values)
{
    if (!expect(p, '['))
        return false;
    if (take(p, ']'))
        return true;
    do {
        int64_t value;
        if (!parse_whole(p, &value))
            return false;
        g_array_append_val(values, value);
    } while (take(p, ','));
    return expect(p, ']');
}

static bool
parse_offsets(Parser *p, MoeStoredHeader *array)
{
    g_autoptr(GArray) offsets = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!parse_wholes(p, offsets))
        return false;
    if (offsets->len != 2)
        return fail(p, "two data_offsets before");
    array->begin = (uint64_t)g_array_index(offsets, int64_t, 0);
    array->end = (uint64_t)g_array_index(offsets, int64_t, 1);
    return true;
}

static bool
parse_type(Parser *p, MoeStoredHeader *array)
{
    g_autofree char *name = parse_string(p);
    if (!name)
        return false;
    for (MoeStoredType type = 0; type < MOE_N_STORED; type++) {
        if (strcmp(name, moe_stored_type_name(type)) == 0) {
            array->type = type;
            return true;
        }
    }
    g_autofree char *array_name = moe__quote(p->name), *found = moe__quote(name);
    g_set_error(p->error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "%s: %s has dtype %s, which this version doesn't read", p->path, array_name, found);
    return false;
}

/* {"dtype": …, "shape": …, "data_offsets": …} in any order, each once. */
static bool
parse_array(Parser *p, MoeStoredHeader *array)
{
    static const char *const member[] = {"dtype", "shape", "data_offsets", NULL};
    unsigned seen = 0;
    if (!expect(p, '{'))
        return false;
    do {
        g_autofree char *key = parse_string(p);
        if (!key)
            return false;
        unsigned i = 0;
        while (member[i] && strcmp(member[i], key) != 0)
            i++;
        if (!member[i] || seen & 1u << i)
            return fail(p, "\"dtype\", \"shape\" and \"data_offsets\" before, each once");
        seen |= 1u << i;
        bool good = expect(p, ':') && (i == 0   ? parse_type(p, array)
                                       : i == 1 ? parse_wholes(p, array->shape)
                                                : parse_offsets(p, array));
        if (!good)
            return false;
    } while (take(p, ','));
    if (seen != 7)
        return fail(p, "\"dtype\", \"shape\" and \"data_offsets\" before, each once");
    return expect(p, '}');
}

static bool
parse_metadata(Parser *p, GHashTable *metadata)
{
    if (!expect(p, '{'))
        return false;
    if (take(p, '}'))
        return true;
    do {
        g_autofree char *key = parse_string(p);
        if (!key || !expect(p, ':'))
            return false;
        char *value = parse_string(p);
        if (!value)
            return false;
        g_hash_table_insert(metadata, g_steal_pointer(&key), value);
    } while (take(p, ','));
    return expect(p, '}');
}

static bool
parse_member(Parser *p, GArray *arrays, GHashTable *metadata)
{
    g_autofree char *name = parse_string(p);
    if (!name || !expect(p, ':'))
        return false;
    p->name = name;
    bool good;
    if (strcmp(name, "__metadata__") == 0) {
        good = parse_metadata(p, metadata);
    } else {
        MoeStoredHeader array = {.shape = g_array_new(FALSE, FALSE, sizeof(int64_t))};
        good = parse_array(p, &array);
        array.name = g_strdup(name);
        g_array_append_val(arrays, array);
    }
    p->name = NULL;
    return good;
}

bool
moe__safetensors_parse(const char *json, size_t length, const char *path, GArray *arrays,
                       GHashTable *metadata, GError **error)
{
    Parser p = {.begin = json, .at = json, .end = json + length, .path = path, .error = error};
    if (length == 0 || *json != '{')
        return fail(&p, "\"{\"");
    p.at++;
    if (!take(&p, '}')) {
        do {
            if (!parse_member(&p, arrays, metadata))
                return false;
        } while (take(&p, ','));
        if (!expect(&p, '}'))
            return false;
    }
    skip_space(&p);
    return p.at == p.end || fail(&p, "only spaces after the header");
}
