/* SPDX-License-Identifier: MIT
 *
 * The registry of parts. Built-ins (builtin.c) and plugins come through the same door.
 */
#include "moe/parts.h"

#include <string.h>

static GPtrArray *parts[MOE_N_PLACES];

const char *
moe_place_name(MoePlace place)
{
    static const char *const names[MOE_N_PLACES] = {"split",   "score",  "select", "gate",
                                                    "experts", "branch", "balance"};
    g_return_val_if_fail((int)place >= 0 && place < MOE_N_PLACES, NULL);
    return names[place];
}

const char *
moe_place_key(MoePlace place)
{
    static const char *const keys[MOE_N_PLACES] = {"moe.split",  "moe.score",  "moe.select",
                                                   "moe.gate",   "moe.expert", "moe.branch",
                                                   "moe.balance"};
    g_return_val_if_fail((int)place >= 0 && place < MOE_N_PLACES, NULL);
    return keys[place];
}

/* The first slot that the part's place requires and that it leaves empty, or NULL. */
static const char *
missing_slot(const MoePart *part)
{
    const struct {
        MoePlace place;
        bool filled;
        const char *slot;
    } required[] = {
        {MOE_PLACE_SPLIT, part->shape != NULL, "shape"},
        {MOE_PLACE_SPLIT, part->split != NULL, "split"},
        {MOE_PLACE_SPLIT, part->join != NULL, "join"},
        {MOE_PLACE_SCORE, part->score != NULL, "score"},
        {MOE_PLACE_SELECT, part->select != NULL, "select"},
        {MOE_PLACE_SELECT, !(part->flags & MOE_PART_K_VARIES) || part->mean_k, "mean_k"},
        {MOE_PLACE_GATE, part->gate != NULL, "gate"},
        {MOE_PLACE_EXPERTS, part->experts != NULL, "experts"},
        {MOE_PLACE_BRANCH, part->branch != NULL, "branch"},
        {MOE_PLACE_BALANCE, part->loss || part->prefer, "loss (or prefer)"},
        {MOE_PLACE_BALANCE, !part->loss || part->coefficient, "coefficient"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(required); i++)
        if (required[i].place == part->place && !required[i].filled)
            return required[i].slot;
    return NULL;
}

G_GNUC_PRINTF(3, 4)
static bool
refuse(const MoePart *part, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "part %s (%s): %s", part->name,
                moe_place_name(part->place), why);
    return false;
}

/* A name stands in recipes, alone or in lists: letters, digits and "-_.", and not the word for an
 * empty list. */
static bool
name_is_plain(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
            return false;
    return *name && strcmp(name, "none") != 0;
}

bool
moe__part_check(const MoePart *part, GError **error)
{
    /* The size says how much of the rest is there to be read. */
    if (part->struct_size != sizeof(MoePart)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "a part is described by %zu bytes, expected %zu", part->struct_size,
                    sizeof(MoePart));
        return false;
    }
    if ((int)part->place < 0 || part->place >= MOE_N_PLACES || !part->name || !part->help ||
        part->n_fields < 0 || (part->n_fields > 0 && !part->fields)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "part %s: its place, name, help or fields are missing",
                    part->name ? part->name : "(no name)");
        return false;
    }
    if (!name_is_plain(part->name))
        return refuse(part, error, "a name of letters, digits, \"-\", \"_\" and \".\" is expected");
    const char *missing = missing_slot(part);
    if (missing)
        return refuse(part, error, "the slot '%s' is required and empty", missing);
    if (moe_part_find(part->place, part->name))
        return refuse(part, error, "the name is taken");
    return true;
}

MoePreset
moe__part_choice(const MoePart *part)
{
    return (MoePreset){moe_place_key(part->place), part->name, "", part->help};
}

void
moe__part_register(const MoePart *part)
{
    if (!parts[part->place])
        parts[part->place] = g_ptr_array_new();
    g_ptr_array_add(parts[part->place], (gpointer)part);
    MoePreset choice = moe__part_choice(part);
    moe__fields_add_of(&choice, part->fields, part->n_fields);
    for (const char *const *key = part->reads; key && *key; key++)
        moe__field_add_reader(*key, &choice);
    moe_presets_add(&choice, 1);
}

bool
moe_part_add(const MoePart *part, GError **error)
{
    if (!moe__part_check(part, error))
        return false;
    g_autoptr(GPtrArray) fields = g_ptr_array_new(), presets = g_ptr_array_new();
    MoePreset choice = moe__part_choice(part);
    for (int i = 0; i < part->n_fields; i++)
        g_ptr_array_add(fields, (gpointer)&part->fields[i]);
    g_ptr_array_add(presets, &choice);
    g_autofree char *problem = moe__additions_problem(&(MoeAdditions){fields, presets});
    if (problem)
        return refuse(part, error, "%s", problem);
    moe__part_register(part);
    return true;
}

const MoePart *
moe_part_find(MoePlace place, const char *name)
{
    int n;
    const MoePart *const *list = moe_parts_list(place, &n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(list[i]->name, name))
            return list[i];
    return NULL;
}

const MoePart *const *
moe_parts_list(MoePlace place, int *n)
{
    *n = parts[place] ? (int)parts[place]->len : 0;
    return parts[place] ? (const MoePart *const *)parts[place]->pdata : NULL;
}
