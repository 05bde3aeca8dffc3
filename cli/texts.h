/* SPDX-License-Identifier: MIT
 *
 * texts.h: what token ids stand for, as far as a trace or a summary says.
 */
#ifndef CMD_TEXTS_H
#define CMD_TEXTS_H

#include "source.h"

/* From the list "tokens" of a trace's meta.json, and the object "token_texts" (id: text) of a
 * summary's. (transfer full, of int to char *) */
GHashTable *cmd_texts_of(const CmdSource *source);
/* The texts of the tokens that a summary names, as the object "token_texts" within an open JSON
 * object; nothing where none of them is known. */
void cmd_texts_json(GString *json, const MoeSummary *summary, GHashTable *texts);

#endif
