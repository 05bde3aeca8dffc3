/* SPDX-License-Identifier: MIT
 *
 * The grammar: which event may follow which. Tokens are read where they lie in the stream's window;
 * one that reaches its end makes the window take in more, and is begun again.
 */
#include "import/json-pull.h"

#include <math.h>
#include <string.h>

/* What may come next. */
enum { VALUE, FIRST_VALUE, KEY, FIRST_KEY, AFTER };

MoeJson *
moe__json_new(MoeStream *stream)
{
    MoeJson *json = g_new0(MoeJson, 1);
    json->stream = stream;
    json->line = 1;
    json->text = g_string_new(NULL);
    while (stream->end - stream->at < 3 && moe__stream_more(stream))
        ;
    if (stream->end - stream->at >= 3 && memcmp(stream->bytes + stream->at, "\xef\xbb\xbf", 3) == 0)
        stream->at += 3;
    return json;
}

void
moe__json_free(MoeJson *json)
{
    if (!json)
        return;
    g_string_free(json->text, TRUE);
    g_clear_error(&json->error);
    g_free(json);
}

bool
moe__json_fail(MoeJson *json, const char *format, ...)
{
    va_list arguments;
    if (json->error)
        return false;
    json->event = MOE_JSON_ERROR;
    if (json->stream->error) {
        json->error = g_error_copy(json->stream->error);
        return false;
    }
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(&json->error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: line %" G_GUINT64_FORMAT ", byte %" G_GUINT64_FORMAT ": %s",
                json->stream->path, json->line, json->begin, message);
    return false;
}

bool
moe__json_give_up(const MoeJson *json, GError **error)
{
    g_propagate_error(error, g_error_copy(json->error));
    return false;
}

/* The next byte that isn't blank, which `at` then stands on; -1 at the end. */
static int
peek(MoeJson *json)
{
    MoeStream *stream = json->stream;
    for (;;) {
        uint8_t byte = stream->bytes[stream->at];
        if (byte > ' ')
            return byte;
        if (byte == '\n')
            json->line++;
        else if (byte == 0 && stream->at == stream->end) {
            if (!moe__stream_more(stream))
                return -1;
            continue;
        } else if (byte != ' ' && byte != '\t' && byte != '\r')
            return byte;
        stream->at++;
    }
}

static void
begin_token(MoeJson *json)
{
    json->begin = json->stream->base + json->stream->at;
}

static MoeJsonEvent
fail_on(MoeJson *json, int byte, const char *expected)
{
    json->ended = json->ended || (byte < 0 && !json->error);
    if (byte < 0)
        moe__json_fail(json, "the text ends, expected %s", expected);
    else if (byte > ' ' && byte < 127)
        moe__json_fail(json, "found '%c', expected %s", byte, expected);
    else
        moe__json_fail(json, "found byte 0x%02x, expected %s", (unsigned)byte, expected);
    return MOE_JSON_ERROR;
}

static bool
in_array(const MoeJson *json)
{
    return json->arrays >> (json->depth - 1) & 1;
}

static MoeJsonEvent
open_bracket(MoeJson *json, bool array)
{
    if (json->depth == MOE_JSON_DEPTH) {
        moe__json_fail(json, "brackets nest over %d deep", MOE_JSON_DEPTH);
        return MOE_JSON_ERROR;
    }
    json->arrays &= ~(UINT64_C(1) << json->depth);
    json->arrays |= (uint64_t)array << json->depth;
    json->depth++;
    json->stream->at++;
    json->state = array ? FIRST_VALUE : FIRST_KEY;
    return array ? MOE_JSON_ARRAY : MOE_JSON_OBJECT;
}

static MoeJsonEvent
close_bracket(MoeJson *json)
{
    MoeJsonEvent event = in_array(json) ? MOE_JSON_ARRAY_END : MOE_JSON_OBJECT_END;
    json->depth--;
    json->stream->at++;
    json->state = AFTER;
    return event;
}

/* `word` at the next byte. */
static bool
take_word(MoeJson *json, const char *word)
{
    MoeStream *stream = json->stream;
    size_t length = strlen(word);
    while (stream->end - stream->at < length && moe__stream_more(stream))
        ;
    if (stream->end - stream->at < length || memcmp(stream->bytes + stream->at, word, length) != 0)
        return false;
    stream->at += length;
    return true;
}

static MoeJsonEvent
read_word(MoeJson *json, int byte)
{
    if (take_word(json, "null"))
        return MOE_JSON_NULL;
    json->integer = byte == 't';
    if (take_word(json, byte == 't' ? "true" : "false"))
        return MOE_JSON_BOOL;
    bool nan = take_word(json, "NaN"), infinite = !nan && take_word(json, "Infinity");
    if (!nan && !infinite)
        return fail_on(json, byte, "a value");
    json->real = nan ? (double)NAN : (double)INFINITY;
    return MOE_JSON_REAL;
}

/* The common case: up to nine digits, and behind them what ends a value, so that the window holds
 * it whole. Returns the byte behind, NULL if it is something else. */
static const uint8_t *
quick_int(const uint8_t *at, int32_t *value)
{
    const uint8_t *first = at;
    int32_t sum = 0;
    for (; (unsigned)*at - '0' < 10 && at - first < 9; at++)
        sum = sum * 10 + (*at - '0');
    bool good = at > first && (*first != '0' || at == first + 1) &&
                (*at == ',' || *at == ']' || *at == '}');
    *value = sum;
    return good ? at : NULL;
}

static MoeJsonEvent
read_number(MoeJson *json)
{
    MoeStream *stream = json->stream;
    int32_t value;
    const uint8_t *after = quick_int(stream->bytes + stream->at, &value);
    if (!after)
        return moe__json_number(json) ? json->event : MOE_JSON_ERROR;
    stream->at = (size_t)(after - stream->bytes);
    json->integer = value;
    json->real = value;
    return MOE_JSON_INT;
}

bool
moe__json_quick_int(MoeJson *json)
{
    MoeStream *stream = json->stream;
    const uint8_t *at = stream->bytes + stream->at, *after;
    int32_t value;
    if (json->state != VALUE || !json->colon)
        return false;
    at += *at == ' ';
    if (!(after = quick_int(at, &value)))
        return false;
    json->begin = stream->base + (uint64_t)(at - stream->bytes);
    stream->at = (size_t)(after - stream->bytes);
    json->integer = value;
    json->real = value;
    json->colon = false;
    json->state = AFTER;
    json->event = MOE_JSON_INT;
    return true;
}

/* Where the next value of an array begins; NULL where a comma has to come first. */
static const uint8_t *
next_in_array(const MoeJson *json, const uint8_t *at)
{
    if (json->state == AFTER && *at != ',')
        return NULL;
    at += json->state == AFTER;
    return at + (*at == ' ');
}

enum { LOT = 256 };

void
moe__json_quick_ints(MoeJson *json, GArray *out)
{
    int32_t lot[LOT];
    guint n = LOT;
    const uint8_t *at = json->stream->bytes + json->stream->at;
    while (n == LOT) {
        const uint8_t *value, *after;
        for (n = 0;
             n < LOT && (value = next_in_array(json, at)) && (after = quick_int(value, &lot[n]));
             n++, at = after)
            json->state = AFTER;
        g_array_append_vals(out, lot, n);
    }
    json->stream->at = (size_t)(at - json->stream->bytes);
}

void
moe__json_quick_reals(MoeJson *json, GArray *out)
{
    double lot[LOT];
    guint n = LOT;
    const uint8_t *at = json->stream->bytes + json->stream->at;
    while (n == LOT) {
        const uint8_t *value, *after;
        for (n = 0; n < LOT && (value = next_in_array(json, at)) &&
                    (after = moe__json_scan_real(value, &lot[n]));
             n++, at = after)
            json->state = AFTER;
        g_array_append_vals(out, lot, n);
    }
    json->stream->at = (size_t)(at - json->stream->bytes);
}

static MoeJsonEvent
read_value(MoeJson *json, int byte)
{
    json->state = AFTER;
    switch (byte) {
    case '{':
        return open_bracket(json, false);
    case '[':
        return open_bracket(json, true);
    case '"':
        return moe__json_scan_string(json) ? MOE_JSON_STRING : MOE_JSON_ERROR;
    case '-':
        if (take_word(json, "-Infinity")) {
            json->real = -(double)INFINITY;
            return MOE_JSON_REAL;
        }
        G_GNUC_FALLTHROUGH;
    case '0' ... '9':
        return read_number(json);
    default:
        return read_word(json, byte);
    }
}

static MoeJsonEvent
read_key(MoeJson *json, int byte)
{
    if (byte != '"')
        return fail_on(json, byte, "a key in quotation marks");
    if (!moe__json_scan_string(json))
        return MOE_JSON_ERROR;
    /* The colon is taken with the value, lest the window moves under the key. */
    json->state = VALUE;
    return MOE_JSON_KEY;
}

static uint64_t
load8(const void *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return GUINT64_FROM_LE(word);
}

/* Whether n bytes are the same, n > 0; both go on to the next multiple of eight. */
static bool
same_bytes(const uint8_t *a, const char *b, size_t n)
{
    for (; n > 8; n -= 8, a += 8, b += 8)
        if (load8(a) != load8(b))
            return false;
    return (load8(a) ^ load8(b)) << (64 - 8 * n) == 0;
}

/* What stands before a key: a comma, a blank. */
enum { BEFORE_KEY = 2 };

bool
moe__json_quick_key(MoeJson *json, const char *key, size_t length)
{
    MoeStream *stream = json->stream;
    const uint8_t *at = stream->bytes + stream->at;
    bool first = json->state == FIRST_KEY;
    if (stream->end - stream->at < length + BEFORE_KEY || json->depth == 0 || in_array(json) ||
        (!first && (json->state != AFTER || *at != ',')))
        return false;
    at += !first;
    at += !first && *at == ' ';
    if (!same_bytes(at, key, length))
        return false;
    json->begin = stream->base + (uint64_t)(at - stream->bytes);
    json->raw = (const char *)at + 1;
    json->raw_length = length - 3;
    json->escaped = false;
    stream->at = (size_t)(at - stream->bytes) + length;
    json->state = VALUE;
    json->colon = true;
    json->event = MOE_JSON_KEY;
    return true;
}

static bool
take_colon(MoeJson *json)
{
    if (json->colon) {
        json->colon = false;
        return true;
    }
    int byte = peek(json);
    begin_token(json);
    if (byte != ':') {
        fail_on(json, byte, "':'");
        return false;
    }
    json->stream->at++;
    return true;
}

/* Behind a value: at the top another may follow, elsewhere a comma or a closing bracket. */
static MoeJsonEvent
read_after(MoeJson *json, int byte)
{
    bool array = in_array(json);
    if (byte == (array ? ']' : '}'))
        return close_bracket(json);
    if (byte != ',')
        return fail_on(json, byte, array ? "',' or ']'" : "',' or '}'");
    json->stream->at++;
    byte = peek(json);
    begin_token(json);
    return array ? read_value(json, byte) : read_key(json, byte);
}

static MoeJsonEvent
read_event(MoeJson *json)
{
    if (json->event == MOE_JSON_KEY && !take_colon(json))
        return MOE_JSON_ERROR;
    int byte = peek(json);
    begin_token(json);
    if (json->stream->error)
        return fail_on(json, byte, "more");
    if (json->depth == 0)
        return byte < 0 ? MOE_JSON_END : read_value(json, byte);
    if (json->state == AFTER)
        return read_after(json, byte);
    if (json->state == FIRST_VALUE && byte == ']')
        return close_bracket(json);
    if (json->state == FIRST_KEY)
        return byte == '}' ? close_bracket(json) : read_key(json, byte);
    return read_value(json, byte);
}

MoeJsonEvent
moe__json_next(MoeJson *json)
{
    if (json->error)
        return MOE_JSON_ERROR;
    json->event = read_event(json);
    return json->event;
}

/* --- Passing over -----------------------------------------------------------------------------*/

/* Where a run of bytes ends that mean nothing to who passes over. */
static const bool stops[256] = {
    [0] = true, ['\n'] = true, ['"'] = true, ['['] = true, [']'] = true, ['{'] = true, ['}'] = true,
};

/* The next bracket, which `at` then stands on; something else at the end, or on an error. */
static int
next_bracket(MoeJson *json)
{
    MoeStream *stream = json->stream;
    for (;;) {
        const uint8_t *at = stream->bytes + stream->at;
        while (!stops[*at])
            at++;
        stream->at = (size_t)(at - stream->bytes);
        int byte = peek(json);
        begin_token(json);
        if (byte != '"' && (byte <= 0 || stops[byte]))
            return byte;
        if (byte == '"' && !moe__json_scan_string(json))
            return -1;
    }
}

bool
moe__json_skip(MoeJson *json)
{
    if (json->event == MOE_JSON_KEY)
        moe__json_next(json);
    if (json->error)
        return false;
    if (json->event != MOE_JSON_OBJECT && json->event != MOE_JSON_ARRAY)
        return true;
    for (int depth = json->depth; json->depth >= depth;) {
        int byte = next_bracket(json);
        if (byte == '[' || byte == '{')
            json->event = open_bracket(json, byte == '[');
        else if (!json->error && byte == (in_array(json) ? ']' : '}'))
            json->event = close_bracket(json);
        else
            json->event = fail_on(json, byte, in_array(json) ? "']'" : "'}'");
        if (json->event == MOE_JSON_ERROR)
            return false;
    }
    return true;
}
