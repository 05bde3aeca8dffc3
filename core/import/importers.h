/* SPDX-License-Identifier: MIT
 *
 * The importers that come with the library, a file each.
 */
#ifndef MOE_IMPORT_IMPORTERS_H
#define MOE_IMPORT_IMPORTERS_H

#include <moescope/import.h>

extern const MoeImporter moe__import_vllm_jsonl; /* log-kind.c, as the next two */
extern const MoeImporter moe__import_jsonl;
extern const MoeImporter moe__import_csv;
extern const MoeImporter moe__import_llama_csv;
extern const MoeImporter moe__import_esft, moe__import_esft_scores;
extern const MoeImporter moe__import_gpt_oss;
extern const MoeImporter moe__import_olmoe;
extern const MoeImporter moe__import_megatron;
extern const MoeImporter moe__import_routed_experts;
extern const MoeImporter moe__import_sglang;
extern const MoeImporter moe__import_id_arrays;
extern const MoeImporter moe__import_id_layers;
extern const MoeImporter moe__import_router_logits;
extern const MoeImporter moe__import_safetensors; /* trace-arrays.c */
/* Counts, as summaries. */
extern const MoeImporter moe__import_counts_csv; /* count-rows.c, as the next */
extern const MoeImporter moe__import_counts_jsonl;
extern const MoeImporter moe__import_olmoe_counts;
extern const MoeImporter moe__import_ddmoe;
extern const MoeImporter moe__import_gpt_oss_counts;
extern const MoeImporter moe__import_imatrix;
extern const MoeImporter moe__import_megatron_counts;
extern const MoeImporter moe__import_moe_infinity;
extern const MoeImporter moe__import_sglang_counts;
extern const MoeImporter moe__import_sglang_passes;
extern const MoeImporter moe__import_trtllm;

/* Registers them; moe_init() calls it. */
void moe__import_register(void);

#endif
