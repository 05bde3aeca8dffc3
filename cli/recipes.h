/* SPDX-License-Identifier: MIT
 *
 * recipes.h: the recipe that an argument names, and the text that it is about.
 */
#ifndef CMD_RECIPES_H
#define CMD_RECIPES_H

#include <moescope/text.h>

/* The recipe that `name` stands for: a file, a sample ("smoe-tiny"), or a preset ("smoe"), in this
 * order; NULL: all defaults. The assignments `set` ("group.key=value", ended by NULL; may be NULL)
 * come on top. Checked. */
MoeRecipe *cmd_recipe_open(const char *name, char *const *set, GError **error);

/* data.corpus = `data` (paths, ended by NULL), or, where that is NULL and the recipe names no
 * corpus either, the sample corpus. */
bool cmd_recipe_settle_corpus(MoeRecipe *recipe, char *const *data, GError **error);

/* The text at `data` (paths, ended by NULL), or, where that is NULL, the one that data.corpus
 * names, cut and split as [data] says; `all`: everything in the training split. */
MoeCorpus *cmd_corpus_open(const MoeRecipe *recipe, char *const *data, bool all, GError **error);

#endif
