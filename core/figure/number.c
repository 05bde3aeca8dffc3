/* SPDX-License-Identifier: MIT
 *
 * Numbers as text.
 */
#include "figure/number.h"

#include <math.h>

#define MINUS "\xe2\x88\x92" /* U+2212 */
#define TIMES "\xc3\x97"     /* U+00D7 */

char *
moe__number_fixed(double value, int decimals)
{
    char format[16], digits[G_ASCII_DTOSTR_BUF_SIZE + 320];
    g_snprintf(format, sizeof(format), "%%.%df", decimals);
    g_ascii_formatd(digits, sizeof(digits), format, fabs(value));
    /* -0.0 and what rounds to it have no sign. */
    bool zero = strspn(digits, "0.") == strlen(digits);
    return g_strconcat(value < 0 && !zero ? MINUS : "", digits, NULL);
}

char *
moe__number_count(int64_t value)
{
    g_autofree char *digits =
        g_strdup_printf("%" G_GUINT64_FORMAT, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    size_t n = strlen(digits);
    GString *out = g_string_new(value < 0 ? MINUS : "");
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            g_string_append_c(out, ',');
        g_string_append_c(out, digits[i]);
    }
    return g_string_free(out, FALSE);
}

char *
moe__number_short(double value)
{
    if (!isfinite(value))
        return g_strdup(isnan(value) ? "no value" : value > 0 ? "infinite" : MINUS "infinite");
    double size = fabs(value);
    if (size < 9e18 && (size >= 999.5 || size == round(size)))
        return moe__number_count(llround(value));
    /* The power of ten after rounding to three digits: 0.09996 is 0.100. */
    int power = (int)floor(log10(size) + 0.0002);
    return moe__number_fixed(value, CLAMP(2 - power, 0, 9));
}

static char *
tick_number(double value, double step)
{
    if (step >= 1e6 && fmod(step, 1e6) == 0 && value != 0)
        return g_strdup_printf("%" G_GINT64_FORMAT "M", (gint64)llround(value / 1e6));
    if (step >= 1e3 && fmod(step, 1e3) == 0 && value != 0)
        return g_strdup_printf("%" G_GINT64_FORMAT "k", (gint64)llround(value / 1e3));
    /* A step of 1, 2 or 5 times a power of ten has its one digit at that power. */
    int decimals = step > 0 ? (int)ceil(-log10(step) - 1e-9) : 0;
    return moe__number_fixed(value, CLAMP(decimals, 0, 12));
}

char *
moe__number_tick(double value, double step, MoeFormat format)
{
    if (format == MOE_FORMAT_LOG2) {
        long ratio = lround(exp2(fabs(value)));
        return g_strdup_printf(value < 0 ? "1/%ld" TIMES : "%ld" TIMES, ratio);
    }
    char *text = tick_number(value, step);
    if (format == MOE_FORMAT_NUMBER)
        return text;
    char *times = g_strconcat(text, TIMES, NULL);
    g_free(text);
    return times;
}

void
moe__number_append(GString *out, double value, int digits)
{
    char format[16], text[G_ASCII_DTOSTR_BUF_SIZE];
    g_snprintf(format, sizeof(format), "%%.%dg", digits);
    g_ascii_formatd(text, sizeof(text), format, value == 0 ? 0.0 : value);
    g_string_append(out, text);
}
