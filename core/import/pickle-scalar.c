/* SPDX-License-Identifier: MIT
 *
 * pickle-scalar.c: numbers and texts. Binary ones point into the file; those that protocol 0
 * writes as lines with escapes are unescaped.
 */
#include "import/pickle-machine.h"

enum { NUMBER_MAX = 400 }; /* characters: repr() of any float, and integers that are kept */

bool
moe__op_none(MoeMachine *machine, int unused)
{
    (void)unused;
    return moe__machine_push(machine, moe__py_new(machine->doc, MOE_PY_NONE));
}

bool
moe__op_bool(MoeMachine *machine, int truth)
{
    MoePy *value = moe__py_new(machine->doc, MOE_PY_BOOL);
    if (value)
        value->truth = truth;
    return moe__machine_push(machine, value);
}

static bool
push_integer(MoeMachine *machine, int64_t integer)
{
    MoePy *value = moe__py_new(machine->doc, MOE_PY_INT);
    if (value)
        value->integer = integer;
    return moe__machine_push(machine, value);
}

static bool
push_float(MoeMachine *machine, double number)
{
    MoePy *value = moe__py_new(machine->doc, MOE_PY_FLOAT);
    if (value)
        value->number = number;
    return moe__machine_push(machine, value);
}

/* One and two bytes are unsigned, four are signed. */
bool
moe__op_int(MoeMachine *machine, int size)
{
    uint64_t number;
    return moe__machine_take_count(machine, size, &number) &&
           push_integer(machine, size == 4 ? (int32_t)number : (int64_t)number);
}

/* Two's complement of any length. */
bool
moe__op_long(MoeMachine *machine, int size)
{
    uint64_t n;
    if (!moe__machine_take_count(machine, size, &n))
        return false;
    const uint8_t *bytes = moe__machine_take(machine, n);
    if (!bytes)
        return false;
    if (n > sizeof(int64_t))
        return moe__machine_push(machine, moe__py_new_bytes(machine->doc, MOE_PY_BIG, bytes, n));
    uint64_t number = n > 0 && bytes[n - 1] >= 0x80 ? UINT64_MAX : 0;
    for (uint64_t i = n; i-- > 0;)
        number = number << 8 | bytes[i];
    return push_integer(machine, (int64_t)number);
}

bool
moe__op_float(MoeMachine *machine, int unused)
{
    (void)unused;
    const uint8_t *bytes = moe__machine_take(machine, 8);
    if (!bytes)
        return false;
    uint64_t bits = 0;
    double number;
    for (int i = 0; i < 8; i++) /* the one big-endian number of the format */
        bits = bits << 8 | bytes[i];
    memcpy(&number, &bits, sizeof number);
    return push_float(machine, number);
}

static bool
push_text(MoeMachine *machine, MoePyKind kind, int size)
{
    uint64_t n;
    if (!moe__machine_take_count(machine, size, &n))
        return false;
    const uint8_t *bytes = moe__machine_take(machine, n);
    return bytes && moe__machine_push(machine, moe__py_new_bytes(machine->doc, kind, bytes, n));
}

bool
moe__op_string(MoeMachine *machine, int size)
{
    return push_text(machine, MOE_PY_STRING, size);
}

bool
moe__op_bytes(MoeMachine *machine, int size)
{
    return push_text(machine, MOE_PY_BYTES, size);
}

/* A number's line as text. */
static bool
take_number(MoeMachine *machine, char text[NUMBER_MAX])
{
    size_t n;
    const uint8_t *line = moe__machine_take_line(machine, &n);
    if (!line)
        return false;
    if (n >= NUMBER_MAX || n == 0 || memchr(line, 0, n))
        return moe__machine_fail(machine, MOE_ERROR_FORMAT,
                                 "a number of 1 to %d characters is expected", NUMBER_MAX - 1);
    memcpy(text, line, n);
    text[n] = 0;
    return true;
}

/* "12", "12L", and "00" and "01" for False and True. */
bool
moe__op_int_line(MoeMachine *machine, int unused)
{
    (void)unused;
    char text[NUMBER_MAX];
    const uint8_t *line = machine->bytes + machine->at;
    gint64 number;
    if (!take_number(machine, text))
        return false;
    if (g_str_equal(text, "00") || g_str_equal(text, "01"))
        return moe__op_bool(machine, text[1] == '1');
    size_t n = strlen(text);
    if (text[n - 1] == 'L')
        text[--n] = 0;
    g_autoptr(GError) reason = NULL;
    if (g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &number, &reason))
        return push_integer(machine, number);
    if (g_error_matches(reason, G_NUMBER_PARSER_ERROR, G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS))
        return moe__machine_push(machine, moe__py_new_bytes(machine->doc, MOE_PY_BIG, line, n));
    return moe__machine_fail(machine, MOE_ERROR_FORMAT, "an integer is expected");
}

bool
moe__op_float_line(MoeMachine *machine, int unused)
{
    (void)unused;
    char text[NUMBER_MAX], *end;
    if (!take_number(machine, text))
        return false;
    double number = g_ascii_strtod(text, &end);
    if (end == text || *end)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT, "a number is expected");
    return push_float(machine, number);
}

/* `digits` hexadecimal digits at `*at`, which moves behind them; -1 if they aren't there. */
static int64_t
take_hex(const uint8_t **at, const uint8_t *end, int digits)
{
    int64_t number = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        int digit = *at < end ? g_ascii_xdigit_value((gchar) * *at) : -1;
        if (digit < 0)
            return -1;
        number = number << 4 | digit;
    }
    return number;
}

/* Puts the unescaped text into the tree. */
static bool
push_unescaped(MoeMachine *machine, const GString *text)
{
    uint8_t *copy = moe__py_allocate(machine->doc, text->len);
    if (copy)
        memcpy(copy, text->str, text->len);
    return moe__machine_push(
        machine, copy ? moe__py_new_bytes(machine->doc, MOE_PY_STRING, copy, text->len) : NULL);
}

/* repr() of a Python 2 str. */
bool
moe__op_string_line(MoeMachine *machine, int unused)
{
    (void)unused;
    static const char codes[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";
    size_t n;
    const uint8_t *at = moe__machine_take_line(machine, &n);
    if (!at)
        return false;
    if (n < 2 || (*at != '\'' && *at != '"') || at[n - 1] != *at)
        return moe__machine_fail(machine, MOE_ERROR_FORMAT, "a string in quotes is expected");
    g_autoptr(GString) text = g_string_sized_new(n);
    const uint8_t *end = at + n - 1;
    for (at++; at < end;) {
        const char *code = NULL;
        int64_t byte = *at++;
        if (byte == '\\' && at < end && *at == 'x') {
            at++;
            byte = take_hex(&at, end, 2);
        } else if (byte == '\\') {
            code = at < end ? memchr(codes, *at++, sizeof codes - 1) : NULL;
            byte = code ? meanings[code - codes] : -1;
        }
        if (byte < 0)
            return moe__machine_fail(machine, MOE_ERROR_FORMAT, "a string has a damaged escape");
        g_string_append_c(text, (gchar)byte);
    }
    return push_unescaped(machine, text);
}

/* The raw-unicode-escape codec: Latin-1 with \uXXXX and \UXXXXXXXX. */
bool
moe__op_unicode_line(MoeMachine *machine, int unused)
{
    (void)unused;
    size_t n;
    const uint8_t *at = moe__machine_take_line(machine, &n);
    if (!at)
        return false;
    g_autoptr(GString) text = g_string_sized_new(n);
    for (const uint8_t *end = at + n; at < end;) {
        int64_t character = *at++;
        if (character == '\\' && at < end && (*at == 'u' || *at == 'U')) {
            int digits = *at++ == 'u' ? 4 : 8;
            character = take_hex(&at, end, digits);
        }
        if (character < 0 || character > 0x10ffff)
            return moe__machine_fail(machine, MOE_ERROR_FORMAT, "a string has a damaged escape");
        g_string_append_unichar(text, (gunichar)character);
    }
    return push_unescaped(machine, text);
}
