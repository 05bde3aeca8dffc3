/* SPDX-License-Identifier: MIT
 *
 * The registry of keys, presets and rules, and what one key's text may be.
 */
#ifndef MOE_BASE_FIELDS_H
#define MOE_BASE_FIELDS_H

#include <moescope/recipe.h>

/* The place of key "group.key" in moe_fields_list(), or -1. */
int moe__field_index(const char *name);
/* The part of "group.key" before / after the point. (transfer full) / (transfer none) */
char *moe__field_group(const MoeField *field);
const char *moe__field_key(const MoeField *field);

/* Whether any preset is registered for `key`; the preset `name` of `key`, or NULL. */
bool moe__preset_key(const char *key);
const MoePreset *moe__preset_find(const char *key, const char *name);

/* moe_fields_add() of keys that matter only to recipes that choose `owner` (copied), or another of
 * their readers. */
void moe__fields_add_of(const MoePreset *owner, const MoeField *fields, int n);
/* Another who reads the key, which needn't be registered yet. */
void moe__field_add_reader(const char *name, const MoePreset *reader);
/* Whether what the recipe chooses reads the key; true for keys without an owner. */
bool moe__field_is_read(const MoeRecipe *recipe, const char *name);

/* What keeps the registry from taking the key, without a full stop; NULL: nothing. (transfer full)
 */
char *moe__field_problem(const MoeField *field);

/* Keys and presets that an extension brings together. */
typedef struct MoeAdditions {
    GPtrArray *fields;  /* const MoeField */
    GPtrArray *presets; /* const MoePreset */
} MoeAdditions;
/* The same for all of them at once: names that are taken or come twice, presets of keys that take
 * none, presets that set what isn't there or a value that a key doesn't take. (transfer full) */
char *moe__additions_problem(const MoeAdditions *additions);

/* Runs every rule; see moe_rules_add(). */
void moe__rules_run(const MoeRecipe *recipe, GPtrArray *problems);

/* The choices of a CHOICE or CHOICES field, ended by NULL. (transfer full) */
char **moe__field_choices(const MoeField *field);
/* "a whole number in 1 … 8 (tokens)": what the field takes. (transfer full) */
char *moe__field_expected(const MoeField *field);
/* `text` in its canonical form if the field takes it, else NULL. (transfer full) */
char *moe__field_canonical(const MoeField *field, const char *text);

#endif
