/* SPDX-License-Identifier: MIT
 *
 * Numbers as sentences have them.
 */
#include "report/words.h"

#include "figure/number.h"

#include <math.h>
#include <string.h>

bool
moe__say_percent(const char *unit)
{
    return unit && (g_str_equal(unit, "share") || g_str_has_prefix(unit, "share of"));
}

/* Decimals that show so many figures of a size. */
static int
decimals_of(double size, int figures)
{
    if (!(size > 0) || !isfinite(size))
        return 0;
    return CLAMP(figures - 1 - (int)floor(log10(size) + 1e-9), 0, 9);
}

static bool
has_interval(double low, double high)
{
    return isfinite(low) && isfinite(high);
}

int
moe__say_decimals(double value, double low, double high)
{
    if (has_interval(low, high) && high > low)
        return MAX(decimals_of((high - low) / 2, 1), decimals_of(fabs(value), 2));
    if (!isfinite(value) || value == round(value))
        return 0;
    return decimals_of(fabs(value), 3);
}

/* Numbers this small have no readable decimals. */
#define SMALL   1e-5
#define NOTHING 1e-12

/* "1.2e-07" */
static char *
tiny(double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return g_strdup(g_ascii_formatd(text, sizeof text, "%.1e", value));
}

/* Whole numbers of thousands have commas. */
static char *
number(double value, int decimals)
{
    if (isnan(value))
        return g_strdup("\xe2\x80\x93");
    if (isinf(value))
        return g_strdup(value > 0 ? "\xe2\x88\x9e" : "\xe2\x88\x92\xe2\x88\x9e");
    if (decimals == 0 && fabs(value) < 9e18)
        return moe__number_count(llround(value));
    if (fabs(value) < NOTHING)
        return g_strdup("0");
    /* Rounded to 0 beside larger numbers, it may stay so. */
    return fabs(value) < SMALL && decimals > 6 ? tiny(value) : moe__number_fixed(value, decimals);
}

typedef struct Said {
    double scale;
    int decimals;
    const char *behind;
} Said;

static Said
how(double value, double low, double high, const char *unit)
{
    bool percent = moe__say_percent(unit);
    double scale = percent ? 100 : 1;
    return (Said){scale, moe__say_decimals(scale * value, scale * low, scale * high),
                  percent && isfinite(value) ? NBSP "%" : ""};
}

char *
moe__say_interval(double value, double low, double high, const char *unit)
{
    if (!has_interval(low, high))
        return NULL;
    const Said said = how(value, low, high, unit);
    g_autofree char *from = number(said.scale * low, said.decimals);
    g_autofree char *to = number(said.scale * high, said.decimals);
    return g_strdup_printf("[%s," NBSP "%s]", from, to);
}

char *
moe__say_fixed(double value, int decimals, const char *unit)
{
    return number(moe__say_percent(unit) ? 100 * value : value, decimals);
}

char *
moe__say_value(double value, double low, double high, const char *unit)
{
    const Said said = how(value, low, high, unit);
    g_autofree char *text = number(said.scale * value, said.decimals);
    return g_strconcat(text, said.behind, NULL);
}

char *
moe__say(double value, double low, double high, const char *unit)
{
    g_autofree char *text = moe__say_value(value, low, high, unit);
    g_autofree char *interval = moe__say_interval(value, low, high, unit);
    return g_strconcat(text, interval ? NBSP : NULL, interval, NULL);
}

char *
moe__say_beside(double beside, double value, double low, double high, const char *unit)
{
    const Said said = how(value, low, high, unit);
    /* A chance that is much smaller than the value isn't 0. */
    int decimals = MAX(said.decimals, decimals_of(fabs(said.scale * beside), 2));
    if (fabs(beside) < fabs(value) / 1000)
        return g_strconcat("0", said.behind, NULL);
    if (said.scale * beside == round(said.scale * beside))
        decimals = said.decimals;
    g_autofree char *text = number(said.scale * beside, decimals);
    return g_strconcat(text, isfinite(beside) ? said.behind : "", NULL);
}

char *
moe__say_number(double value, const char *unit)
{
    return moe__say(value, NAN, NAN, unit);
}

char *
moe__say_fill(const char *words, const SayKey *keys)
{
    GString *out = g_string_new(NULL);
    for (const char *at = words; *at;) {
        const SayKey *key = keys;
        while (key->name && !g_str_has_prefix(at, key->name))
            key++;
        if (key->name) {
            g_string_append(out, key->text);
            at += strlen(key->name);
        } else {
            g_string_append_c(out, *at++);
        }
    }
    return g_string_free(out, FALSE);
}

char *
moe__say_list(const char *const *texts, int n)
{
    GString *out = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append_printf(out, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ", texts[i]);
    return g_string_free(out, FALSE);
}

char *
moe__say_count(int64_t n, const char *one, const char *many)
{
    g_autofree char *digits = moe__number_count(n);
    return g_strdup_printf("%s" NBSP "%s", digits, n == 1 ? one : many);
}
