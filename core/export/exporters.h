/* SPDX-License-Identifier: MIT
 *
 * The exporters that come with the library.
 */
#ifndef MOE_EXPORT_EXPORTERS_H
#define MOE_EXPORT_EXPORTERS_H

#include <moescope/export.h>

extern const MoeExporter moe__export_jsonl;       /* rows.c */
extern const MoeExporter moe__export_csv;         /* rows.c */
extern const MoeExporter moe__export_eplb;        /* placement.c */
extern const MoeExporter moe__export_eplb_npy;    /* placement.c */
extern const MoeExporter moe__export_keep_list;   /* placement.c */
extern const MoeExporter moe__export_hot_list;    /* placement.c */
extern const MoeExporter moe__export_counts_csv;  /* counts.c */
extern const MoeExporter moe__export_safetensors; /* tensors.c */
extern const MoeExporter moe__export_npz;         /* npz.c */

/* A summary as rows (counts.c). */
bool moe__export_counts(MoeExport *job, const MoeSummary *summary, GError **error);

/* Registers them; moe_init() calls it. */
void moe__export_register(void);

#endif
