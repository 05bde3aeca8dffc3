/* SPDX-License-Identifier: MIT
 *
 * The variants of the literature that are built in: named choices at each place of the layer.
 */
#include "moe/builtin.h"

static const MoePreset presets[] = {
    {"moe.variant", "smoe", "moe.k=2\nmoe.gate=softmax-selected\nmoe.balance=switch",
     "sparse MoE, top-2, softmax over the selected, no drops (Shazeer et al. 2017)"},
    {"moe.variant", "switch",
     "moe.k=1\nmoe.gate=softmax-all\nmoe.balance=switch\nmoe.capacity_factor=1.25\n"
     "moe.capacity_eval_factor=2",
     "Switch Transformer: top-1, gate p, capacity 1.25 (Fedus et al. 2022)"},
    {"moe.variant", "gshard",
     "moe.k=2\nmoe.gate=renormalised\nmoe.renormalise=kept\nmoe.balance=gshard\n"
     "moe.capacity_factor=1.25\nmoe.capacity_eval_factor=2",
     "GShard: top-2, renormalised over the kept, capacity 1.25 (Lepikhin et al. 2021)"},
    {"moe.variant", "mhmoe",
     "moe.split=heads\nheads.count=4\nmoe.k=2\nmoe.gate=softmax-all\nmoe.balance=gshard\n"
     "moe.activation=swiglu\nmoe.bias=false\nmoe.capacity_factor=1\n"
     "moe.capacity_eval_factor=1\nmoe.capacity_rounding=share",
     "MH-MoE: four sub-tokens a token, top-2 each, gate p, SwiGLU (Wu et al. 2024)"},
    {"moe.variant", "dense", "moe.every=0\nmoe.balance=none",
     "no experts: feed-forwards as wide as k experts together, the same FLOPs a token"},
    {"moe.variant", "smoe-dropout",
     "moe.experts=16\nmoe.k=16\nmoe.k_min=8\nmoe.k_schedule=linear-increase\nmoe.k_eval=2\n"
     "moe.score=frozen\nmoe.gate=softmax-selected\nmoe.balance=none",
     "random frozen router, k 8 to 16 of 16 over training, 2 at evaluation (Chen et al. 2023); the "
     "authors evaluate at 1, 2, 4, 8 and 16: record --k"},
    {"moe.variant", "hyperrouter",
     "moe.k=2\nmoe.score=hyper\nmoe.gate=softmax-selected\nmoe.balance=none",
     "router from a frozen hypernetwork of a trained embedding, k = 2 throughout to compare with "
     "smoe (Do et al. 2023; their schedule of k: sample hyperrouter-official)"},
    {"moe.variant", "xmoe",
     "moe.k=2\nmoe.score=cosine\nmoe.gate=softmax-selected\nmoe.balance=none",
     "X-MoE: experts as directions in few dimensions (Chi et al. 2022)"},
    {"moe.variant", "stablemoe",
     "moe.k=2\nmoe.score=unit\nmoe.gate=softmax-selected\nmoe.balance=none",
     "experts as directions; StableMoE in the code of CompeteSMoE (Pham et al. 2024)"},
    {"stablemoe.flavor", "code", "", "one stage, the directions alone (CompeteSMoE's code)"},
    {"stablemoe.flavor", "paper",
     "moe.variant=stablemoe\nmoe.k=1\nmoe.score=centroid\nmoe.gate=sigmoid\n"
     "moe.balance=stable,word-router\nmoe.activation=relu\nmoe.zero_experts=true\n"
     "moe.capacity_factor=2\nmoe.capacity_eval_factor=2",
     "StableMoE in two stages: top-1 by centroids, then by a frozen router of words (Dai et al. "
     "2022)"},
    {"moe.variant", "hypermoe",
     "moe.k=2\nmoe.gate=softmax-selected\nmoe.balance=switch\nmoe.branch=hyper-expert",
     "sparse MoE and an expert generated from those not picked (Zhao et al. 2024)"},
    {"moe.variant", "hypermoe-switch",
     "moe.k=1\nmoe.gate=softmax-all\nmoe.balance=switch-hf,z-loss\nbalance.switch_hf=0.001\n"
     "balance.z_loss=0.001\nmoe.activation=relu\nmoe.bias=false\nmoe.capacity_slots=64\n"
     "moe.capacity_group=sequence\nmoe.dropped=pass\nmoe.branch=hyper-expert",
     "HyperMoE on Switch Transformers as its code has it: top-1, 64 slots a sequence"},
    {"moe.variant", "hypermoe-gpt2",
     "moe.k=1\nmoe.score=noisy\nmoe.gate=softmax-selected\nmoe.balance=cv2,cv2-load\n"
     "balance.cv2=0.01\nbalance.cv2_load=0.01\nbalance.load_estimator=official\n"
     "moe.activation=gelu-tanh\nmoe.branch=hyper-expert",
     "HyperMoE on GPT-2 as its code has it: noisy top-1 with gate 1, so that only the balance "
     "loss trains the router"},
    {"moe.variant", "moe-share",
     "moe.k=2\nmoe.gate=softmax-selected\nmoe.balance=switch\nmoe.branch=static-adapter",
     "HyperMoE's ablation: one adapter for all units in place of generated ones"},
    {"moe.branch", "none", "", "nothing beside the experts"},
};

void
moe__presets_register(void)
{
    moe_presets_add(presets, G_N_ELEMENTS(presets));
}
