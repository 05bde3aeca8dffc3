/* SPDX-License-Identifier: MIT
 *
 * The recipe's [data]: which text, how it is cut into documents, splits and tokens.
 */
#include "text/fields.h"

#include <moescope/text.h>

#include <math.h>

static const MoeField fields[] = {
    {.name = "data.corpus",
     .type = MOE_FIELD_STRING,
     .fallback = "",
     .help = "files and folders of text, separated by commas, each file or sub-folder a domain; "
             "empty: the sample corpus"},
    {.name = "data.tokenizer",
     .type = MOE_FIELD_CHOICE,
     .fallback = "bpe",
     .choices = "bytes | bpe",
     .help = "bytes: one token a byte; bpe: byte-level BPE learned from the training split"},
    {.name = "data.vocabulary",
     .type = MOE_FIELD_INT,
     .fallback = "2048",
     .min = 256,
     .max = 65536,
     .unit = "tokens",
     .help = "size of the BPE vocabulary; fewer if no more pairs occur twice"},
    {.name = "data.block",
     .type = MOE_FIELD_INT,
     .fallback = "4096",
     .min = 0,
     .max = 1 << 30,
     .unit = "bytes",
     .help = "a file is cut into documents of about this size, at line ends; 0: one document"},
    {.name = "data.validation",
     .type = MOE_FIELD_REAL,
     .fallback = "0.05",
     .min = 0,
     .max = 1,
     .help = "share of each domain's documents to validate on"},
    {.name = "data.probe",
     .type = MOE_FIELD_REAL,
     .fallback = "0.02",
     .min = 0,
     .max = 1,
     .help = "share of each domain's documents whose routing is recorded during training"},
    {.name = "data.max_bytes",
     .type = MOE_FIELD_INT,
     .fallback = "0",
     .min = 0,
     .max = INFINITY,
     .unit = "bytes",
     .help = "read at most this much of each domain; 0: all"},
    {.name = "data.seed",
     .type = MOE_FIELD_INT,
     .fallback = "1",
     .min = 0,
     .max = INFINITY,
     .help = "seed of the split into training, validation and probe"},
};

static void
check_shares(const MoeRecipe *recipe, GPtrArray *problems)
{
    double validation = moe_recipe_real(recipe, "data.validation");
    double probe = moe_recipe_real(recipe, "data.probe");
    if (validation + probe > 1)
        g_ptr_array_add(problems, g_strdup_printf("data.validation + data.probe is %g, expected 1 "
                                                  "or less: they are shares of the documents",
                                                  validation + probe));
}

void
moe__text_register(void)
{
    moe_fields_add(fields, G_N_ELEMENTS(fields));
    moe_rules_add(check_shares);
}

MoeCorpusOptions
moe_corpus_options(const MoeRecipe *recipe)
{
    return (MoeCorpusOptions){
        .block = moe_recipe_int(recipe, "data.block"),
        .validation = moe_recipe_real(recipe, "data.validation"),
        .probe = moe_recipe_real(recipe, "data.probe"),
        .seed = (uint64_t)moe_recipe_int(recipe, "data.seed"),
        .max_bytes = moe_recipe_int(recipe, "data.max_bytes"),
    };
}
