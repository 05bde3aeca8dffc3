/* SPDX-License-Identifier: MIT
 *
 * Names in words, short enough for a panel of half a paper's column. What they are computed from
 * stands in the registry of metrics, and for measures in the README of core/moe.
 */
#include "figure/plain-words.h"

typedef struct Plain {
    const char *name, *words;
} Plain;

static const Plain metrics[] = {
    {"avgvio", "imbalance (AvgVio)"},
    {"cv", "unevenness (CV)"},
    {"dead", "dead experts (no pick)"},
    {"domain-information-corrected", "domain information, corrected"},
    {"domain-js-corrected", "domain JS, corrected"},
    {"drop-rate", "picks dropped"},
    {"effective-experts", "effective experts"},
    {"entropy", "entropy of load"},
    {"gini", "unevenness (Gini)"},
    {"maxvio", "overload (MaxVio)"},
    {"minvio", "underload (MinVio)"},
};

static const Plain measures[] = {
    {"branch_ratio", "branch, times experts"},
    {"generated_scale", "generated router (RMS)"},
    {"hyper_expert_cosine", "cosine, generated experts"},
    {"hyper_expert_rank", "rank, generated experts"},
    {"hyper_expert_sets", "sets of picked experts"},
    {"logit_std", "spread of logits (SD)"},
    {"max_violation", "MaxVio (overload)"},
    {"representation_collapse", "units told apart (RC)"},
    {"router_task_grad", "gradient at the router"},
    {"router_task_grad_logits", "gradient at the logits"},
    {"words_agree", "agrees with word router"},
    {"words_frozen", "word router frozen"},
};

static const Plain series[] = {
    {"balance", "balance loss"},
    {"grad_norm", "norm of the gradient"},
    {"loss", "training loss"},
    {"lr", "learning rate"},
    {"validation_bits_per_byte", "validation, bits a byte"},
    {"validation_loss", "validation loss"},
};

static const char *
lookup(const Plain *plain, gsize n, const char *name)
{
    for (gsize i = 0; i < n; i++)
        if (g_str_equal(plain[i].name, name))
            return plain[i].words;
    return NULL;
}

char *
moe__plain_metric(const char *name)
{
    const char *words = lookup(metrics, G_N_ELEMENTS(metrics), name);
    return words ? g_strdup(words) : g_strdelimit(g_strdup(name), "-", ' ');
}

const char *
moe__plain_measure(const char *name)
{
    static const char of_batch[] = "train.";
    const char *bare = g_str_has_prefix(name, of_batch) ? name + sizeof(of_batch) - 1 : name;
    const char *words = lookup(measures, G_N_ELEMENTS(measures), bare);
    return words ? words : name;
}

const char *
moe__plain_series(const char *name)
{
    const char *words = lookup(series, G_N_ELEMENTS(series), name);
    return words ? words : name;
}

char *
moe__plain_tallies(unsigned tallies)
{
    static const char *const names[] = {"load",   "order", "pairs",  "adjacent", "flow",
                                        "places", "heads", "scores", "caches",   "tokens"};
    g_autoptr(GString) list = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (tallies & 1U << i)
            g_string_append_printf(list, "%s%s", list->len ? "," : "", names[i]);
    return g_strdup(list->str);
}
