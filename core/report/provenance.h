/* SPDX-License-Identifier: MIT
 *
 * provenance.h: what the input is, in words.
 */
#ifndef REPORT_PROVENANCE_H
#define REPORT_PROVENANCE_H

#include "report/report.h"

/* "16 MoE layers, 64 experts each, top-8". (transfer full) */
char *moe__provenance_routers(const MoeSummary *summary);
/* "1,000,000 tokens of 2 domains (code and prose)". (transfer full) */
char *moe__provenance_tokens(const MoeSummary *summary);
/* A section of that name and title: file, model, routers, text, recipe, programs. */
void moe__provenance_add(MoeReport *report, MoeDocument *document, const char *name,
                         const char *title);

#endif
