/* SPDX-License-Identifier: MIT
 *
 * contexts.h: tokens with the text around them, as text, JSON or CSV.
 */
#ifndef CMD_CONTEXTS_H
#define CMD_CONTEXTS_H

#include <moescope/concordance.h>

typedef struct Contexts {
    const char *path, *find; /* find NULL: they weren't searched for by text */
    int router, expert, id;  /* expert, id -1: none */
    bool by_lift;
    bool searched;
    MoeTrace *trace;
    GHashTable *texts; /* as of moe_token_texts_new() */
    MoeConcordance *concordance;
} Contexts;

void cmd_contexts_clear(Contexts *list);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Contexts, cmd_contexts_clear)

void cmd_contexts_text(const Contexts *list);
void cmd_contexts_json(const Contexts *list);
void cmd_contexts_csv(const Contexts *list);

#endif
