/* SPDX-License-Identifier: MIT
 *
 * Sentences derived from numbers, their intervals and what chance would show.
 */
#include "report/statement.h"

#include "report/words.h"

#include <math.h>
#include <string.h>

static int
by_number(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Values of all layers that have one, ascending. */
static GArray *
sorted(const Measured *measured, int n)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(double));
    for (int i = 0; i < n; i++)
        if (isfinite(measured[i].value))
            g_array_append_val(values, measured[i].value);
    qsort(values->data, values->len, sizeof(double), by_number);
    return values;
}

static double
chance_of(const Statement *statement, const Measured *m)
{
    return statement->uniform ? m->uniform : m->shuffled;
}

/* By what the layer to tell of is found: the highest has it. */
static double
prominence(const Statement *statement, const Measured *m)
{
    double chance = statement->beyond ? chance_of(statement, m) : 0;
    return (statement->lowest ? -1 : 1) * (m->value - (isfinite(chance) ? chance : 0));
}

static int
extreme(const Statement *statement, const Measured *measured, int n)
{
    int found = -1;
    for (int i = 0; i < n; i++)
        if (isfinite(measured[i].value) &&
            (found < 0 ||
             prominence(statement, &measured[i]) > prominence(statement, &measured[found])))
            found = i;
    return found;
}

static bool
is_zero(const Measured *measured, int n)
{
    for (int i = 0; i < n; i++)
        if (isfinite(measured[i].value) && measured[i].value != 0)
            return false;
    return true;
}

/* Whether the interval can't tell the value from chance; without one, whether both are the same
 * number in the sentence. */
static bool
is_chance(const Measured *m, double chance, const char *value, const char *chance_text)
{
    if (isfinite(m->interval.low))
        return m->interval.low <= chance && chance <= m->interval.high;
    return g_str_equal(value, chance_text);
}

static const char *
tail_of(const Statement *statement, const Measured *m, double chance, const char *value,
        const char *chance_text)
{
    if (!isfinite(chance))
        return "";
    return is_chance(m, chance, value, chance_text) && statement->same ? statement->same
           : statement->chance                                         ? statement->chance
                                                                       : "";
}

/* "; the median layer uses {median}, the most even one {high}", or of two layers "; the other layer
 * uses {median}". (transfer full) */
static char *
others_of(const Statement *statement, guint layers)
{
    if (layers < 2 || !statement->others)
        return g_strdup("");
    g_autoptr(GString) words = g_string_new(statement->others);
    if (layers > 2)
        return g_strdup(words->str);
    char *best = strchr(words->str, ',');
    if (best)
        g_string_truncate(words, (gsize)(best - words->str));
    g_string_replace(words, "median layer", "other layer", 0);
    return g_strdup(words->str);
}

/* The numbers beside the layer's own; of two layers, the median is that of the other one. */
typedef struct Beside {
    char *chance, *low, *high, *median;
} Beside;

static Beside
beside_of(const Measured *m, double chance, const GArray *all, const char *unit)
{
    double low = m->interval.low, high = m->interval.high;
    const double *values = (const double *)(const void *)all->data;
    double median = all->len == 2 && values[1] == m->value ? values[0] : values[all->len / 2];
    return (Beside){moe__say_beside(chance, m->value, low, high, unit),
                    moe__say_beside(values[0], m->value, low, high, unit),
                    moe__say_beside(values[all->len - 1], m->value, low, high, unit),
                    moe__say_beside(median, m->value, low, high, unit)};
}

static void
beside_clear(Beside *beside)
{
    g_free(beside->chance);
    g_free(beside->low);
    g_free(beside->high);
    g_free(beside->median);
}

/* Whether estimates are what they are to be, shares, and the one that is told is above none at all,
 * as far as its interval tells. */
static bool
is_share(const Measured *measured, int n, const Measured *told)
{
    for (int i = 0; i < n; i++)
        if (isfinite(measured[i].value) && measured[i].value > 1)
            return false;
    return told->value > 0 && !(told->interval.low <= 0);
}

char *
moe__statement_say(const Statement *statement, const char *unit, const Measured *measured,
                   const Place *places, int n)
{
    int at = extreme(statement, measured, n);
    if (at < 0 || (statement->share && !is_share(measured, n, &measured[at])))
        return NULL;
    if (statement->none && is_zero(measured, n))
        return *statement->none ? g_strdup(statement->none) : NULL;
    const Measured *m = &measured[at];
    g_autoptr(GArray) all = sorted(measured, n);
    double chance = chance_of(statement, m);
    Beside beside = beside_of(m, chance, all, unit);
    g_autofree char *layer = g_strdup_printf("layer" NBSP "%d", places[at].layer);
    g_autofree char *upper = g_strconcat("L", layer + 1, NULL);
    g_autofree char *value = moe__say(m->value, m->interval.low, m->interval.high, unit);
    g_autofree char *experts = g_strdup_printf("%d", places[at].experts);
    g_autofree char *k =
        places[at].k > 0 ? g_strdup_printf("%d", places[at].k) : g_strdup("varying number of");
    const SayKey keys[] = {{"{layer}", layer},          {"{Layer}", upper},
                           {"{value}", value},          {"{chance}", beside.chance},
                           {"{experts}", experts},      {"{k}", k},
                           {"{low}", beside.low},       {"{high}", beside.high},
                           {"{median}", beside.median}, {NULL, NULL}};
    g_autofree char *others = others_of(statement, all->len);
    g_autofree char *words = g_strconcat(
        statement->says, tail_of(statement, m, chance, value, beside.chance), others, ".", NULL);
    char *said = moe__say_fill(words, keys);
    beside_clear(&beside);
    return said;
}
