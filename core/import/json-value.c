/* SPDX-License-Identifier: MIT
 *
 * Strings, and values of an expected kind.
 */
#include "import/json-pull.h"

#include <string.h>

/* --- Strings ----------------------------------------------------------------------------------*/

/* Bytes up to the one that ends or stops a string; `at` begins behind the mark. */
static size_t
plain_length(const uint8_t *bytes, size_t at)
{
    while (bytes[at] != '"' && bytes[at] != '\\' && bytes[at] >= ' ')
        at++;
    return at;
}

bool
moe__json_scan_string(MoeJson *json)
{
    MoeStream *stream = json->stream;
    size_t length = 1; /* from `at`, which stays on the opening mark */
    json->escaped = false;
    for (;;) {
        length = plain_length(stream->bytes + stream->at, length);
        uint8_t byte = stream->bytes[stream->at + length];
        if (byte == '"')
            break;
        bool more_needed = stream->at + length + (byte == '\\') >= stream->end;
        json->ended = more_needed && !moe__stream_more(stream);
        if (json->ended)
            return moe__json_fail(json, "the text ends within a string");
        if (more_needed)
            continue;
        if (byte != '\\')
            return moe__json_fail(json, "found the control character 0x%02x in a string", byte);
        json->escaped = true;
        length += 2;
    }
    json->raw = (const char *)stream->bytes + stream->at + 1;
    json->raw_length = length - 1;
    stream->at += length + 1;
    return true;
}

/* Four hexadecimal digits; -1 if they aren't. */
static int
hex4(const char *at, const char *end)
{
    int value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* What stands behind "\u"; returns the byte behind, or NULL. */
static const char *
append_unicode(GString *out, const char *at, const char *end)
{
    int high = hex4(at, end);
    if (high < 0)
        return NULL;
    at += 4;
    if (high < 0xd800 || high > 0xdfff) {
        g_string_append_unichar(out, (gunichar)high);
        return at;
    }
    bool pair = high < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u';
    int low = pair ? hex4(at + 2, end) : -1;
    if (low < 0xdc00 || low > 0xdfff) {
        g_string_append_unichar(out, 0xfffd);
        return at;
    }
    g_string_append_unichar(out, (gunichar)(0x10000 + (high - 0xd800) * 1024 + low - 0xdc00));
    return at + 6;
}

static bool
unescape(MoeJson *json)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *at = json->raw, *end = at + json->raw_length;
    while (at < end) {
        if (*at != '\\') {
            g_string_append_c(json->text, *at++);
            continue;
        }
        const char *letter = strchr(letters, at[1]);
        if (letter && *letter) {
            g_string_append_c(json->text, meanings[letter - letters]);
            at += 2;
            continue;
        }
        at = at[1] == 'u' ? append_unicode(json->text, at + 2, end) : NULL;
        if (!at)
            return moe__json_fail(json, "found an escape that JSON doesn't have");
    }
    return true;
}

const char *
moe__json_text(MoeJson *json)
{
    g_string_truncate(json->text, 0);
    if (!json->escaped)
        g_string_append_len(json->text, json->raw, (gssize)json->raw_length);
    else if (!unescape(json))
        return NULL;
    /* A NUL, which JSON can write, would end the text for who reads it. */
    if (!g_utf8_validate(json->text->str, (gssize)json->text->len, NULL)) {
        moe__json_fail(json, "found a string that isn't UTF-8 or holds NUL");
        return NULL;
    }
    return json->text->str;
}

bool
moe__json_is(const MoeJson *json, const char *text)
{
    return !json->escaped && json->raw_length == strlen(text) &&
           memcmp(json->raw, text, json->raw_length) == 0;
}

/* --- Values of an expected kind ---------------------------------------------------------------*/

static const char *
event_name(MoeJsonEvent event)
{
    static const char *const names[] = {
        "the end of the text",
        "an object",
        "the end of an object",
        "a list",
        "the end of a list",
        "a key",
        "a string",
        "an integer",
        "a number",
        "true/false",
        "null",
        "an error",
    };
    return names[event];
}

bool
moe__json_expect(MoeJson *json, MoeJsonEvent wanted, const char *what)
{
    MoeJsonEvent found = moe__json_next(json);
    if (found == wanted)
        return true;
    return moe__json_fail(json, "%s: found %s, expected %s", what, event_name(found),
                          event_name(wanted));
}

bool
moe__json_is_cut(const MoeJson *json)
{
    const MoeStream *stream = json->stream;
    bool array = json->arrays & 1;
    if (!json->error || stream->error || !stream->over || json->depth < 1 || array)
        return false;
    const uint8_t *at = stream->bytes + (json->begin - stream->base);
    const uint8_t *end = stream->bytes + stream->end;
    while (at < end && (g_ascii_isalnum(*at) || *at == '.' || *at == '-' || *at == '+'))
        at++;
    return json->ended || at == end;
}

bool
moe__json_next_row(MoeJson *json)
{
    MoeJsonEvent event;
    do
        event = moe__json_next(json);
    while ((event == MOE_JSON_ARRAY && json->depth == 1) ||
           (event == MOE_JSON_ARRAY_END && json->depth == 0));
    return event == MOE_JSON_OBJECT ||
           (event != MOE_JSON_END &&
            moe__json_fail(json, "found %s, expected an object a line, or a list of objects",
                           event_name(event)));
}

bool
moe__json_check_int(MoeJson *json, const char *what, int64_t low, int64_t high)
{
    if (json->event != MOE_JSON_INT)
        return moe__json_fail(json, "%s: found %s, expected an integer", what,
                              event_name(json->event));
    if (json->integer >= low && json->integer <= high)
        return true;
    return moe__json_fail(
        json, "%s: found %" G_GINT64_FORMAT ", expected %" G_GINT64_FORMAT " … %" G_GINT64_FORMAT,
        what, json->integer, low, high);
}

bool
moe__json_take_int(MoeJson *json, const char *what, int64_t low, int64_t high, int64_t *out)
{
    if (!moe__json_quick_int(json))
        moe__json_next(json);
    bool good = moe__json_check_int(json, what, low, high);
    *out = good ? json->integer : low;
    return good;
}

bool
moe__json_rest_ints(MoeJson *json, const char *what, GArray *out)
{
    for (;;) {
        moe__json_quick_ints(json, out);
        if (moe__json_next(json) == MOE_JSON_ARRAY_END)
            return true;
        if (!moe__json_check_int(json, what, INT32_MIN, INT32_MAX))
            return false;
        int32_t value = (int32_t)json->integer;
        g_array_append_val(out, value);
    }
}

bool
moe__json_take_ints(MoeJson *json, const char *what, GArray *out)
{
    return moe__json_expect(json, MOE_JSON_ARRAY, what) && moe__json_rest_ints(json, what, out);
}

bool
moe__json_rest_reals(MoeJson *json, const char *what, GArray *out)
{
    for (;;) {
        moe__json_quick_reals(json, out);
        if (moe__json_next(json) == MOE_JSON_ARRAY_END)
            return true;
        if (json->event != MOE_JSON_INT && json->event != MOE_JSON_REAL)
            return moe__json_fail(json, "%s: found %s, expected a number", what,
                                  event_name(json->event));
        double value = json->real;
        g_array_append_val(out, value);
    }
}

bool
moe__json_take_reals(MoeJson *json, const char *what, GArray *out)
{
    return moe__json_expect(json, MOE_JSON_ARRAY, what) && moe__json_rest_reals(json, what, out);
}

const char *
moe__json_take_text(MoeJson *json, const char *what)
{
    return moe__json_expect(json, MOE_JSON_STRING, what) ? moe__json_text(json) : NULL;
}
