/* SPDX-License-Identifier: MIT
 *
 * Numbers, each rounded once.
 */
#include "import/json-pull.h"

#include <math.h>

enum { NUMBER_MAX = 4096 }; /* bytes; a longer one is none */

static bool
is_digit(uint8_t byte)
{
    return (unsigned)byte - '0' < 10;
}

/* A number of up to 19 digits as mantissa and power of ten. */
typedef struct {
    uint64_t mantissa;
    int exponent, digits;
    bool negative, whole; /* whole: neither fraction nor exponent */
} Decimal;

static const uint8_t *
take_digits(const uint8_t *at, Decimal *number)
{
    for (; is_digit(*at); at++, number->digits++)
        number->mantissa = number->mantissa * 10 + (*at - '0');
    return at;
}

static const uint8_t *
take_exponent(const uint8_t *at, Decimal *number)
{
    bool negative = at[1] == '-';
    int exponent = 0;
    at += 1 + (at[1] == '-' || at[1] == '+');
    if (!is_digit(*at))
        return NULL;
    for (; is_digit(*at); at++)
        exponent = MIN(exponent * 10 + (*at - '0'), 100000);
    number->exponent += negative ? -exponent : exponent;
    number->whole = false;
    return at;
}

/* Returns the byte behind, NULL if it isn't a number. The window ends with a NUL, where each step
 * stops. */
static const uint8_t *
scan_number(const uint8_t *at, Decimal *number)
{
    *number = (Decimal){.negative = *at == '-', .whole = true};
    at += number->negative;
    const uint8_t *first = at;
    at = take_digits(at, number);
    if (number->digits == 0 || (*first == '0' && number->digits > 1))
        return NULL;
    if (*at == '.') {
        int before = number->digits;
        at = take_digits(at + 1, number);
        if (number->digits == before)
            return NULL;
        number->exponent = before - number->digits;
        number->whole = false;
    }
    return *at == 'e' || *at == 'E' ? take_exponent(at, number) : at;
}

/* m / 10^n rounded once, to nearest, ties to even; 1 <= n <= 27. The quotient of m and 5^n has 64
 * bits here, of which the last stands for all that follow, so that the conversion rounds as if it
 * saw them. */
static double
divide(uint64_t m, int n)
{
    static const uint64_t five[] = {1,
                                    5,
                                    25,
                                    125,
                                    625,
                                    3125,
                                    15625,
                                    78125,
                                    390625,
                                    1953125,
                                    9765625,
                                    48828125,
                                    244140625,
                                    1220703125,
                                    6103515625,
                                    30517578125,
                                    152587890625,
                                    762939453125,
                                    3814697265625,
                                    19073486328125,
                                    95367431640625,
                                    476837158203125,
                                    2384185791015625,
                                    11920928955078125,
                                    59604644775390625,
                                    298023223876953125,
                                    1490116119384765625,
                                    7450580596923828125};
    int shift = __builtin_clzll(m);
    m <<= shift;
    uint64_t high = m / five[n], rest = m % five[n]; /* high > 0: five[27] < 2^63 <= m */
    __extension__ typedef unsigned __int128 Wide;
    Wide below = (Wide)rest << 64;
    uint64_t low = (uint64_t)(below / five[n]), left = (uint64_t)(below % five[n]);
    int lead = __builtin_clzll(high);
    uint64_t bits = lead == 0 ? high : high << lead | low >> (64 - lead);
    bits |= left != 0 || (low << lead) != 0;
    return ldexp((double)bits, -shift - lead - n);
}

/* Digits that count: zeros in front don't. */
static int
significant(const Decimal *number, const uint8_t *text)
{
    int zeros = 0;
    for (text += number->negative; *text == '0' || *text == '.'; text++)
        zeros += *text == '0';
    return number->digits - zeros;
}

static double
decimal_value(const Decimal *number, const uint8_t *text)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int exponent = number->exponent;
    double value;
    if (number->digits > 19 && significant(number, text) > 19)
        return g_ascii_strtod((const char *)text, NULL);
    if (number->mantissa >> 53 == 0 && exponent >= -22 && exponent <= 22)
        /* Both are exact, and one rounding keeps it so (Clinger 1990). */
        value = exponent < 0 ? (double)number->mantissa / power[-exponent]
                             : (double)number->mantissa * power[exponent];
    else if (number->mantissa > 0 && exponent >= -27 && exponent < 0)
        value = divide(number->mantissa, -exponent);
    else
        return g_ascii_strtod((const char *)text, NULL);
    return number->negative ? -value : value;
}

bool
moe__json_number(MoeJson *json)
{
    MoeStream *stream = json->stream;
    Decimal number;
    const uint8_t *text, *after;
    for (;;) {
        text = stream->bytes + stream->at;
        after = scan_number(text, &number);
        /* It may go on behind the window; what ends there ("1.") isn't wrong yet. */
        size_t room = stream->end - stream->at;
        if ((after && after < text + room) || stream->over || room >= NUMBER_MAX)
            break;
        moe__stream_more(stream);
    }
    if (!after || g_ascii_isalnum(*after) || *after == '.' || *after == '-' || *after == '+')
        return moe__json_fail(json, "found what is no number");
    stream->at += (size_t)(after - text);
    json->real = decimal_value(&number, text);
    bool fits = number.digits <= 18 || (number.digits == 19 && number.mantissa <= INT64_MAX);
    json->event = number.whole && fits ? MOE_JSON_INT : MOE_JSON_REAL;
    if (json->event == MOE_JSON_INT)
        json->integer = number.negative ? -(int64_t)number.mantissa : (int64_t)number.mantissa;
    return true;
}

const uint8_t *
moe__json_scan_real(const uint8_t *text, double *value)
{
    Decimal number;
    const uint8_t *after = scan_number(text, &number);
    if (!after || (*after != ',' && *after != ']'))
        return NULL;
    *value = decimal_value(&number, text);
    return after;
}

const char *
moe__number_scan(const char *text, double *value)
{
    Decimal number;
    const uint8_t *begin = (const uint8_t *)text, *after = scan_number(begin, &number);
    if (after && !g_ascii_isalnum(*after) && *after != '.') {
        *value = decimal_value(&number, begin);
        return (const char *)after;
    }
    char *end;
    *value = g_ascii_strtod(text, &end);
    return end > text ? end : NULL;
}
