/* SPDX-License-Identifier: MIT
 *
 * The inside of a recipe.
 */
#ifndef MOE_BASE_RECIPE_H
#define MOE_BASE_RECIPE_H

#include <moescope/recipe.h>

/* Who set a value, strongest first. */
typedef enum {
    MOE_FROM_RECIPE,
    MOE_FROM_PRESET,
    MOE_FROM_DEFAULT,
} MoeValueSource;

struct MoeRecipe {
    bool recorded;          /* moe_recipe_set_recorded() */
    int n;                  /* keys registered when the recipe was made */
    const char **value;     /* [n], canonical, never NULL, in `text` or the registry */
    MoeValueSource *source; /* [n] */
    GStringChunk *text;
};

/* Sets the key to `text` as given by the recipe itself. Returns false, and a line that says what
 * was found and what is expected, if the field doesn't take it. */
bool moe__recipe_give(MoeRecipe *recipe, int index, const char *text, char **problem);
/* Brings every key that the recipe doesn't give to its preset's or default value. What is wrong
 * with the chosen presets is appended to `problems`, which may be NULL. */
void moe__recipe_resolve(MoeRecipe *recipe, GPtrArray *problems);
/* "unknown key …; did you mean …?". (transfer full) */
char *moe__recipe_unknown(const char *name);
/* Fails with all `problems`, a line each. Returns whether there were none. */
bool moe__problems_report(GPtrArray *problems, GError **error);

#endif
