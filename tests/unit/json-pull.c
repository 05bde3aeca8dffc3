/* SPDX-License-Identifier: MIT
 *
 * The pull reader: every event through windows of every size, numbers against strtod(), a corpus of
 * what isn't JSON, documents made at random, passing over.
 */
#include "import/json-pull.h"

#include "import-file.h"

#include <math.h>
#include <moescope/base.h>
#include <string.h>

/* --- Events as text: "{", "}", "[", "]", k"key", "text", i12, r0.5, true, null, ---------------*/

static void
append_event(GString *out, MoeJson *json)
{
    static const char *const marks[] = {[MOE_JSON_OBJECT] = "{",
                                        [MOE_JSON_OBJECT_END] = "}",
                                        [MOE_JSON_ARRAY] = "[",
                                        [MOE_JSON_ARRAY_END] = "]",
                                        [MOE_JSON_NULL] = "null"};
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    switch (json->event) {
    case MOE_JSON_KEY:
    case MOE_JSON_STRING:
        g_string_append_printf(out, "%s'%s'", json->event == MOE_JSON_KEY ? "k" : "",
                               moe__json_text(json));
        break;
    case MOE_JSON_INT:
        g_string_append_printf(out, "i%" G_GINT64_FORMAT, json->integer);
        break;
    case MOE_JSON_REAL:
        g_string_append_printf(out, "r%s", g_ascii_dtostr(number, sizeof number, json->real));
        break;
    case MOE_JSON_BOOL:
        g_string_append(out, json->integer ? "true" : "false");
        break;
    default:
        g_string_append(out, marks[json->event]);
    }
    g_string_append_c(out, ' ');
}

/* The next event; `quick`: by the short ways that there are for keys and integers, where they go.
 */
static MoeJsonEvent
next_event(MoeJson *json, bool quick)
{
    static const char keys[][8] = {"\"a\":", "\"key\":", "\"b\":", "\"id\":"};
    for (size_t i = 0; quick && i < G_N_ELEMENTS(keys); i++)
        if (moe__json_quick_key(json, keys[i], strlen(keys[i])))
            return json->event;
    return quick && moe__json_quick_int(json) ? json->event : moe__json_next(json);
}

/* Reads a file to its end; the error, if there is one, is the last thing in the text. */
static char *
events_of(const char *path, size_t window, bool quick)
{
    GString *out = g_string_new(NULL);
    g_autoptr(MoeStream) stream = import_stream(path, window);
    g_autoptr(MoeJson) json = moe__json_new(stream);
    while (next_event(json, quick) != MOE_JSON_END && json->event != MOE_JSON_ERROR)
        append_event(out, json);
    if (json->error)
        g_string_append(out, json->error->message + strlen(stream->path) + 2);
    return g_string_free(out, FALSE);
}

static void
expect(const char *text, gssize length, const char *events)
{
    g_autofree char *path = import_file("x.json", text, length);
    for (size_t window = 1; window < 40; window += 1 + window / 8) {
        g_autofree char *found = events_of(path, window, false);
        g_autofree char *quickly = events_of(path, window, true);
        g_assert_cmpstr(found, ==, events);
        g_assert_cmpstr(quickly, ==, events);
    }
}

static void
test_events(void)
{
    expect("", -1, "");
    expect(" \r\n\t", -1, "");
    expect("{\"a\": [1, -2.5, true], \"b\": {}, \"c\": null}\n[]\n", -1,
           "{ k'a' [ i1 r-2.5 true ] k'b' { } k'c' null } [ ] ");
    expect("{\"id\": 12, \"a\":3,\"b\": 40 , \"key\": {\"id\":5}, \"a\" : 6,  \"b\":  7}", -1,
           "{ k'id' i12 k'a' i3 k'b' i40 k'key' { k'id' i5 } k'a' i6 k'b' i7 } ");
    expect("\xef\xbb\xbf[0,\"\",[[false]]]", -1, "[ i0 '' [ [ false ] ] ] ");
    expect("1 2\"x\"3.0", -1, "i1 i2 'x' r3 ");
    expect("[NaN, Infinity, -Infinity]", -1, "[ rnan rinf r-inf ] ");
    expect("[\"\\u00e9\\n\\\\\\\"\\/\\ud83d\\ude00|\\ud800|\\udc00x\"]", -1,
           "[ '\xc3\xa9\n\\\"/\xf0\x9f\x98\x80|\xef\xbf\xbd|\xef\xbf\xbdx' ] ");
    expect("[9223372036854775807, -9223372036854775807, 9223372036854775808]", -1,
           "[ i9223372036854775807 i-9223372036854775807 r9.2233720368547758e+18 ] ");
    expect("[123456789,1234567890, 00]", -1,
           "[ i123456789 i1234567890 line 1, byte 23: found what is no number");
}

static void
test_malformed(void)
{
    static const struct {
        const char *text, *events;
    } corpus[] = {
        {"{", "{ line 1, byte 1: the text ends, expected a key in quotation marks"},
        {"[1", "[ i1 line 1, byte 2: the text ends, expected ',' or ']'"},
        {"[1,]", "[ i1 line 1, byte 3: found ']', expected a value"},
        {"[,1]", "[ line 1, byte 1: found ',', expected a value"},
        {"[1 2]", "[ i1 line 1, byte 3: found '2', expected ',' or ']'"},
        {"[1}", "[ i1 line 1, byte 2: found '}', expected ',' or ']'"},
        {"{\"a\" 1}", "{ k'a' line 1, byte 5: found '1', expected ':'"},
        {"{\"a\":}", "{ k'a' line 1, byte 5: found '}', expected a value"},
        {"{\"a\":1,}", "{ k'a' i1 line 1, byte 7: found '}', expected a key in quotation marks"},
        {"{a:1}", "{ line 1, byte 1: found 'a', expected a key in quotation marks"},
        {"{\"a\"}", "{ k'a' line 1, byte 4: found '}', expected ':'"},
        {"]", "line 1, byte 0: found ']', expected a value"},
        {"tru", "line 1, byte 0: found 't', expected a value"},
        {"[\n\n  nul]", "[ line 3, byte 5: found 'n', expected a value"},
        {"\"abc", "line 1, byte 0: the text ends within a string"},
        {"\"a\\", "line 1, byte 0: the text ends within a string"},
        {"\"a\nb\"", "line 1, byte 0: found the control character 0x0a in a string"},
        {"01", "line 1, byte 0: found what is no number"},
        {"-", "line 1, byte 0: found what is no number"},
        {"1.", "line 1, byte 0: found what is no number"},
        {".5", "line 1, byte 0: found '.', expected a value"},
        {"1e", "line 1, byte 0: found what is no number"},
        {"1e+", "line 1, byte 0: found what is no number"},
        {"0x1f", "line 1, byte 0: found what is no number"},
        {"1.2.3", "line 1, byte 0: found what is no number"},
        {"+1", "line 1, byte 0: found '+', expected a value"},
        {"\x01", "line 1, byte 0: found byte 0x01, expected a value"},
        {"\xff", "line 1, byte 0: found byte 0xff, expected a value"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(corpus); i++)
        expect(corpus[i].text, -1, corpus[i].events);
    expect("[1,\0]", 5, "[ i1 line 1, byte 3: found byte 0x00, expected a value");
    expect("\"a\0b\"", 5, "line 1, byte 0: found the control character 0x00 in a string");
}

static void
test_bad_strings(void)
{
    static const char *const texts[] = {"\"\\x\"", "\"\\u12g4\"", "\"\\u12\"", "\"\xff\"",
                                        "\"\\u0000\""};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *path = import_file("x.json", texts[i], -1);
        g_autoptr(MoeStream) stream = import_stream(path, 8);
        g_autoptr(MoeJson) json = moe__json_new(stream);
        /* Only who asks for the text learns what is wrong with it. */
        g_assert_cmpint(moe__json_next(json), ==, MOE_JSON_STRING);
        g_assert_null(moe__json_text(json));
        g_assert_error(json->error, MOE_ERROR, MOE_ERROR_FORMAT);
        g_assert_cmpint(moe__json_next(json), ==, MOE_JSON_ERROR);
    }
}

static void
test_depth(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < MOE_JSON_DEPTH; i++)
        g_string_append_c(text, '[');
    for (int i = 0; i < MOE_JSON_DEPTH; i++)
        g_string_append_c(text, ']');
    g_autofree char *path = import_file("deep.json", text->str, -1);
    g_autofree char *good = events_of(path, 16, true);
    g_assert_cmpint(strlen(good), ==, 4 * MOE_JSON_DEPTH);
    g_string_prepend(text, "[");
    g_autofree char *deeper = import_file("deep.json", text->str, -1);
    g_autofree char *bad = events_of(deeper, 16, true);
    g_assert_true(g_str_has_suffix(bad, "line 1, byte 64: brackets nest over 64 deep"));
}

static void
test_cut_gzip(void)
{
    g_autoptr(GString) text = g_string_new("[");
    for (int i = 0; i < 9000; i++)
        g_string_append_printf(text, "%d, ", i * i);
    g_string_append(text, "0]");
    g_autofree char *path = import_gz("whole.gz", text->str);
    g_autofree char *whole = events_of(path, 64, true), *bytes = NULL;
    gsize length;
    g_assert_true(g_str_has_suffix(whole, " i0 ] "));
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    g_autofree char *cut = import_file("cut.gz", bytes, (gssize)length / 2);
    g_autofree char *found = events_of(cut, 64, true);
    g_assert_nonnull(strstr(found, "the packed data ends too early, "));
    bytes[length / 2] ^= 0x55;
    g_autofree char *spoilt = import_file("spoilt.gz", bytes, (gssize)length);
    g_autofree char *reason = events_of(spoilt, 64, true);
    g_assert_nonnull(strstr(reason, "the packed data "));
}

/* --- Numbers ----------------------------------------------------------------------------------*/

static void
test_numbers(void)
{
    MoeRng rng = moe_rng(7, 0);
    g_autoptr(GString) text = g_string_new("[0");
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    static const char *const formats[] = {"%.17g", "%.6f", "%.3e", "%.15g", "%.0f", "%.25g"};
    for (int i = 0; i < 4000; i++) {
        char number[64];
        double value = ldexp(moe_rng_normal(&rng), (int)moe_rng_below(&rng, 200) - 100);
        if (i % 3 == 0) /* as gates and losses are */
            value = moe_rng_uniform(&rng);
        g_ascii_formatd(number, sizeof number, formats[i % 6], value);
        value = g_ascii_strtod(number, NULL);
        g_array_append_val(values, value);
        g_string_append_printf(text, ", %s", number);
    }
    g_string_append(text, "]");
    g_autofree char *path = import_file("numbers.json", text->str, -1);
    g_autoptr(MoeStream) stream = import_stream(path, 100);
    g_autoptr(MoeJson) json = moe__json_new(stream);
    moe__json_next(json);
    moe__json_next(json);
    for (guint i = 0; i < values->len; i++) {
        moe__json_next(json);
        g_assert_true(json->event == MOE_JSON_REAL || json->event == MOE_JSON_INT);
        g_assert_cmpfloat(json->real, ==, g_array_index(values, double, i));
    }
    g_assert_cmpint(moe__json_next(json), ==, MOE_JSON_ARRAY_END);
}

/* Lists of numbers are read in one go; each rounds as strtod() rounds it. */
static void
test_reals(void)
{
    /* Halfway between two doubles: to the even one. */
    static const char *const ties[] = {"4503599627370496.5",
                                       "4503599627370497.5",
                                       "-1125899906842624.125",
                                       "1125899906842624.375",
                                       "9007199254740993.0",
                                       "0.0000",
                                       "-0",
                                       "1e400"};
    MoeRng rng = moe_rng(11, 0);
    g_autoptr(GString) text = g_string_new("[");
    for (int i = 0; i < 6000; i++) {
        int digits = 1 + (int)moe_rng_below(&rng, 19), places = (int)moe_rng_below(&rng, 30);
        g_string_append(text, i % 2 ? "-0." : i % 3 ? "0." : "7.");
        for (; places > digits; places--)
            g_string_append_c(text, '0');
        for (; digits > 0; digits--)
            g_string_append_c(text, (char)('0' + moe_rng_below(&rng, 10)));
        g_string_append(text, i % 5 ? ", " : "e-3,");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ties); i++)
        g_string_append_printf(text, "%s%s", i ? "," : "", ties[i]);
    g_string_append(text, "]");
    g_autofree char *path = import_file("reals.json", text->str, -1);
    g_autoptr(MoeStream) stream = import_stream(path, 100);
    g_autoptr(MoeJson) json = moe__json_new(stream);
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    g_assert_true(moe__json_take_reals(json, "reals", values));
    g_assert_cmpuint(values->len, ==, 6000 + G_N_ELEMENTS(ties));
    const char *at = text->str + 1;
    for (guint i = 0; i < values->len; i++) {
        char *end;
        double expected = g_ascii_strtod(at, &end), found = g_array_index(values, double, i);
        g_assert_true(memcmp(&found, &expected, sizeof found) == 0);
        at = end + strspn(end, ", ");
    }
}

/* --- At random --------------------------------------------------------------------------------*/

static void
blank(GString *text, MoeRng *rng)
{
    if (moe_rng_below(rng, 3) == 0)
        g_string_append_c(text, " \n\t\r"[moe_rng_below(rng, 4)]);
}

static void make_value(MoeRng *rng, int depth, GString *text, GString *events);

static void
make_string(MoeRng *rng, GString *text, GString *events)
{
    static const char *const written[] = {"a", "\\\"", "\\u0041", "\xc3\xa9",
                                          "[", "}",    ",",       "\\\\"};
    static const char *const meant[] = {"a", "\"", "A", "\xc3\xa9", "[", "}", ",", "\\"};
    g_string_append(text, "\"");
    g_string_append(events, "'");
    for (uint64_t n = moe_rng_below(rng, 12); n > 0; n--) {
        uint64_t i = moe_rng_below(rng, G_N_ELEMENTS(written));
        g_string_append(text, written[i]);
        g_string_append(events, meant[i]);
    }
    g_string_append(text, "\"");
    g_string_append(events, "' ");
}

static void
make_group(MoeRng *rng, bool object, int depth, GString *text, GString *events)
{
    g_string_append(text, object ? "{" : "[");
    g_string_append(events, object ? "{ " : "[ ");
    for (uint64_t i = 0, n = moe_rng_below(rng, 5); i < n; i++) {
        g_string_append(text, i ? "," : "");
        blank(text, rng);
        if (object) {
            g_string_append(events, "k");
            make_string(rng, text, events);
            blank(text, rng);
            g_string_append(text, ":");
        }
        make_value(rng, depth - 1, text, events);
    }
    blank(text, rng);
    g_string_append(text, object ? "}" : "]");
    g_string_append(events, object ? "} " : "] ");
}

static void
make_value(MoeRng *rng, int depth, GString *text, GString *events)
{
    static const char *const words[] = {"true", "false", "null"};
    uint64_t kind = moe_rng_below(rng, depth > 0 ? 7 : 4);
    blank(text, rng);
    if (kind == 0) {
        const char *word = words[moe_rng_below(rng, 3)];
        g_string_append(text, word);
        g_string_append_printf(events, "%s ", word);
    } else if (kind == 1) {
        make_string(rng, text, events);
    } else if (kind <= 3) {
        int64_t value = (int64_t)moe_rng_below(rng, UINT64_C(1) << (1 + moe_rng_below(rng, 60)));
        value = kind == 2 ? value : -value;
        g_string_append_printf(text, "%" G_GINT64_FORMAT, value);
        g_string_append_printf(events, "i%" G_GINT64_FORMAT " ", value);
    } else {
        make_group(rng, kind & 1, depth, text, events);
    }
    blank(text, rng);
}

static void
test_random(void)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        MoeRng rng = moe_rng(seed, 1);
        g_autoptr(GString) text = g_string_new(NULL), events = g_string_new(NULL);
        for (int i = 0; i < 3; i++) {
            make_group(&rng, i & 1, 6, text, events);
            g_string_append(text, "\n");
        }
        g_autofree char *path = import_file("random.json", text->str, -1);
        g_autofree char *found = events_of(path, 1 + seed % 50, true);
        g_assert_cmpstr(found, ==, events->str);
    }
}

/* Cut or spoilt anywhere: an error or other events, but an end. */
static void
test_spoilt(void)
{
    for (uint64_t seed = 0; seed < 600; seed++) {
        MoeRng rng = moe_rng(seed, 2);
        g_autoptr(GString) text = g_string_new(NULL), events = g_string_new(NULL);
        make_group(&rng, true, 5, text, events);
        for (uint64_t n = 1 + moe_rng_below(&rng, 3); n > 0; n--)
            text->str[moe_rng_below(&rng, text->len)] = (char)moe_rng_below(&rng, 256);
        g_autofree char *path =
            import_file("spoilt.json", text->str, (gssize)moe_rng_below(&rng, text->len + 1));
        g_autoptr(MoeStream) stream = import_stream(path, 1 + seed % 30);
        g_autoptr(MoeJson) json = moe__json_new(stream);
        int64_t n = 0;
        while (moe__json_next(json) != MOE_JSON_END && json->event != MOE_JSON_ERROR) {
            g_assert_cmpint(++n, <=, (int64_t)text->len);
            if (n % 7 == 0)
                moe__json_skip(json);
        }
        g_assert_true((json->event == MOE_JSON_ERROR) == (json->error != NULL));
    }
}

/* --- Passing over -----------------------------------------------------------------------------*/

static void
test_skip(void)
{
    static const char text[] = "{\"a\": {\"x\": [1, \"]}\\\"\", {\"y\": []}]}, \"b\": [[], 2], "
                               "\"c\": 3, \"d\": \"}\", \"e\": 5}\n";
    g_autofree char *path = import_file("skip.json", text, -1);
    for (size_t window = 1; window < 30; window++) {
        g_autoptr(MoeStream) stream = import_stream(path, window);
        g_autoptr(MoeJson) json = moe__json_new(stream);
        int64_t value = 0;
        g_assert_cmpint(moe__json_next(json), ==, MOE_JSON_OBJECT);
        while (moe__json_next(json) == MOE_JSON_KEY) {
            if (moe__json_is(json, "e"))
                g_assert_true(moe__json_take_int(json, "e", 0, 9, &value));
            else
                g_assert_true(moe__json_skip(json));
        }
        g_assert_cmpint(json->event, ==, MOE_JSON_OBJECT_END);
        g_assert_cmpint(value, ==, 5);
        g_assert_cmpint(moe__json_next(json), ==, MOE_JSON_END);
    }
    g_autofree char *crossed = import_file("skip.json", "{\"a\": [{]}, \"b\": 1}", -1);
    g_autoptr(MoeStream) stream = import_stream(crossed, 8);
    g_autoptr(MoeJson) json = moe__json_new(stream);
    moe__json_next(json);
    moe__json_next(json);
    g_assert_false(moe__json_skip(json));
    g_assert_nonnull(strstr(json->error->message, "line 1, byte 8: found ']', expected '}'"));
}

static void
test_ints(void)
{
    g_autoptr(GString) text = g_string_new("[ 7,8 ,\n9, -1, 2147483647");
    for (int i = 0; i < 2000; i++)
        g_string_append_printf(text, i % 2 ? ",%d" : ", %d", i * 1077);
    g_string_append(text, "]");
    g_autofree char *path = import_file("ints.json", text->str, -1);
    for (size_t window = 1; window < 3000; window = window * 2 + 1) {
        g_autoptr(MoeStream) stream = import_stream(path, window);
        g_autoptr(MoeJson) json = moe__json_new(stream);
        g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(int32_t));
        g_assert_true(moe__json_take_ints(json, "list", found));
        g_assert_cmpint(found->len, ==, 2005);
        g_assert_cmpint(g_array_index(found, int32_t, 3), ==, -1);
        for (int i = 0; i < 2000; i++)
            g_assert_cmpint(g_array_index(found, int32_t, i + 5), ==, i * 1077);
    }
    static const char *const bad[] = {"[1, 2.5]", "[1,, 2]", "[1 2]",   "[2147483648]",
                                      "[1, []]",  "[1,",     "[1, 02]", "{}"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *spoilt = import_file("ints.json", bad[i], -1);
        g_autoptr(MoeStream) stream = import_stream(spoilt, 4);
        g_autoptr(MoeJson) json = moe__json_new(stream);
        g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(int32_t));
        g_assert_false(moe__json_take_ints(json, "list", found));
        g_assert_error(json->error, MOE_ERROR, MOE_ERROR_FORMAT);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-pull/events", test_events);
    g_test_add_func("/json-pull/malformed", test_malformed);
    g_test_add_func("/json-pull/bad-strings", test_bad_strings);
    g_test_add_func("/json-pull/depth", test_depth);
    g_test_add_func("/json-pull/cut-gzip", test_cut_gzip);
    g_test_add_func("/json-pull/numbers", test_numbers);
    g_test_add_func("/json-pull/reals", test_reals);
    g_test_add_func("/json-pull/random", test_random);
    g_test_add_func("/json-pull/spoilt", test_spoilt);
    g_test_add_func("/json-pull/skip", test_skip);
    g_test_add_func("/json-pull/ints", test_ints);
    int status = g_test_run();
    import_files_remove();
    return status;
}
