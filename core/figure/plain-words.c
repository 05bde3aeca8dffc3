/* SPDX-License-Identifier: MIT
 *
 * Names in words. What they are computed from stands in the registry of metrics, and for measures
 * in the README of core/moe.
 */
#include "figure/plain-words.h"

typedef struct Plain {
    const char *name, *words;
} Plain;

static const Plain metrics[] = {
    {"cv", "unevenness of load (CV)"},
    {"dead", "dead experts (no pick)"},
    {"drop-rate", "picks dropped by capacity"},
    {"effective-experts", "effective experts (exp entropy)"},
    {"entropy", "entropy of load"},
    {"gini", "unevenness of load (Gini)"},
    {"maxvio", "overload of the busiest (MaxVio)"},
};

static const Plain measures[] = {
    {"branch_ratio", "size of the branch beside the experts"},
    {"generated_scale", "size of the generated router (RMS)"},
    {"hyper_expert_cosine", "likeness of generated experts (cosine)"},
    {"hyper_expert_rank", "effective rank of generated experts"},
    {"hyper_expert_sets", "distinct sets of picked experts"},
    {"logit_std", "spread of logits (SD)"},
    {"max_violation", "overload of the busiest (MaxVio)"},
    {"representation_collapse", "units told apart (RC)"},
    {"router_task_grad", "task gradient at the router"},
    {"router_task_grad_logits", "task gradient at the logits"},
    {"words_agree", "agreement with the word router"},
    {"words_frozen", "word router frozen (1: yes)"},
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
