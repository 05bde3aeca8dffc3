/* SPDX-License-Identifier: MIT */
#include "import/llama-whole.h"

#include <math.h>
#include <string.h>

/* The logarithm of how likely it may be that picks happen to be such. */
#define CHANCE (-35.0)

void
moe__llama_whole_init(MoeLlamaWhole *whole, int experts, int k)
{
    bool known = experts > 1 && experts < UINT16_MAX && k > 0 && k < experts;
    *whole = (MoeLlamaWhole){
        .experts = known ? experts : 0,
        .k = k,
        .seen = g_new0(bool, known ? (gsize)experts : 1),
    };
}

void
moe__llama_whole_clear(MoeLlamaWhole *whole)
{
    g_free(whole->seen);
}

/* The logarithm of how often tokens that pick any k experts pick each once in a block. */
static double
chance_of_block(const MoeLlamaWhole *whole)
{
    double all = lgamma(whole->experts + 1.0);
    int tokens = whole->experts / whole->k, rest = whole->experts % whole->k;
    return all - tokens * (all - lgamma(whole->experts - whole->k + 1.0)) -
           (all - lgamma(whole->experts - rest + 1.0));
}

static void
begin_block(MoeLlamaWhole *whole)
{
    memset(whole->seen, 0, sizeof *whole->seen * (gsize)whole->experts);
    whole->n = 0;
    whole->distinct = true;
}

static void
end_pass(MoeLlamaWhole *whole)
{
    bool such = whole->blocks > 0 && whole->wholes == whole->blocks &&
                (double)whole->blocks * chance_of_block(whole) < CHANCE;
    whole->passes += such;
    whole->in_them += such ? whole->picks : 0;
    whole->blocks = whole->wholes = whole->picks = 0;
}

void
moe__llama_whole_take(MoeLlamaWhole *whole, int32_t expert, bool layer, bool pass)
{
    if (whole->experts == 0)
        return;
    if (pass)
        end_pass(whole);
    if (layer || pass || whole->n == whole->experts)
        begin_block(whole);
    whole->picks++;
    bool known = expert >= 0 && expert < whole->experts;
    whole->distinct = whole->distinct && known && !whole->seen[expert];
    if (known)
        whole->seen[expert] = true;
    if (++whole->n < whole->experts)
        return;
    whole->blocks++;
    whole->wholes += whole->distinct;
}

void
moe__llama_whole_tell(MoeLlamaWhole *whole, MoeImport *import)
{
    if (whole->experts == 0)
        return;
    end_pass(whole);
    if (whole->passes > 0)
        moe_import_warn(import,
                        "%" G_GINT64_FORMAT " passes (%" G_GINT64_FORMAT
                        " picks) list each of the %d experts once in every %d picks, which no "
                        "router does: a run that warms the model up, or rows of all experts in "
                        "the order of their scores that were cut up as rows of %d",
                        whole->passes, whole->in_them, whole->experts, whole->experts, whole->k);
}
