/* SPDX-License-Identifier: MIT
 *
 * What [model], [train] and [trace] of a recipe may say.
 */
#include "model/register.h"

static const MoeField fields[] = {
    {"model.layers", MOE_FIELD_INT, "4", 1, 1024, NULL, "blocks", "transformer blocks"},
    {"model.d_model", MOE_FIELD_INT, "256", 1, 65536, NULL, NULL, "width of the residual stream"},
    {"model.heads", MOE_FIELD_INT, "8", 1, 1024, NULL, "heads", "attention heads"},
    {"model.attention_bias", MOE_FIELD_BOOL, "false", 0, 0, NULL, NULL,
     "biases in the attention's projections"},
    {"model.rope_base", MOE_FIELD_REAL, "10000", 0, 1e9, NULL, NULL,
     "base of the rotary positions; 0: no positions"},
    {"model.norm", MOE_FIELD_CHOICE, "rms", 0, 0, "rms | layer", NULL, "RMSNorm or LayerNorm"},
    {"model.norm_eps", MOE_FIELD_REAL, "1e-5", 1e-12, 1, NULL, NULL, "epsilon of the norms"},
    {"model.dense_hidden", MOE_FIELD_INT, "0", 0, 1 << 20, NULL, "units",
     "hidden width of dense feed-forwards; 0: experts picked at evaluation x moe.hidden"},
    {"model.tied", MOE_FIELD_BOOL, "false", 0, 0, NULL, NULL,
     "the output layer is the embedding itself"},
    {"model.dropout", MOE_FIELD_REAL, "0", 0, 0.99, NULL, NULL,
     "dropout on what each block adds to the residual stream"},
    {"train.steps", MOE_FIELD_INT, "1000", 1, 1LL << 40, NULL, "steps", "optimiser steps"},
    {"train.batch", MOE_FIELD_INT, "8", 1, 65536, NULL, "sequences", "sequences a micro-batch"},
    {"train.length", MOE_FIELD_INT, "256", 2, 1 << 20, NULL, "tokens", "tokens a sequence"},
    {"train.accumulate", MOE_FIELD_INT, "1", 1, 4096, NULL, "micro-batches",
     "micro-batches whose gradients make one step"},
    {"train.seed", MOE_FIELD_INT, "1", 0, 1LL << 53, NULL, NULL,
     "seed of initial values, order of data, dropout"},
    {"train.mix", MOE_FIELD_CHOICE, "equal", 0, 0, "equal | size", NULL,
     "domains drawn equally often, or by their size"},
    {"train.eval_every", MOE_FIELD_INT, "200", 0, 1LL << 40, NULL, "steps",
     "validation loss every n steps and at the end; 0: at the end"},
    {"train.eval_tokens", MOE_FIELD_INT, "65536", 0, 1LL << 40, NULL, "tokens",
     "tokens of a validation, spread evenly; 0: all there are"},
    {"train.checkpoint_every", MOE_FIELD_INT, "500", 0, 1LL << 40, NULL, "steps",
     "checkpoint every n steps and at the end; 0: at the end"},
    {"train.keep", MOE_FIELD_INT, "3", 0, 1 << 20, NULL, "checkpoints",
     "latest checkpoints to keep; 0: all"},
    {"train.snapshots", MOE_FIELD_INTS, "", 0, 1LL << 40, NULL, "steps",
     "steps after which the routing of the probe text is recorded (0: untrained), beside the last"},
    {"train.snapshot_tokens", MOE_FIELD_INT, "16384", 0, 1LL << 40, NULL, "tokens",
     "tokens of a snapshot, spread evenly; 0: all of the probe text"},
    {"trace.chunk_tokens", MOE_FIELD_INT, "65536", 256, 1 << 24, NULL, "tokens",
     "tokens a chunk of the run's trace, and of recordings of its model: what is held in memory "
     "until it is written, and then lost at most"},
};

static void
rule_shapes(const MoeRecipe *recipe, GPtrArray *problems)
{
    int64_t d = moe_recipe_int(recipe, "model.d_model");
    int64_t heads = moe_recipe_int(recipe, "model.heads");
    if (d % heads != 0)
        g_ptr_array_add(problems,
                        g_strdup_printf("model.heads: %" G_GINT64_FORMAT
                                        " does not divide model.d_model = %" G_GINT64_FORMAT,
                                        heads, d));
    else if (d / heads % 2 != 0 && moe_recipe_real(recipe, "model.rope_base") > 0)
        g_ptr_array_add(problems, g_strdup_printf("model.heads: rotary positions need an even "
                                                  "width a head, not %" G_GINT64_FORMAT,
                                                  d / heads));
    double base = moe_recipe_real(recipe, "model.rope_base");
    if (base > 0 && base < 1)
        g_ptr_array_add(problems, g_strdup_printf("model.rope_base: found %g, expected 0 or 1 and "
                                                  "more: frequencies fall from 1",
                                                  base));
    int64_t layers = moe_recipe_int(recipe, "model.layers");
    int64_t every = moe_recipe_int(recipe, "moe.every");
    if (every > layers)
        g_ptr_array_add(problems, g_strdup_printf("moe.every: %" G_GINT64_FORMAT
                                                  " leaves no MoE layer in %" G_GINT64_FORMAT
                                                  " blocks (model.layers); 0 says so plainly",
                                                  every, layers));
}

void
moe__model_register(void)
{
    moe_fields_add(fields, G_N_ELEMENTS(fields));
    moe_rules_add(rule_shapes);
}
