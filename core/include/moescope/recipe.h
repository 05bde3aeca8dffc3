/* SPDX-License-Identifier: MIT
 *
 * recipe.h: what a run is made of, as `[group] key = value` (an INI file). Every key is described
 * once, as a MoeField; from it come validation, --help, forms in a window and the metadata of a
 * trace.
 */
#ifndef MOESCOPE_RECIPE_H
#define MOESCOPE_RECIPE_H

#include <moescope/base.h>

G_BEGIN_DECLS

typedef enum {
    MOE_FIELD_INT,     /* whole number in min … max */
    MOE_FIELD_REAL,    /* number in min … max */
    MOE_FIELD_BOOL,    /* true | false */
    MOE_FIELD_CHOICE,  /* one of `choices`, separated by " | " */
    MOE_FIELD_CHOICES, /* any number of them, separated by commas; may be empty ("none") */
    MOE_FIELD_STRING,  /* free text */
    MOE_FIELD_INTS,    /* whole numbers separated by commas; may be empty ("none") */
} MoeFieldType;

/* One key. Strings are borrowed for ever (constants). */
typedef struct MoeField {
    const char *name; /* "group.key" */
    MoeFieldType type;
    const char *fallback; /* the default, as text */
    double min, max;      /* numbers; equal: unbounded; max INFINITY: bounded below only */
    const char *choices;  /* CHOICE, CHOICES; NULL: the presets registered for this key */
    const char *unit;     /* "tokens", or NULL */
    const char *help;     /* one line */
} MoeField;

/* A named set of values: "group.key=value" separated by newlines. A preset is chosen by the key
 * that it is registered for (moe.variant = smoe); keys written out in the recipe win over it,
 * whatever their order. A preset may choose presets in turn, and wins over those. Where two set
 * the same key, the one that the recipe itself chose wins over one that a default chose; between
 * equals, the one whose key was registered first. */
typedef struct MoePreset {
    const char *key;  /* "moe.variant" */
    const char *name; /* "smoe" */
    const char *values;
    const char *help; /* one line, with the paper */
} MoePreset;

/* Adds to the registry of keys and presets. A name that exists already, or a key whose default
 * doesn't fit its own type, is refused (a warning). A recipe has the keys that were registered when
 * it was made. */
MOE_API void moe_fields_add(const MoeField *fields, int n);
MOE_API void moe_presets_add(const MoePreset *presets, int n);
/* All keys / presets, ordered by registration. (transfer none) */
MOE_API const MoeField *const *moe_fields_list(int *n);
MOE_API const MoePreset *const *moe_presets_list(int *n);
/* For --help: a table of the keys of `group` (NULL: all groups), a line each: name, what it takes,
 * default, unit, help. NULL if there's no such group. (transfer full) */
MOE_API char *moe_recipe_help(const char *group);

typedef struct MoeRecipe MoeRecipe;

/* All keys at their defaults. */
MOE_API MoeRecipe *moe_recipe_new(void);
MOE_API void moe_recipe_free(MoeRecipe *recipe);
MOE_API MoeRecipe *moe_recipe_copy(const MoeRecipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeRecipe, moe_recipe_free)

/* Reads an INI file, or its text (`origin` names it in messages). Errors list every problem, a
 * line each; an unknown key names the nearest one. */
MOE_API MoeRecipe *moe_recipe_load(const char *path, GError **error);
MOE_API MoeRecipe *moe_recipe_parse(const char *text, const char *origin, GError **error);
/* "group.key=value". On error the recipe stays as it was. */
MOE_API bool moe_recipe_set(MoeRecipe *recipe, const char *assignment, GError **error);
/* The recipe as used, every key written out with its value, in the order of registration; parses
 * back to the same values. Left out are the keys of parts that the recipe neither chooses nor says
 * anything about. (transfer full) */
MOE_API char *moe_recipe_to_text(const MoeRecipe *recipe);
/* The same as JSON object {"group": {"key": value}}. (transfer full) */
MOE_API char *moe_recipe_to_json(const MoeRecipe *recipe);

/* Values by "group.key". Asking for a key that isn't registered aborts. */
MOE_API int64_t moe_recipe_int(const MoeRecipe *recipe, const char *name);
MOE_API double moe_recipe_real(const MoeRecipe *recipe, const char *name);
MOE_API bool moe_recipe_bool(const MoeRecipe *recipe, const char *name);
/* (transfer none), valid until the key is set again. */
MOE_API const char *moe_recipe_text(const MoeRecipe *recipe, const char *name);
/* Whether a CHOICE equals, or a CHOICES contains, `value`. */
MOE_API bool moe_recipe_has(const MoeRecipe *recipe, const char *name, const char *value);
/* Index of a CHOICE in its list. */
MOE_API int moe_recipe_choice(const MoeRecipe *recipe, const char *name);
/* The numbers of an INTS field; `n` gets the count; NULL if there are none. (transfer full) */
MOE_API int64_t *moe_recipe_ints(const MoeRecipe *recipe, const char *name, int *n);
/* Whether the file or a --set gave the key (rather than default or preset). */
MOE_API bool moe_recipe_given(const MoeRecipe *recipe, const char *name);

/* Whether the recipe gives the key another value than its presets and default would. A recipe that
 * was written out gives every key, and changes none that the one it came from didn't. */
MOE_API bool moe_recipe_changed(const MoeRecipe *recipe, const char *name);
/* Says that a program wrote the recipe out when it ran, whose defaults may have been others: from
 * here on no key counts as changed by a person. */
MOE_API void moe_recipe_set_recorded(MoeRecipe *recipe);

/* A rule over several keys ("moe.k <= moe.experts"). Appends to `problems` one line for each
 * breach. Rooms register theirs; moe_recipe_check() runs them all and reports every breach. */
typedef void (*MoeRecipeRule)(const MoeRecipe *recipe, GPtrArray *problems);
MOE_API void moe_rules_add(MoeRecipeRule rule);
MOE_API bool moe_recipe_check(const MoeRecipe *recipe, GError **error);

G_END_DECLS

#endif
