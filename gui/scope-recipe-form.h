/* SPDX-License-Identifier: MIT
 *
 * scope-recipe-form.h: the keys of a recipe as a form, made from the registry of keys, so that
 * plugins' are there too.
 */
#ifndef SCOPE_RECIPE_FORM_H
#define SCOPE_RECIPE_FORM_H

#include <gtk/gtk.h>
#include <moescope/recipe.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_RECIPE_FORM (scope_recipe_form_get_type())
G_DECLARE_FINAL_TYPE(ScopeRecipeForm, scope_recipe_form, SCOPE, RECIPE_FORM, GtkWidget)

/* Shows the values of a recipe, which is taken; what was changed before is forgotten. */
void scope_recipe_form_set_recipe(ScopeRecipeForm *form, MoeRecipe *recipe);
/* Shows the keys alone that contain this in name or help; "" or NULL: all. */
void scope_recipe_form_search(ScopeRecipeForm *form, const char *text);
/* "group.key=value" of every key that was changed here, NULL at the end. (transfer full) */
char **scope_recipe_form_get_changes(ScopeRecipeForm *form);
/* The recipe with what was changed; NULL before one was set. (transfer none) */
const MoeRecipe *scope_recipe_form_get_recipe(ScopeRecipeForm *form);

G_END_DECLS

#endif
