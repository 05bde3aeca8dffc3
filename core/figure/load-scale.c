/* SPDX-License-Identifier: MIT
 *
 * From counts to shares and colours, for all figures of expert load.
 */
#include "figure/load.h"
#include "figure/number.h"

#include <math.h>

/* Beyond a factor of 16 either way, shades no longer tell. */
#define MOST_LOG2 4.0

#define MOST_REFERENCES 3

LoadLook
moe__load_look(const MoeFigureOptions *options)
{
    return (LoadLook){
        .norm = (Norm)moe_figure_options_choice(options, "norm"),
        .colours = (MoeColours)moe_figure_options_choice(options, "colours"),
        .caption = moe_figure_options_bool(options, "caption"),
        .least = INFINITY,
        .most = -INFINITY,
    };
}

LoadNumbers
moe__load_numbers(size_t n)
{
    LoadNumbers numbers = {g_new(double, n), g_new(double, n), g_new(double, n)};
    for (size_t i = 0; i < n; i++)
        numbers.share[i] = numbers.ratio[i] = numbers.value[i] = NAN;
    return numbers;
}

void
moe__load_numbers_clear(LoadNumbers *numbers)
{
    g_free(numbers->share);
    g_free(numbers->ratio);
    g_free(numbers->value);
}

static double
normed(Norm norm, double share, double ratio)
{
    return norm == NORM_SHARE ? share : norm == NORM_RELATIVE ? ratio : log2(ratio);
}

static void
place(LoadNumbers *numbers, size_t at, double share, int experts, LoadLook *look)
{
    double value = normed(look->norm, share, share * experts);
    numbers->share[at] = share;
    numbers->ratio[at] = share * experts;
    numbers->value[at] = value;
    look->none |= !isfinite(value);
    if (isfinite(value)) {
        look->least = MIN(look->least, value);
        look->most = MAX(look->most, value);
    }
}

void
moe__load_place(LoadNumbers *numbers, size_t at, size_t stride, const int64_t *counts, int experts,
                const int *which, int n, LoadLook *look)
{
    double total = 0;
    for (int e = 0; e < experts; e++)
        total += (double)counts[e];
    for (int i = 0; i < n && total > 0; i++, at += stride) {
        int expert = which ? which[i] : i;
        if (expert >= 0)
            place(numbers, at, (double)counts[expert] / total, experts, look);
    }
}

bool
moe__load_found(const LoadLook *look, const char *figure, GError **error)
{
    if (look->least <= look->most)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure %s: found no picks in any layer, expected at least one", figure);
    return false;
}

/* The distinct values, in order of appearance; most + 1 if there are more than `most`. */
static int
distinct(const int *values, int n_values, int *out, int most)
{
    int n = 0;
    for (int i = 0; i < n_values; i++) {
        int j = 0;
        while (j < n && out[j] != values[i])
            j++;
        if (j < n)
            continue;
        if (n == most)
            return most + 1;
        out[n++] = values[i];
    }
    return n;
}

static void
set_shares_scale(MoeScene *scene, const LoadLook *look, const int *experts, int n)
{
    MoeReference references[MOST_REFERENCES];
    char labels[MOST_REFERENCES][16];
    int kinds[MOST_REFERENCES], n_kinds = distinct(experts, n, kinds, MOST_REFERENCES);
    n_kinds = n_kinds > MOST_REFERENCES ? 0 : n_kinds; /* a thicket of lines would tell nothing */
    for (int i = 0; i < n_kinds; i++) {
        g_snprintf(labels[i], sizeof(labels[i]), "1/%d", kinds[i]);
        references[i] = (MoeReference){1.0 / kinds[i], n_kinds == 1 ? "uniform" : labels[i]};
    }
    MoeColourScale scale = {
        .colours = look->colours,
        .max = look->most,
        .label = "share of picks",
        .n_references = n_kinds,
        .references = references,
    };
    moe_scene_set_colour_scale(scene, &scale);
}

void
moe__load_set_scale(MoeScene *scene, const LoadLook *look, const int *experts, int n)
{
    static const MoeReference one = {1, "uniform"}, zero = {0, "uniform"};
    if (look->norm == NORM_SHARE) {
        set_shares_scale(scene, look, experts, n);
        return;
    }
    MoeColourScale scale = {.colours = look->colours, .label = "load / uniform", .n_references = 1};
    if (look->norm == NORM_RELATIVE) {
        scale.max = look->most;
        scale.format = MOE_FORMAT_TIMES;
        scale.references = &one;
    } else {
        double limit = CLAMP(ceil(MAX(-look->least, look->most)), 1, MOST_LOG2);
        scale.colours = MOE_COLOURS_BLUE_RED;
        scale.min = -limit;
        scale.max = limit;
        scale.below = look->none || look->least < -limit;
        scale.above = look->most > limit;
        scale.format = MOE_FORMAT_LOG2;
        scale.references = &zero;
    }
    moe_scene_set_colour_scale(scene, &scale);
}

const char *
moe__load_what(Norm norm)
{
    static const char *const what[] = {
        [NORM_SHARE] = "Share of each layer\xe2\x80\x99s picks that an expert receives",
        [NORM_RELATIVE] = "Picks that an expert receives, as a multiple of uniform load",
        [NORM_LOG2] = "Picks that an expert receives, relative to uniform load, log scale",
    };
    return what[norm];
}

char *
moe__load_uniform(const int *experts, int n)
{
    int kind[1] = {1};
    if (distinct(experts, n, kind, 1) > 1)
        return g_strdup("uniform load is 1/E, with E experts in a layer");
    g_autofree char *value = moe__number_short(1.0 / kind[0]);
    return g_strdup_printf("uniform load is 1/%d" NBSP "=" NBSP "%s", kind[0], value);
}
